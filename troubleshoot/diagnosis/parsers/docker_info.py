"""`docker info`, as text and as JSON: which runtimes Docker has, its default, cgroups and storage, the memory of the host.

Samples:

     Runtimes: io.containerd.runc.v2 nvidia runc
     Default Runtime: runc
     Cgroup Driver: systemd
    {"ID":"…","Driver":"overlay2",…,"Runtimes":{"nvidia":{"path":"nvidia-container-runtime"},…},"DefaultRuntime":"runc",…

Until 18.09 the lines stood at the left margin. The client's part tells nothing here, nor does `docker version`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.json_text import enclosed, is_json_line
from troubleshoot.diagnosis.peel import peel

UNITS = {"B": 1, "kB": 1000, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
KEY = lazy_re.compile(r"^\s?(?P<key>[A-Z][A-Za-z ]{2,30}): (?P<value>\S.*?)\s*$")
SIZE = lazy_re.compile(r"^(?P<number>[\d.]+)\s?(?P<unit>[kKMGT]?i?B)$")
# What stands at the left margin, before 18.09 or since.
MARGIN = lazy_re.compile(
    r"^(?:Client|Server|Containers|Images|Server Version|Storage Driver|Logging Driver|Cgroup (?:Driver|Version)|Plugins|Swarm|Runtimes|Default Runtime"
    r"|Init Binary|containerd version|runc version|init version|Security Options|Kernel Version|Operating System|OSType|Architecture|CPUs|Total Memory|Name|ID"
    r"|Docker Root Dir|Debug Mode(?: \((?:client|server)\))?|Registry|Labels|Experimental|Insecure Registries|Registry Mirrors|Live Restore Enabled|Product License"
    r"|Username|(?:HTTP|HTTPS|No) Proxy|Default Address Pools|WARNING|CDI spec directories|Discovered Devices|Firewall Backend):"
)
INSIDE = lazy_re.compile(r"^\s+\S")
JSON_VALUE = lazy_re.compile(
    r'"(?P<key>DefaultRuntime|CgroupDriver|CgroupVersion|Driver|ServerVersion|MemTotal)"\s*:\s*(?:"(?P<text>[^"]{1,100})"|(?P<number>\d{1,18})\b)'
)
JSON_RUNTIMES = lazy_re.compile(r'"Runtimes"\s*:\s*(?=\{)')

Found = dict[str, tuple[str, Line]]  # key → value as printed, and its line


def parse(section: Section) -> Iterator[Fact]:
    found: Found = {}
    for line in section.lines:
        if match := KEY.match(peel(line.text).body):
            found.setdefault(match["key"], (match["value"], line))
    yield from facts_of(found)


def parse_json(section: Section) -> Iterator[Fact]:
    names = {
        "DefaultRuntime": "Default Runtime",
        "CgroupDriver": "Cgroup Driver",
        "CgroupVersion": "Cgroup Version",
        "Driver": "Storage Driver",
        "ServerVersion": "Server Version",
    }
    found: Found = {}
    tried = False
    for at, line in enumerate(section.lines):
        for match in JSON_VALUE.finditer(line.text):
            if match["key"] in names and match["text"]:
                found.setdefault(names[match["key"]], (match["text"], line))
            elif match["key"] == "MemTotal" and match["number"]:
                yield Fact("memory_total_bytes", int(match["number"]), line)
        if not tried and (match_runtimes := JSON_RUNTIMES.search(line.text)):
            tried = True
            runtimes = keys_of(enclosed(section.lines, at, match_runtimes.end()))
            if runtimes:
                found.setdefault("Runtimes", (" ".join(runtimes), line))
    yield from facts_of(found)


def keys_of(text: str) -> list[str]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return list(read) if isinstance(read, dict) else []


def facts_of(found: Found) -> Iterator[Fact]:
    for key, name in (
        ("Default Runtime", "docker_default_runtime"),
        ("Server Version", "docker_version"),
        ("Storage Driver", "docker_storage"),
    ):
        if key in found:
            yield Fact(name, *found[key])
    if "Runtimes" in found:
        runtimes, line = found["Runtimes"]
        yield Fact("docker_runtimes", tuple(sorted(runtimes.split())), line)
    if "Cgroup Driver" in found:
        driver, line = found["Cgroup Driver"]
        version = found["Cgroup Version"][0] if "Cgroup Version" in found else ""
        yield Fact("docker_cgroup", f"{driver} v{version}" if version else driver, line)
    if "Total Memory" in found:
        size, line = found["Total Memory"]
        if match := SIZE.match(size):
            yield Fact("memory_total_bytes", int(float(match["number"]) * UNITS.get(match["unit"], 1)), line)


def belongs(text: str, taken: int) -> bool:
    return taken < 300 and (not text.strip() or bool(INSIDE.match(text) or MARGIN.match(text)))


def json_belongs(text: str, taken: int) -> bool:
    return taken < 2000 and is_json_line(text)


FORMATS = (
    Format(
        "docker-info",
        {"en": "docker info", "zh-hans": "docker info"},
        parse,
        heads=(
            r"^Client:(?: Docker Engine \S.*)?\s*$",
            r"^Containers: \d+\s*$",
            r"^ ?(?:Server Version: \d\S*|Storage Driver: \S+|Runtimes: \S.*|Default Runtime: \S+|Cgroup Driver: \S+)\s*$",
        ),
        belongs=belongs,
    ),
    Format(
        "docker-info-json",
        {"en": "docker info", "zh-hans": "docker info"},
        parse_json,
        heads=(r'"(?:DefaultRuntime|CgroupDriver|ContainersRunning)"\s*:',),
        belongs=json_belongs,
    ),
)
