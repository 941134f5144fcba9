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
from troubleshoot.diagnosis.links import DISTANCE, distance, is_nvlink, level_of, order
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


MOST_MATRICES = 64  # of one case: more are no cluster but a paste gone wrong, and each costs the report its pairs


SHARED, SMALL, APART = "shared", "small", "apart"


@dataclass(frozen=True, slots=True)
class Setting:
    """What NCCL's choice depends on besides the link."""

    nccl_version: str | None = None
    cpu_vendor: str | None = None  # intel | amd | zhaoxin | arm | power
    gpus_in_job: int | None = None  # GPUs of the communicator on this machine
    p2p_level: str | None = None  # NCCL_P2P_LEVEL as set
    p2p_disable: bool = False
    shm_disable: bool = False
    # pair → OK or the driver's refusal (read and write)
    status: Mapping[tuple[str, str], str] = field(default_factory=dict)
    ignore_status: bool = False  # NCCL_IGNORE_DISABLED_P2P=2: NCCL does not ask the driver
    mig: bool = False  # GPUs are partitioned: no peer-to-peer between instances
    cumem: str | None = None  # NCCL_CUMEM_ENABLE as set: "0" or "1"
    shm: str = SHARED  # the ranks' /dev/shm: SHARED | SMALL | APART


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
        if not version:
            return "PXB", {
                "en": "on AMD processors NCCL from 2.23 on uses peer-to-peer up to PXB with three or more GPUs "
                "(which NCCL this is, is not told; an older one uses it over any distance)",
                "zh-hans": "在 AMD 处理器上，NCCL 2.23 起，三块以上 GPU 时最远到 PXB（这里的 NCCL 版本未知；更旧的版本无论多远都用 P2P）",
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
    if setting.cpu_vendor is None:
        return "PXB", {
            "en": "NCCL uses peer-to-peer up to PXB by itself "
            "(the processor's maker is not told; on AMD it may go farther)",
            "zh-hans": "NCCL 默认最远到 PXB 使用 P2P（处理器厂商未知；在 AMD 上可能更远）",
        }
    return "PXB", {"en": "NCCL uses peer-to-peer up to PXB by itself", "zh-hans": "NCCL 默认最远到 PXB 使用 P2P"}


APART_SAYS: Text = {
    "en": "Each rank has a /dev/shm of its own (separate containers), so NCCL takes them for ranks on different machines "
    "and uses neither peer-to-peer nor shared memory between them.",
    "zh-hans": "每个 rank 各有自己的 /dev/shm（不同的容器），NCCL 把它们当作不同机器上的 rank，之间既不用 P2P，也不用共享内存。",
}


def path(code: str | None, setting: Setting, status: str | None = None) -> Path:
    """The transport NCCL takes over a link with this code; `status` is the driver's word on this pair."""
    if setting.shm == APART:
        return Path("NET", APART_SAYS)
    fallback = "NET" if setting.shm_disable else "SHM"
    if setting.p2p_disable:
        return Path(
            fallback,
            {"en": "NCCL_P2P_DISABLE=1 switches peer-to-peer off.", "zh-hans": "NCCL_P2P_DISABLE=1 关闭了 P2P。"},
        )
    if setting.mig:
        return Path(
            fallback,
            {
                "en": "MIG is on; there is no peer-to-peer between its instances.",
                "zh-hans": "启用了 MIG，其实例之间没有 P2P。",
            },
        )
    far = distance(code) if code else None
    if code is None or far is None:
        return Path(fallback, {"en": "The link of this pair is not told.", "zh-hans": "这一对的链路未知。"})
    asked = level_of(setting.p2p_level) if setting.p2p_level else None
    if asked:
        level = asked
        why: Text = {
            "en": f"NCCL_P2P_LEVEL={setting.p2p_level} is set",
            "zh-hans": f"设置了 NCCL_P2P_LEVEL={setting.p2p_level}",
        }
    else:
        level, why = default_level(setting)
    if far > DISTANCE[level]:
        return Path(
            fallback,
            {
                "en": f"{code} is farther than {level}: {why['en']}.",
                "zh-hans": f"{code} 比 {level} 更远：{why['zh-hans']}。",
            },
        )
    if status and status != "OK" and not setting.ignore_status:
        return Path(fallback, refused(code, status))
    if is_nvlink(code):
        return Path(
            "P2P", {"en": f"{code} is NVLink, which NCCL always uses.", "zh-hans": f"{code} 是 NVLink，NCCL 总会使用。"}
        )
    return Path(
        "P2P",
        {"en": f"{code} is within {level}: {why['en']}.", "zh-hans": f"{code} 不超过 {level}：{why['zh-hans']}。"},
    )


def refused(code: str, status: str) -> Text:
    """Why the driver's refusal matters: over NVLink NCCL does not fall back but stops (nccl.md §1.4, gate 1)."""
    if is_nvlink(code):
        return {
            "en": f"The driver refuses peer-to-peer over NVLink for this pair ({status}); NCCL from 2.12 on stops with "
            "an error here unless NCCL_IGNORE_DISABLED_P2P=1.",
            "zh-hans": f"驱动拒绝这一对通过 NVLink 使用 P2P（{status}）；NCCL 2.12 起会在此报错退出，除非设置 NCCL_IGNORE_DISABLED_P2P=1。",
        }
    return {
        "en": f"The driver refuses peer-to-peer for this pair ({status}).",
        "zh-hans": f"驱动拒绝这一对使用 P2P（{status}）。",
    }


def paths(matrix: Matrix, setting: Setting) -> dict[tuple[str, str], Path]:
    """The transport for every pair of the matrix, also those whose link the text does not give."""
    return {pair: path(matrix.links.get(pair), setting, setting.status.get(pair)) for pair in pairs_of(matrix)}


def pairs_of(matrix: Matrix) -> list[tuple[str, str]]:
    return [(a, b) for i, a in enumerate(matrix.gpus) for b in matrix.gpus[i + 1 :]]


def setting_of(facts: Facts, matrix: Matrix | None = None) -> Setting:
    """What the case tells of NCCL's circumstances."""
    level = facts.env("NCCL_P2P_LEVEL")
    return Setting(
        nccl_version=facts.value("nccl_version"),
        cpu_vendor=facts.value("cpu_vendor"),
        gpus_in_job=gpus_in_job(facts, matrix),
        p2p_level=level,
        p2p_disable=facts.env("NCCL_P2P_DISABLE") == "1" or (bool(level) and level_of(str(level)) == "LOC"),
        shm_disable=facts.env("NCCL_SHM_DISABLE") == "1",
        status=statuses(facts),
        ignore_status=facts.env("NCCL_IGNORE_DISABLED_P2P") == "2",
        mig=facts.value("mig_enabled") is True,
        cumem=cumem if (cumem := facts.env("NCCL_CUMEM_ENABLE")) in ("0", "1") else None,
    )


def gpus_in_job(facts: Facts, matrix: Matrix | None) -> int | None:
    """GPUs of the job on this machine: NCCL counts those of the communicator, not those of the machine."""
    sizes = [size for name in ("tensor_parallel_size", "world_size") if isinstance(size := facts.value(name), int)]
    here = len(matrix.gpus) if matrix else None
    if not sizes:
        return here
    return min(max(sizes), here) if here else max(sizes)


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


def chosen(facts: Facts) -> dict[tuple[str, str], str]:
    """Pair → P2P, SHM or NET as NCCL's own lines say. Ranks stand for the GPUs that CUDA_VISIBLE_DEVICES lets them see."""
    visible = (facts.env("CUDA_VISIBLE_DEVICES") or "").replace(" ", "").split(",")
    gpus = [int(one) for one in visible] if all(one.isdigit() and len(one) < 5 for one in visible) else []
    told: dict[tuple[str, str], set[str]] = {}
    for fact in facts.all("transport"):
        a, b, transport = fact.value
        low, high = sorted((int(a), int(b)))
        if gpus:
            if high >= len(gpus):
                continue  # a rank on another machine
            low, high = sorted((gpus[low], gpus[high]))
        told.setdefault((f"GPU{low}", f"GPU{high}"), set()).add(str(transport).split("/")[0].upper())
    return {
        pair: next(iter(kinds)) for pair, kinds in told.items() if len(kinds) == 1 and kinds <= {"P2P", "SHM", "NET"}
    }


def delivered(facts: Facts, matrix: Matrix, used: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Pair → "yes" or "no" where data was seen to arrive over peer-to-peer, or not to; `used` is each pair's transport.

    simpleP2P tests one pair. What ran over host memory says nothing about peer-to-peer.
    """
    told: dict[tuple[str, str], str] = {}
    pairs_here = pairs_of(matrix)
    if data_test := facts.value("p2p_data_test"):
        granted = {
            (f"GPU{min(a, b)}", f"GPU{max(a, b)}")
            for a, b, can in (fact.value for fact in facts.all("peer_access"))
            if can
        }
        tested = [pair for pair in pairs_here if pair in granted]
        if len(pairs_here) == 1 or len(tested) == 1 or data_test != "passed":
            for pair in tested if len(tested) == 1 else pairs_here[:1]:
                told[pair] = "yes" if data_test == "passed" else "no"
    if facts.value("nccl_test") == "passed" or facts.value("ready") is True:
        for pair in pairs_here:
            if used.get(pair) == "P2P":
                told.setdefault(pair, "yes")
    return told


def pairs(facts: Facts, matrix: Matrix) -> dict[str, dict[str, Any]]:
    """The report's `p2p` of one matrix: for every pair the three layers, and why NCCL chooses so."""
    setting = setting_of(facts, matrix)
    by_rule, by_log = paths(matrix, setting), chosen(facts)
    arrived = delivered(facts, matrix, by_log)
    result: dict[str, dict[str, Any]] = {}
    for pair, decided in by_rule.items():
        status = setting.status.get(pair)
        code = matrix.links.get(pair, "")
        result[f"{pair[0]}-{pair[1]}"] = {
            "advertised": "unknown" if status is None else "yes" if status == "OK" else "no",
            "nccl_path": decided.transport,
            "chosen": by_log.get(pair, "unknown"),
            "delivered": arrived.get(pair, "unknown"),
            "nvlink": is_nvlink(code),
            "because": decided.because,
        }
    return result


def derive(facts: Facts) -> None:
    """Take the matrices that were read into `facts.matrices`; the same one pasted twice stays twice, as found."""
    for fact in facts.all("topology_matrix")[:MOST_MATRICES]:
        if fact.value not in facts.matrices:
            facts.matrices.append(fact.value)
