"""Launch phases from any engine's log: done, stuck, failed, not reached; how long silent; hung, slow or crashed."""

from __future__ import annotations

from dataclasses import dataclass, field

from troubleshoot.diagnosis.evidence import Line

PHASES = ("prepare", "start", "rendezvous", "nccl-init", "all-reduce-setup", "load", "profile", "capture", "ready")


@dataclass(frozen=True, slots=True)
class PhaseMark:
    """One line that opens ("open"), closes ("close") or moves on in ("progress") a phase, for one rank if told.

    level     "L8" … of domain/engines.md, finer than the phase
    seconds   on the document's own clock, None when the line has no time
    """

    phase: str
    edge: str
    level: str = ""
    rank: int | None = None
    process: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    id: str
    state: str  # done | stuck | failed | skipped | not-reached
    started: str | None = None
    seconds: float | None = None
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    phases: tuple[Phase, ...] = ()
    stuck_in: str | None = None
    silent_for_seconds: float | None = None
    outcome: str = "unknown"  # ready | hung | slow | crashed | unknown
    last_line: Line | None = None  # the last line of the launch that says something
    last_level: str = ""
    ranks: dict[int, str] = field(default_factory=dict)  # rank → last level seen, when ranks can be told apart
