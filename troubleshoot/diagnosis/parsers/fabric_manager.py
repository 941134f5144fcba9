"""Fabric Manager: `systemctl status` and `is-active`, its log, its version.

Samples:

    ● nvidia-fabricmanager.service - NVIDIA fabric manager service
         Active: active (running) since …
    Fabric Manager version is : 550.54.15
    [Jul 09 2024 18:10:01] [INFO] [tid 1803] Fabric Manager version 550.54.15 is running with the following configuration options
    nv-fabricmanager[104230]: fabric manager NVIDIA GPU driver interface version 550.127.05 don't match with driver version 550.120.
    [Jul 23 2024 07:53:55] [ERROR] [tid 841] detected NVSwitch fatal error 20034 on fid 0 on NVSwitch pci bus id 00000000:86:00.0 physical id 3 port 33
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

ACTIVE = lazy_re.compile(r"^\s*Active:\s*(?P<state>active|inactive|failed|activating)")
ASKED = lazy_re.compile(r"systemctl is-active\s+(?:--\S+ )*nvidia-fabricmanager")
ONE_WORD = lazy_re.compile(r"^\s*(?P<state>active|inactive|failed|activating)\s*$")
VERSION = lazy_re.compile(r"Fabric Manager version(?: is)?\s*:?\s*(?P<version>\d{3}\.\d+(?:\.\d+)?)\b", re.I)
# What its own library was built for is its version; the other one is the driver that is loaded.
DIFFERS = lazy_re.compile(
    r"driver interface version (?P<ours>\d{3}\.\d+(?:\.\d+)?) don't match with driver version (?P<driver>\d{3}\.\d+(?:\.\d+)?)"
)
MISSING = lazy_re.compile(
    r"nvidia-fabricmanager\.service could not be found|Unit nvidia-fabricmanager\.service not found"
)
CONFIGURED = lazy_re.compile(r"Successfully configured all the available (?:GPUs and )?NVSwitches")
SWITCH_ERROR = lazy_re.compile(r"detected NVSwitch (?:non-)?fatal error (?P<number>\d{4,6})\b")
STATES = {"active": "running", "failed": "failed"}  # the others: stopped
NEAR = 8  # lines between the unit's name and its state: where it lies, its drop-ins


def parse(section: Section) -> Iterator[Fact]:
    """What a log tells is of its time, so `systemctl` and `--version`, which tell of now, outweigh it."""
    for line in section.lines:
        text = peel(line.text).body
        if match := DIFFERS.search(text):
            yield Fact("fabric_manager_version", match["ours"], line, sure=False)
            yield Fact("driver_version", match["driver"], line, sure=False)
            yield Fact("fabric_manager", "failed", line, sure=False)
        elif match := VERSION.search(text):
            yield Fact("fabric_manager_version", match["version"], line, sure="is running with" not in text)
        elif match := SWITCH_ERROR.search(text):
            yield Fact("sxids", int(match["number"]), line)
        elif CONFIGURED.search(text):
            yield Fact("fabric_manager", "running", line, sure=False)
        elif MISSING.search(text):
            yield Fact("fabric_manager", "not-installed", line)
        elif ASKED.search(text):
            yield from state_below(section.document, line)


def state_below(document: Document, line: Line) -> Iterator[Fact]:
    below = document.line(line.number + 1)
    if below and (state := ONE_WORD.match(below.text)):
        yield Fact("fabric_manager", STATES.get(state["state"], "stopped"), below)


def parse_status(section: Section) -> Iterator[Fact]:
    for line in section.lines[1 : NEAR + 1]:
        if state := ACTIVE.match(peel(line.text).body):
            yield Fact("fabric_manager", STATES.get(state["state"], "stopped"), line)
            return


def status_belongs(text: str, taken: int) -> bool:
    return taken < 60 and text[:1].isspace() and bool(text.strip())


TITLE = {"en": "Fabric Manager", "zh-hans": "Fabric Manager"}

FORMATS = (
    Format(
        kind="fabric-manager-status",
        title=TITLE,
        heads=(r"nvidia-fabricmanager\.service - ",),
        belongs=status_belongs,
        parse=parse_status,
    ),
    Format(
        kind="fabric-manager",
        title=TITLE,
        lines=(
            r"nvidia-fabricmanager|nv-fabricmanager\[\d+\]",
            r"(?i)fabric manager (?:version|NVIDIA GPU driver interface)",
            r"\[(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\] \[tid \d+\]",
        ),
        parse=parse,
        print_out=True,
    ),
)
