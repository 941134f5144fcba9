"""Upload, the case page, its texts and exports.

Template contexts
- cases/new.html: `methods` (install methods), `error` (a sentence, or None), `limits` (of what is taken), `collect` (the command)
- cases/case.html and its fragment cases/_case.html: `case`, `report` (in the page's language, None while waiting), `steps`
  (ids in order), `failure` (sentence), `method` (install method chosen), `methods`, `earlier` (id of an earlier case of the same
  bytes), `delete_token` (known to this browser, else ""), `topology_svgs`, `timeline_svg`
- cases/gone.html: `case` (410)
- cases/text.html: `case`, `texts`, `text`, `rows` [(number, line, is_evidence, gap before)], `first`, `previous`, `next`
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from troubleshoot import actions, shelf
from troubleshoot.diagnosis.renderings import as_markdown, as_text, in_language
from troubleshoot.diagnosis.unpack import Limits
from troubleshoot.drawing.timeline import timeline_svg
from troubleshoot.drawing.topology import topology_svg
from troubleshoot.forms import sent_files
from troubleshoot.models import Case

STEPS = ("queued", "unpack", "recognise", "parse", "diagnose", "remedies", "report")
WINDOW = 1000  # lines of a text shown at once
TOKEN_COOKIE = "delete-token"  # noqa: S105  # the name of a cookie, no secret
POLL_STOPS = 286  # htmx stops polling when it gets this status


def language() -> str:
    return "zh-hans" if (get_language() or "en").startswith("zh") else "en"


def find(case_id: str) -> Case:
    try:
        return Case.objects.get(pk=case_id)
    except Case.DoesNotExist:
        raise Http404("There is no such case.") from None


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The upload page, and the upload."""
    if request.method == "GET":
        return render(request, "cases/new.html", new_context(None))
    try:
        opened = actions.open_case(sent_files(request), "web", known_method(request.POST.get("install_method", "")))
    except actions.Refused as refused:
        response = render(request, "cases/new.html", new_context(refused.reason[language()]), status=refused.status)
        if refused.retry_after:
            response.headers["Retry-After"] = str(refused.retry_after)
        return response
    address = opened.case.get_absolute_url()
    response = redirect(f"{address}?earlier={opened.earlier.pk}" if opened.earlier else address)
    response.set_cookie(
        TOKEN_COOKIE,
        opened.delete_token,
        path=address,
        max_age=settings.KEEP_DAYS * 86400,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )
    return response


def new_context(error: str | None) -> dict[str, Any]:
    return {
        "error": error,
        "methods": shelf.library().install_methods,
        "limits": Limits(),
        "max_request_bytes": settings.MAX_REQUEST_BYTES,
        "keep_days": settings.KEEP_DAYS,
    }


def known_method(method: str) -> str:
    return method if method in shelf.library().install_methods else ""


@never_cache
@require_GET
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """The page of one case, or for htmx just the part that changes."""
    found = find(case_id)
    if not found.is_live:
        return render(request, "cases/gone.html", {"case": found}, status=410)
    method = known_method(request.GET.get("install_method", "")) or found.install_method
    context = case_context(found, method)
    context["earlier"] = request.GET.get("earlier", "")
    context["delete_token"] = request.COOKIES.get(TOKEN_COOKIE, "")
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "cases/_case.html", context, status=200 if found.is_waiting else POLL_STOPS)
    return render(request, "cases/case.html", context)


def case_context(found: Case, method: str) -> dict[str, Any]:
    lang = language()
    report = in_language(found.report, lang, method or None) if found.report else None
    failure = actions.FAILURES.get(found.failure, {}).get(lang, "").format(seconds=settings.CASE_SECONDS)
    return {
        "case": found,
        "report": report,
        "steps": STEPS,
        "failure": failure,
        "method": method,
        "methods": shelf.library().install_methods,
        "timeline_svg": timeline_svg(report["timeline"], lang) if report and report["timeline"]["phases"] else "",
        "topology_svgs": [topology_svg(matrix, lang) for matrix in report["topology"]] if report else [],
    }


@never_cache
@require_GET
def export(request: HttpRequest, case_id: str, form: str) -> HttpResponse:
    """The report as .json, .md or .txt."""
    found = find(case_id)
    if not found.is_live:
        return render(request, "cases/gone.html", {"case": found}, status=410)
    if not found.report:
        raise Http404("The report is not ready yet.")
    said = contract(found, language(), known_method(request.GET.get("install_method", "")) or found.install_method)
    if form == "json":
        return JsonResponse(said, json_dumps_params={"ensure_ascii": False, "indent": 1})
    text, kind = (as_markdown(said), "text/markdown") if form == "md" else (as_text(said), "text/plain")
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8")


def contract(found: Case, lang: str, method: str = "") -> dict[str, Any]:
    """The report of the contract for this case: what is stored, in one language, with the case's own fields."""
    own = {
        "id": found.pk,
        "status": found.status,
        "lang": lang,
        "created": found.created.isoformat(),
        "expires": found.expires.isoformat(),
        "url": found.get_absolute_url(),
    }
    if found.report:
        return {**in_language(found.report, lang, method or None), **own}
    if found.status == Case.Status.FAILED:
        own["failure"] = actions.FAILURES.get(found.failure, {}).get(lang, "").format(seconds=settings.CASE_SECONDS)
    return {"schema": 1, **own, "step": found.step}


@require_POST
def delete(request: HttpRequest, case_id: str) -> HttpResponse:
    """Delete with the token that the uploader's browser holds, or that was typed in."""
    found = find(case_id)
    token = request.POST.get("token", "") or request.COOKIES.get(TOKEN_COOKIE, "")
    if not actions.may_delete(found, token):
        return render(request, "cases/case.html", {**case_context(found, found.install_method), "delete_refused": True}, status=403)
    actions.delete_case(found)
    found.refresh_from_db()
    response = render(request, "cases/gone.html", {"case": found})
    response.delete_cookie(TOKEN_COOKIE, path=found.get_absolute_url())
    return response


@require_GET
def text(request: HttpRequest, case_id: str, position: int) -> HttpResponse:
    """A window of one redacted text: `?line=` brings that line into view, evidence is marked."""
    found = find(case_id)
    if not found.is_live:
        return render(request, "cases/gone.html", {"case": found}, status=410)
    texts = list(found.texts.defer("packed", "numbers"))
    if position >= len(texts):
        raise Http404("This case has no such text.")
    shown = found.texts.get(position=position)
    lines, numbers = shown.lines(), shown.line_numbers()
    wanted = request.GET.get("line", "1")
    at = bisect_left(numbers, int(wanted)) if wanted.isdigit() and len(wanted) < 12 else 0
    first = max(0, min(at - WINDOW // 4 if at > WINDOW // 2 else 0, len(lines) - WINDOW))
    cited = evidence_lines(found.report or {}, shown.name)
    rows = []
    before = numbers[first - 1] if first else 0
    for number, line in zip(numbers[first : first + WINDOW], lines[first : first + WINDOW], strict=False):
        rows.append((number, line, number in cited, number - before - 1))
        before = number
    context = {
        "case": found,
        "texts": texts,
        "text": shown,
        "rows": rows,
        "cited": cited,
        "wanted": int(wanted) if wanted.isdigit() and len(wanted) < 12 else 1,
        "previous": numbers[max(0, first - WINDOW // 2)] if first else None,
        "next": numbers[first + WINDOW] if first + WINDOW < len(lines) else None,
    }
    return render(request, "cases/text.html", context)


def evidence_lines(report: dict[str, Any], name: str) -> set[int]:
    """The lines of this text that the report cites."""
    items = [e for cause in report.get("causes", []) for e in (*cause["evidence"], *cause["against"])]
    items += report.get("also_noticed", [])
    return {e["line"] for e in items if e.get("file") == name and e.get("line")}


