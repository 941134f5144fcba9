"""What kind of machine it is, derived from what the texts say: physical, virtual, container, cloud; install method.

A guest sees its own virtual bus, so its reading of ACS, IOMMU and topology says nothing about the host: rules ask
`is_virtual` before they use one (domain/nccl.md §4.7).
"""

from __future__ import annotations

from troubleshoot.diagnosis.facts import Fact, Facts

# Boards that come with an NVSwitch only; SXM boards of four GPUs are joined without one.
NVSWITCH_ONLY = ("DGX", "HGX", "B200", "B300", "GB200", "GB300")
SXM = ("A100", "A800", "H100", "H800", "H200", "H20")


def derive(facts: Facts) -> None:
    """Add what follows from several readings. Facts that a text or a person gives are never overruled."""
    if facts.value("virtualized") is None and is_wsl(facts):
        facts.add([Fact("virtualized", True, source="derived")])
    if facts.value("install_method") is None and (method := guess_install_method(facts)):
        facts.add([Fact("install_method", method, source="derived", sure=False)])
    if facts.value("node_count") is None and (hosts := hosts_seen(facts)) > 1:
        facts.add([Fact("node_count", hosts, source="derived", sure=False)])


def is_virtual(facts: Facts) -> bool:
    return facts.value("virtualized") is True


def is_bare_metal(facts: Facts) -> bool:
    """Told to be physical; not merely "no sign of a hypervisor"."""
    return facts.value("virtualized") is False


def is_wsl(facts: Facts) -> bool:
    return any(fact.value == "wsl" for fact in facts.all("virtualization"))


def in_container(facts: Facts) -> bool:
    return facts.value("container") is not None or facts.value("install_method") in (
        "docker",
        "compose",
        "kubernetes",
        "helm",
    )


def has_nvswitch(facts: Facts) -> bool:
    """An NVSwitch board: its manager runs, the driver's fabric has a state, NCCL found its multicast, or NVLink joins the GPUs as only a switch does.

    Without a switch a GPU shares its links among the others: 12 or 18 links to each of several (or 6 and more to each of
    seven) need one (domain/nccl.md §6).
    """
    if facts.value("fabric_state") not in (None, "N/A") or facts.value("fabric_manager") == "running":
        return True
    if facts.value("nvls_available"):
        return True
    whole = [matrix for matrix in facts.matrices if matrix.complete and len(matrix.gpus) > 2]
    if whole:
        return any(all(links_of(code) >= least(len(matrix.gpus)) for code in matrix.links.values()) for matrix in whole)
    model = str(facts.value("gpu_model") or "")
    if any(name in model for name in NVSWITCH_ONLY):
        return True
    many = (facts.value("gpu_count") or 0) >= 8
    return many and ("SXM" in model or "HBM3" in model) and any(name in model for name in SXM)


def links_of(code: str) -> int:
    return int(code[2:]) if code.startswith("NV") and code[2:].isdigit() else 0


def least(gpus: int) -> int:
    """NVLinks to each other GPU that need a switch between so many."""
    return 6 if gpus >= 8 else 8


def guess_install_method(facts: Facts) -> str | None:
    if facts.value("container") == "kubernetes":
        return "kubernetes"
    if facts.value("container") in ("docker", "podman") or facts.value("image"):
        return "docker"
    by_hand = facts.all("own_python") or facts.all("own_shell")
    is_started = facts.value("gpustack") or facts.value("launcher") not in (None, "mp")
    return "pip" if by_hand and not is_started else None


def hosts_seen(facts: Facts) -> int:
    return len({fact.value for fact in facts.all("hostname")})
