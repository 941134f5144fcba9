"""Takes the wrappers off one log line (docker, Kubernetes, journald, Ray, torchrun, engines …) and reads its header.

A line of a real log wears several coats: `2025-05-16T13:12:16.6Z stdout F (EngineCore_DP0 pid=1) INFO 05-16 13:12:16
[core.py:1] text`. `peel` takes them off, remembers what they say (time, process, rank, pid …) and gives the text inside as
`body`. Formats: domain/engines.md §1, domain/nccl.md §3.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

LONGEST = 20_000  # characters looked at; engines print configurations of over 100 kB on one line

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|(?:\^\[|#033)\[[0-9;]*m")
# The ESC byte is often lost in copies. The digits are mandatory: `[m` would eat the start of `[multiproc_executor.py:…]`.
LOST_ANSI = re.compile(r"(?<![\w\]])\[\d{1,3}(?:;\d{1,3})*m|(?<=\w)\[0(?:;0)?m")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"
WRAPPERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("cri", re.compile(rf"^(?P<stamp>{ISO}\S*) (?:stdout|stderr) [FP] ")),
    ("rfc3339", re.compile(r"^(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d))\s+(?!- gpustack\.)(?!- \d+ - gpustack)")),
    ("ci", re.compile(rf"^\[(?P<stamp>{ISO}(?:[.,]\d+)?Z)\]\s+")),
    ("kubectl", re.compile(r"^\[pod/(?P<host>[^/\]]+)/[^\]]+\]\s?")),
    ("journald", re.compile(r"^(?P<stamp>[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?) (?P<host>\S+) [\w@./-]+(?:\[(?P<pid>\d+)\])?:\s")),
    ("syslog", re.compile(r"^(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)) (?P<host>\S+) [\w@./-]+(?:\[(?P<pid>\d+)\])?:\s")),
    ("torchrun", re.compile(r"^\[(?:default|rank)(?P<rank>\d+)\]:\s?")),
    ("mpi", re.compile(r"^\[\d+,(?P<rank>\d+)\](?:<std(?:out|err)>)?:\s?")),
    ("slurm", re.compile(r"^(?P<rank>\d{1,4}): (?=\S)")),
    ("compose", re.compile(r"^(?P<host>[A-Za-z0-9][\w.\-]*)\s*\|\s(?!\s*\d+/\d+ \[)")),
    ("djl", re.compile(r"^(?:INFO|WARN|ERROR)\s+PyProcess \S+: ")),
    ("quote", re.compile(r"^(?:> ?)+")),
)
PROCESS = re.compile(
    r"^\((?:(?P<name>[A-Za-z_][\w.:-]*(?: (?!pid=|rank=)[\w.:-]+)*)(?:\s+rank=(?P<rank>\d+))?\s+pid=(?P<pid>\d+)(?:,\s*ip=(?P<ip>[^)\s]+))?"
    r"|(?P<system>raylet|gcs_server|autoscaler)[^)]*)\)\s?"
)
REPEATED = re.compile(r" \[repeated (?P<times>\d+)x across cluster\](?: \(.*\))?$")
TP = re.compile(r"(?:^|[_ ])TP(?P<tp>\d+)")
PP = re.compile(r"(?:^|[_ ])PP(?P<pp>\d+)")

LEVELS = "TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL"
HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("vllm", re.compile(rf"^(?P<level>{LEVELS})\s+(?P<stamp>\d\d-\d\d \d\d:\d\d:\d\d) \[?(?P<source>[\w./<>-]+\.(?:py|rs):\d+)\]\s?(?P<body>.*)", re.S)),
    ("vllm-iso", re.compile(rf"^(?P<level>{LEVELS})\s+(?P<stamp>{ISO}\S*) \[(?P<source>[\w./<>-]+\.(?:py|rs):\d+)\]\s?(?P<body>.*)", re.S)),
    ("gpustack", re.compile(rf"^(?P<stamp>{ISO}\S*) - (?:\d+ - )?(?P<source>gpustack[\w.]*) - (?P<level>[A-Z]+) - (?P<body>.*)", re.S)),
    ("ray", re.compile(rf"^(?P<stamp>{ISO},\d+)\s+(?P<level>{LEVELS}) (?P<source>[\w./-]+:\d+) -- (?P<body>.*)", re.S)),
    ("ray-c++", re.compile(rf"^\[(?P<stamp>{ISO},\d+) (?P<level>[DIWEFC]) (?P<pid>\d+) \d+\] (?:\([\w-]+\) )?(?P<source>[\w./-]+:\d+): (?P<body>.*)", re.S)),
    ("c10", re.compile(r"^\[(?P<level>[IWEFC])(?P<stamp>\d{1,2}\d\d \d\d:\d\d:\d\d\.\d{6,9}) (?P<source>[\w./-]+\.(?:cpp|cu|h|hpp):\d+)\]\s?(?P<body>.*)", re.S)),
    ("c10-old", re.compile(r"^\[(?P<level>[IWEFC]) (?P<source>[\w./-]+\.(?:cpp|cu|h|hpp):\d+)\]\s?(?P<body>.*)", re.S)),
    ("torch", re.compile(r"^\[?(?P<level>[IWEFC])(?P<stamp>\d\d\d\d \d\d:\d\d:\d\d\.\d{6})\s+(?P<pid>\d+) (?P<source>\S+\.py:\d+)\]\s?(?P<body>.*)", re.S)),
    ("torch-iso", re.compile(r"^\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+) (?P<source>\S+\.py):\d+\] (?P<level>[A-Z]+)?:?\s*(?P<body>.*)", re.S)),
    ("deepspeed", re.compile(r"^\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+)\] \[(?P<level>[A-Z]+)\] \[(?P<source>[^\]]+)\]\s?(?P<body>.*)", re.S)),
    ("nccl", re.compile(
        r"^(?:\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\]]*)\] ?)?(?:(?P<host>[^\s:\[\]()]+):(?P<pid>\d+):(?P<tid>\d+) )?\[(?P<dev>-?\d+)\] "
        r"(?:(?:\d+\.\d+ )?(?P<source>[\w./-]+:\d+)(?: \([^)]*\))? )?NCCL (?P<level>INFO|WARN|TRACE|CALL|ERROR) ?(?P<body>.*)", re.S)),
    ("nccl-call", re.compile(r"^(?P<host>[^\s:\[\]()]+):(?P<pid>\d+):(?P<tid>\d+) NCCL (?P<level>CALL|INFO|WARN) (?P<body>.*)", re.S)),
    ("sglang", re.compile(r"^\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d+)?)(?P<ranks>(?: [A-Z_]+\d+)*)\]\s(?P<body>.*)", re.S)),
    ("sglang-diffusion", re.compile(r"^\[(?P<stamp>\d\d-\d\d \d\d:\d\d:\d\d)\]\s(?P<body>.*)", re.S)),
    ("uvicorn", re.compile(r"^(?P<level>INFO|WARNING|ERROR|DEBUG|CRITICAL):\s{2,}(?P<body>.*)", re.S)),
    ("hami", re.compile(r"^\[HAMI-core (?P<level>\w+)\s?\(pid:(?P<pid>\d+)[^)]*\)\]: ?(?P<body>.*)", re.S)),
    ("python", re.compile(rf"^(?P<stamp>{ISO}(?:[.,]\d+)?)\s+(?:\[?[\w.]+\]?\s+)?-?\s*\[?(?P<level>{LEVELS})\]?[\s:-]+(?P<body>.*)", re.S)),
    ("python-source", re.compile(rf"^\[?(?P<level>{LEVELS})\]?[|:\s]\s*(?:\[?(?P<source>[\w./-]+\.py):\d+\]?[>\s:]*)(?P<stamp>\d\d-\d\d \d\d:\d\d:\d\d)?\W*(?P<body>.*)", re.S)),
    ("kernel", re.compile(r"^(?:kernel: )?\[\s*(?P<uptime>\d+\.\d{6})\] (?P<body>.*)", re.S)),
)


@dataclass(slots=True)
class Peeled:
    """One line without its coats.

    body      the text inside
    header    which header it had ("vllm", "nccl", …), "" for none
    stamp     the innermost time as printed, `seconds` the same on the document's own clock (None: no time told)
    process   innermost process name ("EngineCore", "Worker_TP0", "RayWorkerWrapper"); `rank`, `pid`, `ip`, `host` where told
    device    NCCL's `[dev]`: the CUDA device of the thread that wrote, not the rank
    repeated  how often Ray says that this line came in all
    """

    body: str
    header: str = ""
    stamp: str = ""
    outer_stamp: str = ""
    level: str = ""
    process: str = ""
    rank: int | None = None
    pid: int | None = None
    ip: str = ""
    host: str = ""
    device: int | None = None
    source: str = ""
    repeated: int = 1
    wrappers: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """Seconds on the document's own clock; a stamp without a year counts from a year of its own."""
        return seconds_of(self.stamp or self.outer_stamp)


def without_colour(text: str) -> str:
    """`text` without terminal control sequences, also those that have lost their ESC."""
    if "[" in text:
        text = LOST_ANSI.sub("", ANSI.sub("", text))
    return CONTROL.sub("", text)


def peel(text: str) -> Peeled:
    """Everything that the coats of one line say, and the text inside. Never raises."""
    rest = without_colour(text[:LONGEST]).rstrip("\r\n")
    peeled = Peeled(rest)
    if match := REPEATED.search(rest):
        peeled.repeated, rest = int(match["times"]), rest[: match.start()]
    moved = True
    while moved and rest:
        moved = False
        for name, pattern in WRAPPERS:
            match = pattern.match(rest)
            if match and match.end() > 0:
                take(peeled, name, match)
                rest, moved = rest[match.end() :], True
                break
        if not moved and rest[0] == "(" and (match := PROCESS.match(rest)):
            take(peeled, "process", match)
            rest, moved = rest[match.end() :], True
    peeled.body = rest
    if rest[:1] == " " and rest.lstrip()[:1] in "(I[W":
        rest = rest.lstrip()
    for name, pattern in HEADERS:
        if match := pattern.match(rest):
            read_header(peeled, name, match)
            break
    return peeled


def take(peeled: Peeled, name: str, match: re.Match[str]) -> None:
    groups = match.groupdict()
    peeled.wrappers.append(name)
    if groups.get("stamp") and not peeled.outer_stamp:
        peeled.outer_stamp = groups["stamp"]
    if groups.get("host"):
        peeled.host = groups["host"]
    if groups.get("rank") is not None:
        peeled.rank = int(groups["rank"])
    if groups.get("pid"):
        peeled.pid = int(groups["pid"])
    if groups.get("ip"):
        peeled.ip = groups["ip"]
    if process := groups.get("name") or groups.get("system"):
        peeled.process = process
        if found := TP.search(process):
            peeled.rank = int(found["tp"])


def read_header(peeled: Peeled, name: str, match: re.Match[str]) -> None:
    groups = match.groupdict()
    peeled.header, peeled.body = name, groups["body"]
    peeled.stamp = groups.get("stamp") or (groups.get("uptime") or "")
    peeled.level = {"I": "INFO", "W": "WARNING", "E": "ERROR", "F": "ERROR", "C": "CRITICAL", "D": "DEBUG", "WARN": "WARNING"}.get(
        groups.get("level") or "", groups.get("level") or ""
    )
    peeled.source = groups.get("source") or ""
    if groups.get("pid"):
        peeled.pid = int(groups["pid"])
    if groups.get("host"):
        peeled.host = groups["host"]
    if groups.get("dev") is not None:
        peeled.device = int(groups["dev"])
    if ranks := groups.get("ranks"):
        peeled.process = ranks.strip()
        if found := TP.search(ranks):
            peeled.rank = int(found["tp"])


FULL = re.compile(r"^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d)?")
SHORT = re.compile(r"^(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)")
C10 = re.compile(r"^(\d{1,2})(\d\d) (\d\d):(\d\d):(\d\d)\.(\d+)")
SYSLOG = re.compile(r"^([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
NO_YEAR = 2000  # a leap year, so that 02-29 exists


def seconds_of(stamp: str) -> float | None:
    """A printed time in seconds; stamps of one style can be compared, those without a year only among themselves."""
    if not stamp:
        return None
    try:
        if match := FULL.match(stamp):
            year, month, day, hour, minute, second = (int(g) for g in match.groups()[:6])
            moment = datetime(year, month, day, hour, minute, second, tzinfo=zone(match[8]))
            return moment.timestamp() + fraction(match[7])
        if match := SHORT.match(stamp):
            month, day, hour, minute, second = (int(g) for g in match.groups())
            return datetime(NO_YEAR, month, day, hour, minute, second, tzinfo=UTC).timestamp()
        if match := C10.match(stamp):
            month, day, hour, minute, second = (int(g) for g in match.groups()[:5])
            return datetime(NO_YEAR, month, day, hour, minute, second, tzinfo=UTC).timestamp() + fraction(match[6])
        if match := SYSLOG.match(stamp):
            month = MONTHS.index(match[1]) + 1
            day, hour, minute, second = (int(g) for g in match.groups()[1:5])
            return datetime(NO_YEAR, month, day, hour, minute, second, tzinfo=UTC).timestamp() + fraction(match[6])
        return float(stamp)  # kernel uptime
    except ValueError:
        return None  # a date that does not exist, as in damaged text


def zone(text: str | None) -> timezone:
    if not text or text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0)))


def fraction(digits: str | None) -> float:
    return float(f"0.{digits}") if digits else 0.0
