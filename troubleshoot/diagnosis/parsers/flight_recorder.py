"""Flight-recorder evidence of PyTorch: what `torchfrtrace` prints, and the JSON form of a dump. Never the pickle.

Meaning: domain/engines.md §4.4. Samples:

    Not all ranks joining collective, sequence number: 7
    missing ranks: {3}
    {"collective_seq_id": 7, "profiling_name": "nccl:all_reduce", "state": "started", …}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

SEQUENCE = re.compile(r"(?:sequence number|collective_seq_id)\D{1,4}(?P<seq>\d+)")
MISSING = re.compile(r"[Mm]issing ranks?:? \{?(?P<ranks>[\d, ]+)\}?")
CULPRIT = re.compile(r"Culprit rank (?P<rank>\d+)(?:; Error type: (?P<error>[\w.]+))?")
NOT_ALL = re.compile(r"Not all ranks joining collective")
ENTRY = re.compile(r'"(?P<key>collective_seq_id|profiling_name|state|rank)": ?(?:"(?P<text>[^"]*)"|(?P<number>-?\d+))')
FILE_RANK = re.compile(r"(?:rank_?|_)(?P<rank>\d{1,6})(?:\.json|\.txt)?$")


def parse(section: Section) -> Iterator[Fact]:
    """`flight_recorder` facts: (rank, collective sequence id, state, name)."""
    rank = file_rank(section.document.name)
    sequence: int | None = None
    entry: dict[str, str] = {}
    for line in section.lines:
        text = peel(line.text).body
        if match := CULPRIT.search(text):
            yield Fact("flight_recorder", (int(match["rank"]), sequence, "culprit", match["error"] or ""), line)
            yield Fact("failed_rank", int(match["rank"]), line, sure=False)
        elif match := MISSING.search(text):
            for number in re.findall(r"\d{1,6}", match["ranks"]):
                yield Fact("flight_recorder", (int(number), sequence, "missing", ""), line)
        elif '"' not in text and (match := SEQUENCE.search(text)):
            sequence = int(match["seq"])
        for match in ENTRY.finditer(text):
            key, value = match["key"], match["text"] if match["text"] is not None else match["number"]
            if key == "rank" and value.isdigit():
                rank = int(value)
            else:
                entry[key] = value
            if "state" in entry and "collective_seq_id" in entry and "profiling_name" in entry:
                number = entry["collective_seq_id"]
                yield Fact(
                    "flight_recorder",
                    (
                        rank,
                        int(number) if number.lstrip("-").isdigit() else None,
                        entry["state"],
                        entry["profiling_name"],
                    ),
                    line,
                )
                entry = {}


def file_rank(name: str) -> int | None:
    """The recorder writes one file for each rank and names it by the rank."""
    match = FILE_RANK.search(name)
    return int(match["rank"]) if match else None


FORMATS = (
    Format(
        "flight-recorder",
        {"en": "flight recorder", "zh-hans": "Flight Recorder 记录"},
        parse,
        lines=(
            NOT_ALL.pattern,
            CULPRIT.pattern,
            r"[Mm]issing ranks?:? \{[\d, ]+\}",
            r'"(?:collective_seq_id|profiling_name)": ?["\d]',
            r'"state": ?"(?:scheduled|started|completed)"',
            r"collective sequence number: ?\d+",
        ),
    ),
)
