"""Which of a log's failures ended the launch: exceptions, exit codes, timeouts, and what merely looks like one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.launch_marks import Seen, level_number

# Signal and shell codes of a process that was told to go: parents do that to the others, never a cause.
TOLD_TO_GO = (0, -15, 143, -2, 130, -1)

# A failed request of a ready engine says nothing about its launch.
OF_A_REQUEST = lazy_re.compile(
    r"(?:ValueError|ValidationError|HTTPException|CancelledError|ClientDisconnect|JSONDecodeError|NotFoundError|BadRequestError"
    r"|KeyError|TypeError|ToolParsingError)$"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """`survived_by`: how many further levels the launch must reach for this not to have ended it."""

    line: Line | None
    of_a_request: bool = False
    survived_by: int = 3
    level: int | None = None


def failures_of(facts: Facts) -> list[Failure]:
    """Everything that says that some process failed, in the order of the inputs."""
    failures = [Failure(f.line) for f in facts.all("phase_mark") if f.value.edge == "failed"]
    failures += [Failure(f.line, survived_by=1, level=8) for f in facts.all("phase_mark") if f.value.edge == "warned"]
    interrupted = any(f.value.edge == "interrupted" for f in facts.all("phase_mark"))
    if not interrupted:  # else it is the traceback of whoever gave up waiting
        failures += [Failure(f.line, of_a_request=True) for f in facts.all("phase_mark") if f.value.edge == "traceback"]
    failures += [Failure(f.line) for f in facts.all("exit_code") if f.value[1] not in TOLD_TO_GO]
    failures += [Failure(f.line) for f in facts.all("collective_timeout")]
    failures += [
        Failure(f.line, bool(OF_A_REQUEST.search(f.value[1])))
        for f in facts.all("exception")
        if f.value[1] not in ("KeyboardInterrupt", "SystemExit")
    ]
    return failures


def fatal(failures: Iterable[Failure], launch: Sequence[Seen], ready: Seen | None) -> list[Failure]:
    """Failures that ended the launch: not those of an earlier attempt, and not those it went on after."""
    main, begins = launch[0].line.file, launch[0].line.number
    first: dict[str, int] = {}  # level → the lines between which the launch was seen there
    last: dict[str, int] = {}
    for seen in launch:
        if seen.moves:
            number = seen.line.number
            first[seen.mark.level] = min(number, first.get(seen.mark.level, number))
            if seen.mark.edge != "note":
                last[seen.mark.level] = max(number, last.get(seen.mark.level, number))
    ended = []
    for failure in failures:
        line = failure.line
        if line is not None and line.file == main:
            if line.number < begins and launch[0].mark.edge == "launch":
                continue
            if ready is not None and (line.number < ready.line.number or failure.of_a_request):
                continue
            went_on = {level for level, number in last.items() if number > line.number}
            before = {level for level, number in first.items() if number < line.number}
            if failure.level is not None:  # the level it speaks of is no sign that it went on
                went_on = {level for level in went_on if (level_number(level) or 0) > failure.level}
            if len(went_on - before) >= failure.survived_by:  # it was caught, or belongs to another program
                continue
        elif ready is not None:
            continue
        ended.append(failure)
    return ended
