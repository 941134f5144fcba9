"""NCCL's RAS as JSON (`ncclras -f json`, NCCL 2.28.7 and newer): what its text form calls status and errors.

Sample (domain/nccl.md §3.9):

    {"nccl_version": "2.29.1", "communicators_count": 1, "communicators": [{"hash": "0xae94…", "size": 2, "ranks_count": 1,
     "missing_ranks_count": 1, "ranks": [{"rank": 0, "host": "10.0.0.1", …, "status": {"init_state": 0, "async_error": 0,
     "finalize_called": false, "destroy_flag": false, "abort_flag": false}, "collective_counts": {"AllReduce": 12}}],
     "missing_ranks": [{"rank": 1, …, "status": {"unresponsive": true, "considered_dead": false}}]}]}

The JSON has no words for status and errors; they follow from the ranks as NCCL's text form makes them
(src/ras/client_support.cc). Read key by key: 2.28.9 leaves out a comma, and copies are cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.json_text import is_json_line

PAIR = lazy_re.compile(
    r'"(?P<key>\w{1,40})"\s*:\s*(?:"(?P<text>[^"]{0,200})"|(?P<number>-?\d{1,18})\b|(?P<word>true|false)|)'
)
IN_PROGRESS = 7  # ncclInProgress; 0 is ncclSuccess


@dataclass(slots=True)
class Rank:
    number: int
    line: Line
    flags: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Communicator:
    line: Line
    size: int | None = None
    missing_count: int = 0
    ranks: list[Rank] = field(default_factory=list)
    missing: list[Rank] = field(default_factory=list)


def parse(section: Section) -> Iterator[Fact]:
    """`ras_status` of each communicator, as the text form gives it; the version, the size, ranks that are gone."""
    found: Communicator | None = None
    ranks: list[Rank] = []
    for line in section.lines:
        for match in PAIR.finditer(line.text):
            key, number = match["key"], match["number"]
            if key == "nccl_version" and match["text"]:
                yield Fact("nccl_version", match["text"], line)
            elif key == "hash":
                yield from told(found)
                found = Communicator(line)
                ranks = found.ranks
            elif found is None:
                continue
            elif key == "size" and number:
                found.size = int(number)
            elif key == "missing_ranks_count" and number:
                found.missing_count = int(number)
            elif key in ("ranks", "missing_ranks"):
                ranks = found.ranks if key == "ranks" else found.missing
            elif key == "rank" and number:
                ranks.append(Rank(int(number), line))
            elif ranks and (number or match["word"]):
                value = int(number) if number else int(match["word"] == "true")
                (ranks[-1].counts if key[0].isupper() else ranks[-1].flags)[key] = value
    yield from told(found)


def told(found: Communicator | None) -> Iterator[Fact]:
    if found is None or not (found.ranks or found.missing):
        return
    if found.size:
        yield Fact("world_size", found.size, found.line)
    yield Fact("ras_status", (status_of(found.ranks), ",".join(errors_of(found)) or "OK"), found.line)
    for operation in sorted({name for rank in found.ranks for name in rank.counts}):
        reached = Counter(rank.counts.get(operation, 0) for rank in found.ranks)
        if len(reached) > 1:
            for count, many in sorted(reached.items(), reverse=True):
                first = next(rank for rank in found.ranks if rank.counts.get(operation, 0) == count)
                yield Fact("ras_status", ("launched", f"{many} ranks up to {count}"), first.line)
    for rank in found.missing:
        if rank.flags.get("considered_dead"):
            yield Fact("ras_status", ("", "DEAD"), rank.line)
        yield Fact("failed_rank", rank.number, rank.line, sure=False)


def status_of(ranks: list[Rank]) -> str:
    """The furthest state of any rank (an abort goes before all)."""
    states = set()
    for rank in ranks:
        if rank.flags.get("abort_flag"):
            states.add("ABORT")
        elif rank.flags.get("finalize_called") or rank.flags.get("destroy_flag"):
            states.add("FINALIZE")
        elif "init_state" in rank.flags:
            states.add("INIT" if rank.flags["init_state"] else "RUNNING")
    return next((state for state in ("ABORT", "FINALIZE", "RUNNING", "INIT") if state in states), "")


def errors_of(found: Communicator) -> Iterator[str]:
    if found.missing_count or found.missing:
        yield "INCOMPLETE"
    codes = [rank.flags.get(name, 0) for rank in found.ranks for name in ("init_state", "async_error")]
    if any(code not in (0, IN_PROGRESS) for code in codes):
        yield "ERROR"
    if any(rank.counts != found.ranks[0].counts for rank in found.ranks):
        yield "MISMATCH"


def belongs(text: str, taken: int) -> bool:
    return taken < 50_000 and is_json_line(text)


FORMATS = (
    Format(
        "nccl-ras-json",
        {"en": "NCCL RAS", "zh-hans": "NCCL RAS"},
        parse,
        heads=(r'"nccl_version"\s*:\s*"2', r'"communicators_count"\s*:\s*\d', r'"missing_ranks_count"\s*:\s*\d'),
        belongs=belongs,
    ),
)
