"""What PyTorch's flight-recorder analyser prints (`torchfrtrace`, with `-j` too), and the debug server's tables.

Samples (domain/engines.md §4.4):

    Not all ranks joining collective, sequence number: 4          Not all ranks joining collective 5 at entry 4
    group info: 0:default_pg                                      …
    collective: nccl:all_reduce
    missing ranks: {3, 5}
    world size: 8
    collective state: scheduled
    error msg: Culprit rank 2; Error type: COLLECTIVE_TYPE_MISMATCH

    Rank 0                                             Rank 1
    -------------------------------------------------  -------------------------------------------------
    all_reduce(input_sizes=[[1024]], state=completed)  all_reduce(input_sizes=[[1024]], state=completed)
    all_reduce(input_sizes=[[1024]], state=started)

      id  group_id    pass_check  collective_seq_id  collective_name    collective_state  missing_ranks
       4  main_comm   True        4                  nccl:all_reduce    scheduled         {1}

`flight_recorder` facts are (rank or None, sequence number or None, state, collective); a rank that did not join has the
state "missing", one that the analyser calls the culprit "culprit" with the kind of mismatch in place of the collective.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

HEAD = lazy_re.compile(
    r"(?:Not all ranks joining collective,? |[Cc]ollective (?=sequence number))(?:sequence number:? ?)?(?P<seq>\d+)(?: at entry \d+)?"
)
KEY = lazy_re.compile(
    r"^\s*(?P<key>collective sequence number|internal record id|group info|collective|missing ranks|input sizes|output sizes|world size|expected ranks|collective state"
    r"|error msg|collective stack trace)\s*: ?(?P<value>.*)$|^\s*Culprit rank \d"
)
FRAME = lazy_re.compile(r"^\s*\S.{0,200} at \S+:\d+\s*$")
NUMBERS = lazy_re.compile(r"\d{1,6}")
CULPRIT = lazy_re.compile(r"Culprit rank (?P<rank>\d{1,6})(?:; (?:Error type: )?(?P<error>\w+))?")

RULE = lazy_re.compile(r"^\s*-{4,}(?:\s+-{4,})*\s*$")
SIDES = lazy_re.compile(r"^\s*Rank \d+(?:\s{2,}Rank \d+)*\s*$")
OPERATION = lazy_re.compile(
    r"^(?P<name>\w+)\((?P<inside>.*)\bstate=(?P<state>scheduled|started|completed)\b|^(?P<cut>\w+)\("
)
SEQUENCE = lazy_re.compile(r"seq_id=(?P<seq>\d+)")

TABLE_ROW = lazy_re.compile(
    r"^\s*\d+\s+\S.*?\s(?P<seq>\d+)\s+(?:\d+\s+)?(?P<name>(?:nccl|xccl|gloo):[\w<>-]+(?: [\d<>-]+)?)\s+(?:.*\s)?(?P<state>scheduled|started|completed)\b(?P<rest>.*)$"
)
MISSING = lazy_re.compile(r"\{(?P<ranks>[\d, ]+)\}")


def parse_summary(section: Section) -> Iterator[Fact]:
    """One collective that not all ranks joined, or joined differently."""
    head, *rest = section.lines
    match = HEAD.search(peel(head.text).body)
    sequence = int(match["seq"]) if match and len(match["seq"]) < 16 else None
    told: dict[str, tuple[str, Line]] = {}
    for line in rest:
        if (key := KEY.match(peel(line.text).body)) and key["key"]:
            told.setdefault(key["key"].lower(), (key["value"].strip(), line))
    name = told["collective"][0] if "collective" in told else ""
    if "collective state" in told and name:
        state, line = told["collective state"]
        yield Fact("flight_recorder", (None, sequence, state, name), line)
    ranks, line = told.get("missing ranks", ("", head))
    for rank in NUMBERS.findall(ranks):
        yield Fact("flight_recorder", (int(rank), sequence, "missing", name), line)
    for line in rest:
        for culprit in CULPRIT.finditer(peel(line.text).body):
            yield Fact("flight_recorder", (int(culprit["rank"]), sequence, "culprit", culprit["error"] or ""), line)
            yield Fact("failed_rank", int(culprit["rank"]), line, sure=False)
    if "default_pg" in told.get("group info", ("", head))[0] and "world size" in told:
        size, line = told["world size"]
        if size.isdigit() and 0 < int(size[:7]) < 100_000:
            yield Fact("world_size", int(size), line)


def summary_belongs(text: str, taken: int) -> bool:
    return taken < 200 and bool((KEY.match(text) or FRAME.match(text)) and not text.startswith("Not all ranks"))


def parse_sides(section: Section) -> Iterator[Fact]:
    """The last entry of each rank; a column that ends before the others is a rank that did not go on."""
    head, *rest = section.lines
    if not rest or not RULE.match(peel(rest[0].text).body):
        return
    spans = [match.span() for match in re.finditer(r"-+", peel(rest[0].text).body)]
    ranks = NUMBERS.findall(peel(head.text).body)
    if len(spans) != len(ranks):
        return
    last: dict[int, tuple[int, str, Line]] = {}  # column → its last row's number, entry and line
    for number, line in enumerate(rest[1:]):
        body = peel(line.text).body
        for column, (start, end) in enumerate(spans):
            if entry := body[start:end].strip():
                last[column] = (number, entry, line)
    for column, (number, entry, line) in sorted(last.items()):
        if (match := OPERATION.match(entry)) and match["state"]:
            sequence = SEQUENCE.search(match["inside"])
            told = (int(ranks[column]), int(sequence["seq"]) if sequence else None, match["state"], match["name"])
            yield Fact("flight_recorder", told, line)
        ahead = [other for other in last.values() if other[0] > number]
        if ahead and section.complete and (next_one := OPERATION.match(min(ahead)[1])):
            name = next_one["name"] or next_one["cut"]
            yield Fact("flight_recorder", (int(ranks[column]), None, "missing", name), line, sure=False)


def sides_belongs(text: str, taken: int) -> bool:
    return taken < 20_000 and bool(RULE.match(text) if taken == 1 else re.match(r"\s*\w+\(", text))


def parse_table(section: Section) -> Iterator[Fact]:
    """The rows that are not completed by all."""
    for line in section.lines[1:]:
        if match := TABLE_ROW.match(peel(line.text).body):
            sequence = int(match["seq"]) if len(match["seq"]) < 16 else None
            missing = MISSING.search(match["rest"])
            if match["state"] != "completed" or missing:
                yield Fact("flight_recorder", (None, sequence, match["state"], match["name"]), line)
            for rank in NUMBERS.findall(missing["ranks"]) if missing else ():
                yield Fact("flight_recorder", (int(rank), sequence, "missing", match["name"]), line)


def table_belongs(text: str, taken: int) -> bool:
    return taken < 20_000 and bool(RULE.match(text) or re.match(r"^\s*\d+\s+\S", text))


TITLE = {"en": "flight recorder analysis", "zh-hans": "Flight Recorder 分析"}

FORMATS = (
    Format(
        "flight-recorder-summary",
        TITLE,
        parse_summary,
        heads=(
            r"Not all ranks joining collective",
            r"[Cc]ollective sequence number: ?\d+ has ",
            r"Input/output mismatch in the collective sequence number: ?\d+",
        ),
        belongs=summary_belongs,
    ),
    Format("flight-recorder-sides", TITLE, parse_sides, heads=(r"^\s*Rank \d+\s{2,}Rank \d+",), belongs=sides_belongs),
    Format(
        "flight-recorder-table",
        TITLE,
        parse_table,
        heads=(r"^\s*id\s+group_id\s.*\bcollective_seq_id\s",),
        belongs=table_belongs,
    ),
)
