"""What people tell afterwards, and what maintainers learn from it: outcomes, lines that nothing matched, guides left."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, Sum
from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

from troubleshoot.clock import now
from troubleshoot.models import Case, CaseText, GuideVisit, Outcome

VERSIONS = ("gpustack_version", "engine_version", "nccl_version", "driver_version", "cuda_version", "torch_version")
MOST_AN_HOUR = 100
"""Outcomes taken for one article or guide in an hour; more of them are no people."""

CASES, LINES = 200, 500
"""Unmatched cases looked at, the newest first, and lines of each."""

SHOWN_TEMPLATES = 100
FEWEST_TOLD = 50
SAME_AS_TOLD = 200.0
MOST_MOVED = 0.5
"""How what people told moves the priors (`manage.py priors`): from how many cases on, against how many, how far."""

FLUSH_SECONDS = 10.0
REPORT = "report"
"""What a guide's last page is called where its questions are counted."""


def tell_of_case(case: Case, kind: str, remedy: str) -> bool:
    """Store what became of a case's remedy ("" for something else); False when it was told already or makes no sense."""
    report = case.report or {}
    leading = (report.get("causes") or [{}])[0] if report.get("verdict") == "cause" else {}
    known = {one["id"] for one in leading.get("remedies", [])}
    if kind not in (Outcome.Kind.FIXED, Outcome.Kind.NOT_FIXED) or (remedy and remedy not in known):
        return False
    with transaction.atomic():
        _, is_new = Outcome.objects.get_or_create(
            case_id=case.pk,
            remedy=remedy,
            kind=kind,
            defaults={"cause": leading.get("id", ""), **circumstances(report.get("facts", []))},
        )
    return is_new


def circumstances(facts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Platform and versions of a report's facts, nothing that tells who it was."""
    known = {fact["name"]: fact["value"] for fact in facts}
    versions = {name: str(known[name])[:40] for name in VERSIONS if name in known}
    return {"platform": str(known.get("install_method", ""))[:40], "versions": versions}


def tell(kind: str, *, article: str = "", cause: str = "", remedy: str = "") -> bool:
    """Store an outcome that belongs to no case; False when too many came for it within the hour."""
    recent = Outcome.objects.filter(
        article=article, cause=cause, remedy=remedy, case_id="", created__gt=now() - timedelta(hours=1)
    )
    if kind not in Outcome.Kind.values or recent.count() >= MOST_AN_HOUR:
        return False
    Outcome.objects.create(kind=kind, article=article, cause=cause, remedy=remedy)
    return True


# ---- guides: how often each question was shown


class Visits:
    """Counts kept for some seconds, then written together: a page view must not cost a write."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: Counter[tuple[str, str]] = Counter()
        self.written = 0.0

    def count(self, guide: str, question: str) -> None:
        with self.lock:
            self.waiting[guide, question] += 1
            if monotonic() - self.written < FLUSH_SECONDS:
                return
            taken, self.waiting, self.written = self.waiting, Counter(), monotonic()
        for (in_guide, asked), times in taken.items():
            add_visits(in_guide, asked, times)


def add_visits(guide: str, question: str, times: int) -> None:
    row = {"guide": guide, "question": question, "day": now().date()}
    if GuideVisit.objects.filter(**row).update(shown=F("shown") + times):
        return
    try:
        with transaction.atomic():
            GuideVisit.objects.create(**row, shown=times)
    except IntegrityError:  # another process was first
        GuideVisit.objects.filter(**row).update(shown=F("shown") + times)


visits = Visits()


# ---- for maintainers


def fixed_by_cause() -> dict[str, int]:
    """How many cases were told to be fixed, by their cause; a case with several remedies counts once."""
    told = Outcome.objects.filter(kind=Outcome.Kind.FIXED).exclude(cause="").exclude(case_id="")
    counted = told.values("cause").annotate(cases=Count("case_id", distinct=True))
    return {row["cause"]: row["cases"] for row in counted if row["cases"]}


def proposed_priors(now: Mapping[str, float], fixed: Mapping[str, int]) -> dict[str, float]:
    """The causes' log-odds before evidence, moved towards how often each was what had to be fixed.

    What holds now counts as much as SAME_AS_TOLD cases, no cause moves by more than MOST_MOVED, and their mean stays, so
    that the threshold at which a cause is named keeps its meaning.
    """
    total = sum(math.exp(prior) for prior in now.values())
    told = sum(fixed.get(cause, 0) for cause in now)
    moved = {}
    for cause, prior in now.items():
        share = math.exp(prior) / total
        seen = (SAME_AS_TOLD * share + fixed.get(cause, 0)) / (SAME_AS_TOLD + told)
        moved[cause] = max(-MOST_MOVED, min(MOST_MOVED, math.log(seen / share)))
    mean = sum(moved.values()) / len(moved)
    return {
        cause: round(prior + max(-MOST_MOVED, min(MOST_MOVED, moved[cause] - mean)), 2) for cause, prior in now.items()
    }


def outcomes_by_remedy() -> list[dict[str, Any]]:
    """For each cause and remedy how often it fixed and how often not, the most told first."""
    rows = (
        Outcome.objects.filter(kind__in=(Outcome.Kind.FIXED, Outcome.Kind.NOT_FIXED))
        .values("cause", "remedy")
        .annotate(
            fixed=Count("pk", filter=Q(kind=Outcome.Kind.FIXED)),
            not_fixed=Count("pk", filter=Q(kind=Outcome.Kind.NOT_FIXED)),
            told=Count("pk"),
        )
    )
    return list(rows.order_by("-told", "cause", "remedy"))


def outcomes_by_article() -> list[dict[str, Any]]:
    rows = (
        Outcome.objects.exclude(article="")
        .values("article")
        .annotate(
            helped=Count("pk", filter=Q(kind=Outcome.Kind.HELPED)),
            not_helped=Count("pk", filter=Q(kind=Outcome.Kind.NOT_HELPED)),
            told=Count("pk"),
        )
    )
    return list(rows.order_by("-told", "article"))


def shown_questions(days: int = 30) -> dict[str, dict[str, int]]:
    """Guide → question → how often it was shown in the last days."""
    since = now().date() - timedelta(days=days)
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    for row in GuideVisit.objects.filter(day__gt=since).values("guide", "question").annotate(times=Sum("shown")):
        counted[row["guide"]][row["question"]] = row["times"]
    return counted


def unmatched_templates() -> list[dict[str, Any]]:
    """Line templates of cases in which nothing was found, with counts of lines and cases, the most cases first."""
    unmatched = Case.objects.live().filter(status=Case.Status.DONE, report__verdict="insufficient-evidence")
    ids = list(unmatched.order_by("-created").values_list("pk", flat=True)[:CASES])
    miner = TemplateMiner(config=mining())
    lines: Counter[int] = Counter()
    cases: dict[int, set[str]] = defaultdict(set)
    for case_id in ids:
        for line in first_lines(case_id):
            cluster = miner.add_log_message(line)["cluster_id"]
            lines[cluster] += 1
            cases[cluster].add(case_id)
    found = [
        {
            "template": cluster.get_template(),
            "lines": lines[cluster.cluster_id],
            "cases": len(cases[cluster.cluster_id]),
        }
        for cluster in miner.drain.clusters
    ]
    found.sort(key=lambda one: (-one["cases"], -one["lines"], one["template"]))
    return found[:SHOWN_TEMPLATES]


def mining() -> TemplateMinerConfig:
    config = TemplateMinerConfig()
    config.drain_max_clusters = 2000
    config.masking_instructions = [
        MaskingInstruction(r"\b0x[0-9a-fA-F]+\b", "HEX"),
        MaskingInstruction(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "ADDRESS"),
        MaskingInstruction(r"(?<![A-Za-z])\d+(?:[.:]\d+)*", "N"),
    ]
    return config


def first_lines(case_id: str) -> Iterator[str]:
    """The first redacted lines of a case that say anything."""
    left = LINES
    for text in CaseText.objects.filter(case=case_id):
        for line in text.lines():
            if left <= 0:
                return
            if line.strip():
                left -= 1
                yield line.strip()[:400]
