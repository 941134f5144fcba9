"""Writes the report: the one place that knows the contract's field names.

Texts for people are tables {"en": …, "zh-hans": …}; `renderings.in_language` picks one. Values are JSON types, so the
report is stored as made and an old report never changes with new knowledge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from troubleshoot.diagnosis import topology
from troubleshoot.diagnosis.causes import Cause
from troubleshoot.diagnosis.confidence import in_words
from troubleshoot.diagnosis.diagnose import Diagnosis, Finding, Reason
from troubleshoot.diagnosis.evidence import Line, Section, Text
from troubleshoot.diagnosis.facts import VOCABULARY, Facts
from troubleshoot.diagnosis.install_methods import detected_method
from troubleshoot.diagnosis.launch_ranks import RankPath
from troubleshoot.diagnosis.names import value_in_words
from troubleshoot.diagnosis.observations import observations
from troubleshoot.diagnosis.phases import PHASE_TITLES, what_was_seen
from troubleshoot.diagnosis.report_inputs import inputs_of

SCHEMA = 1
Report = dict[str, Any]

HEALTHY_SUMMARY: Text = {
    "en": "The launch reached its ready line and nothing failed.",
    "zh-hans": "启动成功，没有报错。",
}
UNSURE_SUMMARY: Text = {
    "en": "What was sent cannot tell the cause; the steps below would.",
    "zh-hans": "现有内容还判断不出原因；下面的步骤可以。",
}
NOTHING_READ: Text = {
    "en": "Nothing that was sent could be read as text; see what we read.",
    "zh-hans": "发来的内容都无法作为文本读取；见“读到了什么”。",
}
NOT_COVERED: Text = {
    "en": "Some of this comes from {makers} hardware. Unhang knows NVIDIA's GPUs with CUDA and NCCL: what it says of the engine, "
    "of host memory and of the network holds here too, but of other makers' GPUs and the links between them it reads nothing.",
    "zh-hans": "其中有 {makers} 硬件的输出。Unhang 了解的是 NVIDIA GPU 与 CUDA、NCCL：关于引擎、主机内存和网络的判断在这里同样适用，"
    "但其他厂商的 GPU 及其互联不在它的范围内。",
}
BROKEN_RULE: Text = {
    "en": "One of our own rules failed and was left out. The rest of the report stands; please tell the maintainers.",
    "zh-hans": "我们的一条规则出错，已跳过。报告其余部分不受影响；请告知维护者。",
}


def cited(line: Line) -> dict[str, Any]:
    return {"file": line.file, "line": line.number, "text": line.text}


def evidence(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """One item for each line; a reason without a line (a person's answer, several facts together) has an empty text."""
    items = []
    for reason in reasons:
        spoken = {"says": reason.says, "role": reason.role, "weight": round(reason.weight, 2), "reason": reason.id}
        if not reason.lines:
            items.append({"file": None, "line": None, "text": "", **spoken})
        for line in reason.lines:
            items.append({**cited(line), **spoken})
    return items


def cause_of(
    finding: Finding,
    cause: Cause,
    offers: Sequence[dict[str, Any]],
    family_confidence: float,
    articles: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "id": cause.id,
        "title": cause.title,
        "summary": cause.summary,
        "family": cause.family,
        "family_confidence": round(family_confidence, 3),
        "confidence": round(finding.confidence, 3),
        "in_words": in_words(finding.confidence),
        "article": articles.get(cause.id),
        "evidence": evidence(finding.supporting),
        "against": evidence(finding.opposing),
        "remedies": list(offers),
    }


def json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def facts_of(facts: Facts) -> list[dict[str, Any]]:
    listed = []
    for name in facts.known():
        value = facts.value(name)
        readings = facts.all(name)
        told = next((f for f in readings if f.value == value), readings[0])
        listed.append(
            {
                "name": name,
                "value": json_value(value),
                "source": told.where,
                "sure": any(f.sure for f in readings),
                "means": VOCABULARY[name].means,
            }
        )
    return listed


def timeline_of(facts: Facts) -> dict[str, Any]:
    timeline = facts.timeline
    if timeline is None:
        return {"phases": [], "stuck_in": None, "silent_for_seconds": None, "outcome": "unknown"}
    return {
        "phases": [
            {
                "id": phase.id,
                "title": PHASE_TITLES[phase.id],
                "state": phase.state,
                "started": phase.started,
                "seconds": None if phase.seconds is None else round(phase.seconds, 3),
                "file": phase.line.file if phase.line else None,
                "line": phase.line.number if phase.line else None,
            }
            for phase in timeline.phases
        ],
        "stuck_in": timeline.stuck_in,
        "silent_for_seconds": timeline.silent_for_seconds,
        "outcome": timeline.outcome,
        "last_line": cited(timeline.last_line) if timeline.last_line else None,
        "ranks": {str(rank): path.level for rank, path in timeline.ranks.items()},
        "rank_paths": [rank_path(rank, path) for rank, path in timeline.ranks.items()],
        "heard": list(timeline.heard) if timeline.heard else None,
        "failed_first": failed_first(facts),
    }


def rank_path(rank: int, path: RankPath) -> dict[str, Any]:
    """Where one rank came to ("" when it never spoke), and the seconds of the phases before."""
    return {
        "rank": rank,
        "level": path.level,
        "phase": path.phase,
        "title": PHASE_TITLES.get(path.phase),
        "took": [{"title": PHASE_TITLES[phase], "seconds": round(s, 3)} for phase, s in path.seconds.items()],
    }


def failed_first(facts: Facts) -> dict[str, Any] | None:
    """The rank that failed first with the line that tells it; None when unknown."""
    rank = facts.value("failed_rank")
    line = next(iter(facts.lines("failed_rank", rank)), None)
    return None if rank is None or line is None else {"rank": rank, **cited(line)}


def topology_of(facts: Facts) -> list[dict[str, Any]]:
    return [
        {
            "gpus": list(matrix.gpus),
            "nics": list(matrix.nics),
            "gpu_links": {f"{a}-{b}": code for (a, b), code in matrix.links.items()},
            "nic_links": {f"{a}-{b}": code for (a, b), code in matrix.nic_links.items()},
            "nic_names": matrix.nic_names,
            "numa": matrix.numa,
            "cpu_affinity": matrix.cpu_affinity,
            "complete": matrix.complete,
            "host": matrix.host or None,
            "file": matrix.line.file if matrix.line else None,
            "line": matrix.line.number if matrix.line else None,
            "p2p": topology.pairs(facts, matrix),
        }
        for matrix in facts.matrices
    ]


def summary_of(
    diagnosis: Diagnosis, causes: Mapping[str, Cause], families: Mapping[str, dict[str, Text]], read: bool
) -> dict[str, Any]:
    """Headline and summary: the cause's own words when it stands out in its family, else the family's."""
    if diagnosis.verdict == "healthy":
        return {"headline": HEALTHY_SUMMARY, "summary": HEALTHY_SUMMARY}
    if diagnosis.verdict != "cause":
        words = UNSURE_SUMMARY if read else NOTHING_READ
        return {"headline": words, "summary": words}
    leading = diagnosis.findings[0]
    together = diagnosis.families[leading.family]
    cause, family = causes[leading.cause], families[leading.family]
    if leading.confidence < 0.6 * together:
        title, summary = family["title"], family["summary"]
    else:
        title, summary = cause.title, cause.summary
    return {"headline": title, "summary": summary, "confidence": round(together, 3), "in_words": in_words(together)}


def not_covered(facts: Facts) -> Text | None:
    """The sentence that says what is not covered, when another maker's hardware was seen."""
    makers = facts.value("not_covered")
    if not makers:
        return None
    return {
        lang: words.format(makers=value_in_words("not_covered", makers, lang)) for lang, words in NOT_COVERED.items()
    }


def make_report(
    diagnosis: Diagnosis,
    facts: Facts,
    sections: Sequence[Section],
    unread: Mapping[str, int],
    *,
    causes: Mapping[str, Cause],
    families: Mapping[str, dict[str, Text]],
    articles: Mapping[str, str],
    offers: Callable[[str], Sequence[dict[str, Any]]],
    next_steps: Sequence[dict[str, Any]],
    missing: Mapping[str, Sequence[str]],
    telling_lines: Mapping[str, str],
) -> Report:
    """The stored report. `offers(cause id)` gives remedies, `missing` the facts each cause's rules wanted in vain,
    `telling_lines` an example of a line that would speak for it."""
    found = [
        cause_of(f, causes[f.cause], offers(f.cause), diagnosis.families[f.family], articles)
        for f in diagnosis.findings
    ]
    also = [
        {**item, "role": reason.role, "harmless": reason.role == "harmless"}
        for reason in diagnosis.noticed
        for item in evidence([reason])[:1]
    ]
    also += [{"file": None, "line": None, "text": rule, "says": BROKEN_RULE} for rule in diagnosis.broken]
    return {
        "schema": SCHEMA,
        "status": "done",
        "verdict": diagnosis.verdict,
        **summary_of(diagnosis, causes, families, any(d.texts for d in facts.documents)),
        "observed": what_was_seen(facts),
        "installation": detected_method(facts),
        "not_covered": not_covered(facts),
        "causes": found,
        "families": [
            {"id": family, "title": families[family]["title"], "confidence": round(total, 3)}
            for family, total in diagnosis.families.items()
            if total >= 0.05
        ],
        "also_noticed": also,
        "ruled_out": [
            {
                "id": f.cause,
                "title": causes[f.cause].title,
                "because": f.opposing[0].says,
                "evidence": evidence(f.opposing[:2]),
            }
            for f in diagnosis.ruled_out
        ],
        "why_not": [
            {
                "id": cause.id,
                "title": cause.title,
                "confidence": round(diagnosis.every[cause.id].confidence, 3),
                "wanted": list(missing.get(cause.id, ())),
                "line": telling_lines.get(cause.id, ""),
            }
            for cause in causes.values()
            if cause.id not in {f.cause for f in diagnosis.findings}
        ],
        "next_steps": list(next_steps),
        "timeline": timeline_of(facts),
        "topology": topology_of(facts),
        "facts": facts_of(facts),
        "observations": observations(facts),
        "inputs": inputs_of(facts.documents, sections, unread),
    }
