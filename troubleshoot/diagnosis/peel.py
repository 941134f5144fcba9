"""Takes the wrappers off one log line (docker, Kubernetes, journald, Ray, torchrun, engines …) and reads its header.

A line of a real log wears several coats: `2025-05-16T13:12:16.6Z stdout F (EngineCore_DP0 pid=1) INFO 05-16 13:12:16
[core.py:1] text`. `peel` takes them off, remembers what they say (time, process, rank, pid …) and gives the text inside as
`body`. Formats: domain/engines.md §1, domain/nccl.md §3.1.

Patterns are grouped by the character that a line starts with: most lines try two or three of them, not forty.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from troubleshoot.diagnosis import lazy_re

LONGEST = 20_000  # characters looked at; engines print configurations of over 100 kB on one line
MOST_COATS = 12  # more than any real line wears; a line of nothing but prefixes must not cost more than its length

ANSI = lazy_re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78cDEHMNOZ])")
SPELT_ANSI = lazy_re.compile(r"(?:\^\[|#033|\\033|\\x1b|\\u001b|\\e)\[[0-9;]*[mKHJ]", re.I)
SPELT_ESC = ("^[[", "#033[", "\\033[", "\\x1b[", "\\u001b[", "\\e[", "\\x1B[", "\\u001B[")
# The ESC byte is often lost in copies. The digits are mandatory: `[m` would eat the start of `[multiproc_executor.py:…]`.
# After a word only the codes that end a colour or start a plain one: `[12m` may be somebody's text.
LOST_ANSI = lazy_re.compile(r"\[(?:(?<![\w\]]\[)\d{1,3}(?:;\d{1,3})*|(?<=[\w\])]\[)(?:0(?:;0)?|3[0-7]|9[0-7]))m")
CONTROL = lazy_re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b]")
ENTITY = lazy_re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,5}|#x[0-9a-fA-F]{1,4});")

ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"
ZONE = r"(?:Z|[+-]\d\d:?\d\d)"
LEVELS = "TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL|NOTICE"
UNIT = r"[\w@./\\-]{1,80}(?:\[(?P<pid>\d+)\])?:\s?"


def coats(*patterns: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, lazy_re.compile(pattern)) for name, pattern in patterns)


PROCESS = lazy_re.compile(
    r"^\((?:(?P<name>[A-Za-z_][\w.:-]*(?: (?!pid=|rank=)[\w.:-]+)*)(?:\s+rank=(?P<rank>\d+))?\s+pid=(?P<pid>\d+)(?:,\s*ip=(?P<ip>[^)\s]+))?"
    r"|(?P<system>raylet|gcs_server|autoscaler)[^)]*)\)\s?"
)
# Something that only the start of a log line looks like: what must follow a prefix that could also be text of its own.
STARTS_A_LINE = (
    rf"(?:(?:{LEVELS})\s+\d\d-\d\d \d\d:\d\d|\((?:[A-Z]\w+ (?:rank=\d+ )?pid=\d+|raylet)|\[?{ISO}|\[(?:rank|default)\d+\]:|\[[IWEFC]\d{{3,4}} \d\d:"
    r"|(?:[\w.-]+:\d+:\d+ )?\[-?\d+\] (?:[\w./-]+:\d+ )?NCCL [A-Z]{4,5} |NCCL version |Traceback \(most recent"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]+ \S+: |\[\d+,\d+\]<std|[\w.@-]+-\d+\s+\| |\[\s*\d+\.\d{6}\] )"
)
COATS_BY_START: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "digit": coats(
        ("cri", rf"^(?P<stamp>{ISO}\S*) (?:stdout|stderr) [FP] "),
        (
            "syslog",
            rf"^(?P<stamp>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?{ZONE}) (?P<host>[A-Za-z0-9][\w.-]*) (?!(?:{LEVELS})\b){UNIT}",
        ),
        (
            "rfc3339",
            rf"^(?P<stamp>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?{ZONE})\s+(?!- (?:\d+ - )?gpustack\.)",
        ),
        ("slurm", r"^(?P<rank>\d{1,4}): (?=\S)"),
        ("stamp", rf"^(?P<stamp>{ISO}(?:[.,]\d{{1,9}})?)[\t ]+(?={STARTS_A_LINE})"),
        ("number", rf"^\d{{1,7}}[:\t|]\s?(?={STARTS_A_LINE})"),
        ("pm2", r"^\d{1,4}\|(?P<host>[\w.@-]+)\s*\| "),
        ("compose", r"^(?P<host>[0-9][\w.@-]*)\s*\|\s(?!\s*\d+/\d+ \[)"),
    ),
    "[": coats(
        ("ci", rf"^\[(?P<stamp>{ISO}(?:[.,]\d+)?Z)\]\s+"),
        ("kubectl", r"^\[pod/(?P<host>[^/\]]+)/[^\]]+\]\s?"),
        ("torchrun", r"^\[(?:default|rank)(?P<rank>\d{1,6})\]:\s?"),
        ("mpi", r"^\[\d+,(?P<rank>\d{1,6})\](?:<std(?:out|err)>)?:\s?"),
        ("horovod", r"^\[(?P<rank>\d{1,6})\]<std(?:out|err)>:\s?"),
        ("pod", rf"^\[(?P<host>[a-z0-9][a-z0-9.-]*)(?:[: ][\w.-]+)?\]:? (?={STARTS_A_LINE})"),
    ),
    "letter": coats(
        ("journald", rf"^(?P<stamp>[A-Z][a-z]{{2}}\s+\d{{1,2}} \d\d:\d\d:\d\d(?:\.\d+)?) (?P<host>\S+) {UNIT}"),
        (
            "journald",
            rf"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<stamp>\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)(?: [A-Z]{{2,5}})? (?P<host>\S+) {UNIT}",
        ),
        ("compose", r"^(?P<host>[A-Za-z][\w.@-]*)\s*\|\s(?!\s*\d+/\d+ \[)"),
        ("djl", r"^(?:INFO|WARN|ERROR|DEBUG)\s+PyProcess \S+: "),
        ("dmesg-x", r"^(?:kern|user|daemon|syslog)\s*:[a-z]+\s*: (?=\[)"),
        ("kernel", r"^kernel: (?=\[|NVRM|pci|DMAR|AMD-Vi)"),
        ("pdsh", rf"^(?P<host>[A-Za-z][\w.-]*): (?={STARTS_A_LINE})"),
        ("grep", rf"^[\w./-]+\.\w{{1,5}}[:-](?:\d+[:-])?\s?(?={STARTS_A_LINE})"),
        ("stern", rf"^(?P<host>[a-z0-9][a-z0-9.-]*) (?:[a-z0-9][a-z0-9.-]*:? )?(?={STARTS_A_LINE})"),
    ),
    "(": (("process", PROCESS),),
    ">": coats(("quote", r"^(?:> ?)+")),
    "<": coats(
        ("priority", r"^<\d{1,3}>(?=\[|[A-Z][a-z]{2} |\d)"),
        ("html", r"^<(?:pre|code|p|td|li|span)\b[^>]{0,200}>"),
    ),
    "+": coats(("diff", rf"^[+-]\s*(?={STARTS_A_LINE})")),
    "-": coats(("diff", rf"^[+-]\s*(?={STARTS_A_LINE})")),
    "#": coats(("comment", rf"^#+\s*(?={STARTS_A_LINE})")),
    "/": coats(("comment", rf"^//+\s*(?={STARTS_A_LINE})")),
    "*": coats(("list", rf"^\* (?={STARTS_A_LINE})")),
    "`": coats(("fence", r"^(?:```+\w*\s*$|`(?=[^`]))")),
    "~": coats(("fence", r"^~~~+\w*\s*$")),
    "{": (),
}
INDENTED = lazy_re.compile(rf"^\s+(?:\d{{1,7}}[:|]?\s+)?(?={STARTS_A_LINE})")
TAG_AT_END = lazy_re.compile(r"</(?:pre|code|p|td|li|span)>\s*$")
FENCE = lazy_re.compile(r"^\s*(?:```+|~~~+)\s*[\w+-]*\s*$")
REPEATED = lazy_re.compile(r" \[repeated (?P<times>\d{1,9})x across cluster\](?: \(.*\))?$")
TP = lazy_re.compile(r"(?:^|[_ ])TP(?P<tp>\d{1,6})")

NCCL = (
    r"^(?:\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\]]*)\] ?)?(?:(?P<host>[^\s:\[\]()]+):(?P<pid>\d+):(?P<tid>\d+) )?\[(?P<dev>-?\d{1,9})\] "
    r"(?:(?:\d+\.\d+ )?(?P<source>[\w./-]+:\d+)(?: \([^)]*\))? )?NCCL (?P<level>INFO|WARN|TRACE|CALL|ERROR) ?(?P<body>.*)"
)


def headers(*patterns: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, lazy_re.compile(pattern, re.S)) for name, pattern in patterns)


GLOG = r"(?P<level>[IWEFC])(?P<stamp>\d\d\d\d \d\d:\d\d:\d\d\.\d{6})\s+(?P<pid>\d+) (?P<source>[\w./<>-]+:\d+)\]\s?(?P<body>.*)"
HEADERS_BY_START: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "letter": headers(
        (
            "vllm",
            rf"^(?P<level>{LEVELS})\s+(?P<stamp>\d\d-\d\d \d\d:\d\d:\d\d) \[?(?P<source>[\w./<>-]+\.(?:py|rs):\d+)\]\s?(?P<body>.*)",
        ),
        (
            "vllm-iso",
            rf"^(?P<level>{LEVELS})\s+(?P<stamp>{ISO}\S*) \[?(?P<source>[\w./<>-]+\.(?:py|rs):\d+)\]\s?(?P<body>.*)",
        ),
        ("uvicorn", rf"^(?P<level>{LEVELS}):\s{{2,}}(?P<body>.*)"),
        ("torch", f"^{GLOG}"),
        (
            "python-source",
            rf"^(?P<level>{LEVELS})[|:\s]\s*(?:\[?(?P<source>[\w./-]+\.py):\d+\]?[>\s:]*)(?P<stamp>\d\d-\d\d \d\d:\d\d:\d\d)?\W*(?P<body>.*)",
        ),
        ("tracing", rf"^(?P<level>{LEVELS})\s+(?P<source>[a-z_]\w*(?:::\w+)*)(?:\{{[^}}]*\}})?: (?P<body>.*)"),
    ),
    "[": headers(
        ("nccl", NCCL),
        (
            "ray-c++",
            rf"^\[(?P<stamp>{ISO},\d+) (?P<level>[DIWEFC]) (?P<pid>\d+) \d+\] (?:\([\w-]+\) )?(?P<source>[\w./-]+:\d+): (?P<body>.*)",
        ),
        (
            "c10",
            r"^\[(?P<level>[IWEFC])(?P<stamp>\d{1,2}\d\d \d\d:\d\d:\d\d\.\d{6,9}) (?P<source>[\w./-]+\.(?:cpp|cu|h|hpp|cc):\d+)\]\s?(?P<body>.*)",
        ),
        ("c10-old", r"^\[(?P<level>[IWEFC]) (?P<source>[\w./-]+\.(?:cpp|cu|h|hpp|cc):\d+)\]\s?(?P<body>.*)"),
        ("torch", rf"^\[{GLOG}"),
        ("torch-iso", rf"^\[(?P<stamp>{ISO},\d+) (?P<source>\S+\.py):\d+\] (?P<level>{LEVELS})?:?\s*(?P<body>.*)"),
        ("torch-elastic", rf"^\[(?P<stamp>{ISO},\d+)\] (?P<source>[\w.]+): \[(?P<level>{LEVELS})\] (?P<body>.*)"),
        ("deepspeed", rf"^\[(?P<stamp>{ISO},\d+)\] \[(?P<level>{LEVELS})\] \[(?P<source>[^\]]+)\]\s?(?P<body>.*)"),
        ("sglang", rf"^\[(?P<stamp>{ISO}(?:[.,]\d+)?)(?P<ranks>(?: [A-Z_]+\d+)*)\]\s(?P<body>.*)"),
        ("sglang-diffusion", r"^\[(?P<stamp>\d\d-\d\d \d\d:\d\d:\d\d)\]\s(?P<body>.*)"),
        ("hami", r"^\[HAMI-core (?P<level>\w+)\s?\(pid:(?P<pid>\d+)[^)]*\)\]: ?(?P<body>.*)"),
        ("kernel", r"^\[\s*(?P<uptime>\d+\.\d{6})\](?:\[[^\]]*\])? (?P<body>.*)"),
        (
            "kernel",
            r"^\[(?P<stamp>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d \d{4})\] (?P<body>.*)",
        ),
        (
            "tensorrt-llm",
            r"^(?:\[(?P<stamp>\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d)\] )?\[(?:TensorRT-LLM|TRT-LLM|TRT)\] ?\[(?P<level>[A-Z]+)\]\s?(?P<body>.*)",
        ),
        (
            "python-source",
            rf"^\[(?P<level>{LEVELS})\][|:\s]?\s*(?:\[?(?P<source>[\w./-]+\.py):\d+\]?[>\s:]*)(?P<stamp>\d\d-\d\d \d\d:\d\d:\d\d)?\W*(?P<body>.*)",
        ),
        ("python", rf"^\[(?P<stamp>{ISO}(?:[.,]\d+)?)\]\s*\[?(?P<level>{LEVELS})\]?[\s:-]+(?P<body>.*)"),
    ),
    "digit": headers(
        (
            "gpustack",
            rf"^(?P<stamp>{ISO}\S*) - (?:\d+ - )?(?P<source>gpustack[\w.]*) - (?P<level>[A-Z]+) - (?P<body>.*)",
        ),
        ("ray", rf"^(?P<stamp>{ISO},\d+)\s+(?P<level>{LEVELS}) (?P<source>[\w./-]+:\d+) -- (?P<body>.*)"),
        (
            "loguru",
            rf"^(?P<stamp>{ISO}(?:[.,]\d+)?) \| (?P<level>{LEVELS})\s*\| (?:(?P<source>[\w.:<>-]+) - )?(?P<body>.*)",
        ),
        (
            "python",
            rf"^(?P<stamp>{ISO}(?:[.,]\d+)?(?:\s?{ZONE})?)\s+(?:-\s+)?(?:\[?[\w./:-]+\]?\s+(?:-\s+)?){{0,2}}\[?(?P<level>{LEVELS})\]?(?:\s*[-:|]+\s*|\s+)(?P<body>.*)",
        ),
    ),
}
# Written by C code wherever its process stands, with or without a host: tried on every line that names NCCL.
NCCL_HEADERS = headers(
    ("nccl", NCCL),
    (
        "nccl-call",
        r"^(?P<host>[^\s:\[\]()]+):(?P<pid>\d+):(?P<tid>\d+) NCCL (?P<level>CALL|INFO|WARN|ERROR) (?P<body>.*)",
    ),
)
# VLLM_LOGGING_PREFIX, stern, a progress bar: unknown text before vLLM's own header.
LATER_VLLM = lazy_re.compile(
    rf"(?P<before>^.{{1,400}}?)\b(?P<level>{LEVELS})\s+(?P<stamp>\d\d-\d\d \d\d:\d\d:\d\d) \[?(?P<source>[\w./<>-]+\.(?:py|rs):\d+)\]\s?(?P<body>.*)",
    re.S,
)
LEVEL_WORDS = {
    "I": "INFO",
    "W": "WARNING",
    "E": "ERROR",
    "F": "ERROR",
    "C": "CRITICAL",
    "D": "DEBUG",
    "WARN": "WARNING",
    "FATAL": "CRITICAL",
}
JSON_TEXT, JSON_TIME, JSON_LEVEL = (
    ("log", "message", "msg", "MESSAGE"),
    ("time", "asctime", "ts", "timestamp", "@timestamp"),
    ("levelname", "level", "severity"),
)


@dataclass(slots=True)
class Peeled:
    """One line without its coats.

    body      the text inside
    header    which header it had ("vllm", "nccl", …), "" for none
    stamp     the innermost time as printed; `outer_stamp` the outermost wrapper's
    process   innermost process name ("EngineCore", "Worker_TP0", "RayWorkerWrapper"); `rank`, `pid`, `ip`, `host` where told
    device    NCCL's `[dev]`: the CUDA device of the thread that wrote, not the rank
    source    the source file and line that the header names
    repeated  how often Ray says that this line came in all
    wrappers  the names of the coats, from the outside in
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
    if "\x1b" in text:
        text = ANSI.sub("", text)
    if "[" in text:
        if ("\\" in text or "#" in text or "^" in text) and any(spelt in text for spelt in SPELT_ESC):
            text = SPELT_ANSI.sub("", text)
        text = LOST_ANSI.sub("", text)
    return text if text.isprintable() else CONTROL.sub("", text)


def peel(text: str) -> Peeled:
    """Everything that the coats of one line say, and the text inside. Never raises."""
    rest = without_colour(text[:LONGEST]).rstrip("\r\n")
    if "&" in rest and ENTITY.search(rest):
        rest = html.unescape(rest).replace("\xa0", " ")
    peeled = Peeled(rest)
    if rest.endswith(("cluster]", ")")) and (match := REPEATED.search(rest)):
        peeled.repeated, rest = int(match["times"]), rest[: match.start()]
    rest = without_coats(peeled, rest)
    peeled.body = rest
    if rest:
        read_header(peeled, rest)
    return peeled


def kind_of_start(character: str) -> str:
    if character.isdecimal():
        return "digit"
    return "letter" if character.isalpha() or character == "_" else character


def without_coats(peeled: Peeled, rest: str) -> str:
    if FENCE.match(rest):
        peeled.wrappers.append("fence")
        return ""
    for _ in range(MOST_COATS):
        if not rest:
            break
        if rest[0] in " \t\xa0\u3000" and (indent := INDENTED.match(rest)):
            rest = rest[indent.end() :]
        start = kind_of_start(rest[0])
        if start == "{" and (inside := from_json(peeled, rest)) is not None:
            rest = inside
            continue
        for name, pattern in COATS_BY_START.get(start, ()):
            match = pattern.match(rest)
            if match and match.end() > 0:
                take(peeled, name, match)
                rest = rest[match.end() :]
                if name == "fence":
                    rest = rest.removesuffix("`")
                elif name == "html":
                    rest = TAG_AT_END.sub("", rest)
                break
        else:
            break
    return rest


def from_json(peeled: Peeled, rest: str) -> str | None:
    """The text in a JSON log record (docker's json-file, `journalctl -o json`, JSON formatters); None when it is none."""
    if not rest.rstrip().endswith("}"):
        return None
    try:
        record = json.loads(rest)
    except (ValueError, RecursionError):
        return None
    text = next((record[key] for key in JSON_TEXT if isinstance(record.get(key), str)), None)
    if text is None or not any(key in record for key in (*JSON_TIME, *JSON_LEVEL, "stream", "_HOSTNAME")):
        return None  # some object with a message in it
    peeled.wrappers.append("json")
    if not peeled.outer_stamp:
        peeled.outer_stamp = next((record[key] for key in JSON_TIME if isinstance(record.get(key), str)), "")
    level = next((record[key] for key in JSON_LEVEL if isinstance(record.get(key), str)), "").upper()
    peeled.level = LEVEL_WORDS.get(level, level)
    if isinstance(name := record.get("processName"), str):
        named(peeled, name)
    if isinstance(pid := record.get("process", record.get("_PID")), int | str) and str(pid).isdecimal():
        peeled.pid = int(str(pid)[:18])
    if isinstance(host := record.get("_HOSTNAME"), str):
        peeled.host = host
    return without_colour(text).rstrip("\r\n").partition("\n")[0]


def take(peeled: Peeled, name: str, match: re.Match[str]) -> None:
    groups = match.groupdict()
    peeled.wrappers.append(name)
    if groups.get("stamp") and not peeled.outer_stamp:
        peeled.outer_stamp = groups["stamp"]
    if groups.get("host"):
        peeled.host = groups["host"]
    if groups.get("rank"):
        peeled.rank = int(groups["rank"][:9])
    if groups.get("pid"):
        peeled.pid = int(groups["pid"][:18])
    if groups.get("ip"):
        peeled.ip = groups["ip"]
    if process := groups.get("name") or groups.get("system"):
        named(peeled, process)


def named(peeled: Peeled, process: str) -> None:
    peeled.process = process
    if found := TP.search(process):
        peeled.rank = int(found["tp"])


def read_header(peeled: Peeled, rest: str) -> None:
    if rest[0] == " " and rest.lstrip()[:1] in "(I[WED":
        rest = rest.lstrip()  # the rfc3339 coat of aligned levels: `…Z  INFO`
    if not rest:
        return
    if "NCCL " in rest:
        for name, pattern in NCCL_HEADERS:
            if match := pattern.match(rest):
                take_header(peeled, name, match)
                return
    for name, pattern in HEADERS_BY_START.get(kind_of_start(rest[0]), ()):
        if match := pattern.match(rest):
            take_header(peeled, name, match)
            return
    if ("]" in rest and ".py:" in rest) and (match := LATER_VLLM.match(rest)):
        take_header(peeled, "vllm", match)


def take_header(peeled: Peeled, name: str, match: re.Match[str]) -> None:
    groups = match.groupdict()
    peeled.header, peeled.body = name, groups["body"]
    peeled.stamp = groups.get("stamp") or groups.get("uptime") or ""
    level = groups.get("level") or ""
    peeled.level = LEVEL_WORDS.get(level, level) or peeled.level
    peeled.source = groups.get("source") or ""
    if groups.get("pid"):
        peeled.pid = int(groups["pid"][:18])
    if groups.get("host"):
        peeled.host = groups["host"]
    if groups.get("dev"):
        peeled.device = int(groups["dev"])
    if ranks := groups.get("ranks"):
        named(peeled, ranks.strip())
    if name == "sglang" and peeled.body.startswith(
        ("INFO:  ", "WARNING:  ", "ERROR:  ")
    ):  # uvicorn inside SGLang's bracket
        peeled.level, _, inside = peeled.body.partition(":")
        peeled.body = inside.lstrip()


FULL = lazy_re.compile(r"^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d)?")
SHORT = lazy_re.compile(r"^(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)")
C10 = lazy_re.compile(r"^(\d{1,2})(\d\d) (\d\d):(\d\d):(\d\d)\.(\d+)")
SYSLOG = lazy_re.compile(
    r"^(?:[A-Z][a-z]{2} (?=[A-Z]))?([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?: (\d{4}))?"
)
SLASHED = lazy_re.compile(r"^(\d\d)/(\d\d)/(\d{4})-(\d\d):(\d\d):(\d\d)")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
NO_YEAR = 2000  # a leap year, so that 02-29 exists


def seconds_of(stamp: str) -> float | None:
    """A printed time in seconds; stamps of one style can be compared, those without a year only among themselves."""
    if not stamp:
        return None
    try:
        if match := FULL.match(stamp):
            year, month, day, hour, minute, second = (int(g) for g in match.groups()[:6])
            moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone(match[8]))
            return moment.timestamp() + fraction(match[7])
        if match := SHORT.match(stamp):
            return at(NO_YEAR, *(int(g) for g in match.groups()))
        if match := C10.match(stamp):
            return at(NO_YEAR, *(int(g) for g in match.groups()[:5])) + fraction(match[6])
        if match := SYSLOG.match(stamp):
            return at(
                int(match[7] or NO_YEAR), MONTHS.index(match[1]) + 1, *(int(g) for g in match.groups()[1:5])
            ) + fraction(match[6])
        if match := SLASHED.match(stamp):
            month, day, year, hour, minute, second = (int(g) for g in match.groups())
            return at(year, month, day, hour, minute, second)
        uptime = float(stamp)
        return uptime if 0 <= uptime < 1e12 else None
    except (ValueError, OverflowError):
        return None  # a date that does not exist, as in damaged text


def at(year: int, month: int, day: int, hour: int, minute: int, second: int) -> float:
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp()


def zone(text: str | None) -> timezone:
    if not text or text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0)))


def fraction(digits: str | None) -> float:
    return float(f"0.{digits}") if digits else 0.0
