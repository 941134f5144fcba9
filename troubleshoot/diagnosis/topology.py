"""The GPU matrix, the path NCCL takes for each pair and why, and the three layers of peer-to-peer kept apart.

What the driver advertises, what NCCL chooses by its own rules, and what really arrives are three things
(domain/nccl.md §0, §1.4; NCCL src/graph/paths.cc, ncclTopoCheckP2p).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troubleshoot.diagnosis.evidence import Line, Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.versions import numbers


@dataclass(frozen=True, slots=True)
class Matrix:
    """One `nvidia-smi topo -m`, as printed. Pairs are in column order: ("GPU0", "GPU1")."""

    gpus: tuple[str, ...]
    nics: tuple[str, ...] = ()
    links: dict[tuple[str, str], str] = field(default_factory=dict)
    nic_links: dict[tuple[str, str], str] = field(default_factory=dict)  # (gpu or nic, nic) → code
    nic_names: dict[str, str] = field(default_factory=dict)
    numa: dict[str, str] | None = None
    cpu_affinity: dict[str, str] | None = None
    complete: bool = True
    line: Line | None = None
    host: str = ""

    @property
    def is_nvlink_only(self) -> bool:
        """Every pair is joined by NVLink or chip to chip; False when pairs are missing or there is one GPU."""
        return len(self.gpus) > 1 and self.complete and all(is_nvlink(code) for code in self.links.values())

    @property
    def has_nvlink(self) -> bool:
        return any(is_nvlink(code) for code in self.links.values())


# How far apart two GPUs are, the nearer the smaller. NCCL has no NODE: it counts as PHB; SOC is the old name of SYS.
DISTANCE = {"LOC": 0, "NVL": 1, "C2C": 2, "PIX": 3, "PSB": 3, "PXB": 4, "PHB": 5, "NODE": 5, "SYS": 6, "SOC": 6}
LEVELS = {"0": "LOC", "1": "PIX", "2": "PXB", "3": "PHB", "4": "SYS"}


def is_nvlink(code: str) -> bool:
    return code.startswith("NV") or code == "C2C"


def distance(code: str) -> int | None:
    return DISTANCE["NVL"] if code.startswith("NV") else DISTANCE.get(code)


@dataclass(frozen=True, slots=True)
class Setting:
    """What NCCL's choice depends on besides the link."""

    nccl_version: str | None = None
    cpu_vendor: str | None = None  # intel | amd | zhaoxin | arm | power
    gpus_in_job: int | None = None  # GPUs of the communicator on this machine
    p2p_level: str | None = None  # NCCL_P2P_LEVEL as set
    p2p_disable: bool = False
    shm_disable: bool = False
    status: Mapping[tuple[str, str], str] = field(
        default_factory=dict
    )  # pair → OK or the driver's refusal (read and write)


@dataclass(frozen=True, slots=True)
class Path:
    """The transport for one pair, and why."""

    transport: str  # P2P | SHM | NET
    because: Text


def default_level(setting: Setting) -> tuple[str, Text]:
    """The farthest link over which NCCL uses peer-to-peer by itself, and why (table of nccl.md §1.4)."""
    version = numbers(setting.nccl_version or "")
    old = bool(version) and version < (2, 23)
    if setting.cpu_vendor == "amd":
        if old:
            return "SYS", {
                "en": "on AMD processors NCCL before 2.23 uses peer-to-peer over any distance",
                "zh-hans": "在 AMD 处理器上，2.23 之前的 NCCL 无论多远都用 P2P",
            }
        if setting.gpus_in_job is not None and setting.gpus_in_job <= 2:
            return "SYS", {
                "en": "on AMD processors a job of two GPUs uses peer-to-peer over any distance",
                "zh-hans": "在 AMD 处理器上，两块 GPU 的作业无论多远都用 P2P",
            }
        return "PXB", {
            "en": "on AMD processors NCCL from 2.23 on uses peer-to-peer up to PXB with three or more GPUs",
            "zh-hans": "在 AMD 处理器上，NCCL 2.23 起，三块以上 GPU 时最远到 PXB",
        }
    if setting.cpu_vendor == "power" and old:
        return "SYS", {
            "en": "on POWER NCCL before 2.23 uses peer-to-peer over any distance",
            "zh-hans": "在 POWER 上，2.23 之前的 NCCL 无论多远都用 P2P",
        }
    return "PXB", {"en": "NCCL uses peer-to-peer up to PXB by itself", "zh-hans": "NCCL 默认最远到 PXB 使用 P2P"}


def path(code: str | None, setting: Setting, status: str | None = None) -> Path:
    """The transport NCCL takes over a link with this code."""
    fallback = "NET" if setting.shm_disable else "SHM"
    if setting.p2p_disable:
        return Path(
            fallback,
            {"en": "NCCL_P2P_DISABLE=1 switches peer-to-peer off.", "zh-hans": "NCCL_P2P_DISABLE=1 关闭了 P2P。"},
        )
    far = distance(code) if code else None
    if code is None or far is None:
        return Path(fallback, {"en": "The link of this pair is not told.", "zh-hans": "这一对的链路未知。"})
    if setting.p2p_level:
        level = LEVELS.get(setting.p2p_level, "SYS" if setting.p2p_level.isdigit() else setting.p2p_level.upper())
        why: Text = {
            "en": f"NCCL_P2P_LEVEL={setting.p2p_level} is set",
            "zh-hans": f"设置了 NCCL_P2P_LEVEL={setting.p2p_level}",
        }
    else:
        level, why = default_level(setting)
    if far > DISTANCE.get(level, DISTANCE["PXB"]):
        return Path(
            fallback,
            {
                "en": f"{code} is farther than {level}: {why['en']}.",
                "zh-hans": f"{code} 比 {level} 更远：{why['zh-hans']}。",
            },
        )
    if status and status != "OK":
        return Path(
            fallback,
            {
                "en": f"The driver refuses peer-to-peer for this pair ({status}).",
                "zh-hans": f"驱动拒绝这一对使用 P2P（{status}）。",
            },
        )
    if is_nvlink(code):
        return Path(
            "P2P", {"en": f"{code} is NVLink, which NCCL always uses.", "zh-hans": f"{code} 是 NVLink，NCCL 总会使用。"}
        )
    return Path(
        "P2P",
        {"en": f"{code} is within {level}: {why['en']}.", "zh-hans": f"{code} 不超过 {level}：{why['zh-hans']}。"},
    )


def paths(matrix: Matrix, setting: Setting) -> dict[tuple[str, str], Path]:
    """The transport for every pair of the matrix, also those whose link the text does not give."""
    return {pair: path(matrix.links.get(pair), setting, setting.status.get(pair)) for pair in pairs_of(matrix)}


def pairs_of(matrix: Matrix) -> list[tuple[str, str]]:
    return [(a, b) for i, a in enumerate(matrix.gpus) for b in matrix.gpus[i + 1 :]]


def setting_of(facts: Facts, matrix: Matrix | None = None) -> Setting:
    """What the case tells of NCCL's circumstances."""
    level = facts.env("NCCL_P2P_LEVEL")
    job = facts.value("tensor_parallel_size") or facts.value("world_size") or (len(matrix.gpus) if matrix else None)
    return Setting(
        nccl_version=facts.value("nccl_version"),
        cpu_vendor=facts.value("cpu_vendor"),
        gpus_in_job=job if isinstance(job, int) else None,
        p2p_level=level,
        p2p_disable=facts.env("NCCL_P2P_DISABLE") == "1" or level == "LOC",
        shm_disable=facts.env("NCCL_SHM_DISABLE") == "1",
        status=statuses(facts),
    )


def statuses(facts: Facts) -> dict[tuple[str, str], str]:
    """Pair → the driver's word on reading and writing; a refusal of either counts (`topo -p2p r`, `w`)."""
    told: dict[tuple[str, str], str] = {}
    for fact in facts.all("p2p_status"):
        capability, a, b, status = fact.value
        if capability in ("r", "w", ""):
            pair = (a, b) if order(a) <= order(b) else (b, a)
            if told.get(pair, "OK") == "OK":
                told[pair] = status
    return told


def order(gpu: str) -> int:
    digits = "".join(c for c in gpu if c.isdigit())
    return int(digits) if digits else 0


def chosen(facts: Facts) -> dict[tuple[str, str], str]:
    """Pair → the transport that NCCL's own lines say it chose. Ranks stand for GPUs where one machine runs all ranks."""
    told: dict[tuple[str, str], set[str]] = {}
    for fact in facts.all("transport"):
        a, b, transport = fact.value
        low, high = sorted((int(a), int(b)))
        told.setdefault((f"GPU{low}", f"GPU{high}"), set()).add(str(transport).split("/")[0].upper())
    return {pair: next(iter(kinds)) for pair, kinds in told.items() if len(kinds) == 1}


def delivered(facts: Facts, matrix: Matrix) -> dict[tuple[str, str], str]:
    """Pair → "yes" or "no" where data was seen to arrive, or not to."""
    told: dict[tuple[str, str], str] = {}
    data_test = facts.value("p2p_data_test")
    if data_test:
        for pair in pairs_of(matrix):
            told[pair] = "yes" if data_test == "passed" else "no"
    if facts.value("nccl_test") == "passed":
        for pair in pairs_of(matrix):
            told.setdefault(pair, "yes")
    return told


def pairs(facts: Facts, matrix: Matrix) -> dict[str, dict[str, Any]]:
    """The report's `p2p` of one matrix: for every pair the three layers, and why NCCL chooses so."""
    setting = setting_of(facts, matrix)
    by_rule, by_log, arrived = paths(matrix, setting), chosen(facts), delivered(facts, matrix)
    result: dict[str, dict[str, Any]] = {}
    for pair, decided in by_rule.items():
        status = setting.status.get(pair)
        code = matrix.links.get(pair, "")
        result[f"{pair[0]}-{pair[1]}"] = {
            "advertised": "unknown" if status is None else "yes" if status == "OK" else "no",
            "nccl_path": decided.transport,
            "chosen": by_log.get(pair, "unknown") if by_log.get(pair) in ("P2P", "SHM", "NET") else "unknown",
            "delivered": arrived.get(pair, "unknown"),
            "nvlink": is_nvlink(code),
            "because": decided.because,
        }
    return result


def derive(facts: Facts) -> None:
    """Take the matrices that were read into `facts.matrices`; the same one pasted twice stays twice, as found."""
    for fact in facts.all("topology_matrix"):
        if fact.value not in facts.matrices:
            facts.matrices.append(fact.value)
