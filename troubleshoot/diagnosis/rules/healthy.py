"""It started: needs the ready line, and nothing that failed after it."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts


def reached_ready(facts: Facts) -> list[Line] | bool:
    timeline = facts.timeline
    if timeline is not None and timeline.outcome == "ready":
        return [timeline.last_line] if timeline.last_line else True
    told = [f for f in facts.all("ready") if f.source == "answer"]
    return bool(told)
