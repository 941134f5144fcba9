"""One click afterwards: this fixed it, or not; did this help. And the page on which maintainers see what came of it.

Every answer leads back to where it was given, with `?told=` and the thanks in sight; no script is needed.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from troubleshoot import outcomes, shelf
from troubleshoot.guides.walk import clean
from troubleshoot.models import Outcome
from troubleshoot.templatetags.unhang import content_language
from troubleshoot.views import articles, cases, guides

TOLD_COOKIE = "told"
TOLD_SECONDS = 30 * 86400
TEMPLATES_SECONDS = 600


@require_POST
def case_outcome(request: HttpRequest, case_id: str) -> HttpResponse:
    found = cases.find(case_id)
    if not found.is_live:
        return cases.gone(request, found)
    kind = request.POST.get("kind", "")
    outcomes.tell_of_case(found, kind, request.POST.get("remedy", "")[:40])
    return redirect(f"{found.get_absolute_url()}?told={kind if kind in Outcome.Kind.values else ''}#told")


def told_here(request: HttpRequest, address: str, kind: str, **about: str) -> HttpResponse:
    """Store once for this browser, and go back."""
    if TOLD_COOKIE not in request.COOKIES:
        outcomes.tell(kind, **about)
    joined = "&" if "?" in address else "?"
    response = redirect(f"{address}{joined}told={kind if kind in Outcome.Kind.values else ''}#told")
    response.set_cookie(
        TOLD_COOKIE, "1", path=address.partition("?")[0], max_age=TOLD_SECONDS, httponly=True, samesite="Lax"
    )
    return response


@require_POST
def article_outcome(request: HttpRequest, slug: str) -> HttpResponse:
    found = articles.find(slug)
    kind = request.POST.get("kind", "")
    if kind not in (Outcome.Kind.HELPED, Outcome.Kind.NOT_HELPED):
        return redirect(found.address)
    return told_here(request, found.address, kind, article=found.slug[:80])


@require_POST
def guide_outcome(request: HttpRequest, guide_id: str) -> HttpResponse:
    """What became of the remedy at a guide's end; the answers are in the query, as on the page."""
    found = guides.find(guide_id)
    state = clean(found, request.GET.dict())
    kind, remedy = request.POST.get("kind", ""), request.POST.get("remedy", "")[:40]
    cause = request.POST.get("cause", "")
    library = shelf.library()
    about = {
        "cause": cause if cause in library.causes else "",
        "remedy": remedy if remedy in library.remedies else "",
    }
    address = guides.address_of(found, state)
    if kind not in (Outcome.Kind.FIXED, Outcome.Kind.NOT_FIXED):
        return redirect(address)
    return told_here(request, address, kind, **about)


@never_cache
@staff_member_required
@require_GET
def maintain(request: HttpRequest) -> HttpResponse:
    lang = content_language()
    library = shelf.library()
    templates = cache.get("unmatched-templates")
    if templates is None:
        templates = outcomes.unmatched_templates()
        cache.set("unmatched-templates", templates, TEMPLATES_SECONDS)
    rows = outcomes.outcomes_by_remedy()
    for row in rows:
        cause, remedy = library.causes.get(row["cause"]), library.remedies.get(row["remedy"])
        row["cause_title"] = cause.title[lang] if cause else row["cause"]
        row["remedy_title"] = remedy.title[lang] if remedy else row["remedy"]
    about = outcomes.outcomes_by_article()
    for row in about:
        article = shelf.articles().get(row["article"])
        row["title"] = article.text(lang).title if article else row["article"]
    context = {
        "outcomes": rows,
        "articles": about,
        "templates": templates,
        "guides": left_guides(lang),
    }
    return render(request, "pages/maintain.html", context)


def left_guides(lang: str) -> list[dict[str, Any]]:
    """Each guide with its questions, most shown first, in shares of its first question."""
    counted = outcomes.shown_questions()
    listed = []
    for guide in shelf.guides().values():
        times = counted.get(guide.id, {})
        most = max(times.values(), default=0)
        rows = [
            {
                "asks": guide.questions[question].asks[lang] if question in guide.questions else "",
                "is_report": question == outcomes.REPORT,
                "shown": shown,
                "share": shown / most,
            }
            for question, shown in sorted(times.items(), key=lambda one: -one[1])
            if question in guide.questions or question == outcomes.REPORT
        ]
        if rows:
            listed.append({"title": guide.title[lang], "rows": rows})
    return listed
