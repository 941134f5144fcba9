"""What is known of the platform that a remedy is for: each function tells True, False or None (nobody knows).

They read facts only and judge nothing; `guards` gives them the names under which remedies forbid or require them.
"""

from __future__ import annotations

import re

from troubleshoot.diagnosis import lazy_re, versions
from troubleshoot.diagnosis.facts import Facts

# Clouds that rent containers: the user has no root on the host, whatever else the text shows.
CONTAINER_CLOUDS = {"runpod", "vast", "vast.ai", "vastai", "autodl", "colab", "kaggle", "modal", "gpushare"}
# Systems of a Grace CPU or another ARM SoC: iommu=pt is wrong there (domain/nccl.md 4.5).
ARM_MODELS = lazy_re.compile(r"\b(?:GH200|GB200|GB300|GB10|Grace|Thor|Orin|Jetson|Tegra)\b", re.IGNORECASE)
# Boards that come on NVSwitch baseboards (HGX/DGX, 8 or 16 GPUs): SXM parts from V100 SXM3 on, and NVL72 racks.
NVSWITCH_MODELS = lazy_re.compile(
    r"(?:A100|A800|H100|H800|H200|H20|B100|B200|B300)[-\w ]*SXM|\bSXM3\b|H100 80GB HBM3|H800 80GB|\bH200\b(?! NVL)|\bH20\b"
    r"|\bB(?:100|200|300)\b|\bGB[23]00\b",
    re.IGNORECASE,
)
NEVER_NVSWITCH = lazy_re.compile(
    r"PCIe|\bNVL\b|GeForce|RTX|Quadro|\bT4\b|\bL4\b|\bL20\b|\bL40|\bA10G?\b|\bA[23456]0\b|\bA4000|P100|\bP40\b|\bT10\b",
    re.IGNORECASE,
)
VGPU_MODELS = lazy_re.compile(r"\bGRID\b|\bvGPU\b|-\d+[QCAB]\b|\bMIG \d+g", re.IGNORECASE)
FABRIC_SIGNS = lazy_re.compile(r"\b802\b|system not yet initialized|SystemNotReady|fabric.?manager", re.IGNORECASE)
FABRIC_SIGNATURES = lazy_re.compile(r"802|fabric|not-yet-initiali|system-not-ready")


def virtualized(facts: Facts) -> bool | None:
    """A virtual machine, as the text tells, or a cloud's instance that nothing shows to be bare metal."""
    told: bool | None = facts.value("virtualized")
    if told is None and (facts.value("cloud") or VGPU_MODELS.search(facts.value("gpu_model") or "")):
        return True
    return told


def bare_metal(facts: Facts) -> bool | None:
    known = virtualized(facts)
    return None if known is None else not known


def cloud(facts: Facts) -> bool | None:
    """Somebody else's machine, bare metal or not: its BIOS is out of reach."""
    return True if facts.value("cloud") else None


def rented_container(facts: Facts) -> bool | None:
    """A container rented from a cloud: nothing on the host can be changed."""
    told = facts.value("cloud")
    return str(told).lower() in CONTAINER_CLOUDS if told else None


def wsl(facts: Facts) -> bool | None:
    return True if any(fact.value == "wsl" for fact in facts.all("virtualization")) else None


def arm(facts: Facts) -> bool | None:
    vendor = facts.value("cpu_vendor")
    if vendor == "arm" or ARM_MODELS.search(facts.value("gpu_model") or ""):
        return True
    return None if vendor is None else False


def not_covered(facts: Facts) -> bool | None:
    """Another maker's GPUs: NVIDIA's and NCCL's remedies say nothing there."""
    return True if facts.value("not_covered") else None


def iommu_out_of_the_way(facts: Facts) -> bool | None:
    """The IOMMU is off or passes through already, as read on this host."""
    told = facts.value("iommu")
    return None if told is None else told in ("off", "passthrough")


def iommu_off(facts: Facts) -> bool | None:
    told = facts.value("iommu")
    return None if told is None else told == "off"


def acs_clear(facts: Facts) -> bool | None:
    """The bridges were looked at and none redirects."""
    told = facts.value("acs_redirect")
    return None if told is None else not told


def nvlink(facts: Facts) -> bool | None:
    """Some pair of GPUs is joined by NVLink."""
    if any(re.match(r"NV\d", code) for matrix in facts.matrices for code in matrix.links.values()):
        return True
    if facts.matrices and all(matrix.complete for matrix in facts.matrices):
        return False
    told: bool | None = facts.value("nvlink_present")
    return told


def nvlink_everywhere(facts: Facts) -> bool | None:
    """Every pair of GPUs is joined by NVLink."""
    pairs = [code for matrix in facts.matrices for code in matrix.links.values()]
    return all(re.match(r"NV\d", code) for code in pairs) if pairs else None


def nvswitch(facts: Facts) -> bool:
    """GPUs on NVSwitch: by their model; where that is not told, only by a sign that Fabric Manager itself would give."""
    model = facts.value("gpu_model") or ""
    if NEVER_NVSWITCH.search(model):
        return False
    if NVSWITCH_MODELS.search(model):
        return True
    state = facts.value("fabric_state")
    if (state and state.upper() != "N/A") or facts.value("fabric_manager") in ("running", "stopped", "failed"):
        return True
    if facts.value("fabric_manager_version") or facts.value("sxids"):
        return True
    if any(FABRIC_SIGNATURES.search(name) for name, lines in facts.hits.items() if lines):
        return True
    return any(FABRIC_SIGNS.search(str(fact.value)) for fact in facts.all("exception"))


def mig(facts: Facts) -> bool | None:
    told: bool | None = facts.value("mig_enabled")
    return told


def vgpu(facts: Facts) -> bool | None:
    model = facts.value("gpu_model")
    return None if model is None else bool(VGPU_MODELS.search(model))


def sharing_shim(facts: Facts) -> bool | None:
    """A GPU-sharing layer (HAMi's libvgpu.so and the like) is loaded into the process."""
    if any("vgpu" in str(fact.value).lower() for fact in facts.all("env") if fact.value[0] == "LD_PRELOAD"):
        return True
    return True if any(re.search(r"hami|vgpu|shim", name) for name, lines in facts.hits.items() if lines) else None


def several_nodes(facts: Facts) -> bool | None:
    told = facts.value("node_count")
    return None if told is None else told > 1


def one_node(facts: Facts) -> bool | None:
    known = several_nodes(facts)
    return None if known is None else not known


def gpustack_not_2_0(facts: Facts) -> bool | None:
    """Any GPUStack but 2.0, whose shared memory is fixed."""
    version = facts.value("gpustack_version")
    return None if version is None else not versions.fits(version, ">=2.0,<2.1")


def gpustack_0(facts: Facts) -> bool | None:
    """GPUStack before 2.0: no probe path or shared memory of a model's own."""
    version = facts.value("gpustack_version")
    return None if version is None else versions.fits(version, "<2.0")


def other_engine(facts: Facts) -> bool | None:
    """An engine whose flags we do not know."""
    engine = facts.value("engine")
    return None if engine is None else engine not in ("vllm", "sglang", "ray")


def in_container(facts: Facts) -> bool | None:
    method = facts.value("install_method")
    if facts.value("container") or method in ("docker", "compose", "kubernetes", "helm"):
        return True
    return False if method in ("script", "pip", "systemd", "slurm") else None


def nccl_turns_p2p_off_already(facts: Facts) -> bool | None:
    """The run already had NCCL's P2P switched off by its variable."""
    told = facts.env("NCCL_P2P_DISABLE")
    return None if told is None else told.strip() not in ("", "0")


def p2p_off_dropped(facts: Facts) -> bool | None:
    """NCCL_P2P_DISABLE stood in a systemd environment file in a way that systemd drops: it was never tried."""
    return True if any(fact.value[0] == "NCCL_P2P_DISABLE" for fact in facts.all("env_dropped")) else None


def amd_cpu(facts: Facts) -> bool | None:
    vendor = facts.value("cpu_vendor")
    return None if vendor is None else vendor == "amd"


def intel_cpu(facts: Facts) -> bool | None:
    vendor = facts.value("cpu_vendor")
    return None if vendor is None else vendor == "intel"


def managed_kubernetes(facts: Facts) -> bool | None:
    """Kubernetes at a cloud: nodes come and go, nobody logs in to change them."""
    if facts.value("install_method") not in ("kubernetes", "helm") and facts.value("container") != "kubernetes":
        return None
    return True if facts.value("cloud") else None


def no_host(facts: Facts) -> bool | None:
    """The reader cannot change the host: a rented container, or Kubernetes that a cloud runs."""
    if managed_kubernetes(facts) or rented_container(facts):
        return True
    return rented_container(facts)


def hypervisor_host(facts: Facts) -> bool | None:
    """This host hands devices to virtual machines: ACS and IOMMU keep its guests apart (domain/nccl.md 4.1, 4.6)."""
    options = [str(fact.value) for fact in facts.all("kernel_option")]
    if facts.all("vfio_device") or any(option.startswith("vfio-pci.ids=") for option in options):
        return True
    return None


def by_gpustack(facts: Facts) -> bool | None:
    """GPUStack launches the engine: it chooses ports and start commands itself."""
    if facts.value("gpustack") or facts.value("gpustack_version"):
        return True
    if facts.value("install_method") in ("script", "gpustack-model"):
        return True
    return True if "gpustack/" in str(facts.value("image") or "") else None


def not_vllm(facts: Facts) -> bool | None:
    """An engine that reads none of vLLM's variables."""
    engine = facts.value("engine")
    return None if engine is None else engine not in ("vllm", "ray", "gpustack")


def no_nvlink(facts: Facts) -> bool | None:
    """No pair of GPUs is joined by NVLink."""
    known = nvlink(facts)
    return None if known is None else not known


def roce(facts: Facts) -> bool | None:
    """RDMA over Ethernet: its packets carry a GID; InfiniBand needs none (domain/nccl.md 2.2)."""
    layers = {str(fact.value[3]) for fact in facts.all("ib_port") if fact.value[3]}
    if layers & {"Ethernet", "RoCE"}:
        return True
    return False if layers else None
