"""Where a remedy may be offered: named conditions on the platform, so that no advice is dangerous where it is read.

A guard tells True, False or None (nobody knows). `forbid` stops a remedy where its guard holds; `require` stops it
where its guard does not hold, and where nobody knows the remedy is offered last, with the words of `CAUTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from troubleshoot.diagnosis import platform_guards as known
from troubleshoot.diagnosis.content import ContentError
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts

Guard = Callable[[Facts], bool | None]

GUARDS: dict[str, Guard] = {
    "virtualized": known.virtualized,
    "bare-metal": known.bare_metal,
    "cloud": known.cloud,
    "rented-container": known.rented_container,
    "wsl": known.wsl,
    "arm": known.arm,
    "not-covered": known.not_covered,
    "iommu-out-of-the-way": known.iommu_out_of_the_way,
    "iommu-off": known.iommu_off,
    "acs-clear": known.acs_clear,
    "nvlink": known.nvlink,
    "nvlink-everywhere": known.nvlink_everywhere,
    "nvswitch": known.nvswitch,
    "mig": known.mig,
    "vgpu": known.vgpu,
    "sharing-shim": known.sharing_shim,
    "several-nodes": known.several_nodes,
    "one-node": known.one_node,
    "in-container": known.in_container,
    "other-engine": known.other_engine,
    "gpustack-not-2-0": known.gpustack_not_2_0,
    "gpustack-0": known.gpustack_0,
    "p2p-off-already": known.nccl_turns_p2p_off_already,
    "p2p-off-dropped": known.p2p_off_dropped,
    "amd-cpu": known.amd_cpu,
    "intel-cpu": known.intel_cpu,
    "no-host": known.no_host,
    "managed-kubernetes": known.managed_kubernetes,
    "hypervisor-host": known.hypervisor_host,
    "gpustack": known.by_gpustack,
    "not-vllm": known.not_vllm,
    "no-nvlink": known.no_nvlink,
    "roce": known.roce,
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
    "roce": {
        "en": "Only for RoCE: `ibv_devinfo | grep link_layer` must say Ethernet. InfiniBand needs no index.",
        "zh-hans": "仅适用于 RoCE：`ibv_devinfo | grep link_layer` 应显示 Ethernet。InfiniBand 不需要索引。",
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
    return all(value is not False for value in told.values()), [name for name, value in told.items() if value is None]
