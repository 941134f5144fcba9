"""The HTTP API, version 1 (contract.md). Errors are application/problem+json; no cookies, no CSRF."""

from __future__ import annotations

import json
import logging
import time
from http import HTTPStatus
from pathlib import Path
from threading import BoundedSemaphore

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from troubleshoot import actions, shelf
from troubleshoot.diagnosis.content import LANGUAGES
from troubleshoot.diagnosis.redaction_table import as_json
from troubleshoot.diagnosis.renderings import as_markdown, as_text
from troubleshoot.forms import body_files
from troubleshoot.models import Case
from troubleshoot.tasks import place_of, send
from troubleshoot.views.cases import contract

log = logging.getLogger(__name__)

# Nothing of another site is loaded, so there is no documentation page; the document itself is at /api/v1/openapi.json.
api = NinjaAPI(
    title="Unhang",
    version="1",
    description="Find out why a model on several GPUs does not start. Errors are application/problem+json.",
    docs_url=None,
    urls_namespace="api",
)

REPORT_SCHEMA = json.loads(
    (Path(__file__).resolve().parent.parent / "diagnosis" / "report_schema.json").read_text(encoding="utf-8")
)
LONGEST_WAIT = 30  # seconds
WAITING_AT_ONCE = BoundedSemaphore(4)
"""Requests of this process that may wait for their report at the same time; more of them would leave no thread for pages."""
TEXTS = ("text/plain", "text/markdown")


class Problem(Schema):
    """What was wrong, and what would be right."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Waiting(Schema):
    """The case is still being read: poll `url`. `delete_token` is told here only."""

    id: str
    status: str
    url: str
    page: str
    delete_token: str


def problems(*codes: int) -> dict[int, type[Schema]]:
    return dict.fromkeys(codes, Problem)


# How the OpenAPI document tells of what ninja cannot see: the body as it is, and the report in three forms.
REPORT_CONTENT = {
    "application/json": {"schema": REPORT_SCHEMA},
    "text/plain": {"schema": {"type": "string"}},
    "text/markdown": {"schema": {"type": "string"}},
}
SENT = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "text": {"type": "string"},
                    },
                }
            },
            "*/*": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    "responses": {200: {"description": "The report", "content": REPORT_CONTENT}},
}


def problem(status: int, detail: str) -> HttpResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json")


@api.exception_handler(HttpError)
def on_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


@api.exception_handler(Http404)
def on_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, str(error) or "There is nothing at this address; /api/v1/openapi.json lists what there is.")


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    wrong = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors)
    return problem(422, f"{wrong}. What each argument may be is in /api/v1/openapi.json.")


@api.exception_handler(actions.Refused)
def on_refused(request: HttpRequest, error: actions.Refused) -> HttpResponse:
    response = problem(error.status, error.reason[language_of(request)])
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


@api.exception_handler(Exception)
def on_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """Ours. The words of the error may hold what was sent, so neither the log nor the caller gets them."""
    log.error("%s %s failed: %s", request.method, request.path, place_of(error))
    return problem(
        500, "Something broke on our side; this is no verdict about your machine. Please tell the maintainers."
    )


def language_of(request: HttpRequest, stored: str = "") -> str:
    """`?lang=`, else the language asked for with the upload, else Accept-Language."""
    asked = request.GET.get("lang", "") or stored
    if asked in LANGUAGES:
        return asked
    return "zh-hans" if getattr(request, "LANGUAGE_CODE", "en").startswith("zh") else "en"


def check(lang: str | None, install_method: str | None) -> None:
    """Raises HttpError (422) that says what is allowed."""
    if lang and lang not in LANGUAGES:
        raise HttpError(422, f"lang is {lang!r}; it must be one of {', '.join(LANGUAGES)}")
    known = shelf.library().install_methods
    if install_method and install_method not in known:
        raise HttpError(422, f"install_method is {install_method!r}; it must be one of {', '.join(known)}")


def answer(request: HttpRequest, case: Case, install_method: str | None, **more: str) -> HttpResponse:
    """The report as the caller reads it: JSON, or plain text or Markdown by `Accept`."""
    said = {**contract(case, language_of(request, case.language), install_method or ""), **more}
    preferred = request.get_preferred_type(["application/json", *TEXTS])
    if preferred not in TEXTS:
        return HttpResponse(json.dumps(said, ensure_ascii=False), content_type="application/json")
    if not case.report:
        text = f"{said['status']}: {said['failure']['says'] if 'failure' in said else said['step']}\n"
    else:
        text = as_markdown(said) if preferred == "text/markdown" else as_text(said)
    return HttpResponse(text, content_type=f"{preferred}; charset=utf-8", headers={"Vary": "Accept"})


def wait_for(case: Case, seconds: float) -> None:
    """Until the case is finished, or the time is over, or at once when too many wait already."""
    if not seconds or not WAITING_AT_ONCE.acquire(blocking=False):
        return
    try:
        until, pause = time.monotonic() + seconds, 0.02
        while case.is_waiting and time.monotonic() < until:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
            case.refresh_from_db(fields=["status"])
    finally:
        WAITING_AT_ONCE.release()
    if not case.is_waiting:
        case.refresh_from_db()


@api.post(
    "/diagnose",
    response={202: Waiting, **problems(400, 413, 415, 422, 429, 503)},
    summary="Diagnose what is sent",
    openapi_extra=SENT,
)
def diagnose(
    request: HttpRequest, wait: float = 10, lang: str | None = None, install_method: str | None = None
) -> HttpResponse:
    """Multipart with `file` parts and/or a `text` field, or the log itself as the body (it may be an archive).

    Waits up to `wait` seconds (0–30) for the report, then answers 202. `lang`: en or zh-hans. `install_method`: whose
    snippets come first. `Accept: text/plain` or `text/markdown` gives the report readable in a terminal or a wiki.
    """
    check(lang, install_method)
    if not 0 <= wait <= LONGEST_WAIT:
        raise HttpError(422, f"wait is {wait:g}; it must be between 0 and {LONGEST_WAIT} seconds")
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        raise HttpError(
            415,
            f"Content-Encoding is {encoding!r}; send the file as it is, without one: .gz, .zst, .zip and .tar.gz are opened here",
        )
    case, token = actions.open_case(body_files(request), "api", install_method or "", lang or "")
    send(case.pk)
    wait_for(case, wait)
    page = whole(request, case.get_absolute_url())
    if case.is_waiting:
        address = whole(request, reverse("api:case", args=[case.pk]))
        waiting = Waiting(id=case.pk, status=case.status, url=address, page=page, delete_token=token)
        return JsonResponse(waiting.dict(), status=202, headers={"Location": address, "Retry-After": "1"})
    return answer(request, case, install_method, page=page, delete_token=token)


def whole(request: HttpRequest, path: str) -> str:
    return f"{settings.BASE_URL}{path}" if settings.BASE_URL else request.build_absolute_uri(path)


def find(case_id: str) -> Case:
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise HttpError(404, "There is no such case; its id is the one that POST /api/v1/diagnose gave.")
    if not case.is_live:
        raise HttpError(410, "This case has expired or was deleted, and nothing of it is left. Send the files again.")
    return case


@api.get(
    "/cases/{case_id}",
    response=problems(404, 410, 422),
    summary="The report, or how far it is",
    url_name="case",
    openapi_extra={"responses": {200: {"description": "The report, or its `status`", "content": REPORT_CONTENT}}},
)
def get_case(
    request: HttpRequest, case_id: str, lang: str | None = None, install_method: str | None = None
) -> HttpResponse:
    """`status` is queued, reading, done or failed. `Accept: text/plain` or `text/markdown` as in POST /diagnose."""
    check(lang, install_method)
    return answer(request, find(case_id), install_method)


@api.delete("/cases/{case_id}", response={204: None, **problems(403, 404, 410)}, summary="Delete the case")
def delete_case(request: HttpRequest, case_id: str, token: str | None = None) -> HttpResponse:
    """With the delete token: `Authorization: Bearer <token>`, `X-Delete-Token: <token>` or `?token=<token>`."""
    case = find(case_id)
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not actions.may_delete(case, token or request.headers.get("X-Delete-Token") or bearer):
        raise HttpError(
            403,
            "The delete token is missing or wrong. It was told once, when the case was sent; give it as Authorization: Bearer, X-Delete-Token or ?token=.",
        )
    actions.delete_case(case)
    return HttpResponse(status=204)


@api.get("/report-schema.json", summary="The JSON Schema of the report", url_name="report-schema")
def report_schema(request: HttpRequest) -> HttpResponse:
    return JsonResponse(REPORT_SCHEMA, content_type="application/schema+json")


@api.get("/redaction-rules", summary="What is hidden before anything is stored", url_name="redaction-rules")
def redaction_rules(request: HttpRequest) -> HttpResponse:
    """A table of rules, each with name, title and pattern; `group` is what is replaced of a match (0: all of it)."""
    return JsonResponse(as_json(settings.REDACTIONS), safe=False)


@csrf_exempt
def elsewhere(request: HttpRequest, path: str = "") -> HttpResponse:
    """Any other address under /api/."""
    return problem(404, f"There is nothing at {request.path}; /api/v1/openapi.json lists what there is.")
