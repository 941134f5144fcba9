"""What kind of machine it is, derived from what the texts say: physical, virtual, container, cloud; install method.

A guest sees its own virtual bus, so its reading of ACS, IOMMU and topology says nothing about the host: rules ask
`is_virtual` before they use one (domain/nccl.md §4.7).
"""

from __future__ import annotations

from troubleshoot.diagnosis.facts import Fact, Facts

NVSWITCH_MODELS = (
    "H100 80GB HBM3",
    "H100-SXM",
    "H200",
    "H20",
    "H800",
    "B200",
    "B300",
    "GB200",
    "GB300",
    "HGX",
    "A100-SXM4-80GB",
    "A800-SXM",
    "DGX",
)
CONTAINER_MARKS = ("docker", "podman", "kubernetes", "lxc")
CPU_WORDS = (("AuthenticAMD", "amd"), ("GenuineIntel", "intel"), ("CentaurHauls", "zhaoxin"), ("Shanghai", "zhaoxin"))


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
    """An NVSwitch board: the driver's fabric has a state, or NVLink joins four or more GPUs all to all."""
    if facts.value("fabric_state") not in (None, "N/A"):
        return True
    model = str(facts.value("gpu_model") or "")
    if ("SXM" in model and any(name in model for name in ("H100", "H200", "H800", "B200", "A100", "A800"))) or any(
        name in model for name in ("HGX", "DGX", "B200", "GB200")
    ):
        return True
    return any(
        len(matrix.gpus) >= 4
        and matrix.complete
        and all(code.startswith("NV") and int(code[2:]) >= 6 for code in matrix.links.values())
        for matrix in facts.matrices
    )


def guess_install_method(facts: Facts) -> str | None:
    if facts.value("container") == "kubernetes":
        return "kubernetes"
    if facts.value("container") in ("docker", "podman"):
        return "docker"
    return None


def hosts_seen(facts: Facts) -> int:
    return len({fact.value for fact in facts.all("hostname")})
