"""One picture of a launch from the lines of its logs: phases, outcome, silence, ranks."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.diagnosis.reading import facts_of
from troubleshoot.diagnosis import timeline
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.timeline import Timeline, reached, stopped_in


def timeline_of(*texts: str) -> Timeline:
    found = facts_of(*texts).timeline
    assert found is not None
    return found


def levels(found: Timeline) -> dict[int, str]:
    return {rank: path.level for rank, path in found.ranks.items()}


def states(found: Timeline) -> dict[str, str]:
    return {phase.id: phase.state for phase in found.phases}


V0_HEALTHY = """
    INFO 03-04 10:00:00 __init__.py:190] Automatically detected platform cuda.
    INFO 03-04 10:00:01 api_server.py:840] vLLM API server version 0.7.2
    INFO 03-04 10:00:12 config.py:1401] Defaulting to use mp for distributed inference
    INFO 03-04 10:00:13 llm_engine.py:234] Initializing a V0 LLM engine (v0.7.2) with config: model='org/model', tensor_parallel_size=2, pipeline_parallel_size=1, disable_custom_all_reduce=False, enforce_eager=False
    (VllmWorkerProcess pid=311) INFO 03-04 10:00:17 multiproc_worker_utils.py:229] Worker ready; awaiting tasks
    INFO 03-04 10:00:18 cuda.py:230] Using Flash Attention backend.
    INFO 03-04 10:00:20 utils.py:950] Found nccl from library libnccl.so.2
    INFO 03-04 10:00:20 pynccl.py:69] vLLM is using nccl==2.21.5
    (VllmWorkerProcess pid=311) INFO 03-04 10:00:20 pynccl.py:69] vLLM is using nccl==2.21.5
    INFO 03-04 10:00:22 custom_all_reduce_utils.py:244] reading GPU P2P access cache from /root/.cache/vllm/gpu_p2p_access_cache_for_0,1.json
    INFO 03-04 10:00:23 model_runner.py:1110] Starting to load model org/model...
    Loading safetensors checkpoint shards:   0% Completed | 0/4 [00:00<?, ?it/s]
    Loading safetensors checkpoint shards: 100% Completed | 4/4 [00:08<00:00,  2.01s/it]
    INFO 03-04 10:00:33 model_runner.py:1115] Loading model weights took 7.1 GB
    INFO 03-04 10:00:40 worker.py:267] Memory profiling takes 6.02 seconds
    INFO 03-04 10:00:40 executor_base.py:110] # CUDA blocks: 11000, # CPU blocks: 2048
    INFO 03-04 10:00:44 model_runner.py:1434] Capturing cudagraphs for decoding. This may lead to unexpected consequences
    Capturing CUDA graph shapes: 100%|██████████| 35/35 [00:14<00:00,  2.4it/s]
    INFO 03-04 10:00:58 model_runner.py:1562] Graph capturing finished in 14 secs, took 0.31 GiB
    INFO 03-04 10:00:58 llm_engine.py:436] init engine (profile, create kv cache, warmup model) took 25.1 seconds
    INFO 03-04 10:01:00 launcher.py:19] Available routes are:
    INFO:     Started server process [77]
    INFO:     Waiting for application startup.
    INFO:     Application startup complete.
"""


def up_to(text: str, fragment: str) -> str:
    """The text to the last line that contains `fragment`, as when a log stops there."""
    lines = text.strip("\n").splitlines()
    at = max(n for n, line in enumerate(lines) if fragment in line)
    return "\n".join(line.strip() for line in lines[: at + 1])


def test_a_healthy_v0_launch_is_ready_with_every_phase_done() -> None:
    found = timeline_of(V0_HEALTHY)
    assert found.outcome == "ready"
    assert found.stuck_in is None
    assert states(found) == {
        "prepare": "skipped",
        "start": "done",
        "rendezvous": "done",
        "nccl-init": "done",
        "all-reduce-setup": "done",
        "load": "done",
        "profile": "done",
        "capture": "done",
        "ready": "done",
    }
    load = next(phase for phase in found.phases if phase.id == "load")
    assert load.started == "03-04 10:00:23"
    assert load.seconds == 17.0


def test_a_log_that_ends_with_the_nccl_line_stands_in_nccl_init() -> None:
    found = timeline_of(up_to(V0_HEALTHY, "using nccl=="))
    assert found.stuck_in == "nccl-init"
    assert found.last_level == "L8"
    assert found.last_line is not None
    assert "nccl==2.21.5" in found.last_line.text
    assert states(found)["load"] == "not-reached"
    assert stopped_in(found, "nccl-init")
    assert reached(found, "start")
    assert not reached(found, "load")


def test_the_attention_backend_that_v0_names_early_does_not_count_as_loading() -> None:
    found = timeline_of(up_to(V0_HEALTHY, "Using Flash Attention"))
    assert found.stuck_in == "start"


def test_a_log_that_merely_ends_tells_no_outcome() -> None:
    assert timeline_of(up_to(V0_HEALTHY, "using nccl==")).outcome == "unknown"


def test_after_the_last_weight_the_launch_stands_in_the_first_forward() -> None:
    found = timeline_of(up_to(V0_HEALTHY, "Loading model weights took"))
    assert found.stuck_in == "profile"
    assert states(found)["load"] == "done"


def test_a_bar_that_moves_is_slow_not_hung() -> None:
    text = (
        up_to(V0_HEALTHY, "Starting to load")
        + "\nLoading safetensors checkpoint shards:  25% Completed | 1/4 [00:51<02:33, 51.0s/it]"
    )
    found = timeline_of(text)
    assert found.outcome == "slow"
    assert found.stuck_in == "load"


V1_WORKERS = """
    INFO 11-18 08:00:00 [api_server.py:1977] vLLM API server version 0.11.2
    INFO 11-18 08:00:00 [utils.py:253] non-default args: {'model': 'org/model', 'tensor_parallel_size': 4}
    (EngineCore_DP0 pid=90) INFO 11-18 08:00:20 [core.py:93] Initializing a V1 LLM engine (v0.11.2) with config: model='org/model', tensor_parallel_size=4, enforce_eager=True
    INFO 11-18 08:00:30 [parallel_state.py:1208] world_size=4 rank=0 local_rank=0 distributed_init_method=tcp://127.0.0.1:40001 backend=nccl
    INFO 11-18 08:00:30 [parallel_state.py:1208] world_size=4 rank=1 local_rank=1 distributed_init_method=tcp://127.0.0.1:40001 backend=nccl
    INFO 11-18 08:00:31 [parallel_state.py:1208] world_size=4 rank=3 local_rank=3 distributed_init_method=tcp://127.0.0.1:40001 backend=nccl
"""


def test_the_rank_that_never_spoke_is_listed_without_a_level() -> None:
    found = timeline_of(V1_WORKERS)
    assert found.stuck_in == "rendezvous"
    assert levels(found) == {0: "L6", 1: "L6", 2: "", 3: "L6"}


def test_a_rank_behind_the_others_shows_its_lower_level() -> None:
    text = """
    (Worker_TP0 pid=310) INFO 09-18 08:01:10 [gpu_model_runner.py:2338] Starting to load model org/model...
    (Worker_TP1 pid=311) INFO 09-18 08:01:10 [gpu_model_runner.py:2338] Starting to load model org/model...
    (Worker_TP0 pid=310) INFO 09-18 08:01:40 [gpu_model_runner.py:2392] Model loading took 14.7000 GiB and 29.300000 seconds
    """
    found = timeline_of(text)
    assert levels(found) == {0: "L14", 1: "L11"}
    assert found.stuck_in == "load"


def test_pipeline_ranks_count_through_all_dimensions() -> None:
    text = """
    (EngineCore_DP0 pid=1) INFO 09-18 08:00:20 [core.py:76] Initializing a V1 LLM engine (v0.10.2) with config: model='m', tensor_parallel_size=2, pipeline_parallel_size=2
    (Worker_PP0_TP1 pid=2) INFO 09-18 08:01:10 [gpu_model_runner.py:2338] Starting to load model m...
    (Worker_PP1_TP0 pid=3) INFO 09-18 08:01:10 [gpu_model_runner.py:2338] Starting to load model m...
    """
    assert set(timeline_of(text).ranks) == {1, 2}


def test_the_engine_cores_wait_notices_measure_the_silence_after_loading() -> None:
    text = """
    (Worker_TP0 pid=310) INFO 11-18 08:00:40 [gpu_model_runner.py:3338] Model loading took 14.7 GiB memory and 29.3 seconds
    (Worker_TP1 pid=311) INFO 11-18 08:00:40 [gpu_model_runner.py:3338] Model loading took 14.7 GiB memory and 29.1 seconds
    (EngineCore_DP0 pid=90) INFO 11-18 08:01:40 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging or doing some time-consuming work (e.g. compilation).
    (EngineCore_DP0 pid=90) INFO 11-18 08:40:40 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging or doing some time-consuming work (e.g. compilation).
    """
    found = timeline_of(text)
    assert (found.outcome, found.stuck_in) == ("hung", "profile")
    assert found.silent_for_seconds == 2400.0
    assert found.last_line is not None
    assert "Model loading took" in found.last_line.text


def test_a_wait_notice_alone_tells_that_loading_is_over() -> None:
    text = "(EngineCore_DP0 pid=90) INFO 11-18 08:01:40 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging"
    found = timeline_of(text)
    assert found.stuck_in == "profile"
    assert states(found)["load"] == "done"


def test_a_long_compilation_between_wait_notices_is_slow() -> None:
    text = """
    (Worker_TP0 pid=310) INFO 11-18 08:00:40 [gpu_model_runner.py:3338] Model loading took 14.7 GiB memory and 29.3 seconds
    (Worker_TP0 pid=310) INFO 11-18 08:01:00 [backends.py:216] Compiling a graph for dynamic shape takes 33.0 s
    (EngineCore_DP0 pid=90) INFO 11-18 08:02:00 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging
    """
    assert timeline_of(text).outcome == "slow"


def test_the_same_compilation_is_hung_after_the_alarm_band() -> None:
    text = """
    (Worker_TP0 pid=310) INFO 11-18 08:01:00 [backends.py:216] Compiling a graph for dynamic shape takes 33.0 s
    (EngineCore_DP0 pid=90) INFO 11-18 09:02:00 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging
    """
    assert timeline_of(text).outcome == "hung"


def test_running_out_of_memory_while_loading_is_a_crash_in_load() -> None:
    text = """
    (EngineCore_DP0 pid=90) INFO 11-18 08:00:20 [core.py:93] Initializing a V1 LLM engine (v0.11.2) with config: model='m', tensor_parallel_size=2
    (Worker_TP1 pid=311) INFO 11-18 08:00:40 [gpu_model_runner.py:3259] Starting to load model m...
    (Worker_TP1 pid=311) ERROR 11-18 08:00:50 [multiproc_executor.py:743] WorkerProc failed to start.
    (Worker_TP1 pid=311) ERROR 11-18 08:00:50 [multiproc_executor.py:743] Traceback (most recent call last):
    (Worker_TP1 pid=311) ERROR 11-18 08:00:50 [multiproc_executor.py:743] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 448.00 MiB.
    (EngineCore_DP0 pid=90) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore_DP0': 1}
    """
    facts = facts_of(text)
    found = facts.timeline
    assert found is not None
    assert found.outcome == "crashed"
    assert states(found)["load"] == "failed"
    assert states(found)["profile"] == "not-reached"
    assert found.stuck_in is None
    assert facts.value("failed_rank") == 1


def test_a_traceback_without_any_launch_line_is_placed_by_its_frames() -> None:
    text = """
    ERROR 11-18 08:00:50 [core.py:708] Traceback (most recent call last):
    ERROR 11-18 08:00:50 [core.py:708]   File "/opt/venv/lib/python3.12/site-packages/vllm/v1/worker/gpu_worker.py", line 263, in determine_available_memory
    ERROR 11-18 08:00:50 [core.py:708] ValueError: No available memory for the cache blocks.
    """
    found = timeline_of(text)
    assert found.outcome == "crashed"
    assert states(found)["profile"] == "failed"


def test_a_caught_exception_does_not_end_a_launch_that_went_on() -> None:
    before, after = V0_HEALTHY.split("    INFO 03-04 10:00:12", 1)
    text = before + "    ImportError: cannot import name 'x' from 'y'\n    INFO 03-04 10:00:12" + after
    assert timeline_of(text).outcome == "ready"


def test_an_exception_after_ready_is_a_crash_unless_it_is_a_requests() -> None:
    ready = V0_HEALTHY.rstrip() + "\n"
    assert (
        timeline_of(ready + "    RuntimeError: CUDA error: an illegal memory access was encountered").outcome
        == "crashed"
    )
    assert timeline_of(ready + "    ValueError: This model's maximum context length is 4096 tokens.").outcome == "ready"


def test_processes_that_were_told_to_go_are_no_crash() -> None:
    text = up_to(V0_HEALTHY, "using nccl==") + "\nProcess exited with code -15"
    assert timeline_of(text).outcome == "unknown"


def test_somebody_who_gave_up_waiting_makes_it_a_hang() -> None:
    text = (
        up_to(V0_HEALTHY, "using nccl==")
        + '\nTraceback (most recent call last):\n  File "/usr/bin/vllm", line 8, in <module>\nKeyboardInterrupt'
    )
    assert timeline_of(text).outcome == "hung"


def test_of_several_attempts_the_last_counts() -> None:
    first = up_to(V0_HEALTHY, "using nccl==")
    second = V0_HEALTHY.replace("03-04 10:", "03-04 11:")
    assert (
        timeline_of(first + "\nRuntimeError: NCCL error: unhandled system error\n" + second.strip("\n")).outcome
        == "ready"
    )
    late = "\n".join(line.strip() for line in first.replace("03-04 10:", "03-04 11:").splitlines())
    whole = "\n".join(line.strip() for line in V0_HEALTHY.strip("\n").splitlines())
    assert timeline_of(whole + "\n" + late).stuck_in == "nccl-init"


def test_logs_of_two_nodes_one_after_the_other_are_one_launch() -> None:
    node = "\n".join(line.strip() for line in V0_HEALTHY.strip("\n").splitlines())
    other = up_to(V0_HEALTHY, "using nccl==")
    assert timeline_of(node + "\n" + other).outcome == "ready"


def test_eager_execution_skips_capture() -> None:
    text = """
    (EngineCore pid=9) INFO 11-18 08:00:20 [core.py:93] Initializing a V1 LLM engine (v0.20.2) with config: model='m', tensor_parallel_size=2, enforce_eager=True
    (EngineCore pid=9) INFO 11-18 08:03:20 [core.py:210] init engine (profile, create kv cache, warmup model) took 20.22 s
    (APIServer pid=1) INFO:     Application startup complete.
    """
    assert states(timeline_of(text))["capture"] == "skipped"


def test_an_engine_used_as_a_library_is_ready_when_its_engine_is() -> None:
    text = up_to(V0_HEALTHY, "init engine")
    library = "\n".join(line for line in text.splitlines() if "API server" not in line)
    assert timeline_of(library).outcome == "ready"


def test_a_server_that_stops_after_its_engine_was_ready_is_not_ready() -> None:
    found = timeline_of(up_to(V0_HEALTHY, "init engine"))
    assert (found.outcome, found.stuck_in) == ("unknown", "ready")


def test_a_tail_with_only_the_ready_lines_is_ready() -> None:
    assert timeline_of("(APIServer pid=1) INFO:     Application startup complete.").outcome == "ready"


def test_the_web_server_of_gpustack_itself_is_not_an_engine_that_is_ready() -> None:
    text = """
    2025-08-05 14:13:15.289640+00:00 - gpustack.server.server - INFO - Starting GPUStack server.
    INFO:     Application startup complete.
    """
    assert timeline_of(text).outcome != "ready"


def test_the_web_server_of_gpustacks_worker_is_none_though_the_engine_is_known() -> None:
    worker = """
        2026-01-21 02:03:06.272962+00:00 - gpustack.cmd.start - INFO - GPUStack version: v2.0.3 (1d318e4)
        2026-01-21 02:03:06.917241+00:00 - gpustack.worker.worker - INFO - Starting GPUStack worker.
        INFO:     Started server process [61]
        INFO:     Application startup complete.
        INFO:     Uvicorn running on http://0.0.0.0:10150 (Press CTRL+C to quit)
    """
    instance = """
        2026-01-21 02:06:41.647339+00:00 - gpustack.worker.serve_manager - INFO - Provisioning model instance m-1
        2026-01-21 02:06:43.857910+00:00 - gpustack.worker.backends.vllm - INFO - Starting vLLM model instance: m-1
    """
    serving = """
        (EngineCore_DP0 pid=27) INFO 01-21 02:07:00 [core.py:77] Initializing a V1 LLM engine (v0.13.0) with config: model='/m/x'
        (Worker_TP0 pid=31) INFO 01-21 02:07:40 [gpu_model_runner.py:2653] Model loading took 25.91 GiB and 21.26 seconds
        (APIServer pid=1) INFO:     Application startup complete.
    """

    assert timeline_of(worker, instance).outcome != "ready"
    assert timeline_of(worker + serving).outcome == "ready"


def test_another_servers_ready_line_before_the_load_does_not_count() -> None:
    text = "INFO:     Application startup complete.\n" + up_to(V0_HEALTHY, "using nccl==")
    assert timeline_of(text).outcome == "unknown"


def test_a_later_time_in_another_file_tells_the_silence() -> None:
    found = timeline_of(
        up_to(V0_HEALTHY, "using nccl=="),
        "2025-03-04 10:30:20,000 INFO something.py:1 -- still waiting\n",
    )
    assert found.silent_for_seconds == 1800.0
    assert found.outcome == "hung"


def test_a_time_from_the_gpu_table_tells_the_silence() -> None:
    facts = facts_of(up_to(V0_HEALTHY, "using nccl=="))
    facts.add([Fact("now", datetime(2025, 3, 4, 11, 0, 20))])  # noqa: DTZ001 — printed without a zone
    assert timeline.build(facts.documents, facts).silent_for_seconds == 3600.0


def test_nothing_tells_the_silence_of_a_single_log() -> None:
    assert timeline_of(up_to(V0_HEALTHY, "using nccl==")).silent_for_seconds is None


def test_a_person_can_tell_the_silence() -> None:
    facts = facts_of(up_to(V0_HEALTHY, "using nccl=="))
    facts.add([Fact("silence_seconds", 900, source="answer")])
    found = timeline.build(facts.documents, facts)
    assert (found.outcome, found.silent_for_seconds) == ("hung", 900.0)


def test_gpustack_and_engine_lines_share_one_clock() -> None:
    text = """
    2025-03-04T18:00:00+08:00 - gpustack.worker.downloaders - INFO - Retriving file lock
    2025-03-04T18:00:03+08:00 - gpustack.worker.backends.vllm - INFO - Starting vllm server
    INFO 03-04 18:00:07 __init__.py:190] Automatically detected platform cuda.
    INFO 03-04 18:00:08 api_server.py:840] vLLM API server version 0.7.2
    """
    prepare = next(phase for phase in timeline_of(text).phases if phase.id == "prepare")
    assert prepare.started == "2025-03-04T18:00:00+08:00"
    assert prepare.seconds == 7.0


SGLANG = """
    [2025-09-10 09:00:00] server_args=ServerArgs(model_path='org/model', tp_size=2, nnodes=1, disable_cuda_graph=False)
    [2025-09-10 09:00:10 TP0] Init torch distributed begin.
    [2025-09-10 09:00:10 TP1] Init torch distributed begin.
    [2025-09-10 09:00:11 TP0] sglang is using nccl==2.27.3
    [2025-09-10 09:00:13 TP0] Init torch distributed ends. elapsed=3.0 s, mem usage=0.3 GB
    [2025-09-10 09:00:13 TP1] Init torch distributed ends. elapsed=3.0 s, mem usage=0.3 GB
    [2025-09-10 09:00:13 TP0] Load weight begin. avail mem=78.00 GB
    [2025-09-10 09:00:33 TP1] Load weight end. elapsed=20.0 s, type=LlamaForCausalLM, avail mem=60.00 GB, mem usage=18.00 GB.
    [2025-09-10 09:00:33 TP0] Load weight end. elapsed=20.0 s, type=LlamaForCausalLM, avail mem=60.00 GB, mem usage=18.00 GB.
    [2025-09-10 09:00:34 TP0] KV Cache is allocated. #tokens: 30000, K size: 2.0 GB, V size: 2.0 GB
    [2025-09-10 09:00:34 TP0] Memory pool end. avail mem=10.00 GB
    [2025-09-10 09:00:35 TP0] Capture cuda graph begin. This can take up to several minutes. avail mem=9.50 GB
    [2025-09-10 09:00:50 TP0] Capture cuda graph end. Time elapsed: 15.0 s. avail mem=9.00 GB. mem usage=0.5 GB.
    [2025-09-10 09:00:51 TP0] max_total_num_tokens=30000, chunked_prefill_size=8192, max_prefill_tokens=16384
    [2025-09-10 09:00:52] INFO:     Uvicorn running on http://0.0.0.0:30000 (Press CTRL+C to quit)
    [2025-09-10 09:00:55] The server is fired up and ready to roll!
"""


def test_sglang_takes_the_same_phases() -> None:
    found = timeline_of(SGLANG)
    assert found.outcome == "ready"
    assert next(p.started for p in found.phases if p.id == "load") == "2025-09-10T09:00:13"
    assert next(p.seconds for p in found.phases if p.id == "capture") == 16.0


@pytest.mark.parametrize(
    ("last", "phase"),
    [
        ("Init torch distributed begin", "rendezvous"),
        ("using nccl", "nccl-init"),
        ("Load weight begin", "load"),
        ("Load weight end", "profile"),
        ("Capture cuda graph begin", "capture"),
    ],
)
def test_sglang_stands_where_its_log_stops(last: str, phase: str) -> None:
    assert timeline_of(up_to(SGLANG, last)).stuck_in == phase


def test_a_training_run_is_ready_with_its_first_step() -> None:
    text = """
    W0714 10:00:00.000000 140446678845248 torch/distributed/run.py:757] Setting OMP_NUM_THREADS environment variable for each process to be 1 in default
    Loading checkpoint shards: 100%|██████████| 4/4 [00:05<00:00,  1.30s/it]
    node-a:100:101 [0] NCCL INFO ncclCommInitRank comm 0x1 rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 1000 commId 0x2 - Init COMPLETE
    """
    stopped = timeline_of(text)
    assert stopped.stuck_in == "nccl-init"
    assert (
        timeline_of(
            text.rstrip() + "\n    {'loss': 1.93, 'grad_norm': 1.2, 'learning_rate': 2e-05, 'epoch': 0.01}"
        ).outcome
        == "ready"
    )


def test_nothing_of_a_launch_gives_an_empty_timeline() -> None:
    assert timeline_of("hello\nworld") == Timeline()
    assert not reached(None, "start")
    assert timeline.build([], Facts()) == Timeline()


def test_channels_that_nccl_connects_with_the_first_request_do_not_undo_ready() -> None:
    text = V0_HEALTHY.rstrip() + "\n    node-a:77:90 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM"
    assert timeline_of(text).outcome == "ready"


def test_a_single_wait_notice_is_not_yet_a_hang() -> None:
    text = """
    (Worker_TP0 pid=310) INFO 11-18 08:00:40 [gpu_model_runner.py:3338] Model loading took 14.7 GiB memory and 29.3 seconds
    (EngineCore_DP0 pid=90) INFO 11-18 08:01:40 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging
    """
    assert timeline_of(text).outcome == "unknown"


def test_wait_notices_while_serving_are_a_hang_of_a_ready_engine() -> None:
    notice = "(EngineCore_DP0 pid=90) INFO 11-18 08:1{}:40 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging"
    text = "(APIServer pid=1) INFO:     Application startup complete.\n" + "\n".join(
        notice.format(n) for n in (1, 2, 3)
    )
    assert timeline_of(text).outcome == "hung"


def test_the_first_batch_of_a_library_user_that_never_moves_stands_in_ready() -> None:
    text = up_to(V0_HEALTHY, "init engine") + "\nProcessed prompts:   0%|          | 0/16 [00:00<?, ?it/s]"
    found = timeline_of(text)
    assert found.stuck_in == "ready"
    assert found.outcome != "ready"


def test_a_log_without_its_head_has_its_earlier_phases_done() -> None:
    text = """
    (Worker_TP0 pid=310) INFO 11-18 08:01:40 [gpu_worker.py:298] Available KV cache memory: 40.11 GiB
    (EngineCore_DP0 pid=90) INFO 11-18 08:01:41 [kv_cache_utils.py:1087] GPU KV cache size: 300,000 tokens
    Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  40%|████      | 27/67 [00:03<00:04, 9.1it/s]
    """
    found = timeline_of(text)
    assert (found.stuck_in, found.outcome) == ("capture", "slow")
    assert {state for phase, state in states(found).items() if phase in ("start", "nccl-init", "load", "profile")} == {
        "done"
    }


def test_a_last_line_that_is_cut_off_still_counts() -> None:
    text = (
        up_to(V0_HEALTHY, "Starting to load")
        + "\nINFO 03-04 10:00:33 model_runner.py:1115] Loading model weights took 7.1 G"
    )
    assert timeline_of(text).last_level == "L14"


def test_wrapped_logs_are_measured_by_their_wrappers_clock() -> None:
    text = """
    2025-05-16T05:12:16.645427617Z INFO 05-16 13:12:16 [api_server.py:1] vLLM API server version 0.8.5
    2025-05-16T05:12:36.645427617Z INFO 05-16 13:12:36 [pynccl.py:69] vLLM is using nccl==2.21.5
    2025-05-16T05:42:36.645427617Z node-a:12:13 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.4<0>
    2025-05-16T05:52:36.645427617Z DEBUG 05-16 13:52:36 [core_client.py:425] Waiting for 1 core engine proc(s) to start: {0}
    """
    assert timeline_of(text).silent_for_seconds == 600.0


def test_a_traceback_names_its_engine_by_the_package_so_that_what_came_before_is_done() -> None:
    text = """
    (Worker_TP1 pid=12) ERROR 11-18 08:00:00 [multiproc_executor.py:597] Traceback (most recent call last):
    (Worker_TP1 pid=12) ERROR 11-18 08:00:00 [multiproc_executor.py:597]   File "/opt/venv/lib/python3.12/site-packages/vllm/v1/worker/gpu_worker.py", line 263, in load_model
    (Worker_TP1 pid=12) ERROR 11-18 08:00:00 [multiproc_executor.py:597] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 448.00 MiB.
    """
    facts = facts_of(text)
    assert facts.value("engine") == "vllm"
    assert not any(fact.sure for fact in facts.all("engine"))
    assert facts.timeline is not None
    assert (states(facts.timeline)["nccl-init"], states(facts.timeline)["load"]) == ("done", "failed")


def test_a_test_that_ran_through_is_no_launch_and_one_that_hangs_is() -> None:
    text = """
    # nThread 1 nGpus 2 minBytes 8 maxBytes 134217728 step: 2(factor) warmup iters: 5 iters: 20 agg iters: 1 validation: 1 graph: 0
    #  Rank  0 Group  0 Pid   4242 on     node-a device  0 [0x01] NVIDIA GeForce RTX 4090
    """
    assert timeline_of(text).phases
    assert timeline_of(text.rstrip() + "\n    # Avg bus bandwidth    : 6.5021") == Timeline()
