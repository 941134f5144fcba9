"""How the ranks of a machine reach each other's memory, once NCCL has chosen peer-to-peer or host memory for a pair.

Peer-to-peer is opened by CUDA IPC or by cuMem handles, and the log's `via P2P/…` says by which; host memory needs room in
/dev/shm (domain/nccl.md §1.4 gate 3, §2.1, §3.4).
"""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.topology import SMALL, Setting
from troubleshoot.diagnosis.versions import numbers

FIRST_WITH_CUMEM = (2, 18)
ON_BY_ITSELF = (2, 19)
ON_GEFORCE_TOO = (2, 24)

IPC_MAY_BE_REFUSED: Text = {
    "en": "Where CUDA IPC is refused (WSL2, some virtual machines) the log says “Legacy IPC not supported” and "
    "peer-to-peer is not used.",
    "zh-hans": "CUDA IPC 被拒绝时（WSL2、部分虚拟机），日志会写“Legacy IPC not supported”，也就不用 P2P。",
}


def opened_by(setting: Setting) -> tuple[str, Text]:
    """What follows `via P2P/` in the log ("CUMEM", "IPC", or "" where either may be), and why."""
    version = numbers(setting.nccl_version or "")
    if version and version < FIRST_WITH_CUMEM:
        return "IPC", joined(
            {"en": "NCCL before 2.18 knows only CUDA IPC.", "zh-hans": "2.18 之前的 NCCL 只有 CUDA IPC。"},
            IPC_MAY_BE_REFUSED,
        )
    if setting.cumem == "0":
        return "IPC", joined(
            {
                "en": "NCCL_CUMEM_ENABLE=0 makes it CUDA IPC; NVLink between machines and NVLS user buffers are off then.",
                "zh-hans": "NCCL_CUMEM_ENABLE=0 时用 CUDA IPC；跨机 NVLink 和 NVLS 用户缓冲随之关闭。",
            },
            IPC_MAY_BE_REFUSED,
        )
    if setting.cumem == "1":
        return "CUMEM", {
            "en": "NCCL_CUMEM_ENABLE=1 makes it cuMem handles, which all ranks must do alike; GPU-sharing layers, "
            "checkpoint and restore, and WSL often cannot carry them.",
            "zh-hans": "NCCL_CUMEM_ENABLE=1 时用 cuMem 句柄，所有 rank 必须一致；GPU 共享层、检查点恢复和 WSL 往往不支持。",
        }
    if version and version < ON_BY_ITSELF:
        return "IPC", joined(
            {
                "en": "NCCL 2.18 leaves cuMem off unless NCCL_CUMEM_ENABLE=1.",
                "zh-hans": "NCCL 2.18 默认不用 cuMem，除非设置 NCCL_CUMEM_ENABLE=1。",
            },
            IPC_MAY_BE_REFUSED,
        )
    if version and version >= ON_GEFORCE_TOO:
        return "CUMEM", {
            "en": "NCCL from 2.24 on uses cuMem handles by itself where the driver carries them; vLLM 0.4.3 to 0.10.1 sets "
            "NCCL_CUMEM_ENABLE=0 and makes it CUDA IPC.",
            "zh-hans": "NCCL 2.24 起只要驱动支持就默认用 cuMem 句柄；vLLM 0.4.3 至 0.10.1 会自行设置 NCCL_CUMEM_ENABLE=0，于是变成 CUDA IPC。",
        }
    return "", {
        "en": "Not set, NCCL from 2.19 on uses cuMem handles where the driver carries them, but CUDA IPC on GeForce up to "
        "2.23; vLLM 0.4.3 to 0.10.1 sets NCCL_CUMEM_ENABLE=0 and makes it CUDA IPC.",
        "zh-hans": "未设置时，NCCL 2.19 起只要驱动支持就用 cuMem 句柄，但 2.23 及以前在 GeForce 上仍用 CUDA IPC；"
        "vLLM 0.4.3 至 0.10.1 会自行设置 NCCL_CUMEM_ENABLE=0，于是变成 CUDA IPC。",
    }


def room(setting: Setting) -> Text | None:
    """What a small /dev/shm means for the pairs that go through host memory; None where it has room."""
    if setting.shm != SMALL:
        return None
    return {
        "en": "With Docker's 64 MB of /dev/shm the path stays, but NCCL may stop with “failed to extend” when it creates its "
        "buffers there. Give it more (--shm-size, --ipc=host). From 2.24 on NCCL can take the buffers by cuMem instead "
        "(NCCL_CUMEM_HOST_ENABLE).",
        "zh-hans": "只有 Docker 默认的 64 MB /dev/shm 时，通路不变，但 NCCL 在里面建缓冲区时可能以“failed to extend”退出。"
        "请加大（--shm-size、--ipc=host）。2.24 起 NCCL 也可以改用 cuMem 分配这些缓冲区（NCCL_CUMEM_HOST_ENABLE）。",
    }


def joined(first: Text, second: Text) -> Text:
    return {"en": f"{first['en']} {second['en']}", "zh-hans": first["zh-hans"] + second["zh-hans"]}
