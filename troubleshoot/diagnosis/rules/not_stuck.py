"""Slow, not stuck: needs a positive sign of progress (domain/engines.md §7.3)."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import crashed, explained, last_line, stopped_in


def loading_still_moves(facts: Facts) -> list[Line]:
    return _moves_in(facts, ("prepare", "load"))


def compiling_still_moves(facts: Facts) -> list[Line]:
    return _moves_in(facts, ("profile", "capture"))


def _moves_in(facts: Facts, phases: tuple[str, ...]) -> list[Line]:
    timeline = facts.timeline
    if timeline is None or timeline.outcome != "slow" or timeline.stuck_in not in phases or explained(facts):
        return []
    return last_line(facts)


def stops_while_loading(facts: Facts) -> list[Line]:
    return last_line(facts) if stopped_in(facts, "load", "prepare") else []


def stops_while_compiling(facts: Facts) -> list[Line]:
    return last_line(facts) if stopped_in(facts, "profile", "capture") else []


def an_error_ended_it(facts: Facts) -> list[Line] | bool:
    if not crashed(facts):
        return False
    return facts.lines("exception")[:1] or True
