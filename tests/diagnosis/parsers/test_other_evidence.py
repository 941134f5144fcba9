"""RAS, stacks, other engines' logs; and the rules every format keeps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.reading import facts_of, scanner, values
from troubleshoot.diagnosis.evidence import Document, Line, Section
from troubleshoot.diagnosis.parsers import ALL_FORMATS


def test_the_ras_table_tells_status_errors_and_shape() -> None:
    facts = facts_of(
        """
        Communicators... (0.00s)
        =============

        Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors
            #  in group  per comm  per node  per comm  in group
            0         1         2         8        16        16   RUNNING  MISMATCH

        #0-0 (e0b2a1c4d5f60718) MISMATCH
          Communicator ranks have different collective operation counts
          15 ranks have launched up to operation 4
          1 rank has launched up to operation 3
        """
    )
    assert ("RUNNING", "MISMATCH") in values(facts, "ras_status")
    assert facts.value("node_count") == 2
    assert facts.value("world_size") == 16
    assert ("launched", "1 ranks up to 3") in values(facts, "ras_status")


def test_a_table_of_numbers_is_no_ras() -> None:
    assert facts_of("    0         1         2         8        16        16   hello  world").all("ras_status") == []


def test_py_spy_gives_the_main_threads_frames_innermost_first() -> None:
    facts = facts_of(
        """
        Process 4242: VLLM::Worker_TP1
        Python v3.12.3 (/usr/bin/python3.12)

        Thread 4242 (active+gil): "MainThread"
            synchronize (torch/cuda/__init__.py:1040)
            __init__ (vllm/distributed/device_communicators/pynccl.py:126)
                Arguments:
                    self: <PyNcclCommunicator at 0x7f>
        Thread 4300 (idle): "Thread-1"
            wait (threading.py:355)
        """
    )
    frames = values(facts, "stack_frame")
    assert frames[0] == ("VLLM::Worker_TP1", "synchronize", "torch/cuda/__init__.py")
    assert ("VLLM::Worker_TP1", "wait", "threading.py") not in frames


def test_py_spy_json_is_read_pretty_and_cut() -> None:
    facts = facts_of(
        """
        [
          {
            "pid": 77,
            "thread_id": 140,
            "thread_name": "MainThread",
            "os_thread_id": 77,
            "active": true,
            "owns_gil": false,
            "frames": [
              {
                "name": "poll",
                "filename": "/usr/lib/python3/zmq/sugar/poll.py",
                "short_filename": "zmq/sugar/poll.py",
                "line": 106
              },
              {
                "name": "wait_for_engine_startup",
                "filename": "/x/vllm/v1/engine/utils.py",
                "short_filename": "vllm/v1/engine/utils.py",
        """
    )
    assert values(facts, "stack_frame") == [
        ("pid 77", "poll", "zmq/sugar/poll.py"),
        ("pid 77", "wait_for_engine_startup", "vllm/v1/engine/utils.py"),
    ]


def test_gdb_frames_are_read_thread_by_thread() -> None:
    facts = facts_of(
        """
        Thread 1 (Thread 0x7f00aa (LWP 4242) "python3"):
        #0  0x00007f2a in sched_yield () from /lib/x86_64-linux-gnu/libc.so.6
        #1  0x00007f2b in cuStreamSynchronize () from /usr/lib/libcuda.so.1
        """
    )
    assert values(facts, "stack_frame") == [
        ("thread 4242", "sched_yield", "/lib/x86_64-linux-gnu/libc.so.6"),
        ("thread 4242", "cuStreamSynchronize", "/usr/lib/libcuda.so.1"),
    ]


@pytest.mark.parametrize(
    ("line", "engine"),
    [
        ("2024-05-01T01:17:02.618817Z  INFO shard-manager: text_generation_launcher: Waiting for shard to be ready... rank=1", "tgi"),
        ("[TM][WARNING] [LlamaTritonModel] `max_context_token_num` = 8200.", "lmdeploy"),
        ("[TensorRT-LLM] TensorRT-LLM version: 0.17.0", "tensorrt-llm"),
        ("[NeMo I 2025-01-01 10:00:00 exp_manager:400] Experiments will be logged", "nemo"),
        ("[2025-02-01 10:00:00,000] [INFO] [comm.py:652:init_distributed] cdb=None", "deepspeed"),
        ("# nThread 1 nGpus 2 minBytes 8 maxBytes 134217728 step: 2(factor) warmup iters: 5 iters: 20 agg iters: 1 validation: 1 graph: 0", "nccl-tests"),
        ("[2025-09-10 09:08:07 TP3] Load weight begin. avail mem=93.10 GB", "sglang"),
    ],
)  # fmt: skip
def test_other_engines_are_recognised(line: str, engine: str) -> None:
    assert facts_of(line).value("engine") == engine


def test_a_shard_that_waits_is_a_hang_of_tgi() -> None:
    lines = [
        f"2024-05-01T01:17:{second:02d}.618817Z  INFO shard-manager: text_generation_launcher: Waiting for shard to be ready... rank={rank}"
        for second in (2, 12, 22)
        for rank in (0, 1)
    ]
    timeline = facts_of("\n".join(lines)).timeline
    assert timeline is not None
    assert (timeline.outcome, timeline.stuck_in) == ("hung", "start")


def test_the_sanity_script_tells_how_far_it_came() -> None:
    assert facts_of("PyTorch NCCL is successful!\nPyTorch GLOO is successful!").value("sanity_stage") == "gloo"


@pytest.mark.parametrize("form", ALL_FORMATS, ids=lambda form: form.kind)
def test_every_pattern_is_one_that_the_automaton_takes(form: object) -> None:
    """No lookaround and no backreference; the scanner compiles every pattern of every format."""
    for pattern in (*form.heads, *form.lines):  # type: ignore[attr-defined]
        assert not re.search(r"\(\?[=!<](?!P)|\(\?P=|\\[1-9]", pattern.replace("(?P<", "(")), pattern
    assert scanner()


PIECES = st.sampled_from(
    ["NCCL INFO ", "comm 0x1 rank 9999999999 nranks 99999999999 ", "[rank1]: ", "RuntimeError: ", "Process 1: ", "Thread 1 (idle)",
     "Initializing a V1 LLM engine (v", ") with config: ", "tensor_parallel_size=", "999999999999999999999", "world_size=1 rank=2 local_rank=",
     "Exit code: ", "-9", "vllm serve ", '"', "'", "--tp", "With image: x, arguments: [", "\x1b[31m", "{", "[", ":", "0", " ", "\\",
     "(Worker_TP99999999999 pid=1) ", "INFO 13-45 99:99:99 [x.py:1] ", '"thread_id": 1', "missing ranks: {", "sequence number: ", "é中"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=8))
def test_no_parser_raises_on_damaged_text(texts: list[str]) -> None:
    document = Document("x.log", texts, range(1, len(texts) + 1), line_count=len(texts))
    section_lines = tuple(Line("x.log", n, text) for n, text in enumerate(texts, 1))
    if section_lines:
        for form in ALL_FORMATS:
            list(form.parse(Section(form.kind, document, section_lines)))


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("  Missing communicator data from 1 job process", "INCOMPLETE"),
        ("  2 job processes are considered dead (unreachable via the RAS network)", "DEAD"),
        ("  1 job process is considered dead (unreachable via the RAS network)", "DEAD"),
    ],
)
def test_ras_tells_of_processes_that_are_gone(line: str, error: str) -> None:
    assert values(facts_of(line), "ras_status") == [("", error)]
