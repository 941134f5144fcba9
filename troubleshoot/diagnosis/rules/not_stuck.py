"""Slow, not stuck: needs a positive sign of progress (domain/engines.md §7.3)."""

from __future__ import annotations

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import crashed, explained, last_line, stopped_in

BAR = lazy_re.compile(r":\s+(?P<percent>\d{1,3})%\|")


def loading_still_moves(facts: Facts) -> list[Line]:
    return _moves_in(facts, ("prepare", "load")) or _downloads(facts)


def compiling_still_moves(facts: Facts) -> list[Line]:
    return _moves_in(facts, ("profile", "capture"))


def _moves_in(facts: Facts, phases: tuple[str, ...]) -> list[Line]:
    timeline = facts.timeline
    if timeline is None or timeline.outcome != "slow" or timeline.stuck_in not in phases or explained(facts):
        return []
    return last_line(facts)


def _downloads(facts: Facts) -> list[Line]:
    """A download that goes on in whatever phase: an engine fetches its model's files itself, after it was started."""
    timeline = facts.timeline
    if timeline is None or timeline.outcome != "slow" or explained(facts):
        return []
    busy = [f.line for f in facts.all("phase_mark") if f.value.level == "L0" and f.value.edge == "busy"]
    return last_line(facts) if timeline.last_line in busy else []


def compiles_while_others_time_out(facts: Facts) -> list[Line]:
    """A bar of a compilation stands short of its end, and a collective's time ran out on ranks that had no need to compile."""
    timeouts = facts.hit("collective-timeout")
    last = {line.file: (line, bar) for line in facts.hit("deep-gemm-jit") if (bar := BAR.search(line.text))}
    short = [line for line, bar in last.values() if int(bar["percent"]) < 100]
    return [*short[:2], timeouts[0]] if short and timeouts else []


def stops_while_loading(facts: Facts) -> list[Line]:
    return last_line(facts) if stopped_in(facts, "load", "prepare") else []


def stops_while_compiling(facts: Facts) -> list[Line]:
    return last_line(facts) if stopped_in(facts, "profile", "capture") else []


def an_error_ended_it(facts: Facts) -> list[Line] | bool:
    if not crashed(facts):
        return False
    return facts.lines("exception")[:1] or True
