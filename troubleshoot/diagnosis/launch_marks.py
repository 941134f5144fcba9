"""What single lines say about a launch, before `timeline` makes one picture of them: phases, levels, attempts.

Levels are those of domain/engines.md §2.1, phases those of contract.md; every engine's lines are placed on the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.peel import Peeled, peel, seconds_of

PHASES = ("prepare", "start", "rendezvous", "nccl-init", "all-reduce-setup", "load", "profile", "capture", "ready")

# The last level of each phase (contract.md, "Phases").
LAST_LEVELS = (0, 5, 7, 8, 10, 14, 17, 18, 20)

YEAR = 366 * 86_400  # of the year without a number, see `in_no_year`
BAR = lazy_re.compile(r"/(?P<total>\S{1,12}) \[(?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d\d)<")

# These edges say that the launch moved.
MOVES = ("launch", "open", "progress", "close", "busy", "ready", "serving")


@dataclass(frozen=True, slots=True)
class PhaseMark:
    """One line that says where the launch stands, for one rank if told.

    edge      launch             the launch begins here (a new attempt, when one was under way)
              open, progress, close
              busy               progress that proves work: a bar below 100 %, a compile or download line
              note               says nothing of the order (V0 names its attention backend before the ranks meet)
              ready, serving     the engine answers
              platform           the platform itself starts: the next web server is its own, not the engine's
              heartbeat          repeats while somebody waits
              waits-for-workers  a heartbeat of vLLM's engine core, which during start waits only for loaded workers
              trace              a traceback's frame: where a failure happened
              failed             the launch, or a part of it, failed
              traceback          begins to say what failed; its last line may be cut off
              warned             NCCL could not do something; fatal unless the launch went on
              interrupted        somebody gave up waiting
              stopped            the process was told to end, which says nothing of why
    level     "L8" … of domain/engines.md, finer than the phase
    seconds   on the document's own wall clock, None when the line has no time
    pid       of the process that wrote, where the line names it
    """

    phase: str
    edge: str
    level: str = ""
    rank: int | None = None
    process: str = ""
    seconds: float | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One mark, the line it was read from, and the time of that line (of a progress bar: see `timed`)."""

    line: Line
    mark: PhaseMark
    at: float | None = None

    @property
    def moves(self) -> bool:
        return self.mark.edge in MOVES and bool(self.mark.phase)


@lru_cache(maxsize=64)
def phase_of(level: str) -> str:
    """The contract's phase of a level: "L8" → "nccl-init"; "" for no level."""
    number = level_number(level)
    return (
        "" if number is None else next(phase for phase, last in zip(PHASES, LAST_LEVELS, strict=True) if number <= last)
    )


def level_number(level: str) -> int | None:
    return int(level[1:]) if level[:1] == "L" and level[1:].isdigit() and int(level[1:]) <= LAST_LEVELS[-1] else None


def wall_seconds(peeled: Peeled) -> float | None:
    """The time of a line as printed, in seconds of a year without a number.

    One document mixes stamps with and without year and zone, and all are the same clock on the wall. The outer stamp
    wins: a wrapper stamps every line alike.
    """
    return seconds_of_wall(peeled.outer_stamp or peeled.stamp)


@lru_cache(maxsize=4096)
def seconds_of_wall(stamp: str) -> float | None:
    """The same of a stamp; thousands of lines a second bear the same one."""
    seconds = seconds_of(re.sub(r"(?<=\d)\s*(?:Z|[+-]\d\d:?\d\d)$", "", stamp)) if stamp else None
    return None if seconds is None else in_no_year(seconds)


def in_no_year(seconds: float) -> float | None:
    if seconds < YEAR:  # a kernel's uptime
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.replace(year=2000).timestamp()


def marks_of(documents: Sequence[Document], facts: Facts) -> dict[str, list[Seen]]:
    """The marks of each document, in the order of their lines."""
    order = {document.name: n for n, document in enumerate(documents)}
    found: dict[str, list[Seen]] = defaultdict(list)
    for fact in facts.all("phase_mark"):
        if fact.line is not None:
            found[fact.line.file].append(Seen(fact.line, fact.value))
    for name, seen in found.items():
        found[name] = timed(of_the_engine(sorted(seen, key=lambda s: s.line.number)))
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def of_the_engine(seen: Sequence[Seen]) -> list[Seen]:
    """Without the web server of the platform: uvicorn says the same of GPUStack's own as of the engine's."""
    platforms = False
    kept = []
    for this in seen:
        if this.mark.edge == "platform":
            platforms = True
        elif this.moves and this.mark.phase not in (PHASES[0], PHASES[-1]):
            platforms = False
        if this.mark.edge != "platform" and not (platforms and this.mark.phase == PHASES[-1]):
            kept.append(this)
    return kept


def timed(seen: Sequence[Seen]) -> list[Seen]:
    """The marks of one document with their times: a bar has no stamp, but says for how long it has been drawn."""
    now: float | None = None
    moved: float | None = None
    began: float | None = None  # when the present bar was drawn first: not before the launch moved last
    present: Bar | None = None
    result = []
    for this in seen:
        own = this.mark.seconds
        bar = bar_of(this.line.text) if own is None else None
        if bar is not None:
            if present is None or bar.total != present.total or bar.elapsed < present.elapsed:
                began = moved
            present = bar
            if now is not None and began is not None:
                moved = now = max(now, began + bar.elapsed)
        elif own is not None:
            now = own = not_before(own, now)
            moved = now if this.mark.edge in MOVES else moved
        result.append(Seen(this.line, this.mark, now if bar is not None else own))
    return result


def not_before(seconds: float, reference: float | None) -> float:
    """A time that follows `reference`: stamps without a year begin again at New Year."""
    return seconds + YEAR if reference is not None and seconds < reference - YEAR / 2 else seconds


class Bar(NamedTuple):
    total: str
    elapsed: int  # seconds


def bar_of(text: str) -> Bar | None:
    """A tqdm bar: `7/23 [02:20<05:10, 19.4s/it]`; None for any other line."""
    match = BAR.search(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(match[unit] or 0) for unit in ("hours", "minutes", "seconds"))
    return Bar(match["total"], hours * 3600 + minutes * 60 + seconds)


def weight(launch: Sequence[Seen]) -> tuple[int, int]:
    """How much of a launch this is: levels first, for NCCL's lines come by the thousand."""
    return len({s.mark.level for s in launch if s.mark.level}), len(launch)


def last_attempt(seen: Sequence[Seen]) -> list[list[Seen]]:
    """The marks of the last attempt, apart for each node: logs of several nodes in one text run at the same time."""
    logs: list[list[Seen]] = [[]]
    got_far, latest = False, None
    for this in seen:
        mark = this.mark
        if mark.edge == "launch" and got_far:
            overlaps = latest is not None and mark.seconds is not None and mark.seconds < latest - 1
            logs = [*logs, []] if overlaps else [[]]
            got_far = False
        if mark.edge in ("failed", "interrupted", "ready") or (this.moves and (level_number(mark.level) or 0) >= 6):
            got_far = True
        if mark.seconds is not None:
            latest = mark.seconds if latest is None else max(latest, mark.seconds)
        logs[-1].append(this)
    return [log for log in logs if log]


def started(opening: Seen | None) -> str | None:
    """ISO 8601 when the line has a year, else the time as printed."""
    if opening is None:
        return None
    peeled = peel(opening.line.text)
    for stamp in (peeled.stamp, peeled.outer_stamp):
        if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", stamp):
            return stamp.replace(" ", "T", 1)
    return peeled.stamp or peeled.outer_stamp or None
