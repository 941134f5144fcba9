r"""`lspci -t` and `-tv`: which bridge stands above which device.

Sample:

    -+-[0000:80]-+-00.0  Advanced Micro Devices, Inc. [AMD] Starship/Matisse Root Complex
     |           +-01.1-[81-83]----00.0-[82-83]--+-00.0-[82]----00.0  NVIDIA Corporation GA102GL [RTX A6000]
     |           |                               \-08.0-[83]--
     \-[0000:00]-+-00.0  …

A row says only its device and function; its bus is that of the bracket from which its branch went out, found by the
column in which the branch stands (pciutils, ls-tree.c). A copy that lost its columns says less, never something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

LONGEST = 400  # characters of one row
ROOT = lazy_re.compile(r"\[(?P<domain>[0-9a-f]{4,8}):(?P<bus>[0-9a-f]{2})\]")
SLOT = lazy_re.compile(r"(?P<slot>[0-9a-f]{2}\.[0-7])(?![0-9a-f])")
BELOW = lazy_re.compile(r"-\[(?P<first>[0-9a-f]{2})(?:-(?P<last>[0-9a-f]{2}))?\]")
NAME = lazy_re.compile(r"\s{1,2}(?P<name>\S.*?)\s*$")
ROW = lazy_re.compile(r"^[ |]*(?:[+\\]-|-\+?-?\[)")
BRANCH = "+\\"

Bus = tuple[str, str]  # domain and bus, as printed


def parse(section: Section) -> Iterator[Fact]:
    """`pci_bridge` for every bridge, `pci_device` for bridges and for devices that are named."""
    branches: dict[int, Bus] = {}  # column of a branch → the bus from which it goes out
    for line in section.lines:
        yield from row(peel(line.text).body[:LONGEST], line, branches)


def row(text: str, line: Line, branches: dict[int, Bus]) -> Iterator[Fact]:
    at = len(text) - len(text.lstrip(" |"))
    bus = branches.get(at) if text[at : at + 1] in BRANCH else None
    for column in [column for column in branches if column > at]:
        del branches[column]  # what went out further right has ended above
    while at < len(text):
        if text[at] == "-" and text[at + 1 : at + 2] != "[":
            at += 1
        elif text[at] in BRANCH:
            if bus is not None:
                branches[at] = bus
            at += 1
        elif root := ROOT.match(text, at + (text[at] == "-")):
            bus, at = (root["domain"], root["bus"]), root.end()
        elif bus is not None and (slot := SLOT.match(text, at)):
            address = address_of(bus, slot["slot"])
            if below := BELOW.match(text, slot.end()):
                first, last = below["first"], below["last"] or below["first"]
                yield Fact("pci_device", (address, "PCI bridge"), line)
                yield Fact("pci_bridge", (address, int(first, 16), int(last, 16)), line)
                bus, at = (bus[0], first), below.end()
                continue
            if name := NAME.match(text, slot.end()):
                yield Fact("pci_device", (address, name["name"]), line)
            return
        else:
            return


def address_of(bus: Bus, slot: str) -> str:
    """As lspci writes it in a list: the first domain is not named."""
    domain, number = bus
    return f"{number}:{slot}" if domain.strip("0") == "" else f"{domain}:{number}:{slot}"


def belongs(text: str, taken: int) -> bool:
    return taken < 4000 and bool(ROW.match(text))


FORMATS = (
    Format(
        kind="lspci-tree",
        title={"en": "lspci -t", "zh-hans": "lspci -t"},
        heads=(r"-\[[0-9a-f]{4,8}:[0-9a-f]{2}\]-",),
        belongs=belongs,
        parse=parse,
    ),
)
