"""Fabric Manager, MIG, and whether an Xid is of this launch at all."""

from __future__ import annotations

from datetime import date

from troubleshoot.diagnosis import lazy_re
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


def ranks_find_no_gpu_among_slices(facts: Facts) -> list[Line]:
    """A process sees one MIG slice only, and siblings share the bus address of their GPU (domain/nccl.md W14, §6)."""
    sliced = facts.value("mig_enabled") is True or facts.hit("mig-in-the-name", "mig-devices")
    return (
        facts.hit("duplicate-gpu", "more-ranks-than-gpus", "cuda-failure-invalid-device-in-nccl")[:2] if sliced else []
    )


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The day of a line, without its year (syslog and vLLM have none): 2026-03-02, 03-02 14:09:33, Mar  2, [Mon Mar  2 14:09:33 2026].
DAY = lazy_re.compile(
    rf"\b(?:\d{{4}}[-/])?(?P<month>[01]\d)[-/](?P<day>[0-3]\d)[ T]\d\d:\d\d|\b(?P<name>{'|'.join(MONTHS)}) +(?P<of_month>\d{{1,2}}) \d\d:\d\d"
)
NEAR_DAYS = 2  # clocks of host and container may stand in other time zones
LOOKED_AT = 400  # first lines of a text in which a launch tells its day
LEAP_YEAR = 2024


def _day(text: str) -> int | None:
    """The day in the year that a line is stamped with."""
    if (match := DAY.search(text)) is None:
        return None
    month = MONTHS.index(match["name"]) + 1 if match["name"] else int(match["month"])
    try:
        return date(LEAP_YEAR, month, int(match["of_month"] or match["day"])).timetuple().tm_yday
    except ValueError:
        return None


def _launch_days(facts: Facts) -> set[int]:
    """The days on which lines of the launch are stamped."""
    marks = [f.line for f in facts.all("phase_mark") if f.line]
    return {day for line in marks[:LOOKED_AT] if (day := _day(line.text)) is not None}


def xid_is_of_another_day(facts: Facts) -> list[Line]:
    """Kernel logs reach back for months: an Xid far from the day of the launch has not ended it."""
    xids = facts.hit("xid-hardware", "gpu-lost-or-ecc", "sxid-fatal")
    days = [_day(line.text) for line in xids]
    launch = _launch_days(facts)
    if not xids or not launch or None in days:
        return []
    apart = [min((day - other) % 366, (other - day) % 366) for day in days if day is not None for other in launch]
    return xids[:2] if min(apart) > NEAR_DAYS else []
