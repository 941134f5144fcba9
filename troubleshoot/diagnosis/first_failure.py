"""Which rank failed first, told from the echo of the others.

When one rank dies, the rest report broken connections, remote errors and, ten minutes later, timeouts; in a log that eight
ranks share, any of them may stand first. What only waits or was hung up on is no suspect as long as somebody else is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.launch_failures import TOLD_TO_GO
from troubleshoot.diagnosis.launch_marks import Seen, marks_of, wall_seconds
from troubleshoot.diagnosis.launch_ranks import Numbering
from troubleshoot.diagnosis.peel import peel

# Said by whoever waits for another rank, or was left by it (domain/engines.md §2.6, §3.4 N4; domain/nccl.md §3.6).
ECHO = lazy_re.compile(
    r"collective operation timeout|communicator was aborted|Timed out (?:after|waiting)|wait timeout after|waiting for clients"
    r"|[Cc]onnection (?:refused|reset|closed)|remote (?:process|peer)|Broken pipe|NCCL (?:INFO|WARN) .* -> 6\b|socket[A-Z]\w+: "
    r"|terminated with exception|store->get|watchdog"
)
DIED = lazy_re.compile(r"died unexpectedly|scheduler is dead|hit an exception|crashed|failed to start|WARN |-> [1-5]\b")
NAMED = lazy_re.compile(r"^(?:rank |VllmWorker-|Worker_TP)(?P<rank>\d{1,4})$")
LOOK_BACK = 400  # lines above one without a time among which its time is looked for


@dataclass(frozen=True, slots=True)
class Suspect:
    """One failure; `rank` None when the line does not tell whose it is."""

    line: Line
    rank: int | None


def derive(facts: Facts) -> None:
    """Add `failed_rank`, unless a launcher told it."""
    if facts.all("failed_rank"):
        return
    first = first_to_fail(facts)
    if first is not None and first.rank is not None:
        facts.add([Fact("failed_rank", first.rank, first.line, sure=False)])


def first_to_fail(facts: Facts) -> Suspect | None:
    """The first failure that echoes nobody's; None when nothing tells which it was, or whose."""
    failures = list(own_failures(facts))
    if not failures:
        return left_behind(facts)
    launches = list(marks_of(facts.documents, facts).values())
    who = Numbering(launches, facts)
    owners = dict(own_ranks(launches, who))
    world = facts.value("world_size") or who.tensor * who.pipeline
    suspects = [Suspect(line, rank_of(line, name, who, owners)) for line, name in failures]
    first = earliest(suspects, facts.documents)
    if first is None or first.rank is None or (world == 1 and first.rank == 0):
        return None
    raised = {fact.line for fact in facts.all("exception")}  # says more than "failed to start" just above it
    of_rank = [s for s in suspects if s.rank == first.rank and s.line.file == first.line.file]
    return next((s for s in of_rank if s.line in raised), first)


def own_failures(facts: Facts) -> Iterator[tuple[Line, str]]:
    """(line, name of the process if told) of every failure that is not plainly somebody's echo."""
    for fact in facts.all("exception"):
        if fact.line is not None and not ECHO.search(fact.line.text) and fact.value[1] != "KeyboardInterrupt":
            yield fact.line, str(fact.value[0])
    for fact in facts.all("exit_code"):
        if fact.line is not None and fact.value[1] not in TOLD_TO_GO and fact.value[1] != 1:
            yield fact.line, str(fact.value[0])
    for fact in facts.all("phase_mark"):
        line, mark = fact.line, fact.value
        if line is None or mark.rank is None or mark.edge not in ("failed", "warned"):
            continue
        if DIED.search(line.text) and not ECHO.search(line.text):
            yield line, f"rank {mark.rank}"


def own_ranks(launches: Sequence[Sequence[Seen]], who: Numbering) -> Iterator[tuple[str, int]]:
    """(file, rank) of every file in which one rank only speaks, when there are several."""
    for launch in launches if len(launches) > 1 else ():
        ranks = {rank for seen in launch if (rank := who.rank(seen)) is not None}
        if len(ranks) == 1:
            yield launch[0].line.file, ranks.pop()


def rank_of(line: Line, name: str, who: Numbering, owners: dict[str, int]) -> int | None:
    if match := NAMED.match(name):
        return int(match["rank"])
    peeled = peel(line.text)
    if peeled.rank is not None:
        return who.in_whole(peeled.process, peeled.rank)
    if peeled.pid is not None and (rank := who.of_pid.get((line.file, peeled.pid))) is not None:
        return rank
    return owners.get(line.file) if not peeled.process else None


def earliest(suspects: Sequence[Suspect], documents: Sequence[Document]) -> Suspect | None:
    """By time where all have one; in one file by place; None when neither can tell."""
    of_file: dict[str, Suspect] = {}
    for suspect in suspects:
        before = of_file.get(suspect.line.file)
        if before is None or suspect.line.number < before.line.number:
            of_file[suspect.line.file] = suspect
    if len(of_file) == 1:
        return next(iter(of_file.values()))
    by_name = {document.name: document for document in documents}
    times = [(time_of(s.line, by_name[s.line.file]), s) for s in of_file.values() if s.line.file in by_name]
    if any(time is None for time, _ in times):
        return None
    ordered = sorted(times, key=lambda item: item[0] or 0.0)
    return ordered[0][1] if ordered[0][0] != ordered[1][0] else None


def time_of(line: Line, document: Document) -> float | None:
    """The time of a line, else of the last stamped line above it."""
    at = document.index(line.number)
    for text in reversed(document.texts[max(0, at - LOOK_BACK) : at + 1]):
        if (seconds := wall_seconds(peel(text))) is not None:
            return seconds
    return None


def left_behind(facts: Facts) -> Suspect | None:
    """Of ranks that all timed out, the one that had enqueued less work than every other: the rest waited for it."""
    enqueued: dict[int, tuple[int, Line]] = {}
    for fact in facts.all("collective_timeout"):
        rank, _, _, _, work, _ = fact.value
        if rank is not None and work is not None and fact.line is not None:
            enqueued.setdefault(rank, (work, fact.line))
    if len(enqueued) < 2:
        return None
    (rank, (least, line)), (_, (second, _)) = sorted(enqueued.items(), key=lambda item: item[1][0])[:2]
    return Suspect(line, rank) if least < second else None
