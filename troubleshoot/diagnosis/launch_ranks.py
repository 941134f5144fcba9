"""How far each rank of a launch came, and how long it took for each phase, where its log tells ranks apart.

Not every log does: from 0.11.2 on vLLM prints most lines on its first rank only, and Ray shows one of many equal lines
(domain/engines.md §0.7, §1.3). There a rank that says nothing more is not behind, so only what every rank says counts.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.launch_marks import MOVES, PHASES, PhaseMark, Seen, level_number, phase_of
from troubleshoot.diagnosis.versions import compare

MANY_RANKS = 1024

# What every rank says in every release: that it meets the others, and what NCCL itself prints for it.
SAID_BY_ALL = lazy_re.compile(r"world_size=\d+ rank=\d+|NCCL (?:INFO|WARN|TRACE|CALL) |is connected to \d+ peer ranks")
MEETS_AT_INFO = lazy_re.compile(r"INFO [\d -]{5,12}[\d:]{8} \[\S+\] world_size=\d+ rank=\d+")


@dataclass(frozen=True, slots=True)
class RankPath:
    """`level` and `phase` reached last ("" for a rank that never spoke); `seconds` of each phase it left."""

    level: str = ""
    phase: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


def one_speaks_for_all(launches: Iterable[Sequence[Seen]], facts: Facts) -> bool:
    """Whether a silent rank tells nothing, because only the first one, or one of many, prints most lines."""
    if facts.value("launcher") == "ray":
        return True
    if facts.value("engine") != "vllm":
        return False
    version = facts.value("engine_version")
    if version:
        return compare(str(version), "0.11.2") >= 0
    return any(MEETS_AT_INFO.search(s.line.text) for launch in launches for s in launch if s.mark.level == "L6")


class Numbering:
    """Which rank wrote a line: as it says, as its process's number says, or as another line of the same process said."""

    def __init__(self, launches: Sequence[Sequence[Seen]], facts: Facts) -> None:
        self.one_speaks = one_speaks_for_all(launches, facts)
        self.tensor = facts.value("tensor_parallel_size") or 1
        self.pipeline = facts.value("pipeline_parallel_size") or 1
        self.whole_ranks = facts.value("engine") == "sglang" and attention_is_split(launches, facts)
        self.of_pid: dict[tuple[str, int], int | None] = {}
        for launch in launches:
            for seen in launch:
                rank = self.told(seen.mark)
                if rank is not None and seen.mark.pid is not None:
                    key = (seen.line.file, seen.mark.pid)
                    self.of_pid[key] = rank if self.of_pid.get(key, rank) == rank else None  # one process, many GPUs

    def told(self, mark: PhaseMark) -> int | None:
        return self.in_whole(mark.process, mark.rank)

    def in_whole(self, process: str, rank: int | None) -> int | None:
        """The rank in the whole job. A process name holds one number for each dimension: `Worker_DP1_PP0_TP3`."""
        parts = numbers_of(process)
        if "TP" in parts and self.whole_ranks:
            return parts["TP"]
        if "PP" in parts or ("DP" in parts and "TP" in parts):
            return (parts.get("DP", 0) * self.pipeline + parts.get("PP", 0)) * self.tensor + parts.get("TP", 0)
        return rank

    def rank(self, seen: Seen) -> int | None:
        rank = self.told(seen.mark)
        if rank is None and seen.mark.pid is not None:
            rank = self.of_pid.get((seen.line.file, seen.mark.pid))
        return rank if rank is not None and rank < MANY_RANKS else None


def numbers_of(process: str) -> dict[str, int]:
    return {name: int(n) for name, n in re.findall(r"(?<![A-Z])(DP|PP|TP)(\d{1,4})", process)}


def attention_is_split(launches: Sequence[Sequence[Seen]], facts: Facts) -> bool:
    """SGLang's data-parallel attention: the groups share the tensor ranks, so `DP1 TP3` is rank 3."""
    if any(f.value[0] == "--enable-dp-attention" for f in facts.all("engine_argument")):
        return True
    groups: dict[int, set[int]] = defaultdict(set)
    for launch in launches:
        for seen in launch:
            parts = numbers_of(seen.mark.process)
            if "DP" in parts and "TP" in parts:
                groups[parts["DP"]].add(parts["TP"])
    members = Counter(rank for ranks in groups.values() for rank in ranks)
    return len(groups) > 1 and max(members.values()) == 1


def ranks_of(
    launches: Sequence[Sequence[Seen]], ordered: bool, facts: Facts, who: Numbering, at: int | None
) -> dict[int, RankPath]:
    """The path of each rank, over all documents; empty when fewer than two ranks can be told apart.

    `at` is the index of the phase in which the whole launch stands: once it is past what every rank says, nobody is behind.
    """
    if who.one_speaks and at is not None and at > PHASES.index("nccl-init"):
        return {}
    paths: dict[int, list[Seen]] = defaultdict(list)
    counted = False  # some line that every rank prints names its rank
    for launch in launches:
        for seen in launch:
            mark = seen.mark
            rank = who.rank(seen)
            if rank is None or not mark.level or mark.edge not in MOVES:
                continue
            if who.one_speaks and not SAID_BY_ALL.search(seen.line.text):
                continue
            paths[rank].append(seen)
            counted = counted or mark.level in ("L6", "L8")
    if len(paths) < 2:
        return {}
    world = facts.value("world_size") or who.tensor * who.pipeline
    missing = range(world) if counted and isinstance(world, int) and len(paths) < world <= MANY_RANKS else ()
    return {rank: path_of(paths.get(rank, ()), ordered) for rank in sorted({*paths, *missing})}


def behind(
    moved: Sequence[Seen], of_phase: Sequence[Seen], closes: Sequence[Seen], facts: Facts, who: Numbering
) -> bool:
    """Whether some rank, or a worker process without a number, has not closed the phase that others closed."""
    closed = {rank for s in closes if (rank := who.rank(s)) is not None}
    world = facts.value("world_size") or facts.value("tensor_parallel_size") or 0
    if closed:
        return 1 < len(closed) < world or bool({who.rank(s) for s in moved} - {None} - closed)
    begun = {s.mark.pid for s in of_phase if s.mark.process.startswith("VllmWorkerProcess")}
    return bool(begun - {s.mark.pid for s in closes})


def heard_of(launch: Sequence[Seen], facts: Facts, who: Numbering) -> tuple[int, int] | None:
    """(n, world): how many ranks said that they use NCCL, when some are missing and the lines do not number them.

    vLLM's V0 names its workers by process only; from 0.10.2 to 0.11.0 a worker has no name yet, so equal lines are counted
    (domain/engines.md §1.2), which tells ranks only while each has one group.
    """
    world = facts.value("world_size") or who.tensor * who.pipeline
    says = [s for s in launch if "is using nccl==" in s.line.text]
    if facts.value("engine") != "vllm" or who.one_speaks or any(who.rank(s) is not None for s in says):
        return None
    workers = {s.mark.pid for s in says if s.mark.process.startswith("VllmWorkerProcess")}
    bare = sum(not s.mark.process.startswith("VllmWorkerProcess") for s in says)
    if workers or facts.value("engine_generation") == "V0":
        bare = min(bare, 1)
    elif who.pipeline > 1 or facts.value("data_parallel_size"):
        return None
    heard = len(workers) + bare
    return (heard, world) if 0 < heard < world else None


def path_of(seen: Sequence[Seen], ordered: bool) -> RankPath:
    if not seen:
        return RankPath()
    level = max(seen, key=lambda s: level_number(s.mark.level) or 0).mark.level if ordered else seen[-1].mark.level
    first: dict[str, float] = {}
    for this in seen:
        if this.at is not None:
            first.setdefault(this.mark.phase, this.at)
    return RankPath(level, phase_of(level), {phase: s for phase in first if (s := lasted(phase, first)) is not None})


def lasted(phase: str, first: dict[str, float]) -> float | None:
    """Seconds from the first line of a phase to the first line of a later one."""
    begin = first.get(phase)
    later = [first[p] for p in PHASES[PHASES.index(phase) + 1 :] if p in first]
    ends = [t for t in later if begin is not None and t >= begin]
    return ends[0] - begin if begin is not None and ends else None
