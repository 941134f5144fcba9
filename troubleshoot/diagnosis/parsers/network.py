"""`ip addr`, ibstat, ibstatus, ibv_devinfo and `rdma link`: interfaces and RDMA ports.

Samples:

    2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    eth0             UP             10.0.0.5/24
    2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0
            State: Active                      state:                  PORT_ACTIVE (4)
    link mlx5_0/1 state ACTIVE physical_state LINK_UP netdev ens1f0np0
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

FULL = lazy_re.compile(r"^\s*\d+: (?P<name>[\w.@-]+): <(?P<flags>[A-Z,_-]+)>")
BRIEF = lazy_re.compile(r"^\s*(?P<name>[a-z][\w.@-]*)\s+(?P<state>UP|DOWN|UNKNOWN)\s+(?P<address>[\d.]+/\d+)")
ONE_LINE = lazy_re.compile(r"^\s*\d+: (?P<name>[\w.@-]+)\s+inet (?P<address>[\d.]+)/\d+")  # ip -o
INET = lazy_re.compile(r"^\s+inet (?P<address>[\d.]+)/\d+.*\s(?P<name>\S+)\s*$")
IB_NET = lazy_re.compile(r"^\s*\w+ port \d+ ==> (?P<name>[\w.-]+) \((?P<state>Up|Down)\)")  # ibdev2netdev
IB_DEVICE = lazy_re.compile(
    r"^\s*(?:CA '(?P<ca>\w+)'|hca_id:\s*(?P<hca>\w+)|Infiniband device '(?P<status>\w+)' port (?P<port>\d{1,3}) status:)"
)
IB_PORT = lazy_re.compile(r"^\s+(?:Port (?P<stat>\d{1,3}):|port:(?:\t|\s{2,})(?P<info>\d{1,3}))\s*$")
RDMA_LINK = lazy_re.compile(
    r"^\s*link (?P<device>\w+)/(?P<port>\d{1,3}) state (?P<state>[A-Z]+) physical_state \w+(?: netdev (?P<name>[\w.-]+))?"
)
IB_STATE = lazy_re.compile(
    r"^\s*(?:State:\s*(?P<state>Active|Down|Initializing|Init|Armed)|state:\s*(?:PORT_|\d: )(?P<port>[A-Z]\w+))", re.M
)
IB_LAYER = lazy_re.compile(r"^\s*(?:Link layer|link_layer):\s*(?P<layer>\w+)")


def is_up(flags: str) -> bool:
    """Switched on, and with a cable or a peer at its other end."""
    return "UP" in flags.split(",") and "NO-CARRIER" not in flags


def parse(section: Section) -> Iterator[Fact]:
    device, port, state = "", 1, ""
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
        elif match := ONE_LINE.match(line.text):
            yield Fact("interface", (match["name"].split("@")[0], match["address"], None), line)
        elif match := INET.match(text):
            yield Fact("interface", (match["name"], match["address"], None), line)
        elif match := IB_DEVICE.match(text):
            device, port = match["ca"] or match["hca"] or match["status"], int(match["port"] or 1)
        elif match := IB_PORT.match(text):
            port = int(match["stat"] or match["info"])
        elif match := RDMA_LINK.match(text):
            yield Fact("ib_port", (match["device"], int(match["port"]), match["state"].lower(), ""), line)
            if match["name"]:
                yield Fact("interface", (match["name"], "", match["state"] == "ACTIVE"), line)
        elif match := IB_STATE.match(text):
            state = (match["state"] or match["port"] or "").lower()
        elif (match := IB_LAYER.match(text)) and device:
            yield Fact("ib_port", (device, port, state, match["layer"]), line)


FORMATS = (
    Format(
        kind="network",
        title={"en": "network interfaces", "zh-hans": "网络接口"},
        lines=(
            r"\d+: [\w.@-]+: <[A-Z,_-]+>",
            r"^\s*[a-z][\w.@-]*\s+(?:UP|DOWN|UNKNOWN)\s+[\d.]+/\d+",
            r"\s+inet [\d.]+/\d+",
            r"port \d+ ==> [\w.-]+ \(",
            r"\d+: [\w.@-]+\s+inet [\d.]+/\d+",
            r"CA '\w+'|hca_id:|Infiniband device '\w+' port \d+ status:",
            r"^\s+(?:Port \d{1,3}:|port:(?:\t|\s{2,})\d{1,3})\s*$",
            r"link \w+/\d+ state [A-Z]+ physical_state ",
            r"State:\s*(?:Active|Down|Init)|state:\s*(?:PORT_|\d: [A-Z])",
            r"(?:Link layer|link_layer):",
        ),
        parse=parse,
        print_out=True,
    ),
)
