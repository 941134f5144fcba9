"""Line formats of launch logs as tables: one `Mark` says what a line tells, the table's `parse` does the rest.

A pattern is searched anywhere in the peeled line, for two processes may write on one line (domain/engines.md §1.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import VOCABULARY, Fact
from troubleshoot.diagnosis.launch_marks import PhaseMark, phase_of, wall_seconds
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import LONGEST, Peeled, peel

Told = Iterable[tuple[str, Any]]
"""Names and values of facts."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one kind of line tells.

    pattern   searched in the peeled line; no lookaround, no backreference (Hyperscan takes it as well)
    level     "L8" … (domain/engines.md §2.1), "" when the line belongs to no phase
    edge      as `PhaseMark.edge`; "" when the line tells facts only
    always    facts that any such line tells
    hints     facts that such a line makes likely, not sure
    tells     facts read from the match
    """

    pattern: str
    level: str = ""
    edge: str = "progress"
    always: tuple[tuple[str, Any], ...] = ()
    hints: tuple[tuple[str, Any], ...] = ()
    tells: Callable[[re.Match[str]], Told] | None = None


def phase_mark(level: str, edge: str, line: Line, peeled: Peeled, rank: int | None = None) -> Fact:
    """The fact that `line` opens, closes or moves on in the phase of `level`."""
    mark = PhaseMark(
        phase=phase_of(level),
        edge=edge,
        level=level,
        rank=rank if rank is not None else peeled.rank,
        process=peeled.process,
        seconds=wall_seconds(peeled),
        pid=peeled.pid,
    )
    return Fact("phase_mark", mark, line)


def group_rank(match: re.Match[str]) -> int | None:
    """The rank that the line itself names in a group `rank`."""
    rank = match.groupdict().get("rank")
    return int(rank) if rank and rank.isdigit() and len(rank) < 7 else None


def is_news(name: str, value: Any, seen: dict[str, set[str]]) -> bool:
    """Whether this reading adds anything: eight ranks say the same, and the first line is enough to cite.

    Observations are kept once each; of a name that has one value, only changes are kept, for the last may count.
    """
    said, told = repr(value), seen.setdefault(name, set())
    if said in told:
        return False
    if VOCABULARY[name].merge is not None:
        told.clear()
    told.add(said)
    return True


def no_facts(_process: str) -> Told:
    return ()


def table(
    kind: str,
    title: dict[str, str],
    marks: Sequence[Mark],
    settled: tuple[tuple[str, Any], ...] = (),
    of_process: Callable[[str], Told] = no_facts,
) -> Format:
    """A line format that reads by `marks`.

    `settled` facts hold once any line of the format is there; `of_process` tells what a process's name gives away.
    """
    compiled = cache(re.compile)  # when first wanted: a small case needs few of the patterns, and a quick start

    def candidates(section: Section) -> dict[int, list[int]]:
        """Which patterns the automaton found on which line; empty when the section was made without it."""
        found: dict[int, list[int]] = {}
        for n in range(len(marks)):
            for number in section.document.hits.get(f"{kind}#{n}", ()):
                found.setdefault(number, []).append(n)
        return found

    def parse(section: Section) -> Iterator[Fact]:
        known = candidates(section)
        seen: dict[str, set[str]] = {}
        ranks: dict[int, int] = {}  # pid → rank, from lines that name both
        for line in section.lines:
            peeled = peel(line.text)
            for n in known.get(line.number) or range(len(marks)):
                mark = marks[n]
                pattern = compiled(mark.pattern)
                match = pattern.search(peeled.body) or pattern.search(line.text[:LONGEST])
                if match is None:
                    continue
                rank = group_rank(match)
                if peeled.pid is not None:
                    if rank is not None:
                        ranks.setdefault(peeled.pid, rank)
                    rank = rank if rank is not None else ranks.get(peeled.pid)
                if mark.edge:
                    yield phase_mark(mark.level, mark.edge, line, peeled, rank)
                told = (*settled, *of_process(peeled.process), *mark.always, *(mark.tells(match) if mark.tells else ()))
                for name, value in told:
                    if is_news(name, value, seen):
                        yield Fact(name, value, line)
                for name, value in mark.hints:
                    if is_news(name, value, seen):
                        yield Fact(name, value, line, sure=False)

    return Format(kind, title, parse, lines=tuple(mark.pattern for mark in marks))


def whole(text: str | None) -> int | None:
    """A whole number as logs print it, commas allowed; None when it is none or absurdly long."""
    digits = (text or "").replace(",", "").strip()
    return int(digits) if digits.lstrip("-").isdigit() and len(digits) < 16 else None
