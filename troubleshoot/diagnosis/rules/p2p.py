"""GPU peer-to-peer: does the direct path between the GPUs work, and what is in its way (domain/nccl.md §0, §1.4, §9)."""

from __future__ import annotations

import re

from troubleshoot.diagnosis import lazy_re, platform, topology
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.links import DISTANCE, distance, is_nvlink
from troubleshoot.diagnosis.pci_tree import bridges_above_gpus, plain
from troubleshoot.diagnosis.rules.shared import (
    explained,
    first_rows,
    gpus_of_job,
    is_multi_node,
    last_line,
    stopped_in,
    tells_of_a_launch,
)

LOW_POWER_WATTS = 150  # a spinning kernel draws 30–120 W, a working one 200 W and more on data-centre GPUs
CONSUMER = lazy_re.compile(r"GeForce|RTX (?:[3-5]0\d0|A[2-6]000|PRO|[456]000)|\bA10\b|TITAN", re.I)


def silent_stop_in_nccl(facts: Facts) -> list[Line]:
    if (
        not stopped_in(facts, "nccl-init")
        or is_multi_node(facts)
        or gpus_of_job(facts) == 1
        or facts.all("not_covered")
        or not tells_of_a_launch(facts)
    ):
        return []
    complete = [
        f.line
        for f in facts.all("nccl_stage")
        if f.line and f.value[1] == "complete" and f.line not in last_line(facts)
    ]
    return [*last_line(facts), *complete[:1], *_nccl_lines(facts)]


def _nccl_lines(facts: Facts) -> list[Line]:
    """The line that names NCCL's version: the opener of the phase."""
    lines = facts.lines("nccl_version")
    return [line for line in lines if line not in last_line(facts)][:1]


def p2p_chosen_over_pcie(facts: Facts) -> list[Line]:
    joined = any(matrix.is_nvlink_only for matrix in facts.matrices) or facts.value("nvlink_present") is True
    if joined or explained(facts):
        return []
    if facts.timeline is not None and facts.timeline.outcome in ("ready", "slow"):
        return []
    return [f.line for f in facts.all("transport") if f.line and str(f.value[2]).upper().startswith("P2P")][:2]


def nccl_stops_before_any_data(facts: Facts) -> list[Line]:
    stages = facts.all("nccl_stage")
    if not stages or not stopped_in(facts, "nccl-init") or not tells_of_a_launch(facts):
        return []
    if any(fact.value[1] in ("connect", "connected", "complete", "collective") for fact in stages):
        return []
    return last_line(facts)


def all_pairs_through_host_memory(facts: Facts) -> list[Line]:
    transports = facts.all("transport")
    if not transports or any(str(f.value[2]).upper().startswith("P2P") for f in transports):
        return []
    return [f.line for f in transports if f.line][:2]


def nvlink_joins_all_pairs(facts: Facts) -> list[Line]:
    return first_rows(facts) if facts.matrices and all(m.is_nvlink_only for m in facts.matrices) else []


def acs_redirects_on_this_host(facts: Facts) -> list[Line] | bool:
    if facts.value("acs_redirect") is not True or platform.is_virtual(facts):
        return False
    above, redirecting = bridges_above_gpus(facts), [f for f in facts.all("acs_state") if f.value[1]]
    if above is not None and redirecting:
        redirecting = [f for f in redirecting if not f.value[0] or plain(f.value[0]) in above]
        return [f.line for f in redirecting if f.line]  # under none of the others stands a GPU
    return facts.lines("acs_redirect", True) or True


def acs_is_clear(facts: Facts) -> list[Line] | bool:
    if facts.value("acs_redirect") is not False or platform.is_virtual(facts):
        return False
    return facts.lines("acs_redirect", False)[:1] or True


def iommu_translates(facts: Facts) -> list[Line] | bool:
    return _host_says_iommu(facts, "translated")


def iommu_is_on(facts: Facts) -> list[Line] | bool:
    return _host_says_iommu(facts, "on")


def iommu_out_of_the_way(facts: Facts) -> list[Line] | bool:
    return _host_says_iommu(facts, "off") or _host_says_iommu(facts, "passthrough")


def _host_says_iommu(facts: Facts, state: str) -> list[Line] | bool:
    """The host's own word; a guest's IOMMU is not the host's."""
    if facts.value("iommu") != state or platform.is_virtual(facts):
        return False
    return facts.lines("iommu", state)[:2] or True


def iommu_fault_of_a_gpu(facts: Facts) -> list[Line]:
    if platform.is_virtual(facts):
        return []
    gpus = {bdf[-7:] for bdf, what in (f.value for f in facts.all("pci_device")) if "NVIDIA" in what}
    return [
        f.line
        for f in facts.all("iommu_fault")
        if f.line and (str(f.value[2]).startswith(("nvidia", "NVRM")) or str(f.value[0])[-7:] in gpus)
    ]


def faults_of_a_guests_own_bus(facts: Facts) -> list[Line]:
    """What a guest reads of PCIe is its own, virtual bus (domain/nccl.md §4.7)."""
    return facts.hit("acs-violation", "iommu-rejects-an-access")[:2] if platform.is_virtual(facts) else []


def runs_in_a_virtual_machine(facts: Facts) -> list[Line] | bool:
    if not platform.is_virtual(facts) or not _points_at_p2p(facts):
        return False
    return facts.lines("virtualized", True)[:2] or True


def _points_at_p2p(facts: Facts) -> bool:
    """Something else speaks for peer-to-peer; that a machine is virtual alone is no trouble."""
    return bool(
        silent_stop_in_nccl(facts)
        or p2p_chosen_over_pcie(facts)
        or gpus_spin_at_low_power(facts)
        or facts.value("p2p_data_test") == "failed"
        or any(
            str(f.value).startswith(("last-line=nccl", "p2p-off-helps=", "which-machine="))
            for f in facts.all("observed")
        )
    )


def is_a_physical_machine(facts: Facts) -> list[Line] | bool:
    if not platform.is_bare_metal(facts):
        return False
    return facts.lines("virtualized", False)[:1] or True


def driver_refuses_p2p(facts: Facts) -> list[Line]:
    told = topology.statuses(facts)
    if not told or any(status == "OK" for status in told.values()):
        return []
    return [f.line for f in facts.all("p2p_status") if f.line][:1]


def p2p_was_off_already(facts: Facts) -> list[Line] | bool:
    if facts.env("NCCL_P2P_DISABLE") != "1" and facts.env("NCCL_P2P_LEVEL") != "LOC":
        return False
    if facts.timeline is not None and facts.timeline.outcome == "ready":
        return False
    return [*facts.env_lines("NCCL_P2P_DISABLE"), *facts.env_lines("NCCL_P2P_LEVEL")][:2] or True


def gpus_spin_at_low_power(facts: Facts) -> list[Line]:
    loads = [f for f in facts.all("gpu_load") if f.value[1] is not None and f.value[2] is not None]
    spinning = [f for f in loads if f.value[1] >= 95 and f.value[2] <= LOW_POWER_WATTS]
    return [f.line for f in spinning if f.line][:2] if len(spinning) >= 2 else []


def p2p_data_test_failed(facts: Facts) -> list[Line] | bool:
    return facts.value("p2p_data_test") == "failed" and (facts.lines("p2p_data_test", "failed") or True)


def p2p_data_test_passed(facts: Facts) -> list[Line] | bool:
    return facts.value("p2p_data_test") == "passed" and (facts.lines("p2p_data_test", "passed") or True)


def p2p_no_faster_than_detour(facts: Facts) -> list[Line]:
    on: dict[tuple[int, int], float] = {}
    off: dict[tuple[int, int], float] = {}
    for fact in facts.all("p2p_bandwidth"):
        a, b, enabled, speed = fact.value
        if a != b:
            (on if enabled else off)[a, b] = speed
    pairs = [pair for pair in on if pair in off]
    # The two measurements of one path differ by a few per cent from run to run.
    if not pairs or any(on[pair] > 1.1 * off[pair] for pair in pairs):
        return []
    return [f.line for f in facts.all("p2p_bandwidth") if f.line and f.value[2] and f.value[0] != f.value[1]][:2]


def consumer_gpus_stop_in_nccl(facts: Facts) -> list[Line] | bool:
    if not CONSUMER.search(str(facts.value("gpu_model") or "")) or not silent_stop_in_nccl(facts):
        return False
    return facts.lines("gpu_model")[:1] or True


def _far_pairs(facts: Facts) -> list[topology.Matrix]:
    """Matrices that have pairs beyond PXB and no NVLink everywhere."""
    return [m for m in facts.matrices if any((distance(c) or 0) > DISTANCE["PXB"] for c in m.links.values())]


def nccl_uses_p2p_across_the_root_complex(facts: Facts) -> list[Line]:
    if facts.value("cpu_vendor") != "amd":
        return []
    found = []
    for matrix in _far_pairs(facts):
        decided = topology.paths(matrix, topology.setting_of(facts, matrix))
        if (
            any(p.transport == "P2P" and not is_nvlink(matrix.links.get(pair, "")) for pair, p in decided.items())
            and matrix.line
        ):
            found.append(matrix.line)
    return found


def nccl_avoids_p2p_here(facts: Facts) -> list[Line]:
    if facts.value("cpu_vendor") is None or facts.all("transport"):
        return []
    found = []
    for matrix in facts.matrices:
        decided = topology.paths(matrix, topology.setting_of(facts, matrix))
        if decided and matrix.complete and all(p.transport != "P2P" for p in decided.values()) and matrix.line:
            found.append(matrix.line)
    return found


def pcie_pairs_and_trouble(facts: Facts) -> list[Line]:
    """A matrix without NVLink, sent without a log that tells more."""
    has_launch = facts.timeline is not None and any(phase.state != "not-reached" for phase in facts.timeline.phases)
    if has_launch or explained(facts) or any(m.has_nvlink for m in facts.matrices):
        return []
    described = [*facts.lines("described_link"), *facts.lines("nvlink_present", False)]
    pairs = first_rows(facts)
    return [*pairs, *described][:4]
