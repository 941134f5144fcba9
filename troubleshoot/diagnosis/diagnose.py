"""Weighs what speaks for and against each cause, ranks, rules out, and comes to a verdict.

Order (contract.md): families by their members' confidences added, within a family by confidence. Lines of role
"cascade" say that something failed, seldom what; the first root line of a text is likelier than its echoes.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from troubleshoot.diagnosis.causes import Cause
from troubleshoot.diagnosis.confidence import MODEL, Model, probabilities, score
from troubleshoot.diagnosis.evidence import Line, Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.limits import let_through
from troubleshoot.diagnosis.rules import Rule, may_speak
from troubleshoot.diagnosis.signatures import Signature

log = logging.getLogger(__name__)

HEALTHY = "healthy"
SHOWN_FROM = 0.05  # contract: a cause below is left out
LINES_PER_REASON = 3


class Knowledge(Protocol):
    @property
    def causes(self) -> Mapping[str, Cause]: ...
    @property
    def signatures(self) -> Mapping[str, Signature]: ...
    @property
    def rules(self) -> Iterable[Rule]: ...


@dataclass(frozen=True, slots=True)
class Reason:
    """A signature or rule that spoke about one cause, with the lines that show it."""

    id: str
    cause: str
    role: str
    weight: float
    says: Text
    lines: tuple[Line, ...]


class Finding(NamedTuple):
    """A cause weighed. One is made of every cause at each step of a guide, which a NamedTuple does fastest."""

    cause: str
    family: str
    score: float
    confidence: float
    reasons: tuple[Reason, ...]

    @property
    def supporting(self) -> list[Reason]:
        return [r for r in self.reasons if r.weight > 0 or (r.weight == 0 and r.role in ("cascade", "confirms"))]

    @property
    def opposing(self) -> list[Reason]:
        return [r for r in self.reasons if r.weight < 0]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    verdict: str  # cause | healthy | insufficient-evidence
    findings: tuple[Finding, ...]  # in the order of the report, none below SHOWN_FROM
    families: dict[str, float]
    healthy: float
    ruled_out: tuple[Finding, ...]
    noticed: tuple[Reason, ...]
    broken: tuple[str, ...] = ()
    every: dict[str, Finding] = field(default_factory=dict)


def reasons_from(facts: Facts, knowledge: Knowledge) -> tuple[list[Reason], list[str]]:
    """Every reason that speaks, and the ids of rules that failed: those are said, and stop nothing."""
    reasons: list[Reason] = []
    broken: list[str] = []
    for signature_id, lines in facts.hits.items():
        signature = knowledge.signatures[signature_id]
        says, shown = sentence(signature, lines[0]), first_and_last(lines)
        for cause, weight in {signature.cause: signature.weight, **signature.also}.items():
            role = signature.role if cause == signature.cause else ("contradicts" if weight < 0 else "confirms")
            reasons.append(Reason(signature_id, cause, role, weight, says, shown))
    for rule in may_speak(knowledge.rules, facts):
        try:
            found = rule.find(facts)
        except Exception as error:
            let_through(error)
            log.exception("rule %s failed", rule.id)
            broken.append(rule.id)
            continue
        if not found:
            continue
        proof = () if isinstance(found, bool) else tuple(dict.fromkeys(found))[:LINES_PER_REASON]
        for cause, weight in {rule.cause: rule.weight, **rule.also}.items():
            role = rule.role if cause == rule.cause else ("contradicts" if weight < 0 else "confirms")
            reasons.append(Reason(rule.id, cause, role, weight, rule.says, proof))
    return reasons, broken


def first_and_last(lines: Sequence[Line]) -> tuple[Line, ...]:
    """What is shown of many lines: the last one, too, for in a wait that repeats itself it tells how long."""
    return tuple(lines if len(lines) <= LINES_PER_REASON else [*lines[: LINES_PER_REASON - 1], lines[-1]])


def sentence(signature: Signature, line: Line) -> Text:
    """What the signature says of this line, with `{group}` filled from its pattern's named groups."""
    if not any("{" in words for words in signature.says.values()):
        return signature.says
    match = next((m for m in (pattern.search(line.text) for pattern in signature.compiled) if m), None)
    groups = {name: value or "" for name, value in (match.groupdict() if match else {}).items()}
    filled = {}
    for lang, words in signature.says.items():
        for name, value in groups.items():
            words = words.replace("{" + name + "}", value)
        filled[lang] = words
    return filled


def first_roots(reasons: Iterable[Reason]) -> set[str]:
    """The causes whose root line comes first in some text that holds root lines of several causes."""
    roots: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for reason in reasons:
        if reason.role == "root" and reason.weight >= 1:
            for line in reason.lines[:1]:
                roots[line.file].append((line.number, reason.cause))
    return {min(found)[1] for found in roots.values() if len({cause for _, cause in found}) > 1}


def weigh(
    reasons: Iterable[Reason], causes: Mapping[str, Cause], model: Model = MODEL
) -> tuple[dict[str, float], dict[str, list[Reason]]]:
    """Score of every cause (and of "healthy", where something speaks for it), and its reasons."""
    reasons = list(reasons)
    of_cause: dict[str, list[Reason]] = defaultdict(list)
    for reason in reasons:
        if reason.cause:
            of_cause[reason.cause].append(reason)
    early = first_roots(reasons)
    scores = {name: cause.prior for name, cause in causes.items()}
    if HEALTHY in of_cause:
        scores[HEALTHY] = 0.0
    for cause in scores.keys() & of_cause.keys():
        weights = [reason.weight for reason in of_cause[cause]]
        scores[cause] = score(scores[cause], weights, model) + model.first_bonus * (cause in early)
    return scores, of_cause


def diagnose(facts: Facts, knowledge: Knowledge, model: Model = MODEL, extra: Iterable[Reason] = ()) -> Diagnosis:
    """What it is, how sure that is, what speaks against, and what it is not. `extra`: reasons from a guide's answers."""
    reasons, broken = reasons_from(facts, knowledge)
    reasons += extra
    scores, of_cause = weigh(reasons, knowledge.causes, model)
    confidence = probabilities(scores, model)
    healthy = confidence.pop(HEALTHY, 0.0)
    every = {
        cause: Finding(
            cause,
            knowledge.causes[cause].family,
            scores[cause],
            probability,
            tuple(sorted(of_cause[cause], key=lambda r: -abs(r.weight))) if cause in of_cause else (),
        )
        for cause, probability in confidence.items()
    }
    families: dict[str, float] = defaultdict(float)
    for finding in every.values():
        families[finding.family] += finding.confidence
    told_of = [finding for finding in every.values() if finding.reasons or finding.confidence >= SHOWN_FROM]
    ranked = sorted(told_of, key=lambda f: (-families[f.family], f.family, -f.confidence))
    shown = tuple(f for f in ranked if f.confidence >= SHOWN_FROM)
    ruled_out = tuple(f for f in ranked if f.confidence < SHOWN_FROM and sum(r.weight for r in f.opposing) <= -1)
    return Diagnosis(
        verdict=verdict_of(facts, families, healthy),
        findings=shown,
        families=dict(sorted(families.items(), key=lambda item: -item[1])),
        healthy=healthy,
        ruled_out=ruled_out,
        noticed=tuple(noticed(reasons, shown, ruled_out)),
        broken=tuple(broken),
        every=every,
    )


def verdict_of(facts: Facts, families: Mapping[str, float], healthy: float) -> str:
    """`healthy` needs a ready line and nothing that outweighs it; `cause` a family more likely than not."""
    leading = max(families.values(), default=0.0)
    is_ready = bool(facts.value("ready")) or (facts.timeline is not None and facts.timeline.outcome == "ready")
    if is_ready and healthy > 0.5 and healthy > leading:
        return "healthy"
    return "cause" if leading > 0.5 else "insufficient-evidence"


def noticed(reasons: Iterable[Reason], shown: Iterable[Finding], ruled_out: Iterable[Finding]) -> list[Reason]:
    """Worth a look though not the cause: harmless lines that look alarming, and what speaks for a cause that is neither
    shown nor ruled out."""
    causes = {finding.cause for finding in (*shown, *ruled_out)}
    found: dict[str, Reason] = {}
    for reason in reasons:
        if not reason.lines or reason.id in found:
            continue
        if reason.role == "harmless" or (
            reason.weight >= 0.5 and reason.cause not in causes and reason.cause != HEALTHY
        ):
            found[reason.id] = reason
    for finding in shown:
        for reason in finding.reasons:
            found.pop(reason.id, None)
    return list(found.values())
