"""Every engine's launch in every version's words: where it stands at each line, for how long, and what is no hang."""

from __future__ import annotations

import textwrap
from datetime import datetime

import pytest

from tests.diagnosis.launches import LAUNCHES, lines_of, steps
from tests.diagnosis.reading import facts_of
from troubleshoot.diagnosis import timeline
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.timeline import Timeline

NOTICE = "(EngineCore_DP0 pid=90) INFO 11-25 06:{:02d}:20 [shm_broadcast.py:501] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging or doing some time-consuming work (e.g. compilation, weight/kv cache quantization)."


def read(text: str) -> Timeline:
    found = facts_of(text).timeline
    assert found is not None
    return found


def cut(launch: str, fragment: str, more: str = "") -> str:
    """The launch up to its last line with `fragment`, and more lines after it."""
    rows = lines_of(LAUNCHES[launch])
    at = max(n for n, line in enumerate(rows) if fragment in line)
    return "\n".join([*rows[: at + 1], *textwrap.dedent(more).strip("\n").splitlines()])


def seconds(found: Timeline) -> dict[str, float]:
    return {phase.id: phase.seconds for phase in found.phases if phase.seconds is not None}


@pytest.mark.parametrize("launch", LAUNCHES)
def test_a_launch_stands_where_its_log_ends(launch: str) -> None:
    rows = list(steps(LAUNCHES[launch]))
    for n, (phase, line) in enumerate(rows, 1):
        found = read("\n".join(text for _, text in rows[:n]))
        assert ("done" if found.outcome == "ready" else found.stuck_in) == phase, f"line {n}: {line}"
        assert found.outcome in ("ready", "slow", "unknown"), f"line {n}: {line}"


@pytest.mark.parametrize(
    ("launch", "expected"),
    [
        ("VLLM_0_5_0", {"start": 8, "nccl-init": 2, "all-reduce-setup": 14, "load": 12, "profile": 3}),
        (
            "VLLM_0_6_4",
            {"start": 22, "nccl-init": 2, "all-reduce-setup": 0, "load": 41, "profile": 3, "capture": 23},
        ),
        (
            "VLLM_0_9_2_V1",
            {"start": 29, "nccl-init": 2, "all-reduce-setup": 1, "load": 42, "profile": 36, "capture": 25},
        ),
        (
            "VLLM_0_18",
            {
                "start": 30,
                "rendezvous": 1,
                "nccl-init": 2,
                "all-reduce-setup": 3,
                "load": 36,
                "profile": 37,
                "capture": 21,
            },
        ),
        (
            "SGLANG_0_5_23",
            {
                "start": 12,
                "rendezvous": 1,
                "nccl-init": 3,
                "all-reduce-setup": 1,
                "load": 121,
                "profile": 602,
                "capture": 41,
            },
        ),
        (
            "GPUSTACK_0_5",
            {
                "prepare": 4,
                "start": 21,
                "nccl-init": 2,
                "all-reduce-setup": 12,
                "load": 21,
                "profile": 4,
                "capture": 20,
            },
        ),
        ("TORCHRUN", {}),  # one line of it has a time, and NCCL's none
    ],
)
def test_phases_take_the_time_that_the_log_tells(launch: str, expected: dict[str, float]) -> None:
    assert seconds(read("\n".join(lines_of(LAUNCHES[launch])))) == expected


def test_a_bar_without_a_stamp_is_dated_by_the_line_before_it_and_its_own_clock() -> None:
    found = read(cut("VLLM_0_8_2_V1", "init engine"))
    assert seconds(found)["capture"] == 15.0  # drawn for 9 s when it is first seen, after the KV cache's line


# ---- hung, slow, ready: what tells them apart


def bar(done: int, of: int, drawn: str) -> str:
    return f"(Worker_TP0 pid=100) Loading safetensors checkpoint shards: {100 * done // of:3d}% Completed | {done}/{of} [{drawn}<1:10:00, 91.0s/it]"


def waiting(minute: int) -> str:
    return f"(APIServer pid=1) DEBUG 11-25 06:{minute:02d}:20 [v1/engine/utils.py:776] Waiting for 1 local, 0 remote core engine proc(s) to start."


def test_a_load_of_a_quarter_of_an_hour_that_moves_is_slow_though_somebody_waits_all_the_while() -> None:
    rows = [line for n in range(1, 10) for line in (waiting(2 * n), bar(n, 30, f"{2 * n:02d}:01"))]
    found = read(cut("VLLM_0_11_2", "Starting to load", "\n".join([*rows, waiting(19)])))
    assert (found.outcome, found.stuck_in) == ("slow", "load")
    assert found.silent_for_seconds is not None
    assert found.silent_for_seconds < 120


def test_a_bar_that_stands_for_twenty_minutes_is_hung() -> None:
    found = read(cut("VLLM_0_11_2", "Starting to load", "\n".join([bar(1, 30, "01:31"), *map(waiting, range(3, 24))])))
    assert (found.outcome, found.stuck_in) == ("hung", "load")
    assert found.silent_for_seconds == 1274.0


def test_a_bar_that_has_not_begun_proves_no_work() -> None:
    assert read(cut("VLLM_0_11_2", "Starting to load", bar(0, 30, "00:00"))).outcome == "unknown"
    assert read(cut("VLLM_0_11_2", "Starting to load", bar(1, 300, "00:09"))).outcome == "slow"


def test_a_bar_that_is_through_proves_no_work_either() -> None:
    assert read(cut("VLLM_0_11_2", "Starting to load", bar(30, 30, "30:00"))).outcome == "unknown"


@pytest.mark.parametrize(
    "line",
    [
        "model-00001-of-00030.safetensors:   3%|▎         | 143M/4.88G [10:02<5:31:20, 238kB/s]",
        "Fetching 35 files:  11%|█▏        | 4/35 [12:10<1:34:20, 182.6s/it]",
        "Downloading [model-00001-of-00008.safetensors]:   7%|▋         | 343M/4.63G [03:10<39:05, 1.96MB/s]",
    ],
)
def test_a_download_that_crawls_is_slow_wherever_the_launch_stands(line: str) -> None:
    assert read(cut("VLLM_0_11_2", "Resolved architecture", line)).outcome == "slow"
    assert read(cut("GPUSTACK_2_0", "Preparing model files", line)).outcome == "slow"


def test_captures_that_take_minutes_are_slow() -> None:
    v0 = "Capturing CUDA graph shapes:  51%|█████▏    | 18/35 [03:20<03:05, 10.91s/it]"
    assert read(cut("GPUSTACK_0_5", "Capturing cudagraphs", v0)).outcome == "slow"
    wordless = "  0%|          | 0/23 [00:00<?, ?it/s]\n 30%|███       | 7/23 [02:20<05:10, 19.40s/it]"
    found = read(cut("SGLANG_0_4", "Capture cuda graph begin", wordless))
    assert (found.outcome, found.stuck_in) == ("slow", "capture")
    one_notice = NOTICE.format(3)
    assert read(cut("VLLM_0_11_2", "(decode, FULL)", one_notice)).outcome == "slow"


def test_a_capture_that_stands_while_notices_go_on_is_hung() -> None:
    found = read(cut("VLLM_0_11_2", "(decode, FULL)", "\n".join(map(NOTICE.format, range(3, 13)))))
    assert (found.outcome, found.stuck_in) == ("hung", "capture")
    assert found.silent_for_seconds == 622.0


def test_a_long_kernel_compilation_is_slow() -> None:
    assert read(cut("SGLANG_0_5_23", "Try DeepGEMM")).outcome == "slow"
    warm_up = "DeepGEMM warmup:  12%|█▏        | 1234/9876 [05:10<36:10, 3.98it/s]"
    assert read(cut("VLLM_0_18", "Warming up FlashInfer", warm_up)).outcome == "slow"


@pytest.mark.parametrize(
    "more",
    [
        "",
        "(APIServer pid=1) INFO 11-25 08:00:00 [loggers.py:127] Engine 000: Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: 0.0 tokens/s, Running: 0 reqs",
        "(APIServer pid=1) INFO 11-25 09:00:00 [launcher.py:110] Shutting down FastAPI HTTP server.\nINFO:     Shutting down\nINFO:     Application shutdown complete.",
    ],
)
def test_a_log_that_ends_after_it_was_ready_is_ready_however_late_it_is_looked_at(more: str) -> None:
    facts = facts_of(cut("VLLM_0_11_2", "Application startup complete", more))
    facts.add([Fact("now", datetime(2025, 11, 25, 23, 0, 0))])  # noqa: DTZ001 — printed without a zone
    found = timeline.build(facts.documents, facts)
    assert (found.outcome, found.stuck_in, found.silent_for_seconds) == ("ready", None, None)


def test_whoever_stops_a_silent_launch_tells_how_long_it_was_silent() -> None:
    found = read(
        cut(
            "VLLM_0_11_2",
            "using nccl",
            "(APIServer pid=1) INFO 11-25 07:10:31 [launcher.py:110] Shutting down FastAPI HTTP server.",
        )
    )
    assert (found.outcome, found.stuck_in, found.silent_for_seconds) == ("hung", "nccl-init", 4200.0)


def test_whoever_stops_a_launch_after_a_moment_makes_no_hang_of_it() -> None:
    found = read(
        cut(
            "VLLM_0_11_2",
            "using nccl",
            "(APIServer pid=1) INFO 11-25 06:00:41 [launcher.py:110] Shutting down FastAPI HTTP server.",
        )
    )
    assert (found.outcome, found.silent_for_seconds) == ("unknown", 10.0)


def test_a_silence_over_new_year_is_measured() -> None:
    text = """
    (EngineCore pid=80) INFO 12-31 23:50:00 [core.py:101] Initializing a V1 LLM engine (v0.18.1) with config: model='m', tensor_parallel_size=2
    (Worker pid=95) INFO 12-31 23:55:00 [pynccl.py:111] vLLM is using nccl==2.28.9
    (APIServer pid=1) DEBUG 01-01 00:25:00 [v1/engine/utils.py:776] Waiting for 1 local, 0 remote core engine proc(s) to start.
    """
    assert read(text).silent_for_seconds == 1800.0


# ---- ranks


def test_each_rank_has_its_own_path_and_times() -> None:
    found = read(cut("VLLM_0_8_2_V1", "rank=0 pid=300) INFO 03-26 11:00:35 [gpu_model"))
    assert found.stuck_in == "load"
    assert {rank: (path.level, path.phase) for rank, path in found.ranks.items()} == {
        0: ("L14", "load"),
        1: ("L11", "load"),
    }
    assert found.ranks[1].seconds == {"start": 1.0, "nccl-init": 2.0, "all-reduce-setup": 1.0}


def test_ranks_are_not_compared_by_lines_that_only_the_first_one_prints() -> None:
    assert read(cut("VLLM_0_11_2", "Model loading took")).ranks == {}
    assert read(cut("VLLM_0_33", "JIT kernel warmup")).ranks == {}
    met = read(cut("VLLM_0_11_2", "using nccl"))
    assert {path.level for path in met.ranks.values()} == {"L6"}
    without_one = "\n".join(line for line in cut("VLLM_0_11_2", "rank=3").splitlines() if "rank=2" not in line)
    assert read(without_one).ranks[2].level == ""


def test_ranks_are_not_compared_by_lines_that_ray_shows_once() -> None:
    assert read(cut("VLLM_RAY_0_10_2", "Starting to load")).ranks == {}


def test_nccls_own_lines_tell_ranks_apart_in_every_version() -> None:
    found = read(cut("GPUSTACK_2_0", "Channel 00/0"))
    assert {rank: path.level for rank, path in found.ranks.items()} == {0: "L8", 1: "L8"}


def test_with_data_parallel_attention_the_tensor_number_is_the_rank() -> None:
    assert set(read(cut("SGLANG_0_5_23", "Load weight begin")).ranks) == {0, 1}
    replicas = """
    [2025-09-10 09:00:00] server_args=ServerArgs(model_path='org/model', tp_size=2, dp_size=2, enable_dp_attention=False)
    [2025-09-10 09:00:10 DP0 TP0] Init torch distributed begin.
    [2025-09-10 09:00:10 DP1 TP0] Init torch distributed begin.
    [2025-09-10 09:00:10 DP1 TP1] Init torch distributed begin.
    """
    assert set(read(replicas).ranks) == {0, 2, 3}


def test_ranks_without_numbers_are_counted() -> None:
    v0 = "\n".join(
        line for line in cut("VLLM_0_6_4", "using nccl").splitlines() if "pid=202) INFO 11-20 09:00:22" not in line
    )
    assert read(v0).heard == (3, 4)
    assert read(cut("VLLM_0_6_4", "using nccl")).heard is None
    unnamed = """
    (EngineCore_DP0 pid=90) INFO 10-11 04:00:00 [core.py:77] Initializing a V1 LLM engine (v0.11.0) with config: model='m', tensor_parallel_size=4, pipeline_parallel_size=1
    INFO 10-11 04:00:09 [pynccl.py:103] vLLM is using nccl==2.27.3
    INFO 10-11 04:00:09 [pynccl.py:103] vLLM is using nccl==2.27.3
    """
    assert read(unnamed).heard == (2, 4)
    assert read(cut("VLLM_0_11_2", "using nccl")).heard is None  # printed once for all


def test_a_launch_in_files_of_its_ranks_is_not_silent_while_one_of_them_goes_on() -> None:
    def rank(n: int, until: int) -> str:
        return "\n".join(
            [
                f"[2025-09-10 09:00:10 TP{n}] Init torch distributed begin.",
                f"[2025-09-10 09:00:13 TP{n}] Init torch distributed ends. mem usage=0.3 GB",
                f"[2025-09-10 09:00:13 TP{n}] Load weight begin. avail mem=78.00 GB",
                *([f"[2025-09-10 09:{until:02d}:00 TP{n}] Load weight end. type=LlamaForCausalLM"] if until else []),
            ]
        )

    found = facts_of(rank(0, 0), rank(1, 40)).timeline
    assert found is not None
    assert found.silent_for_seconds is None
