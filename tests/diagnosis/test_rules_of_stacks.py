"""What the stacks of a silent launch say: the frame that tells, and frames that look like it and do not."""

from __future__ import annotations

import textwrap

import pytest

from tests.diagnosis.judging import judged, known, rule_lines


def dump(*frames: str, process: str = "VLLM::Worker_TP0", pid: int = 5101) -> str:
    rows = "\n".join(f"    {frame}" for frame in frames)
    return f'Process {pid}: {process}\nPython v3.12.9 (/usr/bin/python3.12)\n\nThread {pid} (active): "MainThread"\n{rows}\n\n'


HITS = [
    (
        "stack-in-own-all-reduce",
        "custom_all_reduce (vllm/distributed/device_communicators/custom_all_reduce.py:261)",
        "all_reduce (vllm/distributed/device_communicators/cuda_communicator.py:117)",
    ),
    (
        "stack-in-own-all-reduce",
        "register_graph_buffers (vllm/_custom_ops.py:1902)",
        "capture (x/parallel_state.py:90)",
    ),
    (
        "stack-in-own-all-reduce",
        "all_reduce_unreg (sgl_kernel/allreduce.py:41)",
        "forward (sglang/srt/models/llama.py:210)",
    ),
    (
        "stack-in-peer-access-test",
        "wait (subprocess.py:1264)",
        "gpu_p2p_access_check (vllm/distributed/device_communicators/custom_all_reduce_utils.py:242)",
    ),
    (
        "stack-in-first-collective",
        "synchronize (torch/cuda/streams.py:224)",
        "__init__ (vllm/distributed/device_communicators/pynccl.py:131)",
    ),
    (
        "stack-in-nccl-set-up",
        "ncclCommInitRank (vllm/distributed/device_communicators/pynccl_wrapper.py:295)",
        "__init__ (vllm/distributed/device_communicators/pynccl.py:104)",
    ),
    (
        "stack-in-nvls",
        "cuMulticastBindMem (libcuda.so.570.86.10)",
        "ncclNvlsBufferSetup (libnccl.so.2)",
    ),
    (
        "stack-in-symmetric-memory",
        "rendezvous (torch/distributed/_symmetric_memory/__init__.py:1750)",
        "__init__ (vllm/distributed/device_communicators/symm_mem.py:100)",
    ),
    (
        "stack-where-ranks-meet",
        "_create_c10d_store (torch/distributed/rendezvous.py:198)",
        "_tcp_rendezvous_handler (torch/distributed/rendezvous.py:256)",
    ),
    (
        "stack-in-new-group",
        "_new_process_group_helper (torch/distributed/distributed_c10d.py:2027)",
        "new_group (torch/distributed/distributed_c10d.py:5009)",
    ),
    (
        "stack-in-queue-handshake",
        "recv (zmq/sugar/socket.py:809)",
        "wait_until_ready (vllm/distributed/device_communicators/shm_broadcast.py:349)",
    ),
    (
        "stack-waits-for-placement",
        "wait (ray/_private/worker.py:3010)",
        "_wait_until_pg_ready (vllm/v1/executor/ray_utils.py:301)",
    ),
    (
        "stack-in-download",
        "acquire (filelock/_api.py:330)",
        "snapshot_download (huggingface_hub/_snapshot_download.py:1)",
    ),
    (
        "stack-in-weights",
        "safetensors_weights_iterator (vllm/model_executor/model_loader/weight_utils.py:620)",
        "a (b:1)",
    ),
    ("stack-in-compiler", "run_ninja (flashinfer/jit/cpp_ext.py:210)", "build_and_load (flashinfer/jit/core.py:80)"),
    ("stack-in-compiler", "wait (threading.py:355)", "compile_fx (torch/_inductor/compile_fx.py:1801)"),
    (
        "stack-in-first-step",
        "synchronize (torch/cuda/__init__.py:1083)",
        "_dummy_run (vllm/v1/worker/gpu_model_runner.py:3117)",
    ),
]


@pytest.mark.parametrize(("rule", "inner", "outer"), HITS)
def test_the_frame_where_a_rank_stands_is_known(rule: str, inner: str, outer: str):
    found = rule_lines(rule, known(dump(inner, outer)))

    assert isinstance(found, list)
    assert next(line.strip() for line in found) in (inner, outer)


def test_gdb_shows_the_set_up_of_nccl_as_well():
    text = """
        Thread 1 (Thread 0x7f12aa (LWP 5101) "python3"):
        #0  0x00007f12cc3a in poll () from /lib/x86_64-linux-gnu/libc.so.6
        #1  0x00007f129f01 in bootstrapInit () from /opt/nccl/libnccl.so.2
        #2  0x00007f129e11 in ncclCommInitRankFunc () from /opt/nccl/libnccl.so.2
        """

    assert rule_lines("stack-in-nccl-set-up", known(text))


NEAR_MISSES = [
    # The context manager around every capture stands in this file, too.
    ("stack-in-own-all-reduce", ("capture (vllm/distributed/device_communicators/custom_all_reduce.py:213)",)),
    ("stack-in-own-all-reduce", ("all_reduce (torch/distributed/distributed_c10d.py:2829)",)),
    (
        "stack-in-first-collective",
        ("synchronize (torch/cuda/__init__.py:1)", "_dummy_run (vllm/gpu_model_runner.py:2)"),
    ),
    (
        "stack-in-first-collective",
        ("ncclCommInitRank (x/pynccl_wrapper.py:2)", "all_reduce (a.py:1)", "__init__ (x/pynccl.py:4)"),
    ),
    ("stack-in-symmetric-memory", ("rendezvous (torch/distributed/rendezvous.py:102)",)),
    ("stack-in-nvls", ("cuMemMap (libcuda.so.570.86.10)", "ncclP2pAllocateShareableBuffer (libnccl.so.2)")),
    ("stack-in-new-group", ("TCPStore (torch/x.py:1)", "new_group (torch/distributed/distributed_c10d.py:5009)")),
    ("stack-in-download", ("acquire (threading.py:12)",)),
    ("stack-in-weights", ("load (json/__init__.py:293)",)),
    ("stack-in-compiler", ("compile (re/__init__.py:228)",)),
    ("stack-in-first-step", ("run_ninja (flashinfer/jit/cpp_ext.py:2)", "_dummy_run (vllm/gpu_model_runner.py:3117)")),
    ("stack-where-ranks-meet", ("get (ray/_private/worker.py:2771)",)),
    ("stack-in-queue-handshake", ("wait_until_ready (vllm/executor/multiproc_worker_utils.py:120)",)),
    ("stack-in-queue-handshake-over-nodes", ("wait_until_ready (vllm/device_communicators/shm_broadcast.py:349)",)),
]


@pytest.mark.parametrize(("rule", "frames"), NEAR_MISSES)
def test_a_frame_that_only_looks_like_it_is_left_alone(rule: str, frames: tuple[str, ...]):
    assert rule_lines(rule, known(dump(*frames))) == []


def test_a_handshake_between_nodes_is_the_networks_matter_and_one_within_a_node_is_not():
    stack = dump("wait_until_ready (vllm/distributed/device_communicators/shm_broadcast.py:328)")
    nodes = "gpu-1:41:41 [0] NCCL INFO comm 0x5f rank 0 nRanks 16 nNodes {} localRanks 8 localRank 0 MNNVL 0\n\n"

    assert rule_lines("stack-in-queue-handshake-over-nodes", known(nodes.format(2) + stack))
    assert not rule_lines("stack-in-queue-handshake", known(nodes.format(2) + stack))
    assert rule_lines("stack-in-queue-handshake", known(nodes.format(1) + stack))


def test_a_process_that_only_waits_for_another_one_tells_nothing():
    waiting = dump(
        "acquire_read (vllm/distributed/device_communicators/shm_broadcast.py:470)",
        "dequeue (vllm/distributed/device_communicators/shm_broadcast.py:540)",
        "load_weights (vllm/model_executor/models/llama.py:600)",
        process="VLLM::EngineCore",
    )

    assert rule_lines("stack-in-weights", known(waiting)) == []


def test_the_stack_decides_where_a_log_that_ends_in_capture_cannot():
    log = """
        (Worker_TP0 pid=5101) INFO 03-02 10:00:01 [gpu_model_runner.py:2602] Starting to load model /models/m...
        (Worker_TP0 pid=5101) INFO 03-02 10:00:21 [default_loader.py:267] Loading weights took 18.20 seconds
        (Worker_TP0 pid=5101) INFO 03-02 10:00:40 [backends.py:559] Dynamo bytecode transform time: 9.63 s
        (Worker_TP0 pid=5101) Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):   0%|          | 0/67 [00:00<?, ?it/s]
        (EngineCore_DP0 pid=77) INFO 03-02 10:02:40 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds.
        """
    stack = dump("register_graph_buffers (vllm/distributed/device_communicators/custom_all_reduce.py:221)")

    assert judged(textwrap.dedent(log)).findings[0].cause == "compile-capture"
    assert judged(textwrap.dedent(log), stack).findings[0].cause == "custom-allreduce"
