"""Upload, the case page, its texts and exports.

Template contexts
- cases/new.html: `methods` (id → InstallMethod), `error` (a sentence, or None), `limits` (unpack.Limits), `max_request_bytes`,
  `case_seconds`, `keep_days`, `section`
- cases/case.html and its fragment cases/_case.html: `case`, `report` (in the page's language, None while waiting), `steps`
  (ids in order), `failure` (a sentence, or ""), `method` (id of the install method chosen, or ""), `methods`, `earlier` (a
  Case of the same contents, or None; see actions.earlier_case), `delete_token` (known to this browser, else ""),
  `delete_refused` (True when a wrong token was given), `thanks` (the outcome just told, or ""), `outcome_address`
- cases/gone.html: `case` (410; 200 right after deleting)
- cases/text.html: `case`, `texts`, `text`, `rows` [(number, line, is cited as evidence, lines left out before it)], `cited` (line
  numbers), `wanted` (line asked for), `previous`, `next` (line numbers to go to, or None)
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from troubleshoot import actions, shelf
from troubleshoot.diagnosis.renderings import as_markdown, as_text, in_language
from troubleshoot.diagnosis.unpack import Limits
from troubleshoot.forms import Sent, sent_files
from troubleshoot.guides import onwards
from troubleshoot.models import Case
from troubleshoot.tasks import send
from troubleshoot.templatetags.unhang import content_language

STEPS = ("queued", "unpack", "recognise", "parse", "diagnose", "remedies", "report")
WINDOW = 1000  # lines of a text shown at once
SEALED = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
MOST_SEALED = 4 << 20  # characters
TOKEN_COOKIE = "delete-token"  # noqa: S105  # the name of a cookie, no secret
POLL_STOPS = 286  # htmx swaps the answer in and stops polling when it gets this status


def find(case_id: str) -> Case:
    try:
        return Case.objects.get(pk=case_id)
    except Case.DoesNotExist:
        raise Http404("There is no such case.") from None


def known_method(method: str) -> str:
    return method if method in shelf.library().install_methods else ""


@csrf_exempt
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The upload page, and the upload.

    The check against forged forms comes after the limits, in `opened`: it reads the whole body, and what is too large
    must be refused before that.
    """
    if request.method != "POST":
        return render(request, "cases/new.html", new_context(None))
    try:
        return opened(request, sent_files(request))
    except actions.Refused as refused:
        response = render(
            request, "cases/new.html", new_context(refused.reason[content_language()]), status=refused.status
        )
        if refused.retry_after:
            response.headers["Retry-After"] = str(refused.retry_after)
        return response


@csrf_protect
def opened(request: HttpRequest, files: Sent) -> HttpResponse:
    """To the new case's page. The browser keeps the delete token in a cookie that only this case's address gets."""
    method, private_map = known_method(request.POST.get("install_method", "")), sealed(request)
    case, token = actions.open_case(files, "web", method, private_map=private_map)
    send(case.pk)
    address = case.get_absolute_url()
    response = redirect(address)
    response.set_cookie(
        TOKEN_COOKIE,
        token,
        path=address,
        max_age=settings.KEEP_DAYS * 86400,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )
    return response


def sealed(request: HttpRequest) -> str:
    """The names that the sender's browser has hidden and encrypted (static/js/upload.js); what is no such thing is not kept."""
    private_map = request.POST.get("private_map", "")
    return private_map if len(private_map) <= MOST_SEALED and SEALED.fullmatch(private_map) else ""


def new_context(error: str | None) -> dict[str, Any]:
    return {
        "section": "diagnose",
        "error": error,
        "methods": shelf.library().install_methods,
        "limits": Limits(),
        "max_request_bytes": settings.MAX_REQUEST_BYTES,
        "case_seconds": settings.CASE_SECONDS,
        "keep_days": settings.KEEP_DAYS,
    }


@never_cache
@require_GET
def case(request: HttpRequest, case_id: str) -> HttpResponse:
    """The page of one case, or for htmx just the part that changes."""
    found = find(case_id)
    if not found.is_live:
        return gone(request, found)
    context = case_context(request, found)
    if request.htmx:  # type: ignore[attr-defined]  # set by django-htmx
        return render(request, "cases/_case.html", context, status=200 if found.is_waiting else POLL_STOPS)
    return render(request, "cases/case.html", context)


def gone(request: HttpRequest, found: Case) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]  # set by django-htmx
        # A page that still polls is brought to the page that says so.
        return HttpResponse(status=POLL_STOPS, headers={"HX-Refresh": "true"})
    return render(request, "cases/gone.html", {"case": found}, status=410)


def case_context(request: HttpRequest, found: Case) -> dict[str, Any]:
    lang = content_language()
    method = known_method(request.GET.get("install_method", "")) or found.install_method
    return {
        "case": found,
        "report": in_language(found.report, lang, method or None) if found.report else None,
        "steps": STEPS,
        "failure": actions.failure_words(found, lang),
        "method": method,
        "methods": shelf.library().install_methods,
        "earlier": actions.earlier_case(found),
        "delete_token": request.COOKIES.get(TOKEN_COOKIE, ""),
        "guides_onwards": guides_onwards(found, lang),
        "thanks": request.GET.get("told", ""),
        "outcome_address": reverse("case_outcome", args=[found.pk]),
    }


def guides_onwards(found: Case, lang: str) -> dict[str, list[dict[str, str]]]:
    """The guides with this case filled in: those that fit its report, and the others."""
    guides = shelf.guides()
    fitting, others = onwards.in_order(guides, onwards.fitting(found.report) if found.report else ())
    told = [
        [{"title": guides[one].title[lang], "address": f"{guides[one].address}?case={found.pk}"} for one in ids]
        for ids in (fitting, others)
    ]
    return {"fitting": told[0], "others": told[1]}


@never_cache
@require_GET
def export(request: HttpRequest, case_id: str, form: str) -> HttpResponse:
    """The report as .json, .md or .txt."""
    found = find(case_id)
    if not found.is_live:
        return gone(request, found)
    if not found.report or form not in ("json", "md", "txt"):
        raise Http404("The report is not ready yet, or not made in this form: .json, .md and .txt are.")
    said = contract(found, content_language(), known_method(request.GET.get("install_method", "")))
    if form == "json":
        return JsonResponse(said, json_dumps_params={"ensure_ascii": False, "indent": 1})
    text, kind = (as_markdown(said), "text/markdown") if form == "md" else (as_text(said), "text/plain")
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8")


def contract(found: Case, lang: str, method: str = "") -> dict[str, Any]:
    """The contract's JSON for this case: what is stored, in one language, with the case's own fields first."""
    own: dict[str, Any] = {
        "schema": 1,
        "id": found.pk,
        "status": found.status,
        "lang": lang,
        "created": found.created.isoformat(),
        "expires": found.expires.isoformat(),
    }
    if found.report:
        return {
            **own,
            **in_language(found.report, lang, method or found.install_method or None),
            "status": found.status,
        }
    if found.status == Case.Status.FAILED:
        return {**own, "failure": {"id": found.failure, "says": actions.failure_words(found, lang)}}
    return {**own, "step": found.step or "queued"}


@require_POST
def delete(request: HttpRequest, case_id: str) -> HttpResponse:
    """Delete with the token that the uploader's browser holds, or that was typed in."""
    found = find(case_id)
    if not found.is_live:
        return gone(request, found)
    token = request.POST.get("token", "").strip() or request.COOKIES.get(TOKEN_COOKIE, "")
    if not actions.may_delete(found, token):
        return render(request, "cases/case.html", {**case_context(request, found), "delete_refused": True}, status=403)
    actions.delete_case(found)
    response = render(request, "cases/gone.html", {"case": found})
    response.delete_cookie(TOKEN_COOKIE, path=found.get_absolute_url())
    return response


@never_cache
@require_GET
def text(request: HttpRequest, case_id: str, position: int) -> HttpResponse:
    """A window of one redacted text: `?line=` brings that line into view, evidence is marked."""
    found = find(case_id)
    if not found.is_live:
        return gone(request, found)
    texts = list(found.texts.defer("packed", "numbers"))
    shown = found.texts.filter(position=position).first()
    if shown is None:
        raise Http404("This case has no such text.")
    lines, numbers = shown.lines(), shown.line_numbers()
    wanted = line_number(request.GET.get("line", ""))
    first = window_start(bisect_left(numbers, wanted), len(lines))
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
        "cited": sorted(cited),
        "wanted": wanted,
        "previous": numbers[max(0, first - WINDOW // 2)] if first else None,
        "next": numbers[min(first + WINDOW + WINDOW // 2, len(lines) - 1)] if first + WINDOW < len(lines) else None,
    }
    return render(request, "cases/text.html", context)


def line_number(asked: str) -> int:
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 12 else 1


def window_start(at: int, lines: int) -> int:
    """Where a window of WINDOW lines begins so that line `at` stands in its middle, as far as the text's ends allow."""
    return max(0, min(at - WINDOW // 2, lines - WINDOW))


def evidence_lines(report: dict[str, Any], name: str) -> set[int]:
    """The lines of this text that the report cites."""
    items: Sequence[dict[str, Any]] = [
        *(item for cause in report.get("causes", []) for item in (*cause["evidence"], *cause["against"])),
        *report.get("also_noticed", []),
    ]
    return {item["line"] for item in items if item.get("file") == name and item.get("line")}
