"""How often the diagnosis is right, measured on a folder of incidents whose truth is known.

A folder an incident: its files, and `case.json` with `primary` (the cause), `acceptable` (others an expert would accept)
and `p2p_disable_helps`. The measures are those of the corpus' own score.
"""

from __future__ import annotations

import json
import math
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
    """The probability said beside the answer: the leading family's, or that of "nothing told" and of "healthy"."""
    told: Mapping[str, float]
    """The probability of every cause, of "healthy" and of "nothing told"; together 1."""

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
    told = {cause: finding.confidence for cause, finding in diagnosis.every.items()}
    told[HEALTHY] = diagnosis.healthy
    told[INSUFFICIENT] = max(0.0, 1 - sum(told.values()))
    if diagnosis.verdict == "cause":
        confidence = diagnosis.families[diagnosis.findings[0].family]
    else:
        confidence = told[HEALTHY if diagnosis.verdict == "healthy" else INSUFFICIENT]
    ranked = tuple(finding.cause for finding in diagnosis.findings)
    return Judged(incident, diagnosis.verdict, ranked, confidence, told)


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


def summary(incidents: Sequence[Incident], library: Library) -> dict[str, Any]:
    """All but the calibration, as JSON values: what the scoreboard shows."""
    rows = judge(incidents, library)
    return {
        "figures": figures(rows),
        "generalising": figures(judge(without_single_case_signatures(incidents, library), library)),
        "per_cause": per_cause(rows),
        "confusions": confusions(rows),
        "misses": [
            {"case": r.incident.name, "want": r.incident.primary, "got": r.answer, "ranked": list(r.ranked[:3])}
            for r in rows
            if not r.is_right
        ],
    }
