"""Which language a page speaks, and what its page may load and who may frame it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

GetResponse = Callable[[HttpRequest], HttpResponse]

EMBEDDED = "/embed/"
ANONYMOUS = (EMBEDDED, "/api/", "/oembed", "/healthz", "/readyz", "/static/")
"""Addresses that neither read nor set a cookie."""

COOKIE_SECONDS = 365 * 24 * 3600

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'"
)
"""Everything from our own origin. Inline style is allowed for the pictures' SVG, inline script nowhere."""

ADMIN_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"


def our_code(code: str | None) -> str | None:
    """The language of ours that a tag means: `zh`, `zh-CN`, `zh_Hans` → "zh-hans"; `en-GB` → "en"; others → None."""
    tag = (code or "").strip().lower().replace("_", "-")
    if tag == "zh" or tag.startswith("zh-"):
        return "zh-hans"
    return "en" if tag == "en" or tag.startswith("en-") else None


def accepted(header: str) -> str | None:
    """The first language of ours in an Accept-Language header, by its weights."""
    return next((ours for tag, _weight in parse_accept_lang_header(header) if (ours := our_code(tag))), None)


class LanguageMiddleware:
    """`?lang=`, which is remembered in a cookie; else the cookie; else Accept-Language; else English."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_anonymous = request.path.startswith(ANONYMOUS)
        asked = our_code(request.GET.get("lang"))
        kept = None if is_anonymous else our_code(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME))
        code = asked or kept or accepted(request.headers.get("Accept-Language", "")) or "en"
        with translation.override(code):
            request.LANGUAGE_CODE = code
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", code)
        if not request.path.startswith("/static/"):
            patch_vary_headers(response, ("Accept-Language",) if is_anonymous else ("Accept-Language", "Cookie"))
        if asked and asked != kept and not is_anonymous:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                asked,
                max_age=COOKIE_SECONDS,
                secure=bool(settings.LANGUAGE_COOKIE_SECURE),
                httponly=True,
                samesite="Lax",
            )
        return response


class ContentPolicyMiddleware:
    """A Content-Security-Policy on every answer. Nobody may frame a page, but for the embeds (`views/embeds.py`)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response.headers:
            policy = ADMIN_POLICY if request.path.startswith("/admin/") else f"{POLICY}; frame-ancestors 'none'"
            response.headers["Content-Security-Policy"] = policy
        return response
