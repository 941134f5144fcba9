"""The front page, search, the collector script, and what is hidden."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from troubleshoot import shelf
from troubleshoot.diagnosis.redaction_patterns import REDACTIONS
from troubleshoot.templatetags.unhang import content_language

SCOREBOARD = Path(__file__).resolve().parent.parent / "content" / "scoreboard.json"
COLLECTOR = Path(__file__).resolve().parent.parent / "collector" / "unhang-collect.sh"


def situations() -> list[dict[str, str]]:
    """What people come with, in their own words, and the guide for it."""
    words = {
        "stuck-in-starting": gettext("Stays in Starting"),
        "nccl-error": gettext("NCCL error"),
        "multi-node-hang": gettext("Hangs across nodes"),
        "slow-but-runs": gettext("Runs, but slowly"),
        "before-you-deploy": gettext("Before I deploy"),
    }
    guides = shelf.guides()
    return [{"address": guides[guide].address, "words": said} for guide, said in words.items() if guide in guides]


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    return render(
        request, "pages/front.html", {"section": "front", "situations": situations(), "keep_days": settings.KEEP_DAYS}
    )


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Results for `q` (or the front page's `text`); for htmx only the list, nothing for an empty box or a whole log."""
    question = request.GET.get("q") or request.GET.get("text") or ""
    for_list = request.htmx  # set by django-htmx
    if for_list and "\n" in question.strip():
        return HttpResponse("")
    results = shelf.index().search(question, content_language())
    context = {"section": "search", "question": question, "results": results}
    return render(request, "search/_results.html" if for_list else "search/search.html", context)


@require_GET
def collector(request: HttpRequest) -> HttpResponse:
    """The script that prints all we want to know of a host, as text, so that it can be read before it is run."""
    return HttpResponse(
        COLLECTOR.read_text(encoding="utf-8"),
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "public, max-age=300", "Content-Disposition": 'inline; filename="collect.sh"'},
    )


@require_GET
def scoreboard(request: HttpRequest) -> HttpResponse:
    """How often the diagnosis was right on recorded incidents, as `manage.py evaluate --publish` wrote it."""
    told = json.loads(SCOREBOARD.read_text(encoding="utf-8"))
    causes = shelf.library().causes
    lang = content_language()
    verdicts = {"healthy": gettext("Healthy start"), "insufficient-evidence": gettext("Not enough evidence")}
    rows = [
        {"title": causes[name].title[lang] if name in causes else verdicts.get(name, name), "id": name, **figures}
        for name, figures in told["per_cause"].items()
    ]
    return render(request, "pages/scoreboard.html", {"told": told, "rows": rows})


STAND_INS = {"ipv4": "203.0.113.1", "ipv6": "2001:db8:1::1"}


@require_GET
def redaction(request: HttpRequest) -> HttpResponse:
    """Every rule of what is hidden, rules of one title together."""
    rules: dict[str, dict[str, object]] = {}
    for rule in (*REDACTIONS, *settings.REDACTIONS):
        stand_in = STAND_INS.get(rule.name, f"<{rule.name}>" if rule.until else f"<{rule.name}-1>")
        row = rules.setdefault(rule.title["en"], {"title": rule.title, "stand_in": stand_in, "patterns": []})
        row["patterns"].append(rule.pattern)  # the list made above
    return render(request, "pages/redaction.html", {"rules": rules.values()})
