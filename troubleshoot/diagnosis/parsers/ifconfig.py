"""`ifconfig`, new and old: interfaces with their addresses, as `ip addr` tells them.

Samples:

    ens5f0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 9000
            inet 10.20.0.5  netmask 255.255.255.0  broadcast 10.20.0.255
    eth0      Link encap:Ethernet  HWaddr 00:50:56:aa:bb:cc
              inet addr:192.168.1.20  Bcast:192.168.1.255  Mask:255.255.255.0
              UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1

UP alone is switched on; RUNNING has a cable or a peer at its other end too (net-tools, interface.c).
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

NAME = r"(?P<name>[A-Za-z][\w.@-]{0,30}(?::\d+)?)"
NEW = lazy_re.compile(rf"^{NAME}: flags=\d+<(?P<flags>[A-Z0-9_,-]*)>\s+mtu \d+")
OLD = lazy_re.compile(rf"^{NAME}\s+Link encap:\S")
OLD_FLAGS = lazy_re.compile(r"^\s+(?P<flags>(?:[A-Z]+ )+)\s?MTU:\d+")
# A public address may already have its stand-in.
INET = lazy_re.compile(r"^\s+inet (?:addr:)?(?P<address>[\d.]+|<[\w-]+>)(?:/\d+)?\s")
INSIDE = lazy_re.compile(r"^\s+\S")


def parse(section: Section) -> Iterator[Fact]:
    """`interface` for each: with its state, and once more with its address."""
    name, head = "", section.lines[0]
    is_up: bool | None = None
    for line in section.lines:
        text = peel(line.text).body if not line.text[:1].isspace() else line.text
        if match := NEW.match(text) or OLD.match(text):
            yield from state(name, is_up, head)
            name, head, is_up = match["name"], line, None
            if "flags" in match.re.groupindex:
                is_up = running(match["flags"].split(","))
        elif match := OLD_FLAGS.match(text):
            is_up = running(match["flags"].split())
        elif name and (match := INET.match(text + " ")):
            yield Fact("interface", (name, match["address"], None), line)
    yield from state(name, is_up, head)


def running(flags: list[str]) -> bool:
    return "UP" in flags and "RUNNING" in flags


def state(name: str, is_up: bool | None, head: Line) -> Iterator[Fact]:
    if name and is_up is not None:
        yield Fact("interface", (name, "", is_up), head)


def belongs(text: str, taken: int) -> bool:
    return taken < 2000 and bool(not text.strip() or INSIDE.match(text) or NEW.match(text) or OLD.match(text))


FORMATS = (
    Format(
        kind="ifconfig",
        title={"en": "ifconfig", "zh-hans": "ifconfig"},
        heads=(r"^[A-Za-z][\w.@:-]{0,40}: flags=\d+<", r"^[A-Za-z][\w.@:-]{0,40}\s+Link encap:"),
        belongs=belongs,
        parse=parse,
    ),
)
