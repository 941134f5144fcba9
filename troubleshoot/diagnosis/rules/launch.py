"""A rank that died of an error of its own, which nothing more specific explains."""

from __future__ import annotations

import re

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import crashed, explained

# What NCCL says when it does not say what: the reason stands in its own warning, or nowhere.
BARE_NCCL = lazy_re.compile(r"NCCL[ _]error|unhandled (?:system|cuda) error", re.I)


def exception_of_its_own(facts: Facts) -> list[Line]:
    if explained(facts):
        return []
    return [f.line for f in facts.all("exception") if f.line and not BARE_NCCL.search(f.value[2])][:2]


def process_ended_with_a_code(facts: Facts) -> list[Line]:
    """A success, 1 (any Python exception, a wrapper's too), a clean-up and a kill tell of no error of its own."""
    if explained(facts):
        return []
    return [f.line for f in facts.all("exit_code") if f.line and f.value[1] not in (0, 1, -15, 143, -9, 137)][:2]


def only_echoes(facts: Facts) -> list[Line]:
    if not crashed(facts) or explained(facts) or facts.all("exception"):
        return []
    return facts.lines("echo")[:2]
