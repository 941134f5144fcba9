"""A rank that died of an error of its own, which nothing more specific explains."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import crashed, explained


def exception_of_its_own(facts: Facts) -> list[Line]:
    if explained(facts):
        return []
    return facts.lines("exception")[:2]


def process_ended_with_a_code(facts: Facts) -> list[Line]:
    """−15 is a clean-up, −9 a kill, 0 a success: none of them tells of an error of its own."""
    if explained(facts):
        return []
    return [f.line for f in facts.all("exit_code") if f.line and f.value[1] not in (0, -15, 143, -9, 137)][:2]


def only_echoes(facts: Facts) -> list[Line]:
    if not crashed(facts) or explained(facts) or facts.all("exception"):
        return []
    return facts.lines("echo")[:2]
