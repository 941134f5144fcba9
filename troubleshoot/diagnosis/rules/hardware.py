"""Fabric Manager and MIG."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import version_of


def fabric_is_not_up(facts: Facts) -> list[Line] | bool:
    if facts.value("fabric_state") in ("In Progress", "Not Started"):
        return facts.lines("fabric_state")[:2] or True
    if facts.value("fabric_manager") in ("stopped", "failed"):
        return facts.lines("fabric_manager")[:2] or True
    return False


def fabric_manager_version_differs(facts: Facts) -> list[Line] | bool:
    ours, driver = version_of(facts, "fabric_manager_version"), version_of(facts, "driver_version")
    if not ours or not driver or ours == driver:
        return False
    return [*facts.lines("fabric_manager_version")[:1], *facts.lines("driver_version")[:1]] or True


def fabric_is_up(facts: Facts) -> list[Line] | bool:
    return facts.value("fabric_state") == "Completed" and (facts.lines("fabric_state", "Completed")[:1] or True)


def mig_is_on(facts: Facts) -> list[Line] | bool:
    return facts.value("mig_enabled") is True and (facts.lines("mig_enabled", True)[:1] or True)
