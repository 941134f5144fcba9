"""`ip addr`, ibstat and ibv_devinfo: interfaces and RDMA ports.

Samples:

    2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    eth0             UP             10.0.0.5/24
            State: Active                      state:                  PORT_ACTIVE (4)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

FULL = re.compile(r"^\s*\d+: (?P<name>[\w.@-]+): <(?P<flags>[A-Z,_-]+)>")
BRIEF = re.compile(r"^\s*(?P<name>[a-z][\w.@-]*)\s+(?P<state>UP|DOWN|UNKNOWN)\s+(?P<address>[\d.]+/\d+)")
INET = re.compile(r"^\s+inet (?P<address>[\d.]+)/\d+.*\s(?P<name>\S+)\s*$")
IB_NET = re.compile(r"^\s*\w+ port \d+ ==> (?P<name>[\w.-]+) \((?P<state>Up|Down)\)")  # ibdev2netdev
IB_DEVICE = re.compile(r"^\s*(?:CA '(?P<ca>\w+)'|hca_id:\s*(?P<hca>\w+))")
IB_STATE = re.compile(
    r"^\s*(?:State:\s*(?P<state>Active|Down|Initializing|Init|Armed)|state:\s*PORT_(?P<port>\w+))", re.M
)
IB_LAYER = re.compile(r"^\s*(?:Link layer|link_layer):\s*(?P<layer>\w+)")


def is_up(flags: str) -> bool:
    """Switched on, and with a cable or a peer at its other end."""
    return "UP" in flags.split(",") and "NO-CARRIER" not in flags


def parse(section: Section) -> Iterator[Fact]:
    device, state = "", ""
    for line in section.lines:
        text = peel(line.text).body if not line.text[:1].isspace() else line.text
        # The number before the name looks like the rank that slurm puts before a line.
        if match := FULL.match(line.text) or FULL.match(text):
            yield Fact("interface", (match["name"].split("@")[0], "", is_up(match["flags"])), line)
        elif match := BRIEF.match(text):
            yield Fact(
                "interface", (match["name"].split("@")[0], match["address"].split("/")[0], match["state"] == "UP"), line
            )
        elif match := IB_NET.match(text):
            yield Fact("interface", (match["name"], "", match["state"] == "Up"), line)
        elif match := INET.match(text):
            yield Fact("interface", (match["name"], match["address"], None), line)
        elif match := IB_DEVICE.match(text):
            device = match["ca"] or match["hca"]
        elif match := IB_STATE.match(text):
            state = (match["state"] or match["port"] or "").lower()
        elif (match := IB_LAYER.match(text)) and device:
            yield Fact("ib_port", (device, 1, state, match["layer"]), line)


FORMATS = (
    Format(
        kind="network",
        title={"en": "network interfaces", "zh-hans": "网络接口"},
        lines=(
            r"\d+: [\w.@-]+: <[A-Z,_-]+>",
            r"^\s*[a-z][\w.@-]*\s+(?:UP|DOWN|UNKNOWN)\s+[\d.]+/\d+",
            r"\s+inet [\d.]+/\d+",
            r"port \d+ ==> [\w.-]+ \(",
            r"CA '\w+'|hca_id:",
            r"State:\s*(?:Active|Down|Init)|state:\s*PORT_",
            r"(?:Link layer|link_layer):",
        ),
        parse=parse,
    ),
)
