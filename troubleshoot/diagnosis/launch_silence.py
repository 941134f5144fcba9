"""For how long a launch said nothing: from its last line that says something to the latest time the inputs know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.launch_marks import Seen, level_number, not_before, wall_seconds
from troubleshoot.diagnosis.peel import peel

LONGEST_SILENCE = 7 * 86_400  # a later time than that belongs to another day's story
RANKS_BEGIN = 6  # from this level on it is the ranks that speak
WAITS = ("heartbeat", "waits-for-workers", "stopped")


def silence(
    launch: Sequence[Seen],
    launches: Sequence[Sequence[Seen]],
    last: Seen | None,
    documents: Sequence[Document],
    facts: Facts,
) -> float | None:
    """Seconds between the last line that says something and the latest time known from the inputs; None: nothing tells."""
    told = facts.value("silence_seconds")
    known: list[float] = [float(told)] if isinstance(told, (int, float)) else []
    main = launch[0].line.file
    said = max((s.at for s in launch if s.moves and s.at is not None), default=None)
    if said is not None and last is not None:
        later = [s.mark.seconds for s in launch if s.mark.edge in WAITS and s.mark.seconds is not None]
        later += [t for d in documents if d.name != main and (t := last_time(d)) is not None]
        for fact in facts.all("now"):
            if isinstance(fact.value, datetime):
                later.append(fact.value.replace(year=2000, tzinfo=UTC).timestamp())
        # other ranks, in files of their own, go on in the same launch
        others = [s.at for other in launches for s in other if s.moves and s.at is not None and is_of_a_rank(s)]
        spoken = last_said(documents, launch)
        heard = max([said, *others, *([] if spoken is None else [not_before(spoken, said)])])
        known += [s for t in later if 0 < (s := not_before(t, heard) - heard) <= LONGEST_SILENCE]
    return max(known, default=None)


def is_of_a_rank(seen: Seen) -> bool:
    return (level_number(seen.mark.level) or 0) >= RANKS_BEGIN


def last_time(document: Document) -> float | None:
    """The time of the last stamped line."""
    for text in reversed(document.texts[-200:]):
        if (seconds := wall_seconds(peel(text))) is not None:
            return seconds
    return None


def last_said(documents: Sequence[Document], launch: Sequence[Seen]) -> float | None:
    """The time of the launch log's last stamped line that is no heartbeat."""
    document = next((d for d in documents if d.name == launch[0].line.file), None)
    if document is None:
        return None
    waits = {s.line.number for s in launch if s.mark.edge in WAITS}
    for number, text in zip(reversed(document.numbers[-400:]), reversed(document.texts[-400:]), strict=True):
        if number not in waits and (seconds := wall_seconds(peel(text))) is not None:
            return seconds
    return None
