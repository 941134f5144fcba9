"""The HTTP API, version 1 (contract.md). Errors are application/problem+json; no cookies, no CSRF."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from troubleshoot import actions, shelf
from troubleshoot.diagnosis.redact import as_json
from troubleshoot.diagnosis.renderings import as_markdown, as_text
from troubleshoot.forms import refuse_too_large, sent_files
from troubleshoot.models import Case
from troubleshoot.views.cases import contract

# Nothing of another site is loaded, so no documentation page; the document itself is at /api/v1/openapi.json.
api = NinjaAPI(title="Unhang", version="1", description="Diagnose multi-GPU model launches that hang or fail.", docs_url=None, urls_namespace="api")

REPORT_SCHEMA = json.loads((Path(__file__).resolve().parent.parent / "diagnosis" / "report_schema.json").read_text(encoding="utf-8"))
LANGUAGES = ("en", "zh-hans")
LONGEST_WAIT = 30
FORM = ("multipart/form-data", "application/x-www-form-urlencoded")


class Problem(Schema):
    """What was wrong, and what would be right."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Waiting(Schema):
    """The case is still being read: poll `url`."""

    id: str
    status: str
    url: str
    delete_token: str


def problem(status: int, title: str, detail: str) -> HttpResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json")


@api.exception_handler(HttpError)
def on_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "Not possible", str(error))


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    wrong = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors)
    return problem(422, "Wrong argument", wrong)


@api.exception_handler(actions.Refused)
def on_refused(request: HttpRequest, error: actions.Refused) -> HttpResponse:
    response = problem(error.status, "Not taken", error.reason[language_of(request)])
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def language_of(request: HttpRequest) -> str:
    asked = request.GET.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return "zh-hans" if getattr(request, "LANGUAGE_CODE", "en").startswith("zh") else "en"


def check(lang: str | None, install_method: str | None, wait: float = 0) -> None:
    if lang and lang not in LANGUAGES:
        raise HttpError(422, f"lang is {lang!r}; it must be one of {', '.join(LANGUAGES)}")
    known = shelf.library().install_methods
    if install_method and install_method not in known:
        raise HttpError(422, f"install_method is {install_method!r}; it must be one of {', '.join(known)}")
    if not 0 <= wait <= LONGEST_WAIT:
        raise HttpError(422, f"wait is {wait:g}; it must be between 0 and {LONGEST_WAIT} seconds")


def answer(request: HttpRequest, case: Case, method: str | None, **more: Any) -> HttpResponse:
    """The report as the caller reads it: JSON, or plain text or Markdown by `Accept`."""
    said = {**contract(case, language_of(request), method or case.install_method), **more}
    accept = request.headers.get("Accept", "")
    if "causes" in said and "text/markdown" in accept:
        return HttpResponse(as_markdown(said), content_type="text/markdown; charset=utf-8")
    if "causes" in said and "text/plain" in accept:
        return HttpResponse(as_text(said), content_type="text/plain; charset=utf-8")
    return HttpResponse(json.dumps(said, ensure_ascii=False), content_type="application/json", status=more.get("code", 200))


def body_files(request: HttpRequest) -> list[tuple[str, BinaryIO]]:
    kind = (request.content_type or "").lower()
    if kind in FORM and (request.FILES or request.POST):
        return sent_files(request)
    refuse_too_large(request)
    raw = request.read() if kind not in FORM else b""
    if not raw:
        raise actions.Refused(
            400,
            "Nothing was sent. Send `file` parts, a `text` field, or the log itself as the body.",
            "没有收到内容。请发送 file 部分、text 字段，或直接把日志作为请求体。",
        )
    return [("body.txt", io.BytesIO(raw))]


@api.post("/diagnose", response={200: dict, 202: Waiting, 400: Problem, 413: Problem, 415: Problem, 422: Problem, 429: Problem}, summary="Diagnose what is sent")
def diagnose(request: HttpRequest, wait: float = 10, lang: str | None = None, install_method: str | None = None) -> HttpResponse:
    """Multipart with one or more `file` parts and/or a `text` field, or a raw body. Waits up to `wait` seconds (0–30) for the report."""
    check(lang, install_method, wait)
    encoding = request.headers.get("Content-Encoding")
    if encoding and encoding != "identity":
        raise HttpError(415, f"Content-Encoding is {encoding!r}; send the file as it is: .gz, .zst, .zip and .tar are opened here")
    opened = actions.open_case(body_files(request), "api", install_method or "")
    until = time.monotonic() + wait
    case = opened.case
    while case.is_waiting and time.monotonic() < until:
        time.sleep(0.05)
        case.refresh_from_db(fields=["status"])
    if case.is_waiting:
        waiting = {"id": case.pk, "status": case.status, "url": f"/api/v1/cases/{case.pk}", "delete_token": opened.delete_token}
        return HttpResponse(json.dumps(waiting), status=202, content_type="application/json")
    case.refresh_from_db()
    return answer(request, case, install_method, delete_token=opened.delete_token)


def find(case_id: str) -> Case:
    try:
        case = Case.objects.get(pk=case_id)
    except Case.DoesNotExist:
        raise HttpError(404, f"there is no case {case_id[:40]!r}; its address is given when it is sent") from None
    if not case.is_live:
        raise HttpError(410, "this case has been deleted or has expired" if case.deleted else f"this case expired; cases are kept {settings.KEEP_DAYS} days (UNHANG_KEEP_DAYS)")
    return case


@api.get("/cases/{case_id}", response={200: dict, 404: Problem, 410: Problem, 422: Problem}, summary="The report, or how far it is")
def get_case(request: HttpRequest, case_id: str, lang: str | None = None, install_method: str | None = None) -> HttpResponse:
    check(lang, install_method)
    return answer(request, find(case_id), install_method)


@api.delete("/cases/{case_id}", response={204: None, 403: Problem, 404: Problem, 410: Problem}, summary="Delete the case")
def delete_case(request: HttpRequest, case_id: str, token: str | None = None) -> HttpResponse:
    """With the delete token: `Authorization: Bearer <token>`, `X-Delete-Token: <token>` or `?token=<token>`."""
    case = find(case_id)
    given = token or request.headers.get("X-Delete-Token") or request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not actions.may_delete(case, given):
        raise HttpError(403, "the delete token is missing or wrong; it was given once, when the case was sent")
    actions.delete_case(case)
    return HttpResponse(status=204)


@api.get("/report-schema.json", summary="The JSON Schema of the report", url_name="report-schema")
def report_schema(request: HttpRequest) -> dict[str, Any]:
    return REPORT_SCHEMA


@api.get("/redaction-rules", summary="What is hidden before anything is stored")
def redaction_rules(request: HttpRequest) -> list[dict[str, Any]]:
    return as_json()
