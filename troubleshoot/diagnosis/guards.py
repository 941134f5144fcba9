"""Where a remedy may be offered: named conditions on the platform, so that no advice is dangerous where it is read.

A guard tells True, False or None (nobody knows). `forbid` stops a remedy where its guard holds; `require` stops it
where its guard does not hold, and where nobody knows the remedy is offered last, with the words of `CAUTIONS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from troubleshoot.diagnosis import versions
from troubleshoot.diagnosis.content import ContentError
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts

Guard = Callable[[Facts], bool | None]

# Clouds that rent containers: the user has no root on the host, whatever else the text shows.
CONTAINER_CLOUDS = {"runpod", "vast", "vast.ai", "vastai", "autodl", "colab", "kaggle", "modal", "gpushare"}
# Systems of a Grace CPU or another ARM SoC: iommu=pt is wrong there (domain/nccl.md 4.5).
ARM_MODELS = re.compile(r"\b(?:GH200|GB200|GB300|GB10|Grace|Thor|Orin|Jetson|Tegra)\b", re.IGNORECASE)
# Boards that come on NVSwitch baseboards (HGX/DGX, 8 or 16 GPUs): SXM parts from V100 SXM3 on, and NVL72 racks.
NVSWITCH_MODELS = re.compile(
    r"(?:A100|A800|H100|H800|H200|H20|B100|B200|B300)[-\w ]*SXM|\bSXM3\b|H100 80GB HBM3|H800 80GB|\bH200\b(?! NVL)|\bH20\b"
    r"|\bB(?:100|200|300)\b|\bGB[23]00\b",
    re.IGNORECASE,
)
NEVER_NVSWITCH = re.compile(
    r"PCIe|\bNVL\b|GeForce|RTX|Quadro|\bT4\b|\bL4\b|\bL20\b|\bL40|\bA10G?\b|\bA[23456]0\b|\bA4000|P100|\bP40\b|\bT10\b",
    re.IGNORECASE,
)
VGPU_MODELS = re.compile(r"\bGRID\b|\bvGPU\b|-\d+[QCAB]\b|\bMIG \d+g", re.IGNORECASE)
FABRIC_SIGNS = re.compile(r"\b802\b|system not yet initialized|SystemNotReady|fabric.?manager", re.IGNORECASE)
FABRIC_SIGNATURES = re.compile(r"802|fabric|not-yet-initiali|system-not-ready")


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


GUARDS: dict[str, Guard] = {
    "virtualized": virtualized,
    "bare-metal": bare_metal,
    "cloud": cloud,
    "rented-container": rented_container,
    "wsl": wsl,
    "arm": arm,
    "not-covered": not_covered,
    "iommu-out-of-the-way": iommu_out_of_the_way,
    "iommu-off": iommu_off,
    "acs-clear": acs_clear,
    "nvlink": nvlink,
    "nvlink-everywhere": nvlink_everywhere,
    "nvswitch": nvswitch,
    "mig": mig,
    "vgpu": vgpu,
    "sharing-shim": sharing_shim,
    "several-nodes": several_nodes,
    "one-node": one_node,
    "in-container": in_container,
    "other-engine": other_engine,
    "gpustack-not-2-0": gpustack_not_2_0,
    "p2p-off-already": nccl_turns_p2p_off_already,
    "p2p-off-dropped": p2p_off_dropped,
    "amd-cpu": amd_cpu,
    "intel-cpu": intel_cpu,
}

# Said where a required guard is not known to hold.
CAUTIONS: dict[str, Text] = {
    "bare-metal": {
        "en": "Only on bare metal: `systemd-detect-virt --vm` on the host must print `none`. In a virtual machine this does nothing or does harm.",
        "zh-hans": "仅限裸机：在主机上运行 `systemd-detect-virt --vm` 必须输出 `none`。在虚拟机里这样做无效，甚至有害。",
    },
    "virtualized": {
        "en": "Only in a virtual machine with passed-through GPUs.",
        "zh-hans": "仅适用于直通 GPU 的虚拟机。",
    },
    "nvlink": {
        "en": "Only where `nvidia-smi topo -m` shows NV# between some GPUs.",
        "zh-hans": "仅当 `nvidia-smi topo -m` 中有 GPU 之间显示 NV# 时适用。",
    },
    "sharing-shim": {
        "en": "Only where a GPU-sharing layer such as HAMi is in use (`env | grep -i -e vgpu -e LD_PRELOAD` in the container shows it).",
        "zh-hans": "仅当使用了 HAMi 之类的 GPU 共享层时适用（在容器里运行 `env | grep -i -e vgpu -e LD_PRELOAD` 可以看到）。",
    },
    "several-nodes": {
        "en": "Only for a launch over several machines.",
        "zh-hans": "仅适用于多机启动。",
    },
    "mig": {
        "en": "Only where `nvidia-smi` shows MIG as Enabled.",
        "zh-hans": "仅当 `nvidia-smi` 显示 MIG 为 Enabled 时适用。",
    },
}


def holds(name: str, facts: Facts) -> bool | None:
    return GUARDS[name](facts)


def check_names(names: Iterable[str], where: str) -> tuple[str, ...]:
    """The names, when each is a guard. Raises ContentError otherwise."""
    given = tuple(names)
    for name in given:
        if name not in GUARDS:
            raise ContentError(where, f"no guard is called {name!r}; guards.GUARDS lists {', '.join(GUARDS)}")
    return given


def verdict(forbid: Iterable[str], require: Iterable[str], facts: Facts) -> tuple[bool, list[str]]:
    """(may be offered, the required guards that nobody knows to hold)."""
    if any(holds(name, facts) is True for name in forbid):
        return False, []
    told = {name: holds(name, facts) for name in require}
    return all(known is not False for known in told.values()), [name for name, known in told.items() if known is None]
