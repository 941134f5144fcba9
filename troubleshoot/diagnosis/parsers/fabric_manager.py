"""Fabric Manager: `systemctl status`, its log and its version.

Samples:

    ● nvidia-fabricmanager.service - NVIDIA fabric manager service
         Active: active (running) since …
    Fabric Manager version is : 550.54.15
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

SERVICE = re.compile(r"nvidia-fabricmanager(?:\.service)?\b")
ACTIVE = re.compile(r"^\s*Active:\s*(?P<state>active|inactive|failed|activating)")
VERSION = re.compile(r"Fabric Manager version(?: is)?\s*:\s*(?P<version>\d{3}\.\d+(?:\.\d+)?)", re.I)
MISSING = re.compile(r"nvidia-fabricmanager\.service could not be found|Unit nvidia-fabricmanager\.service not found")
NEAR = 5  # lines between the unit's name and its state


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        text = peel(line.text).body
        if match := VERSION.search(text):
            yield Fact("fabric_manager_version", match["version"], line)
        elif MISSING.search(text):
            yield Fact("fabric_manager", "not-installed", line)
        elif SERVICE.search(text):
            for following in section.document.following(line.number + 1):
                if following.number > line.number + NEAR:
                    break
                if state := ACTIVE.match(following.text):
                    yield Fact(
                        "fabric_manager",
                        {"active": "running", "failed": "failed"}.get(state["state"], "stopped"),
                        following,
                    )
                    break


FORMATS = (
    Format(
        kind="fabric-manager",
        title={"en": "Fabric Manager", "zh-hans": "Fabric Manager"},
        lines=(r"nvidia-fabricmanager", r"(?i)fabric manager version"),
        parse=parse,
    ),
)
