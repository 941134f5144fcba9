"""What tools have read or tried: RAS, Flight Recorder, vLLM's sanity script, RDMA ports, Ray, memory, disks, ECC."""

from __future__ import annotations

from collections import defaultdict

from troubleshoot.diagnosis import platform
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import gpus_of_job, is_multi_node

LITTLE_MEMORY = 2 << 30  # bytes left to a host that loads weights
LITTLE_SHARE = 0.02  # of the host's memory


def _ras(facts: Facts, *errors: str) -> list[Line]:
    return [f.line for f in facts.all("ras_status") if f.line and any(e in str(f.value[1]) for e in errors)][:3]


def ranks_launched_different_operations(facts: Facts) -> list[Line]:
    """RAS MISMATCH (domain/nccl.md §3.9), or a recorder that names the rank that left the common path."""
    culprits = [f.line for f in facts.all("flight_recorder") if f.line and f.value[2] in ("culprit", "mismatched")]
    return [*_ras(facts, "MISMATCH"), *culprits][:3]


def ranks_missing_from_a_collective(facts: Facts) -> list[Line]:
    """Their process died, cannot be reached, or stands elsewhere."""
    missing = [f.line for f in facts.all("flight_recorder") if f.line and f.value[2] == "missing"]
    return [*_ras(facts, "INCOMPLETE", "DEAD"), *missing][:3]


def all_ranks_stand_in_one_collective(facts: Facts) -> list[Line]:
    """Every rank's last collective is the same one and has started: its data does not arrive (engines.md §4.4)."""
    last: dict[int, tuple[int, str, Line]] = {}
    for fact in facts.all("flight_recorder"):
        rank, sequence, state, _ = fact.value
        if isinstance(rank, int) and isinstance(sequence, int) and fact.line and state not in ("culprit", "missing"):
            last[rank] = max(last.get(rank, (-1, "", fact.line)), (sequence, state, fact.line), key=lambda e: e[0])
    if len(last) < 2 or len({sequence for sequence, _, _ in last.values()}) > 1:
        return []
    if any(state != "started" for _, state, _ in last.values()):
        return []
    return [line for _, _, line in last.values()][:3]


def sanity_script_stops_after_nccl(facts: Facts) -> list[Line] | bool:
    return _sanity(facts, "nccl")


def sanity_script_stops_after_gloo(facts: Facts) -> list[Line] | bool:
    return _sanity(facts, "gloo")


def sanity_script_stops_before_graphs(facts: Facts) -> list[Line] | bool:
    return _sanity(facts, "vllm-nccl")


def sanity_script_passes(facts: Facts) -> list[Line] | bool:
    return _sanity(facts, "vllm-nccl-graph")


def _sanity(facts: Facts, stage: str) -> list[Line] | bool:
    """The last line that vLLM's script printed names the layer that works (engines.md §4.1)."""
    return facts.value("sanity_stage") == stage and (facts.lines("sanity_stage", stage)[-1:] or True)


def rdma_port_is_down(facts: Facts) -> list[Line]:
    """No port of any adapter is active, in a job that would use them."""
    ports = facts.all("ib_port")
    wanted = is_multi_node(facts) or facts.value("nccl_network") == "IB"
    if not ports or not wanted or any("active" in str(f.value[2]).lower() for f in ports):
        return []
    return [f.line for f in ports if f.line][:2]


def ray_has_too_few_gpus(facts: Facts) -> list[Line]:
    resources, needed = facts.value("ray_resources"), gpus_of_job(facts)
    if resources is None or needed is None:
        return []
    _, total = resources
    return facts.lines("ray_resources")[-1:] if total < needed else []


def ray_gpus_are_taken(facts: Facts) -> list[Line]:
    """All GPUs of the cluster are reserved by somebody while the launch still waits for its own."""
    resources = facts.value("ray_resources")
    if resources is None or not facts.hit("ray-placement-waits", "ray-placement-first-notice"):
        return []
    used, total = resources
    return facts.lines("ray_resources")[-1:] if total and used >= total else []


def host_memory_is_nearly_out(facts: Facts) -> list[Line] | bool:
    free, total = facts.value("memory_available_bytes"), facts.value("memory_total_bytes")
    if free is None or (free >= LITTLE_MEMORY and (total is None or free >= LITTLE_SHARE * total)):
        return False
    return facts.lines("memory_available_bytes", free)[:1] or True


def disk_has_no_room(facts: Facts) -> list[Line] | bool:
    return bool(facts.all("disk_full")) and (facts.lines("disk_full")[:2] or True)


def gpu_has_uncorrected_errors(facts: Facts) -> list[Line] | bool:
    return bool(facts.value("ecc_errors")) and (facts.lines("ecc_errors")[:2] or True)


def fabric_manager_is_not_installed(facts: Facts) -> list[Line] | bool:
    """Only machines with NVSwitch need it."""
    if facts.value("fabric_manager") != "not-installed" or not platform.has_nvswitch(facts):
        return False
    return facts.lines("fabric_manager", "not-installed")[:1] or True


def gpus_hold_memory_of_others(facts: Facts) -> list[Line]:
    """A GPU is nearly full with processes that are not this launch's, and the launch found too little memory."""
    if not any(cause == "gpu-oom" for _, cause in (f.value for f in facts.all("named_cause"))):
        return []
    by_gpu: dict[int, int] = defaultdict(int)
    for fact in facts.all("gpu_process"):
        gpu, _, _, used = fact.value
        by_gpu[gpu] += used
    totals = {f.value[0]: f.value[4] for f in facts.all("gpu_load") if f.value[4]}
    full = {gpu for gpu, used in by_gpu.items() if totals.get(gpu) and used > 0.5 * totals[gpu]}
    return [f.line for f in facts.all("gpu_process") if f.line and f.value[0] in full][:3]
