"""The engine's own all-reduce, NVLS and cuMem (domain/engines.md §0, §3.3)."""

from __future__ import annotations

from troubleshoot.diagnosis import lazy_re, platform
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.p2p import gpus_spin_at_low_power
from troubleshoot.diagnosis.rules.shared import (
    explained,
    gpus_of_job,
    is_multi_node,
    last_line,
    stopped_in,
    tells_of_a_launch,
)

# NVLink SHARP is of Hopper's switches and later; eighteen links a GPU are Hopper's and Blackwell's.
MULTICAST = lazy_re.compile(r"\b(?:H100|H800|H200|H20|GH200|B200|B300|GB200|GB300)\b")


def stops_in_all_reduce_set_up(facts: Facts) -> list[Line]:
    return last_line(facts) if stopped_in(facts, "all-reduce-setup") and tells_of_a_launch(facts) else []


def waits_for_a_step_after_loading(facts: Facts) -> list[Line]:
    """The engine core's heartbeat (vLLM ≥ 0.8.5: only after all ranks have loaded), and nothing after it."""
    waiting = facts.hit("shm-broadcast-wait")
    timeline = facts.timeline
    if not waiting or timeline is None or timeline.outcome != "hung" or explained(facts):
        return []
    if timeline.stuck_in in (None, "profile", "capture"):
        return waiting[-2:]
    return []


def custom_all_reduce_is_off(facts: Facts) -> list[Line] | bool:
    if facts.value("disable_custom_all_reduce") is True:
        return facts.lines("disable_custom_all_reduce", True)[:1] or True
    return facts.hit("custom-allreduce-disabled")[:1]


def nvswitch_stops_in_nccl(facts: Facts) -> list[Line]:
    return last_line(facts) if platform.has_nvswitch(facts) and stopped_in(facts, "nccl-init") else []


def nvls_is_there_and_nccl_stops(facts: Facts) -> list[Line]:
    """NVLS is set up after rings and trees (domain/nccl.md §3.3); where it is there, an NVSwitch joins the GPUs, not PCIe."""
    stops = facts.value("nvls_available") and stopped_in(facts, "nccl-init") and not is_multi_node(facts)
    return [*last_line(facts), *facts.lines("nvls_available")[:1]] if stops else []


def multicast_gpus_stop_in_nccl(facts: Facts) -> list[Line]:
    has_multicast = (
        facts.value("nvls_available")
        or bool(MULTICAST.search(str(facts.value("gpu_model") or "")))
        or any(code == "NV18" for matrix in facts.matrices for code in matrix.links.values())
    )
    return last_line(facts) if has_multicast and platform.has_nvswitch(facts) and stopped_in(facts, "nccl-init") else []


def spins_after_loading(facts: Facts) -> list[Line]:
    """NCCL's own first all-reduce had worked by then; a kernel that spins now is the engine's, or its first real step."""
    timeline = facts.timeline
    if (
        timeline is None
        or timeline.outcome not in ("hung", "unknown")
        or timeline.stuck_in not in ("profile", "capture")
    ):
        return []
    return [] if explained(facts) else gpus_spin_at_low_power(facts)


def two_pcie_gpus_wait_after_loading(facts: Facts) -> list[Line]:
    """With exactly two PCIe GPUs the engine's own all-reduce stays on, and its kernel needs peer-to-peer (engines.md §0.9)."""
    if gpus_of_job(facts) != 2 or any(m.has_nvlink for m in facts.matrices) or custom_all_reduce_is_off(facts):
        return []
    lines = waits_for_a_step_after_loading(facts)
    compiling = facts.hit("torch-compile", "deep-gemm-jit")
    return lines if len(facts.hit("shm-broadcast-wait")) >= 2 and not compiling else []
