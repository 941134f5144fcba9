"""A flight-recorder dump of PyTorch's as text: JSON, or the printed Python dictionary. Never the pickle.

Meaning: domain/engines.md §4.4. Sample:

    {"collective_seq_id": 7, "profiling_name": "nccl:all_reduce", "state": "started", …}
    {'record_id': 6, 'collective_seq_id': 7, 'profiling_name': 'nccl:all_reduce', …, 'state': 'started', …}
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

ENTRY = lazy_re.compile(
    r"[\"'](?P<key>collective_seq_id|profiling_name|state|rank)[\"']: ?(?:[\"'](?P<text>[^\"']*)[\"']|(?P<number>-?\d{1,15})\b)"
)
WHOLE_ENTRY = {"collective_seq_id", "profiling_name", "state"}
FILE_RANK = lazy_re.compile(r"(?:rank_?|_)(?P<rank>\d{1,6})(?:\.json|\.txt)?$")


def parse(section: Section) -> Iterator[Fact]:
    """`flight_recorder` facts: (rank, collective sequence id, state, name)."""
    rank = file_rank(section.document.name)
    entry: dict[str, str] = {}
    for line in section.lines:
        for match in ENTRY.finditer(peel(line.text).body):
            key, value = match["key"], match["text"] if match["text"] is not None else match["number"]
            if key == "rank":
                rank = int(value) if value.isdigit() else rank
                continue
            if key in entry:
                entry = {}  # the entry before was not whole
            entry[key] = value
            if entry.keys() == WHOLE_ENTRY:
                number = entry["collective_seq_id"]
                sequence = int(number) if number.lstrip("-").isdigit() else None
                yield Fact("flight_recorder", (rank, sequence, entry["state"], entry["profiling_name"]), line)
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
            r"[\"'](?:collective_seq_id|profiling_name)[\"']: ?[\"'\d]",
            r"[\"']state[\"']: ?[\"'](?:scheduled|started|completed)[\"']",
        ),
    ),
)
