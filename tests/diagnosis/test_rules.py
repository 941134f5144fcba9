"""Rules over several facts, each with the facts that make it speak and those that only nearly do."""

from __future__ import annotations

import pytest

from tests.diagnosis.judging import judged, known, reasons_for, rule_lines
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.timeline import Timeline

WAIT = "INFO 03-04 10:0{}:00 [shm_broadcast.py:466] No available shared memory broadcast block found in 60 seconds."
LOADED = """
    INFO 03-04 09:58:00 [core.py:77] Initializing a V1 LLM engine (v0.11.0) with config: model='/m/x', tensor_parallel_size=2
    INFO 03-04 09:58:20 [pynccl.py:103] vLLM is using nccl==2.27.3
    (Worker_TP0 pid=31) INFO 03-04 09:59:40 [gpu_model_runner.py:2653] Model loading took 25.91 GiB and 21.26 seconds
    (Worker_TP1 pid=32) INFO 03-04 09:59:40 [gpu_model_runner.py:2653] Model loading took 25.91 GiB and 21.26 seconds
"""


def line(text: str, number: int = 1) -> Line:
    return Line("a.log", number, text)


def loaded_then(*more: str) -> str:
    return "\n".join([*(row.strip() for row in LOADED.strip().splitlines()), *more])


def waiting(times: int) -> list[str]:
    return ["(EngineCore_DP0 pid=27) " + WAIT.format(n) for n in range(1, times + 1)]


def spinning(phase: str, watts: float) -> Facts:
    loads = [Fact("gpu_load", (gpu, 100, watts, 40000, 46068), line(f"GPU {gpu}", gpu + 1)) for gpu in (0, 1)]
    return Facts(loads, timeline=Timeline(stuck_in=phase, outcome="hung"))


# ---- the engine's own all-reduce


def test_gpus_that_spin_after_loading_point_at_the_engines_all_reduce():
    assert rule_lines("spins-after-loading", spinning("profile", 78.0)) == ["GPU 0", "GPU 1"]


def test_gpus_that_work_hard_after_loading_or_spin_before_it_do_not():
    assert rule_lines("spins-after-loading", spinning("profile", 310.0)) == []
    assert rule_lines("spins-after-loading", spinning("nccl-init", 78.0)) == []


def test_two_gpus_that_wait_after_loading_with_nothing_compiled_are_taken_for_a_hang_in_all_reduce():
    found = judged(loaded_then(*waiting(4)))

    assert found.findings[0].cause == "custom-allreduce"


def test_a_wait_while_the_engine_compiles_is_no_hang_of_two_gpus():
    compiling = "(Worker_TP0 pid=31) INFO 03-04 09:59:50 [backends.py:548] Using cache directory: /c/torch_compile_cache/ab for vLLM's torch.compile"

    assert "two-pcie-gpus-wait-after-loading" not in reasons_for(
        "custom-allreduce", loaded_then(compiling, *waiting(4))
    )


def test_one_wait_notice_alone_is_not_held_for_a_hang_of_two_gpus():
    assert rule_lines("two-pcie-gpus-wait-after-loading", known(loaded_then(*waiting(1)))) == []


def test_with_custom_all_reduce_off_two_waiting_gpus_do_not_point_at_it():
    off = "INFO 03-04 09:58:01 [api_server.py:1] non-default args: {'tensor_parallel_size': 2, 'disable_custom_all_reduce': True}"

    assert "two-pcie-gpus-wait-after-loading" not in reasons_for(
        "custom-allreduce", loaded_then(*waiting(4)) + "\n" + off
    )


# ---- limits of the container


def test_a_system_error_inside_nccl_with_docker_s_64_mb_is_shared_memory():
    facts = Facts([Fact("shm_bytes", 64 << 20)], {"unhandled-system-error": [line("unhandled system error")]})

    assert rule_lines("system-error-with-little-shm", facts) == ["unhandled system error"]


def test_a_system_error_with_gigabytes_of_shared_memory_is_something_else():
    facts = Facts([Fact("shm_bytes", 8 << 30)], {"unhandled-system-error": [line("unhandled system error")]})

    assert rule_lines("system-error-with-little-shm", facts) == []


def test_memory_that_cannot_be_registered_under_a_small_limit_is_the_limit():
    facts = Facts([Fact("memlock", 8 << 20)], {"rdma-cannot-lock-memory": [line("ibv_reg_mr_iova2 failed")]})

    assert rule_lines("cannot-register-and-memlock-is-small", facts) == ["ibv_reg_mr_iova2 failed"]


def test_memory_that_cannot_be_registered_without_a_limit_is_left_to_the_network_card():
    facts = Facts([Fact("memlock", "unlimited")], {"rdma-cannot-lock-memory": [line("ibv_reg_mr_iova2 failed")]})

    assert rule_lines("cannot-register-and-memlock-is-small", facts) == []


# ---- the network


def announcing(interface: str, nodes: int) -> Facts:
    return Facts(
        [
            Fact("nccl_interface", (interface, "172.17.0.1"), line(f"Using {interface}")),
            Fact("node_count", nodes),
        ]
    )


def test_several_machines_of_which_one_announces_a_bridge_cannot_meet():
    assert rule_lines("machines-announce-a-bridge", announcing("docker0", 2)) == ["Using docker0"]


def test_a_bridge_on_one_machine_and_a_real_card_on_several_do_no_harm():
    assert rule_lines("machines-announce-a-bridge", announcing("docker0", 1)) == []
    assert rule_lines("machines-announce-a-bridge", announcing("enp65s0", 2)) == []


# ---- the launch


def test_an_error_that_nothing_explains_is_a_crash_of_its_rank():
    facts = Facts([Fact("exception", ("Worker_TP2", "OSError", "[Errno 116] Stale file handle"), line("OSError"))])

    assert rule_lines("exception-of-its-own", facts) == ["OSError"]


def test_an_nccl_error_that_does_not_say_what_is_no_error_of_the_rank_itself():
    text = "NCCL error: unhandled system error"

    assert rule_lines("exception-of-its-own", Facts([Fact("exception", ("", "RuntimeError", text), line(text))])) == []


def test_a_log_that_holds_only_wrappers_is_not_enough_to_tell():
    wrappers = """
        (APIServer pid=1) Traceback (most recent call last):
        (APIServer pid=1)   File "/opt/vllm/v1/engine/utils.py", line 785, in wait_for_engine_startup
        (APIServer pid=1)     raise RuntimeError("Engine core initialization failed. "
        (APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
    """

    assert judged(wrappers).verdict == "insufficient-evidence"


def test_ray_s_own_wrappers_and_a_worker_that_died_without_a_word_are_not_enough_either():
    wrappers = """
        ray.exceptions.ActorDiedError: The actor died unexpectedly before finishing this task.
        ERROR 03-04 10:00:00 [multiproc_executor.py:154] Worker proc VllmWorker-1 died unexpectedly, shutting down executor.
        RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore_DP0': 1}
    """

    assert judged(wrappers).verdict == "insufficient-evidence"


def test_a_wrapper_after_a_real_error_leaves_the_error_leading():
    text = """
        (Worker_TP1 pid=9) ERROR 03-04 10:00:00 [multiproc_executor.py:597] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
        RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
    """

    assert judged(text).findings[0].cause == "gpu-oom"


def test_one_stray_line_of_nccl_is_no_launch_that_stopped():
    line_of_ras = "alpha:1:2 [0] NCCL INFO RAS failed to establish a client listening socket at localhost:28028"

    assert judged(line_of_ras).verdict == "insufficient-evidence"


def test_a_launch_that_ends_at_nccl_s_version_is_one_that_stopped():
    text = "INFO 03-04 09:58:20 [pynccl.py:103] vLLM is using nccl==2.27.3\n" * 2

    assert judged(text).findings[0].family == "p2p"


TREE = r"""
-[0000:80]-+-01.1-[81]----00.0  NVIDIA Corporation GA102GL [RTX A6000]
           +-03.1-[82]----00.0  NVIDIA Corporation GA102GL [RTX A6000]
           \-07.1-[86]----00.0  Mellanox Technologies MT28908 Family [ConnectX-6]
"""


@pytest.mark.parametrize(("bridge", "counts"), [("80:01.1", True), ("80:07.1", False)])
def test_a_bridge_without_a_gpu_below_redirects_nothing_that_matters(bridge: str, counts: bool) -> None:
    acs = (
        f"{bridge} PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge\n"
        "\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-\n"
    )

    assert bool(rule_lines("acs-redirects-on-this-host", known(TREE, acs))) is counts
    assert rule_lines("acs-redirects-on-this-host", known(acs))


# ---- shared memory

SHARED = "docker run --gpus all --ipc=host vllm/vllm-openai:v0.8.5 --model /m/x --tensor-parallel-size 2"
LARGE = (
    "$ df -h /dev/shm\nFilesystem      Size  Used Avail Use% Mounted on\ntmpfs            63G     0   63G   0% /dev/shm"
)


def test_a_container_that_shares_the_hosts_memory_is_said_to_and_not_to_have_gigabytes():
    assert reasons_for("shm-too-small", SHARED) == {"container-shares-host-shm"}


def test_the_size_of_shared_memory_that_was_read_is_said_rather_than_how_the_container_was_started():
    assert reasons_for("shm-too-small", SHARED, LARGE) == {"shm-is-large"}


# ---- hardware

LAUNCH = """
    (VllmWorker rank=0 pid=31) INFO 05-22 08:30:10 [gpu_model_runner.py:1347] Starting to load model /m/x...
    INFO 05-22 08:30:12 [pynccl.py:69] vLLM is using nccl==2.21.5
    """


@pytest.mark.parametrize(
    ("stamp", "is_old"),
    [
        ("Mar 02 14:09:33 ws kernel:", True),
        ("2025-03-02T14:09:33+0000 ws kernel:", True),
        ("[Sun Mar  2 14:09:33 2025]", True),
        ("May 22 08:29:58 ws kernel:", False),
        ("[Wed May 21 23:59:01 2025]", False),  # another time zone
        ("[ 1893.221400]", False),  # since boot: nobody can tell the day
    ],
)
def test_an_xid_of_another_day_has_not_ended_this_launch(stamp: str, is_old: bool):
    xid = f"{stamp} NVRM: Xid (PCI:0000:41:00): 79, pid=2011, name=python3, GPU has fallen off the bus."

    assert bool(rule_lines("xid-is-of-another-day", known(LAUNCH, xid))) is is_old


def test_an_xid_is_close_to_a_launch_across_the_turn_of_the_year():
    launch = "INFO 01-01 00:20:12 [pynccl.py:69] vLLM is using nccl==2.21.5"
    xid = "Dec 31 23:50:01 ws kernel: NVRM: Xid (PCI:0000:41:00): 79, pid=2011, GPU has fallen off the bus."

    assert rule_lines("xid-is-of-another-day", known(launch, xid)) == []


@pytest.mark.parametrize(
    "line_of_set_up",
    [
        "INFO 03-04 10:00:00 [custom_all_reduce_utils.py:150] Skipping P2P check and trusting the driver's P2P report.",
        "WARNING 03-04 10:00:00 [symm_mem.py:58] SymmMemCommunicator: Device capability 8.6 not supported, communicator is not available.",
    ],
)
def test_one_stray_line_of_the_all_reduce_is_no_launch_that_stopped_there(line_of_set_up: str):
    assert judged(line_of_set_up).verdict == "insufficient-evidence"
    assert "stops-in-all-reduce-set-up" in reasons_for(
        "custom-allreduce", LOADED.splitlines()[2] + "\n" + line_of_set_up
    )


# ---- GPUs that are shared or cut

SHIM = "LD_PRELOAD=/usr/local/vgpu/libvgpu.so"
STOPPED_IN_NCCL = "\n".join(row.strip() for row in LOADED.strip().splitlines()[:2])


def test_a_sharing_layer_and_a_stop_inside_nccl_are_taken_together():
    found = judged(SHIM, STOPPED_IN_NCCL)

    assert found.findings[0].cause == "framework-bug"
    assert found.verdict == "cause"


def test_a_sharing_layer_alone_and_a_stop_alone_are_not():
    assert judged(SHIM).verdict == "insufficient-evidence"
    assert judged(STOPPED_IN_NCCL).findings[0].family == "p2p"


def test_ranks_without_a_gpu_of_their_own_are_the_slices_fault_where_there_are_slices():
    no_device = "RuntimeError: CUDA error: invalid device ordinal"
    slices = "GPU 0: NVIDIA A100-SXM4-80GB-MIG-3g.40gb"

    assert judged(no_device).findings[0].cause == "config-error"
    assert judged(slices, no_device).findings[0].cause == "mig-unsupported"


# ---- memory that cannot be registered


@pytest.mark.parametrize("call", ["ibv_create_cq", "ibv_reg_mr_iova2", "ibv_create_qp", "ibv_reg_dmabuf_mr"])
def test_a_network_card_that_may_not_register_memory_points_at_the_lock_limit_first(call: str):
    found = judged(
        f"host-a:611:680 [1] misc/ibvwrap.cc:262 NCCL WARN Call to {call} failed with error Cannot allocate memory"
    )

    assert [finding.cause for finding in found.findings][:2] == ["memlock-limit", "ib-rdma"]


def test_another_failure_of_the_network_card_points_at_the_network():
    found = judged(
        "host-a:611:680 [1] misc/ibvwrap.cc:318 NCCL WARN Call to ibv_modify_qp failed with error Connection timed out"
    )

    assert found.findings[0].cause == "ib-rdma"


# ---- what was killed


def test_a_process_that_was_killed_before_anything_is_told_is_not_said_to_have_been_loading():
    assert rule_lines("process-killed-while-loading", known("exitcode: -9")) == []


# ---- versions that do not meet, and one rank that compiles

STARTED = "{}:41:41 [0] NCCL INFO NCCL version {}+cuda12.4"


def test_two_machines_with_two_nccl_versions_are_shown_side_by_side():
    here, there = STARTED.format("gpu-1", "2.21.5"), STARTED.format("gpu-2", "2.26.2")

    assert rule_lines("nccl-versions-differ", known(here, there)) == [here, there]


def test_one_machine_started_again_with_another_nccl_is_no_mismatch():
    here, again = STARTED.format("gpu-1", "2.21.5"), STARTED.format("gpu-1", "2.26.2")

    assert rule_lines("nccl-versions-differ", known(here, again)) == []
    assert rule_lines("nccl-versions-differ", known(here, STARTED.format("gpu-2", "2.21.5"))) == []


GAVE_UP = (
    "[rank3]:[E303 10:10:21.325 ProcessGroupNCCL.cpp:632] [Rank 3] Watchdog caught collective operation timeout: "
    "WorkNCCL(SeqNum=4, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, Timeout(ms)=600000) ran for 600059 milliseconds before timing out."
)
COMPILES = "DeepGEMM JIT Compiling:  {}%|██        | 3391/16384 [02:51<10:55, 19.83it/s]"


def test_ranks_that_give_up_while_another_compiles_wait_for_the_compiler():
    bar = COMPILES.format(20)

    assert rule_lines("compiles-while-others-time-out", known(bar, GAVE_UP)) == [bar, GAVE_UP]
    assert judged(bar, GAVE_UP).findings[0].cause == "compile-capture"


def test_a_compilation_that_ended_before_explains_no_time_out():
    assert rule_lines("compiles-while-others-time-out", known(COMPILES.format(100), GAVE_UP)) == []
    assert rule_lines("compiles-while-others-time-out", known(COMPILES.format(20))) == []


def test_the_vllm_that_deadlocks_over_zmq_is_known_where_its_message_queue_is_made():
    def stopped(version: str) -> Facts:
        return Facts(
            [
                Fact("engine", "vllm", line("vllm")),
                Fact("engine_version", version, line(f"LLM engine (v{version})")),
            ],
            timeline=Timeline(stuck_in="all-reduce-setup", outcome="hung"),
        )

    assert rule_lines("vllm-version-known-to-hang", stopped("0.5.3.post1")) == ["LLM engine (v0.5.3.post1)"]
    assert not rule_lines("vllm-version-known-to-hang", stopped("0.5.4"))


def test_a_damaged_weight_file_on_one_machine_is_a_rank_that_died():
    found = judged(
        "(Worker_TP12 pid=200) ERROR 02-04 12:41:12 [multiproc_executor.py:772] safetensors_rust.SafetensorError: "
        "Error while deserializing header: incomplete metadata, file not fully covered"
    )

    assert found.findings[0].cause == "worker-crash"


# ---- NVLS, and the platform's own web server

MULTICAST = """
    gpu-7:41:41 [0] NCCL INFO NCCL version 2.27.3+cuda12.9
    gpu-7:41:41 [0] NCCL INFO comm 0x2d rank 0 nranks 4 cudaDev 0 nvmlDev 0 busId 4000 commId 0x5c - Init START
    gpu-7:41:41 [0] NCCL INFO NVLS multicast support is {} on dev 0 (NVLS_NCHANNELS 16)
    gpu-7:41:41 [0] NCCL INFO comm 0x2d rank 0 nRanks 4 nNodes 1 localRanks 4 localRank 0 MNNVL 0
    gpu-7:41:41 [0] NCCL INFO Channel 00/24 : 0 1 2 3
    gpu-7:41:41 [0] NCCL INFO 24 coll channels, 24 collnet channels, 16 nvls channels, 32 p2p channels, 32 p2p channels per peer
"""


def test_where_nccl_found_multicast_a_stop_is_not_laid_on_pcie():
    found = judged(MULTICAST.format("available"))

    assert found.findings[0].cause == "nvls"
    assert all(not finding.cause.startswith("p2p-") for finding in found.findings)


def test_where_nccl_found_no_multicast_the_same_stop_is():
    assert rule_lines("nvls-is-there-and-nccl-stops", known(MULTICAST.format("not available"))) == []
    assert judged(MULTICAST.format("not available")).findings[0].cause.startswith("p2p-")


def test_in_a_guest_the_hosts_part_leads_among_the_causes_of_broken_peer_to_peer():
    stops = MULTICAST.format("not available")
    guest = "Architecture:          x86_64\nCPU(s):                16\nHypervisor vendor:     KVM\nVirtualization type:   full\n"

    assert judged(stops, guest).findings[0].cause == "p2p-virtualized"
