"""Host memory: a process that was killed while loading."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts

KILLED = (-9, 137, 9)


def process_killed_while_loading(facts: Facts) -> list[Line]:
    timeline = facts.timeline
    if timeline is None or timeline.last_level not in ("L11", "L12", "L13", "L14", "S4"):
        return []
    if facts.hit("cuda-out-of-memory"):
        return []
    return [f.line for f in facts.all("exit_code") if f.line and f.value[1] in KILLED][:2]


def process_was_killed(facts: Facts) -> list[Line]:
    """Signal 9 comes from outside: the kernel for memory as a rule, else whoever cleans up after a first failure."""
    if facts.hit("cuda-out-of-memory") or facts.all("exception"):
        return []
    return [f.line for f in facts.all("exit_code") if f.line and f.value[1] in KILLED][:2]
