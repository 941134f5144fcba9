"""A systemd unit that starts an engine, as `systemctl cat` or the file shows it: what it starts, and its limits.

Sample:

    # /etc/systemd/system/vllm.service
    [Service]
    Environment="NCCL_P2P_DISABLE=1"
    LimitMEMLOCK=infinity
    ExecStart=/opt/venv/bin/vllm serve org/m --tensor-parallel-size 4

Its variables are read with all others (`environment`), the words of the command with all commands (`launch_command`). The
limits count only beside such a command: a machine has many units.
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.launch_command import command, words_of
from troubleshoot.diagnosis.peel import peel

PATH = lazy_re.compile(r"^# /\S*/systemd/\S*?/?(?P<name>[\w@.\\-]+)\.service(?:\.d/\S+)?\s*$")
SETTING = lazy_re.compile(r"^\s*(?P<key>[A-Z]\w+)\s*=\s*(?P<value>.*?)\s*$")
PART = lazy_re.compile(r"^(?:\[(?:Unit|Service|Install)\]|[#;].*|\s*[A-Z]\w+\s*=.*|\s*)$")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
SIZE = lazy_re.compile(r"^(?P<number>\d{1,15})(?P<unit>[KMGT]?)$")
CONTAINERS = ("docker", "podman", "nerdctl")


def parse(section: Section) -> Iterator[Fact]:
    found: list[Fact] = []
    ours = False
    going_on = ""
    for line in section.lines:
        text = peel(line.text).body
        if path := PATH.match(text):
            found.append(Fact("service_name", path["name"], line))
            continue
        going_on += text
        if text.endswith("\\"):
            going_on = going_on[:-1] + " "
            continue
        match, going_on = SETTING.match(going_on), ""
        if not match:
            continue
        if match["key"] == "ExecStart":
            words = words_of(match["value"].lstrip("-@+!:"))
            engine = any(name == "engine" for name, _ in command(words))
            if engine and words[0].rpartition("/")[2] not in CONTAINERS:
                ours = True
                found.append(Fact("install_method", "systemd", line))
        elif match["key"] == "LimitMEMLOCK" and (limit := limit_of(match["value"])) is not None:
            found.append(Fact("memlock", limit, line))
        elif match["key"] == "LimitNOFILE" and isinstance(limit := limit_of(match["value"]), int):
            found.append(Fact("open_files", limit, line))
    if ours:
        yield from found


def limit_of(text: str) -> int | str | None:
    """`infinity`, bytes, or `soft:hard`, of which the soft one holds."""
    soft = text.split(":")[0]
    if soft == "infinity":
        return "unlimited"
    match = SIZE.match(soft)
    return int(match["number"]) * UNITS[match["unit"]] if match else None


def belongs(text: str, taken: int) -> bool:
    return taken < 200 and bool(PART.match(text) or text[:1].isspace())


FORMATS = (
    Format(
        "systemd-unit",
        {"en": "systemd unit", "zh-hans": "systemd 单元"},
        parse,
        heads=(r"^# /\S*/systemd/\S*\.service", r"^\[(?:Unit|Service)\]\s*$"),
        belongs=belongs,
    ),
)
