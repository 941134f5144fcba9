"""vLLM's lines of every generation, and what they must not be taken for."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values
from troubleshoot.diagnosis.facts import Facts


def levels(facts: Facts) -> list[str]:
    return [fact.value.level for fact in facts.all("phase_mark")]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("INFO 02-25 17:41:25 api_server.py:840] vLLM API server version 0.7.2", "L2"),
        ("(APIServer pid=1) INFO 01-10 10:00:00 [api_server.py:70] vLLM server version 0.18.1, serving model org/model", "L2"),
        ("(APIServer pid=1) INFO 01-10 10:00:00 [utils.py:302]  █▄█▀ █  ▀▀▀  version 0.20.2", "L2"),
        ("INFO 02-25 17:41:36 config.py:542] This model supports multiple tasks: {'generate'}. Defaulting to 'generate'.", "L3"),
        ("(APIServer pid=1) INFO 11-18 08:00:00 [model.py:637] Resolved architecture: LlamaForCausalLM", "L3"),
        ("INFO 02-25 17:41:37 api_server.py:206] Started engine process with PID 99", "L4"),
        ("(EngineCore_0 pid=180) INFO 08-20 07:00:00 [core.py:526] Waiting for init message from front-end.", "L4"),
        ("INFO 06-01 10:00:00 llm_engine.py:70] Initializing an LLM engine (v0.5.4) with config: model='m'", "L4"),
        ("(VllmWorkerProcess pid=137) INFO 09-01 12:00:01 multiproc_worker_utils.py:215] Worker ready; awaiting tasks", "L5"),
        ("(Worker pid=22) INFO 04-02 10:00:00 [parallel_state.py:1445] world_size=4 rank=2 local_rank=2 distributed_init_method=tcp://127.0.0.1:4 backend=nccl", "L6"),
        ("DEBUG 04-11 13:15:00 [parallel_state.py:820] world_size=4 rank=3 local_rank=3 distributed_init_method=tcp://127.0.0.1:4 backend=nccl", "L6"),
        ("[Gloo] Rank 1 is connected to 3 peer ranks. Expected number of connected peer ranks is : 3", "L7"),
        ("INFO 05-16 13:12:16 [pynccl.py:69] vLLM is using nccl==2.21.5", "L8"),
        ("WARNING 10-11 04:00:00 [symm_mem.py:58] SymmMemCommunicator: Device capability 8.6 not supported", "L9"),
        ("INFO 09-01 12:00:01 custom_all_reduce_utils.py:203] generating GPU P2P access cache in /root/.cache/vllm/x.json", "L9"),
        ("INFO 10-06 15:56:46 [parallel_state.py:1208] rank 3 in world size 4 is assigned as DP rank 0, PP rank 0, TP rank 3, EP rank 3", "L10"),
        ("(Worker_TP0 pid=3) INFO 10-06 15:56:51 [gpu_model_runner.py:2602] Starting to load model org/model...", "L11"),
        ("Loading safetensors checkpoint shards:  25% Completed | 1/4 [00:01<00:03,  1.20s/it]", "L13"),
        ("Multi-thread loading shards:  25% Completed | 1/4 [00:01<00:03,  1.07s/it]", "L13"),
        ("INFO 10-06 15:57:17 [default_loader.py:267] Loading weights took 25.24 seconds", "L13"),
        ("INFO 03-20 10:00:00 [gpu_model_runner.py:1280] Model loading took 14.77 GB and 24.3 seconds", "L14"),
        ("(Worker_TP2 pid=4) INFO 10-06 15:57:16 [gpu_model_runner.py:3338] Model loading took 14.77 GiB memory and 24.3 seconds", "L14"),
        ("(Worker_TP1 pid=4) INFO 10-06 15:57:44 [backends.py:559] Dynamo bytecode transform time: 12.36 s", "L15"),
        ("(Worker_TP1 pid=4) INFO 10-06 15:57:44 [backends.py:216] [compile] Compiling a graph for compile range (1, 8192) takes 30.1 s", "L15"),
        ("INFO 06-24 10:00:00 executor_base.py:111] # GPU blocks: 7000, # CPU blocks: 2048", "L16"),
        ("(EngineCore pid=3) INFO 04-19 10:00:00 [kv_cache_utils.py:2215] GPU KV cache size: 1,249,001 tokens", "L16"),
        ("DeepGEMM warmup:  12%|█▉        | 1902/16384 [00:00<00:00, 19014.49it/s]", "L17"),
        ("(Worker_TP0 pid=99) Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  50%|█████     | 34/67 [00:03<00:03, 10.1it/s]", "L18"),
        ("INFO 03-04 10:00:44 model_runner.py:1434] Capturing cudagraphs for decoding. This may lead to", "L18"),
        ("(EngineCore pid=8) INFO 06-01 10:00:00 [core.py:120] init engine (profile, create kv cache, warmup model) took 91.22 s (compilation: 31.0 s)", "L19"),
        ("(APIServer pid=1) INFO 02-07 15:33:58 [api_server.py:946] Starting vLLM API server 0 on http://0.0.0.0:8000", "L20"),
    ],
)  # fmt: skip
def test_each_line_has_its_level(line: str, level: str) -> None:
    assert level in levels(facts_of(line))


@pytest.mark.parametrize(
    "line",
    [
        "You may want to check which version of vLLM you run; ours is using an older NCCL.",
        "INFO 02-25 17:41:25 metrics.py:1] Running: 1 reqs, Swapped: 0 reqs, Pending: 0 reqs",
        "Loading dataset shards is done by the data loader",
        "rank 3 is slow",
    ],
)
def test_sentences_about_a_launch_are_no_marks(line: str) -> None:
    assert facts_of(line).all("phase_mark") == []


def test_the_engine_line_of_v0_tells_version_and_shape() -> None:
    facts = facts_of(
        "INFO 02-25 17:41:37 llm_engine.py:234] Initializing a V0 LLM engine (v0.7.2) with config: model='org/model', "
        "speculative_config=None, tensor_parallel_size=4, pipeline_parallel_size=2, disable_custom_all_reduce=True, "
        "quantization=awq, enforce_eager=False, kv_cache_dtype=auto"
    )
    assert facts.value("engine") == "vllm"
    assert facts.value("engine_version") == "0.7.2"
    assert facts.value("engine_generation") == "V0"
    assert facts.value("tensor_parallel_size") == 4
    assert facts.value("pipeline_parallel_size") == 2
    assert facts.value("disable_custom_all_reduce") is True
    assert facts.value("enforce_eager") is False
    assert facts.value("model") == "org/model"
    assert ("--quantization", "awq") in values(facts, "engine_argument")


def test_only_asked_for_arguments_are_kept_of_a_namespace() -> None:
    facts = facts_of(
        "INFO 02-25 17:41:25 api_server.py:841] args: Namespace(subparser='serve', model_tag='/models/m', host='0.0.0.0', "
        "tensor_parallel_size=4, enforce_eager=True, ssl_keyfile=None, max_model_len=32768)"
    )
    assert facts.value("tensor_parallel_size") == 4
    assert facts.value("enforce_eager") is True
    assert ("--max-model-len", "32768") in values(facts, "engine_argument")
    assert all(name != "--host" for name, _ in values(facts, "engine_argument"))  # type: ignore[misc]


def test_non_default_arguments_are_all_kept() -> None:
    facts = facts_of(
        "(APIServer pid=1) INFO 09-10 09:08:07 [utils.py:233] non-default args: {'model': 'org/m', 'max_num_seqs': 8, "
        "'tensor_parallel_size': 2, 'disable_custom_all_reduce': True, 'served_model_name': ['m']}"
    )
    assert facts.value("model") == "org/m"
    assert ("--max-num-seqs", "8") in values(facts, "engine_argument")
    assert ("--disable-custom-all-reduce", "") in values(facts, "engine_argument")
    assert facts.value("disable_custom_all_reduce") is True


@pytest.mark.parametrize(
    ("line", "generation"),
    [
        ("(VllmWorkerProcess pid=137) INFO 09-01 12:00:01 pynccl.py:63] vLLM is using nccl==2.20.5", "V0"),
        ("(VllmWorker rank=1 pid=211) INFO 05-16 13:12:16 [pynccl.py:69] vLLM is using nccl==2.21.5", "V1"),
        (
            "(EngineCore_DP0 pid=148) INFO 10-11 04:00:00 [core.py:77] Initializing a V1 LLM engine (v0.11.0) with config: model='m'",
            "V1",
        ),
    ],
)
def test_process_names_tell_the_generation(line: str, generation: str) -> None:
    assert facts_of(line).value("engine_generation") == generation


def test_the_nccl_line_tells_the_loaded_library() -> None:
    assert facts_of("INFO 05-16 13:12:16 [pynccl.py:69] vLLM is using nccl==2.21.5").value("nccl_version") == "2.21.5"


def test_the_exit_code_of_a_dead_engine_core_is_read() -> None:
    facts = facts_of(
        "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore_DP0': -9}"
    )
    assert values(facts, "exit_code") == [("EngineCore_DP0", -9)]
    assert facts.all("exception") == []


def test_two_writers_on_one_line_are_both_read() -> None:
    facts = facts_of(
        "node-a:958:958 [1] NCCL INFO Channel 01/0 : 1[1] -> 0[0] via P2P/IPC (APIServer pid=1) DEBUG 08-09 21:13:57 [v1/engine/utils.py:1262] Waiting for 1 local, 0 remote core engine proc(s) to start."
    )
    assert {fact.value.edge for fact in facts.all("phase_mark")} >= {"heartbeat"}


def test_a_pid_that_named_its_rank_keeps_it() -> None:
    facts = facts_of(
        """
        (Worker pid=22) INFO 04-02 10:00:00 [parallel_state.py:1445] world_size=4 rank=2 local_rank=2 distributed_init_method=tcp://127.0.0.1:4 backend=nccl
        (Worker pid=22) INFO 04-02 10:00:01 [pynccl.py:111] vLLM is using nccl==2.27.5
        """
    )
    assert [fact.value.rank for fact in facts.all("phase_mark")] == [2, 2]


def test_a_wait_notice_names_no_phase_in_releases_where_idle_workers_print_it() -> None:
    facts = facts_of("DEBUG 04-02 10:00:00 [shm_broadcast.py:313] No available block found in 60 second.")
    assert [(f.value.edge, f.value.phase) for f in facts.all("phase_mark")] == [("heartbeat", "")]


def test_the_health_probe_tells_address_and_status() -> None:
    facts = facts_of('INFO:     10.0.0.7:41234 - "GET /v1/models HTTP/1.1" 503 Service Unavailable')
    assert values(facts, "health_probe") == [("10.0.0.7", 503)]


def test_json_records_are_read_like_plain_lines() -> None:
    facts = facts_of(
        '{"asctime": "2026-01-01 10:00:00", "levelname": "INFO", "processName": "Worker", "process": 12, "message": "vLLM is using nccl==2.27.5"}'
    )
    assert facts.value("nccl_version") == "2.27.5"
    assert levels(facts) == ["L8"]
