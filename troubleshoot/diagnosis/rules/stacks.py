"""Where the ranks stand when their stacks were dumped: py-spy or gdb, innermost frame first.

Source: domain/engines.md §4.5. One process that stands somewhere telling is enough: the others wait for it. A frame deep
in a stack of idle waiting (`acquire_read`, `poll`) tells nothing, so a process is looked at by its own innermost frames.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import is_multi_node

Frame = tuple[str, Line]  # "function (file)", and the line that shows it

# Waiting for another process of the same job: innocent, the rank to look at is another.
IDLE = lazy_re.compile(
    r"^(?:acquire_read|dequeue|wait_for_ready|wait_for_engine_startup|wait_for_completion_or_failure|recv_requests"
    r"|_wait_for_response|process_input_sockets|run_busy_loop_wait) \("
)
NCCL_INIT = lazy_re.compile(r"^(?:ncclCommInitRank\w*|bootstrap\w+|ncclTransport\w+|initTransportsRank|ncclTopo\w+) \(")
NVLS = lazy_re.compile(r"^(?:cuMulticast\w+|ncclNvls\w+|nvls\w+) \(")
PYNCCL_START = lazy_re.compile(r"^__init__ \(\S*pynccl\.py\)")
AFTER_A_COLLECTIVE = lazy_re.compile(r"^(?:synchronize|all_reduce|ncclAllReduce|cudaStreamSynchronize) \(")
OWN_ALL_REDUCE = lazy_re.compile(
    r"^(?:\w*all_?reduce\w*|register_\w+|init_custom_ar|get_graph_buffer_ipc_meta|create_shared_buffer) "
    r"\(\S*(?:custom_all_?reduce|quick_all_?reduce|flashinfer\S*all_?reduce|trtllm_all_?reduce)\w*\.py"
    r"|^(?:init_custom_ar|all_reduce_(?:reg|unreg)|register_(?:graph_)?buffers?) \("
)
P2P_CHECK = lazy_re.compile(r"^(?:gpu_p2p_access_check|can_actually_p2p|_can_p2p) \(")
SYMMETRIC_MEMORY = lazy_re.compile(r"^rendezvous \(\S*_symmetric_memory")
STORE = lazy_re.compile(
    r"^(?:_create_c10d_store|_(?:tcp|env)_rendezvous_handler|_rendezvous_helper|TCPStore|_create_tcp_store) \("
    r"|^c10d::TCPStore"
)
NEW_GROUP = lazy_re.compile(r"^(?:new_group|_new_process_group_helper|_new_group_with_tag) \(|^gloo::|connectFullMesh")
QUEUE_HANDSHAKE = lazy_re.compile(r"^wait_until_ready \(\S*shm_broadcast\.py\)")
PLACEMENT = lazy_re.compile(r"^(?:_wait_until_pg_ready|initialize_ray_cluster|_wait_until_pg_removed) \(")
DOWNLOAD = lazy_re.compile(
    r"^(?:hf_hub_download|_?snapshot_download|http_get|xet_get|_download_to_tmp_and_move|model_file_download) \("
    r"|^_?acquire \(\S*filelock"
)
WEIGHTS = lazy_re.compile(
    r"^(?:\w*weights_iterator|load_weights|_?load_file|safe_open|weight_loader|_get_weights_iterator|_load_w13|_load_w2) \("
)
JIT = lazy_re.compile(
    r"^(?:build_and_load|run_ninja|_run_ninja_build|_jit_compile|_write_ninja_file_and_build_library|call_nvcc) \("
    r"|\(\S*flashinfer/jit/|\(\S*deep_gemm/(?:jit|utils)"
)
COMPILE = lazy_re.compile(r"\(\S*torch/(?:_inductor|_dynamo)/|\(\S*triton/(?:compiler|runtime/(?:jit|autotuner|build))")
CAPTURE = lazy_re.compile(
    r"^(?:capture_end|capture_begin|_capture_cudagraphs|capture_model|capture_one_batch_size|graph_capture|replay) \("
)
FIRST_STEP = lazy_re.compile(
    r"^(?:_dummy_run|profile_run|determine_available_memory|determine_num_available_blocks|kernel_warmup"
    r"|compile_or_warm_up_model|profile_cudagraph_memory) \("
)


def _stacks(facts: Facts) -> Iterator[list[Frame]]:
    """The stacks of processes that do not merely wait for another one."""
    for _, frames in groupby(facts.all("stack_frame"), key=lambda fact: fact.value[0]):
        stack = [(f"{f.value[1]} ({f.value[2]})", f.line) for f in frames if f.line]
        if not any(IDLE.search(frame) for frame, _ in stack[:4]):
            yield stack


def _standing(facts: Facts, *marks: re.Pattern[str]) -> list[Line]:
    """The innermost frame that fits the first mark, of each process whose stack has a frame for every mark."""
    found = []
    for stack in _stacks(facts):
        lines = [next((line for frame, line in stack if mark.search(frame)), None) for mark in marks]
        if all(lines):
            found += [line for line in lines if line][:1]
    return found


def stack_in_own_all_reduce(facts: Facts) -> list[Line]:
    return _standing(facts, OWN_ALL_REDUCE)


def stack_in_peer_access_test(facts: Facts) -> list[Line]:
    return _standing(facts, P2P_CHECK)


def stack_in_first_collective(facts: Facts) -> list[Line]:
    """`synchronize` under PyNccl's constructor: the communicator is there, its first all-reduce does not end."""
    return [] if stack_in_nccl_set_up(facts) else _standing(facts, AFTER_A_COLLECTIVE, PYNCCL_START)


def stack_in_nccl_set_up(facts: Facts) -> list[Line]:
    return _standing(facts, NCCL_INIT)


def stack_in_nvls(facts: Facts) -> list[Line]:
    return _standing(facts, NVLS)


def stack_in_symmetric_memory(facts: Facts) -> list[Line]:
    return _standing(facts, SYMMETRIC_MEMORY)


def stack_where_ranks_meet(facts: Facts) -> list[Line]:
    return _standing(facts, STORE)


def stack_in_new_group(facts: Facts) -> list[Line]:
    """A group is made over Gloo's sockets, unless NCCL's own frames are in the same stack or ranks still meet."""
    return [] if _standing(facts, NCCL_INIT) or _standing(facts, STORE) else _standing(facts, NEW_GROUP)


def stack_in_queue_handshake(facts: Facts) -> list[Line]:
    """The ranks' message queue is a socket of ZMQ between processes: no GPU takes part in its handshake."""
    return [] if is_multi_node(facts) else _standing(facts, QUEUE_HANDSHAKE)


def stack_in_queue_handshake_over_nodes(facts: Facts) -> list[Line]:
    return _standing(facts, QUEUE_HANDSHAKE) if is_multi_node(facts) else []


def stack_waits_for_placement(facts: Facts) -> list[Line]:
    return _standing(facts, PLACEMENT)


def stack_in_download(facts: Facts) -> list[Line]:
    return _standing(facts, DOWNLOAD)


def stack_in_weights(facts: Facts) -> list[Line]:
    return [] if stack_in_download(facts) else _standing(facts, WEIGHTS)


def stack_in_compiler(facts: Facts) -> list[Line]:
    return [*_standing(facts, JIT), *_standing(facts, COMPILE)]


def stack_in_first_step(facts: Facts) -> list[Line]:
    """A GPU call in the first step or in a capture, and nobody compiles: the kernel before it does not end."""
    if stack_in_compiler(facts) or stack_in_own_all_reduce(facts) or stack_in_weights(facts):
        return []
    return [*_standing(facts, CAPTURE), *_standing(facts, FIRST_STEP)][:3]
