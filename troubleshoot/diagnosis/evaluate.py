"""How often the diagnosis is right, measured on a folder of incidents whose truth is known.

A folder an incident: its files, and `case.json` with `primary` (the cause), `acceptable` (others an expert would accept)
and `p2p_disable_helps`. The measures are those of the corpus' own score.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from troubleshoot.diagnosis.confidence import MODEL, Model
from troubleshoot.diagnosis.diagnose import HEALTHY, Diagnosis, diagnose
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.library import Library
from troubleshoot.diagnosis.pipeline import examine, know, take_in
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.signatures import named

INSUFFICIENT = "insufficient-evidence"
FOLDS = 5
BINS = 5
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Incident:
    name: str
    primary: str
    acceptable: frozenset[str]
    facts: Facts

    @property
    def right(self) -> frozenset[str]:
        return self.acceptable | {self.primary}


@dataclass(frozen=True, slots=True)
class Judged:
    """One incident and what was said of it."""

    incident: Incident
    verdict: str
    ranked: tuple[str, ...]
    confidence: float
    """Of the answer that was given: the leading cause's, or of "nothing told" and "healthy"."""

    @property
    def answer(self) -> str:
        if self.verdict == "cause":
            return self.ranked[0]
        return HEALTHY if self.verdict == "healthy" else INSUFFICIENT

    @property
    def is_right(self) -> bool:
        return self.answer in self.incident.right


def load(folder: Path, library: Library) -> list[Incident]:
    """Every incident of the folder, read once."""
    incidents = []
    for case in sorted(p for p in folder.iterdir() if (p / "case.json").exists()):
        truth = json.loads((case / "case.json").read_text(encoding="utf-8"))
        files = sorted(p for p in case.iterdir() if p.is_file() and p.name != "case.json")
        documents = take_in([(path.name, path.open("rb")) for path in files], library)
        facts, _, _ = know(documents, library)
        incidents.append(Incident(case.name, truth["primary"], frozenset(truth.get("acceptable", [])), facts))
    return incidents


def changed_by_redaction(folder: Path, library: Library) -> tuple[int, dict[str, list[str]]]:
    """How many incidents there are, and for each whose report hiding secrets changes: which parts of it change."""
    changed: dict[str, list[str]] = {}
    cases = [case.parent for case in sorted(folder.glob("*/case.json"))]
    for case in cases:
        files = sorted(p for p in case.iterdir() if p.is_file() and p.name != "case.json")
        hidden, open_ = (
            told(take_in([(path.name, path.open("rb")) for path in files], library, redactor=redactor), library)
            for redactor in (library.redactor(), Redactor(table=()))
        )
        if parts := [part for part in hidden if hidden[part] != open_[part]]:
            changed[case.name] = parts
    return len(cases), changed


def told(documents: Sequence[Document], library: Library) -> dict[str, Any]:
    """What a report says of these documents, but for the words of their lines."""
    report = examine(documents, library)
    return {
        "verdict": report["verdict"],
        "causes": [(cause["id"], cause["confidence"]) for cause in report["causes"]],
        "topology": report["topology"],
        "timeline": report["timeline"],
        "facts": [(fact["name"], fact["value"]) for fact in report["facts"]],
        "kinds": [read["kinds"] for read in report["inputs"]],
    }


def judge(incidents: Iterable[Incident], library: Library, model: Model = MODEL) -> list[Judged]:
    return [judged(incident, diagnose(incident.facts, library, model)) for incident in incidents]


def judged(incident: Incident, diagnosis: Diagnosis) -> Judged:
    ranked = tuple(finding.cause for finding in diagnosis.findings)
    if diagnosis.verdict == "cause":
        confidence = diagnosis.findings[0].confidence
    elif diagnosis.verdict == "healthy":
        confidence = diagnosis.healthy
    else:
        confidence = 1 - sum(diagnosis.families.values()) - diagnosis.healthy
    return Judged(incident, diagnosis.verdict, ranked, confidence)


def figures(rows: Sequence[Judged]) -> dict[str, float]:
    """top1, strict1, top3, abstained over incidents with a cause; healthy; modest."""
    causes = [r for r in rows if r.incident.primary not in (HEALTHY, INSUFFICIENT)]
    top3 = [
        bool(r.incident.right & set([*([] if r.verdict == "cause" else [r.answer]), *r.ranked][:3])) for r in causes
    ]
    return {
        "n": len(rows),
        "top1": mean([r.is_right for r in causes]),
        "strict1": mean([r.answer == r.incident.primary for r in causes]),
        "top3": mean(top3),
        "abstained": mean([r.answer == INSUFFICIENT for r in causes]),
        "healthy": mean([r.is_right for r in rows if r.incident.primary == HEALTHY]),
        "modest": mean([r.is_right for r in rows if r.incident.primary == INSUFFICIENT]),
    }


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def brier(rows: Sequence[Judged]) -> tuple[float, float]:
    """The Brier score of the answers' confidences, and that of always giving the share of right answers."""
    base = mean([r.is_right for r in rows])
    ours = mean([(r.confidence - r.is_right) ** 2 for r in rows])
    return ours, mean([(base - r.is_right) ** 2 for r in rows])


def brier_of_causes(incidents: Sequence[Incident], library: Library, model: Model = MODEL) -> tuple[float, float]:
    """Multi-class Brier score over all causes, ours and that of always giving base rates (shares of primary causes).

    Acceptable causes share the truth: the probability given to any of them counts as given to the primary one.
    """
    rates = Counter(i.primary for i in incidents)
    ours, base = [], []
    for incident in incidents:
        diagnosis = diagnose(incident.facts, library, model)
        told = {cause: f.confidence for cause, f in diagnosis.every.items()}
        told[HEALTHY] = diagnosis.healthy
        told[INSUFFICIENT] = max(0.0, 1 - sum(told.values()))
        ours.append(squared_error(told, incident))
        base.append(squared_error({c: n / len(incidents) for c, n in rates.items()}, incident))
    return mean(ours), mean(base)


def squared_error(told: Mapping[str, float], incident: Incident) -> float:
    right = sum(p for cause, p in told.items() if cause in incident.right)
    return (1 - right) ** 2 + sum(p**2 for cause, p in told.items() if cause not in incident.right)


def reliability(rows: Sequence[Judged]) -> list[dict[str, float]]:
    """Bins of equal mass by confidence: what was claimed, what was right, and a bootstrap interval (95 %) of the latter."""
    ordered = sorted(rows, key=lambda r: r.confidence)
    chance = random.Random(1)  # noqa: S311  # resampling for an interval, nothing secret; fixed so that figures repeat
    bins = []
    for at in range(BINS):
        part = ordered[at * len(ordered) // BINS : (at + 1) * len(ordered) // BINS]
        if not part:
            continue
        right = [float(r.is_right) for r in part]
        drawn = sorted(mean(chance.choices(right, k=len(right))) for _ in range(RESAMPLES))
        bins.append(
            {
                "n": len(part),
                "claimed": mean([r.confidence for r in part]),
                "right": mean(right),
                "low": drawn[int(0.025 * RESAMPLES)],
                "high": drawn[int(0.975 * RESAMPLES)],
            }
        )
    return bins


def per_cause(rows: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Precision and recall of each cause; an acceptable answer counts as right for both."""
    table: dict[str, dict[str, float]] = {}
    names = {r.incident.primary for r in rows} | {r.answer for r in rows}
    for name in sorted(names):
        given = [r for r in rows if r.answer == name]
        wanted = [r for r in rows if r.incident.primary == name]
        table[name] = {
            "n": len(wanted),
            "precision": mean([r.is_right for r in given]),
            "recall": mean([r.is_right for r in wanted]),
        }
    return table


def confusions(rows: Sequence[Judged]) -> list[tuple[str, str, int]]:
    """(truth, answer, how often) of what was wrong, the most frequent first."""
    wrong = Counter((r.incident.primary, r.answer) for r in rows if not r.is_right)
    return [(truth, answer, n) for (truth, answer), n in wrong.most_common()]


def without_single_case_signatures(incidents: Sequence[Incident], library: Library) -> list[Incident]:
    """The incidents without every signature that spoke in one incident only: what remains is what generalises."""
    seen: dict[str, set[str]] = defaultdict(set)
    for incident in incidents:
        for signature in incident.facts.hits:
            seen[signature].add(incident.name)
    single = {signature for signature, cases in seen.items() if len(cases) == 1}
    left = []
    for incident in incidents:
        facts = Facts(
            [f for f in incident.facts.facts if f.name not in ("named_cause", "echo")],
            {s: lines for s, lines in incident.facts.hits.items() if s not in single},
            list(incident.facts.matrices),
            incident.facts.timeline,
            list(incident.facts.documents),
        )
        facts.add(named(facts.hits, library.signatures))
        left.append(replace(incident, facts=facts))
    return left


def fit(incidents: Sequence[Incident], library: Library) -> tuple[Model, float]:
    """The model of least multi-class Brier score over a small grid, and its cross-validated score.

    Each fold is scored by the model that fits the other folds best, so the figure is not flattered by the fit.
    """
    grid = [
        Model(damping, temperature, null_score, MODEL.first_bonus)
        for damping in (0.5, 0.6, 0.7, 0.8)
        for temperature in (0.45, 0.6, 0.75, 0.9)
        for null_score in (-0.2, 0.1, 0.4, 0.7, 1.0)
    ]
    errors = {model: [error_of(i, library, model) for i in incidents] for model in grid}
    folds = [list(range(at, len(incidents), FOLDS)) for at in range(FOLDS)]
    held_out = []
    for fold in folds:
        rest = [i for i in range(len(incidents)) if i not in fold]
        best = min(grid, key=lambda m: mean([errors[m][i] for i in rest]))
        held_out += [errors[best][i] for i in fold]
    return min(grid, key=lambda m: mean(errors[m])), mean(held_out)


def error_of(incident: Incident, library: Library, model: Model) -> float:
    diagnosis = diagnose(incident.facts, library, model)
    told = {cause: f.confidence for cause, f in diagnosis.every.items()}
    told[HEALTHY] = diagnosis.healthy
    told[INSUFFICIENT] = max(0.0, 1 - sum(told.values()))
    return squared_error(told, incident)


def summary(incidents: Sequence[Incident], library: Library) -> dict[str, Any]:
    """All of it, as JSON values: what the scoreboard shows."""
    rows = judge(incidents, library)
    ours, base = brier_of_causes(incidents, library)
    return {
        "figures": figures(rows),
        "generalising": figures(judge(without_single_case_signatures(incidents, library), library)),
        "brier": {"ours": ours, "base_rates": base, "better_by": 1 - ours / base},
        "reliability": reliability(rows),
        "per_cause": per_cause(rows),
        "confusions": confusions(rows),
        "misses": [
            {"case": r.incident.name, "want": r.incident.primary, "got": r.answer, "ranked": list(r.ranked[:3])}
            for r in rows
            if not r.is_right
        ],
    }
