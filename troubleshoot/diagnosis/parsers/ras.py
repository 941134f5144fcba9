"""NCCL's RAS (2.24 and newer): `ncclras -v`, `echo verbose status | nc localhost 28028`. Its JSON: `ras_json`.

Format: domain/nccl.md §3.9. Sample:

    NCCL version 2.24.3 compiled with CUDA 12.4
    Communicators... (0.00s)
    =============
    Group     Comms     Nodes     Ranks     Ranks     Ranks    Status  Errors
        #  in group  per comm  per node  per comm  in group
        0         1         1         2         2         2   RUNNING  MISMATCH
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

STATUS = "NOCOMM|INIT|RUNNING|FINALIZE|ABORT|UNKNOWN"
ERRORS = "OK|INCOMPLETE|ERROR|MISMATCH"
ROW = lazy_re.compile(
    rf"^\s*\d+\s+\d+\s+(?P<nodes>\d+)\s+(?P<local>[\d-]+)\s+(?P<ranks>[\d-]+)\s+\d+\s+(?P<status>(?:{STATUS})(?:,(?:{STATUS}))*)\s+(?P<errors>(?:{ERRORS})(?:,(?:{ERRORS}))*)\s*$"
)
BLOCK = lazy_re.compile(rf"#\d+-\d+ \([0-9a-fx]+\)\s+(?P<errors>(?:{ERRORS}|NOCOMM|DEAD)(?:,(?:{ERRORS}))*)")
DEAD = lazy_re.compile(r"Rank (?P<rank>\d+) -- GPU (?P<gpu>\d+) managed by process (?P<pid>\d+) on node (?P<host>\S+)")
# Of the whole job, without a communicator's number.
JOB = lazy_re.compile(
    r"^\s*(?:Missing communicator data from (?P<missing>\d+) job process|(?P<dead>\d+) job process(?:es are| is) considered dead)"
)
COUNTS = lazy_re.compile(r"(?P<ranks>\d+) ranks? ha(?:ve|s) launched up to operation (?P<count>\d+)")
JSON_STATUS = lazy_re.compile(r'"(?P<key>status|errors?|state)": ?"(?P<value>[A-Z,_]{2,60})"')
VERSION = lazy_re.compile(r"NCCL version (?P<version>2\.\d+\.\d+)")


def parse(section: Section) -> Iterator[Fact]:
    """`ras_status` (status, errors) of each group; shape of the job from the table."""
    missing = False
    status = ""
    for line in section.lines:
        text = peel(line.text).body
        if match := ROW.match(text):
            yield Fact("ras_status", (match["status"], match["errors"]), line)
            if match["nodes"].isdigit() and int(match["nodes"]):
                yield Fact("node_count", int(match["nodes"]), line)
            if match["ranks"].isdigit():
                yield Fact("world_size", int(match["ranks"]), line)
        elif match := BLOCK.search(text):
            missing = match["errors"] in ("INCOMPLETE", "DEAD")
            yield Fact("ras_status", ("", match["errors"]), line)
        elif match := DEAD.search(text):
            if missing:
                yield Fact("failed_rank", int(match["rank"]), line, sure=False)
        elif match := JOB.match(text):
            yield Fact("ras_status", ("", "INCOMPLETE" if match["missing"] else "DEAD"), line)
        elif match := COUNTS.search(text):
            yield Fact("ras_status", ("launched", f"{match['ranks']} ranks up to {match['count']}"), line)
        elif match := VERSION.search(text):
            yield Fact("nccl_version", match["version"], line)
        for match in JSON_STATUS.finditer(text):
            if match["key"] in ("status", "state"):
                status = match["value"]
                yield Fact("ras_status", (status, ""), line)
            else:
                yield Fact("ras_status", (status, match["value"]), line)


FORMATS = (
    Format(
        "nccl-ras",
        {"en": "NCCL RAS", "zh-hans": "NCCL RAS"},
        parse,
        lines=(
            rf"^\s*\d+\s+\d+\s+\d+\s+[\d-]+\s+[\d-]+\s+\d+\s+(?:{STATUS})\S*\s+(?:{ERRORS})",
            BLOCK.pattern,
            DEAD.pattern,
            r"Missing communicator data from \d+ job process",
            r"\d+ job process(?:es are| is) considered dead",
            COUNTS.pattern,
            r'"ras_status"|"nccl_?ras"',
            rf'"(?:status|state)": ?"(?:{STATUS})"',
            rf'"errors?": ?"(?:{ERRORS})"',
            r"NCCL version 2\.\d+\.\d+ compiled with CUDA",
        ),
        print_out=True,
    ),
)
