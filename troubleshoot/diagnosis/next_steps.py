"""What to run and send next: the cheapest command whose outcome would tell the leading causes apart.

A step's worth is the uncertainty about the cause that its outcome is expected to remove (in bits), beside a worth of
its own, over what it costs the reader. The words lie in `content/next_steps.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Any, Protocol

from troubleshoot.diagnosis import content, guards
from troubleshoot.diagnosis.causes import Cause
from troubleshoot.diagnosis.content import ContentError, Entry
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import VOCABULARY, Facts
from troubleshoot.diagnosis.install_methods import EVERY_VALUE, InstallMethod, method_of
from troubleshoot.diagnosis.snippets import slots
from troubleshoot.diagnosis.step_commands import COMMANDS, command_of
from troubleshoot.diagnosis.timeline import PHASES

MOST_STEPS = 5
# How likely a step's telling outcome is under a cause that the step is not about.
ELSEWHERE = 0.05
# Minutes that cost as much again as reading the step; what needing root costs beside.
COSTLY_MINUTES = 8.0
COST_OF_ROOT = 0.25
# A launch that became ready is asked about further only where some cause is at least this likely.
LIKELY = 0.3
WORTH_OF_A_BIT = 4.0
# From this probability of its telling outcome on, a step's own worth counts in full.
FULLY_RELEVANT = 0.25
# Once a cause is named, steps below this relevance would lead away from it.
BESIDE_THE_POINT = 0.5
OWN_SLOTS = {"run_in"}


def has_log(facts: Facts) -> bool:
    return bool(facts.all("phase_mark")) or bool(facts.timeline and facts.timeline.last_line)


# What `known` may name beside the facts of the vocabulary.
KNOWN: dict[str, Callable[[Facts], bool]] = {
    "log": has_log,
    "topology": lambda facts: bool(facts.matrices),
    "nccl-info": lambda facts: any(facts.all(name) for name in ("transport", "nccl_network", "p2p_allowed_by_nccl")),
    "p2p-off-tried": lambda facts: facts.env("NCCL_P2P_DISABLE") is not None,
    "silence": lambda facts: bool(
        facts.all("silence_seconds") or (facts.timeline and facts.timeline.silent_for_seconds is not None)
    ),
    "kernel-log": lambda facts: any(facts.all(name) for name in ("xid_event", "xids", "kernel_event", "oom_killed")),
    "versions": lambda facts: all(facts.all(name) for name in ("driver_version", "torch_version", "engine_version")),
}


class Knowledge(Protocol):
    @property
    def causes(self) -> Mapping[str, Cause]: ...
    @property
    def install_methods(self) -> Mapping[str, InstallMethod]: ...
    @property
    def steps(self) -> tuple[Step, ...]: ...


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    title: Text
    why: Text
    command: str  # a template, or "" with `command_from`
    command_from: str
    outcomes: tuple[tuple[Text, Text], ...]
    same_as: str  # the remedy that is the same as this step, so that one of them suffices; "" for none
    about: Mapping[str, float]  # cause or family → how likely the telling outcome is under it
    weight: float
    known: tuple[str, ...]
    outcome: tuple[str, ...]  # the timeline's outcomes in which it makes sense; empty for all
    phases: tuple[str, ...]  # the phases in which it makes sense; empty for all
    forbid: tuple[str, ...]
    minutes: int
    root: bool
    where: str


def load_steps(overlays: tuple[Path, ...] = ()) -> tuple[Step, ...]:
    """Every step, in the order of the file. Raises ContentError for a fault."""
    return tuple(step_of(entry) for entry in content.entries("next_steps.toml", "step", overlays))


def step_of(entry: Entry) -> Step:
    values = entry.values
    command, source = values.get("command", ""), values.get("command_from", "")
    if bool(command) == bool(source) or (source and source not in COMMANDS):
        raise ContentError(entry.where, f"needs either command or command_from, which is one of {', '.join(COMMANDS)}")
    if unknown := slots(command) - EVERY_VALUE - OWN_SLOTS:
        raise ContentError(entry.where, f"the command names {', '.join(sorted(unknown))}, which nobody gives")
    known = tuple(entry.need("known", list))
    if strange := [name for name in known if name not in VOCABULARY and name not in KNOWN]:
        raise ContentError(
            entry.where, f"known names {', '.join(strange)}, which is neither a fact nor of {', '.join(KNOWN)}"
        )
    phases = tuple(values.get("phases", ()))
    if strange := [phase for phase in phases if phase not in PHASES]:
        raise ContentError(entry.where, f"phases names {', '.join(strange)}; the phases are {', '.join(PHASES)}")
    outcomes = tuple(
        (Entry(table, entry.where).text("if"), Entry(table, entry.where).text("then"))
        for table in entry.need("outcomes", list)
    )
    if len(outcomes) < 2:
        raise ContentError(entry.where, "needs two outcomes at least: a step that can end in one way tells nothing")
    return Step(
        id=entry.need("id"),
        title=entry.text("title"),
        why=entry.text("why"),
        command=command,
        command_from=source,
        same_as=values.get("same_as", ""),
        outcomes=outcomes,
        about={name: float(share) for name, share in entry.need("about", dict).items()},
        weight=float(entry.need("weight", (int, float))),
        known=known,
        outcome=tuple(values.get("outcome", ())),
        phases=phases,
        forbid=guards.check_names(values.get("forbid", []), entry.where),
        minutes=entry.need("minutes", int),
        root=entry.need("root", bool),
        where=entry.where,
    )


def is_known(name: str, facts: Facts) -> bool:
    return KNOWN[name](facts) if name in KNOWN else bool(facts.all(name))


def makes_sense(step: Step, facts: Facts) -> bool:
    if step.known and all(is_known(name, facts) for name in step.known):
        return False
    timeline = facts.timeline
    if step.outcome and (timeline.outcome if timeline else "unknown") not in step.outcome:
        return False
    if step.phases and (timeline is None or timeline.stuck_in not in step.phases):
        return False
    return guards.verdict(step.forbid, (), facts)[0]


def entropy(shares: Sequence[float]) -> float:
    """Bits."""
    total = sum(shares)
    return -sum(share / total * log2(share / total) for share in shares if share > 0) if total > 0 else 0.0


def gain(step: Step, shares: Mapping[str, float], families: Mapping[str, str]) -> float:
    """Bits that the outcome is expected to take off the uncertainty about the cause."""
    likely = {cause: step.about.get(cause, step.about.get(families.get(cause, ""), ELSEWHERE)) for cause in shares}
    yes = [share * likely[cause] for cause, share in shares.items()]
    no = [share * (1 - likely[cause]) for cause, share in shares.items()]
    return entropy(list(shares.values())) - sum(yes) * entropy(yes) - sum(no) * entropy(no)


def relevance(step: Step, shares: Mapping[str, float], families: Mapping[str, str]) -> float:
    """From 0 to 1: how far the likely causes are those that the step is about; 1 for a step that is about none."""
    if not step.about:
        return 1.0
    telling = sum(
        share * step.about.get(cause, step.about.get(families.get(cause, ""), ELSEWHERE))
        for cause, share in shares.items()
    )
    return min(1.0, telling / FULLY_RELEVANT)


def beliefs(ranked: Sequence[tuple[str, float]], causes: Sequence[str]) -> dict[str, float]:
    """A share for every cause, 1 in all: what the ranking leaves is spread over the causes that it does not name."""
    shares = {cause: max(0.0, min(1.0, probability)) for cause, probability in ranked if cause in causes}
    total = sum(shares.values())
    if total > 1:
        shares = {cause: share / total for cause, share in shares.items()}
        total = 1.0
    others = [cause for cause in causes if cause not in shares]
    return {**shares, **{cause: max(1 - total, 0.02) / len(others) for cause in others}}


def named(ranked: Sequence[tuple[str, float]], families: Mapping[str, str]) -> str | None:
    """The cause that leads, where its family is more likely than not: then the report names it (contract.md)."""
    if not ranked:
        return None
    leading = ranked[0][0]
    together = sum(probability for cause, probability in ranked if families.get(cause) == families.get(leading))
    return leading if together > 0.5 and leading in families else None


def cost(step: Step) -> float:
    return 1 + step.minutes / COSTLY_MINUTES + COST_OF_ROOT * step.root


def next_steps(facts: Facts, ranked: Sequence[tuple[str, float]], knowledge: Knowledge) -> list[dict[str, Any]]:
    """At most five steps as the contract's tables, the most telling and cheapest first; never none."""
    families = {cause.id: cause.family for cause in knowledge.causes.values()}
    shares = beliefs(ranked, list(knowledge.causes))
    fitting = [step for step in knowledge.steps if makes_sense(step, facts)]
    if facts.timeline and facts.timeline.outcome == "ready" and max((p for _, p in ranked), default=0.0) < LIKELY:
        fitting = [step for step in fitting if "ready" in step.outcome]
    if leading := named(ranked, families):
        told_above = knowledge.causes[leading].remedies[:1]
        fitting = [
            step
            for step in fitting
            if step.same_as not in told_above and relevance(step, shares, families) >= BESIDE_THE_POINT
        ]
    # Without anything left to ask, the launch's log is what every diagnosis starts from.
    fitting = fitting or [step for step in knowledge.steps if step.id == "launch-log"]
    worth = {
        step.id: (gain(step, shares, families) * WORTH_OF_A_BIT + step.weight * relevance(step, shares, families))
        / cost(step)
        for step in fitting
    }
    chosen: list[Step] = []
    for step in sorted(fitting, key=lambda step: -worth[step.id]):
        # Two steps with one command would be one step told twice.
        if not any(step.command_from and step.command_from == other.command_from for other in chosen):
            chosen.append(step)
    return [told(step, facts, knowledge, round(worth[step.id], 3)) for step in chosen[:MOST_STEPS]]


def told(step: Step, facts: Facts, knowledge: Knowledge, worth: float) -> dict[str, Any]:
    command, language = command_of(step.command, step.command_from, facts, knowledge.install_methods)
    return {
        "id": step.id,
        "title": step.title,
        "command": command,
        "language": language,
        "why": step.why,
        "where": knowledge.install_methods[method_of(facts, knowledge.install_methods)].logs
        if step.command_from
        else None,
        "outcomes": [{"if": outcome, "then": then} for outcome, then in step.outcomes],
        "minutes": step.minutes,
        "root": step.root,
        "worth": worth,
    }
