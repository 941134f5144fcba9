"""Launch phases from any engine's log: done, stuck, failed, not reached; how long silent; hung, slow or crashed.

Parsers say what single lines mean (`phase_mark` facts); here they become one picture of one launch. The log of the
launch is the document with the most marks; of several attempts in it the last counts (a crash loop restarts the same
file). Other documents tell of other ranks and of a later time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from troubleshoot.diagnosis.evidence import Document, Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.launch_failures import Failure, failures_of, fatal
from troubleshoot.diagnosis.launch_marks import (
    LAST_LEVELS,
    MOVES,
    PHASES,
    PhaseMark,
    Seen,
    last_attempt,
    level_number,
    marks_of,
    phase_of,
    started,
    weight,
)
from troubleshoot.diagnosis.launch_ranks import Numbering, RankPath, behind, heard_of, lasted, ranks_of
from troubleshoot.diagnosis.launch_silence import silence

__all__ = ["PHASES", "Phase", "PhaseMark", "Timeline", "build", "phase_of", "reached", "stopped_in"]

# Engines whose launch takes the phases in this order. Training programs load before they meet.
ORDERED = ("vllm", "sglang", "tgi", "lmdeploy", "tensorrt-llm")

# Seconds without progress after which a phase is held for hung (domain/engines.md §2.8, the alarm bands).
ALARM_SECONDS = {
    "prepare": 600,
    "start": 180,
    "rendezvous": 120,
    "nccl-init": 60,
    "all-reduce-setup": 300,
    "load": 600,
    "profile": 900,
    "capture": 300,
    "ready": 300,
}

# Steps that come once and before an engine serves; NCCL connects, kernels compile and graphs are captured later as well.
BEFORE_READY = ("L2", "L3", "L4", "L5", "L11", "L12", "L13", "L14", "L16")
STEPS = ("launch", "open", "progress", "close")

# A wait notice comes once a minute or so; from this many on nothing else can be meant (domain/engines.md §2.6).
MANY_NOTICES = 3


@dataclass(frozen=True, slots=True)
class Phase:
    id: str
    state: str  # done | stuck | failed | skipped | not-reached
    started: str | None = None
    seconds: float | None = None
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One launch. `stuck_in` is the phase in which it stands when it is neither ready nor crashed."""

    phases: tuple[Phase, ...] = ()
    stuck_in: str | None = None
    silent_for_seconds: float | None = None
    outcome: str = "unknown"  # ready | hung | slow | crashed | unknown
    last_line: Line | None = None  # the last line of the launch that says something
    last_level: str = ""
    heard: tuple[int, int] | None = None  # (n, of all): so many ranks reached NCCL, where only their number can be told
    ranks: dict[int, RankPath] = field(default_factory=dict)  # where the log tells ranks apart


def reached(timeline: Timeline | None, phase: str) -> bool:
    """Whether the launch came as far as `phase`, finished or not."""
    return timeline is not None and any(
        p.id == phase and p.state in ("done", "stuck", "failed") for p in timeline.phases
    )


def stopped_in(timeline: Timeline | None, phase: str) -> bool:
    """Whether the launch stands or failed in `phase`."""
    return timeline is not None and any(p.id == phase and p.state in ("stuck", "failed") for p in timeline.phases)


# ---- the launch among the documents


def build(documents: Sequence[Document], facts: Facts) -> Timeline:
    """The timeline of the launch that `documents` tell of; an empty one when they tell of none."""
    by_document = marks_of(documents, facts)
    launches = [launch for seen in by_document.values() for launch in last_attempt(seen)]
    failures = failures_of(facts)
    if not launches:
        return Timeline(outcome="crashed") if failures else Timeline()
    main = max(launches, key=weight)
    engine = facts.value("engine")
    ordered = engine in ORDERED or (engine is None and bool(facts.value("gpustack")))
    found = picture(main, launches, failures, ordered, documents, facts)
    return Timeline() if found.outcome == "ready" and is_a_test(facts) else found


def is_a_test(facts: Facts) -> bool:
    """A test that ran through says that NCCL works, and nothing of a launch."""
    engine = facts.value("engine")
    return engine == "nccl-tests" or (engine is None and facts.value("sanity_stage") is not None)


# ---- one picture


def ready_mark(launch: Sequence[Seen], facts: Facts) -> Seen | None:
    """The first line that says the engine serves; not that of another server, after which the launch still went on."""
    if facts.value("gpustack") and not facts.value("engine"):
        return None  # GPUStack's own web server
    last_step = max(
        (s.line.number for s in launch if s.mark.edge in STEPS and s.mark.level in BEFORE_READY), default=-1
    )
    return next((s for s in launch if s.mark.edge in ("ready", "serving") and s.line.number > last_step), None)


def engine_ready(launch: Sequence[Seen], last: Seen | None) -> bool:
    """Whether the log ends with the engine's own "ready" (L19) and no server was to follow: it is used as a library."""
    is_served = any(s.mark.level == "L2" and s.mark.edge == "launch" for s in launch)
    return last is not None and last.mark.level == "L19" and last.mark.edge == "close" and not is_served


def standing(launch: Sequence[Seen], ordered: bool, facts: Facts, who: Numbering) -> int | None:
    """The index of the phase the launch stands in, by its marks alone."""
    moved = [s for s in launch if s.moves and s.mark.edge not in ("ready", "serving")]
    waits = [s for s in launch if s.mark.edge == "waits-for-workers"]
    if not moved:
        if waits:
            return PHASES.index(waits[-1].mark.phase)
        notes = [s for s in launch if s.mark.phase and s.mark.edge in ("note", "heartbeat")]
        return PHASES.index(notes[-1].mark.phase) if notes else None
    if ordered:
        at = max(PHASES.index(s.mark.phase) for s in (*moved, *waits))
        return after_close(moved, at, facts, who)
    return PHASES.index(moved[-1].mark.phase)


def after_close(moved: Sequence[Seen], at: int, facts: Facts, who: Numbering) -> int:
    """A phase that every rank closed leaves the launch in the next: after "Model loading took" comes the first forward."""
    of_phase = [s for s in moved if PHASES.index(s.mark.phase) == at]
    if not of_phase or at + 1 >= len(PHASES):
        return at
    final = LAST_LEVELS[at]
    closes = [s for s in of_phase if s.mark.edge == "close" and level_number(s.mark.level) == final]
    if not closes or of_phase[-1].mark.edge != "close":
        return at
    if not who.one_speaks and behind(moved, of_phase, closes, facts, who):
        return at
    skips_capture = PHASES[at + 1] == "capture" and facts.value("enforce_eager")
    return at + 2 if skips_capture else at + 1


def picture(
    launch: list[Seen],
    launches: list[list[Seen]],
    failures: list[Failure],
    ordered: bool,
    documents: Sequence[Document],
    facts: Facts,
) -> Timeline:
    ready = ready_mark(launch, facts)
    ended = fatal(failures, launch, ready)
    moves = [s for s in launch if s.mark.edge in MOVES or s.mark.edge == "note"]
    last = moves[-1] if moves else None
    who = Numbering(launches, facts)
    at = len(PHASES) - 1 if ready else standing(launch, ordered, facts, who)
    waiting = [s for s in launch if s.mark.edge in ("heartbeat", "waits-for-workers")]
    heartbeats = list({s.line: s for s in waiting if last is None or s.line.number > last.line.number}.values())
    silent = silence(launch, launches, last, documents, facts)

    if ready and not ended:
        waits = [s for s in heartbeats if s.mark.edge == "waits-for-workers"]
        outcome = "hung" if len(waits) >= 2 else "ready"
    elif ended:
        outcome = "crashed"
        at = failed_at(launch, ended, ordered, facts, at, who)
    elif engine_ready(launch, last) and not heartbeats and (silent is None or silent < ALARM_SECONDS["ready"]):
        outcome, at = "ready", len(PHASES) - 1
    else:
        outcome = how_it_stands(launch, last, heartbeats, PHASES[at] if at is not None else "", silent)

    stands = at is not None and outcome in ("hung", "slow", "unknown")
    return Timeline(
        phases=phases(launch, at, outcome, ordered, bool(ready), facts),
        stuck_in=PHASES[at] if stands and at is not None else None,
        silent_for_seconds=silent if stands else None,
        outcome=outcome,
        last_line=last.line if last else None,
        last_level=highest_level(launch, ordered),
        heard=heard_of(launch, facts, who) if at == PHASES.index("nccl-init") else None,
        ranks={} if outcome == "ready" else ranks_of(launches, ordered, facts, who, at),
    )


def failed_at(
    launch: Sequence[Seen], ended: Sequence[Failure], ordered: bool, facts: Facts, at: int | None, who: Numbering
) -> int | None:
    """The phase that failed: as far as the launch had come, or the deepest frame of its traceback that names one."""
    lines = [f.line.number for f in ended if f.line is not None and f.line.file == launch[0].line.file]
    first = min(lines, default=launch[-1].line.number)
    until = [s for s in launch if s.line.number <= first]
    by_marks = standing(until, ordered, facts, who) if until else None
    if by_marks is None:
        by_marks = at
    traces = [PHASES.index(s.mark.phase) for s in launch if s.mark.edge == "trace" and s.mark.phase]
    if traces and (by_marks is None or max(traces) > by_marks):
        return max(traces)
    failed = [s for s in launch if s.mark.edge in ("failed", "warned") and s.mark.phase]
    if failed and (by_marks is None or not ordered):
        return PHASES.index(failed[0].mark.phase)
    return by_marks


def how_it_stands(
    launch: Sequence[Seen], last: Seen | None, heartbeats: Sequence[Seen], phase: str, silent: float | None
) -> str:
    """hung, slow or unknown: of a launch that neither ended nor got ready.

    Slow needs a positive sign that work goes on; hung needs silence, somebody who waits, or somebody who gave up.
    """
    alarm = ALARM_SECONDS.get(phase, 600)
    if any(s.mark.edge == "interrupted" for s in launch):
        return "hung"
    busy = last is not None and last.mark.edge == "busy"
    if busy and (silent is None or silent < alarm):
        return "slow"
    if silent is not None and silent >= alarm:
        return "hung"
    if silent is None:
        return "hung" if len(heartbeats) >= 2 else "unknown"
    waited = silent >= alarm / 3 or len(heartbeats) >= MANY_NOTICES
    return "hung" if heartbeats and waited else "unknown"


def highest_level(launch: Sequence[Seen], ordered: bool) -> str:
    levels = [s.mark.level for s in launch if s.mark.level and s.mark.edge in (*MOVES, "waits-for-workers")]
    if not levels:
        levels = [s.mark.level for s in launch if s.mark.level]
    if not levels:
        return ""
    return max(levels, key=lambda level: level_number(level) or 0) if ordered else levels[-1]


def phases(
    launch: Sequence[Seen], at: int | None, outcome: str, ordered: bool, is_ready: bool, facts: Facts
) -> tuple[Phase, ...]:
    """The nine phases with their states, in order."""
    first: dict[str, Seen] = {}
    for seen in launch:
        if seen.mark.phase and seen.mark.edge in (*MOVES, "waits-for-workers"):
            first.setdefault(seen.mark.phase, seen)
    times = {phase: seen.at for phase, seen in first.items() if seen.at is not None}
    alone = facts.value("world_size") == 1 or (
        facts.value("world_size") is None and facts.value("tensor_parallel_size") == 1
    )
    listed = []
    for n, phase in enumerate(PHASES):
        opening = first.get(phase)
        if at is None or n > at:
            state = "done" if opening and not ordered and at is not None else "not-reached"
        elif n == at:
            ended_well = phase == "ready" and (outcome == "ready" or (is_ready and outcome == "crashed"))
            state = "done" if ended_well else "failed" if outcome == "crashed" else "stuck"
        elif opening:
            state = "done"
        elif (
            phase == "prepare"
            or (phase == "capture" and facts.value("enforce_eager"))
            or (phase in ("rendezvous", "nccl-init", "all-reduce-setup") and alone)
        ):
            state = "skipped"
        else:
            state = "done" if ordered or phase == "start" else "skipped"
        if state in ("not-reached", "skipped"):
            listed.append(Phase(phase, state))
        else:
            listed.append(
                Phase(
                    phase,
                    state,
                    started(opening),
                    lasted(phase, times) if state == "done" else None,
                    opening.line if opening else None,
                )
            )
    return tuple(listed)
