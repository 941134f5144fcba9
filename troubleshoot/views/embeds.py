"""Pages for other sites' frames: GET only, no cookie, no session, no form that needs a token; and how to put them there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET

from troubleshoot import shelf
from troubleshoot.kept_pages import keep
from troubleshoot.middleware import POLICY
from troubleshoot.templatetags.unhang import content_language, site_of
from troubleshoot.views.articles import article_context
from troubleshoot.views.guides import KEPT, guide_context
from troubleshoot.wikis import HEIGHT, WIDTH, frame, wikis

View = Callable[..., HttpResponse]

CACHE_SECONDS = 300
TO_A_PAGE = re.compile(rb'<a href="/(kb|guides)/([\w-]+)/(?:\?[^"#]*)?(#[^"]*)?"(?! target)')
ELSEWHERE = re.compile(rb'<a (?=[^>]*href="/(?!embed/|static/))(?![^>]*target=)')
FACES = {
    "article": "embed_article",
    "embed_article": "embed_article",
    "guide": "embed_guide",
    "embed_guide": "embed_guide",
}
"""The name of a page's or an embed's address → its embed's."""


def embeddable(view: View) -> View:
    """Let the sites in EMBED_ORIGINS frame this view, and nobody else; cacheable, with an ETag, without a cookie."""

    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.content = kept_inside(response.content, request)
        origins = " ".join(settings.EMBED_ORIGINS) or "'none'"
        response.headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors {origins}"
        response.headers["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
        # A frame inside a page of another origin cannot be isolated with it.
        response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        return get_conditional_response(request, response.headers["ETag"], None, response) or response

    return require_GET(xframe_options_exempt(framed))


def kept_inside(html: bytes, request: HttpRequest) -> bytes:
    """Links to our articles and guides lead to their embeds; every other page of ours refuses to be framed and opens outside."""
    kept = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
    query = f"?{urlencode(kept)}".replace("&", "&amp;").encode() if kept else b""
    html = TO_A_PAGE.sub(lambda m: b'<a href="/embed/%s/%s/%s%s"' % (m[1], m[2], query, m[3] or b""), html)
    return ELSEWHERE.sub(b'<a target="_blank" rel="noopener" ', html)


def theme_of(request: HttpRequest) -> str:
    theme = request.GET.get("theme", "")
    return theme if theme in ("light", "dark") else ""


@embeddable
@keep
def embed_article(request: HttpRequest, slug: str) -> HttpResponse:
    context = {
        **article_context(request, slug),
        "theme": theme_of(request),
        "full": full_address(request, "article", slug),
    }
    return render(request, "embed/article.html", context)


@embeddable
@keep
def embed_guide(request: HttpRequest, guide_id: str) -> HttpResponse:
    context = {
        **guide_context(request, guide_id, KEPT),
        "theme": theme_of(request),
        "full": full_address(request, "guide", guide_id),
    }
    return render(request, "embed/guide.html", context)


def full_address(request: HttpRequest, name: str, slug: str) -> str:
    """The whole page of an embed, with the same answers and language."""
    query = request.GET.copy()
    query.pop("theme", None)
    return reverse(name, args=[slug]) + (f"?{query.urlencode()}" if query else "")


def find(request: HttpRequest, address: str) -> tuple[str, str]:
    """(name of the embed's address, slug) that one of our own addresses means. Raises Http404 for any other."""
    try:
        wanted = urlsplit(address)
    except ValueError:
        raise Http404("This is no address.") from None
    ours = {urlsplit(site_of(request)).netloc.lower(), request.get_host().lower()}
    if wanted.scheme not in ("http", "https") or wanted.netloc.lower() not in ours:
        raise Http404("Only addresses of this site can be embedded by it.")
    try:
        match = resolve(wanted.path if wanted.path.endswith("/") else f"{wanted.path}/")
    except Resolver404:
        raise Http404("There is no such page.") from None
    face = FACES.get(match.url_name or "")
    slug = str(next(iter(match.kwargs.values()), ""))
    if face is None or title_of(face, slug) is None:
        raise Http404("This page has no embed.")
    return face, slug


def title_of(face: str, slug: str) -> str | None:
    lang = content_language()
    if face == "embed_article":
        article = shelf.articles().get(slug)
        return article.text(lang).title if article else None
    guide = shelf.guides().get(slug)
    return guide.title[lang] if guide else None


def limited(request: HttpRequest, name: str, usual: int) -> int:
    """`usual`, or less where the consumer allows less."""
    asked = request.GET.get(name, "")
    return min(usual, int(asked)) if asked.isdigit() and 0 < int(asked) < 100_000 else usual


@require_GET
def oembed(request: HttpRequest) -> HttpResponse:
    """oEmbed 1.0 (oembed.com): 404 for what is not ours, 501 for a format we do not speak."""
    form = request.GET.get("format", "json")
    if form not in ("json", "xml"):
        return HttpResponse("json and xml are served", status=501, content_type="text/plain")
    address = request.GET.get("url", "")
    if not address:
        return HttpResponse("url is required", status=400, content_type="text/plain")
    face, slug = find(request, address)
    title = title_of(face, slug) or slug
    width, height = limited(request, "maxwidth", WIDTH), limited(request, "maxheight", HEIGHT)
    kept = [(name, value) for name, value in sorted_query(address) if name != "theme"]
    source = site_of(request) + reverse(face, args=[slug]) + (f"?{urlencode(kept)}" if kept else "")
    told: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": "Unhang",
        "provider_url": f"{site_of(request)}/",
        "cache_age": CACHE_SECONDS,
        "width": width,
        "height": height,
        "html": frame(source, title, width, height),
    }
    if form == "json":
        response: HttpResponse = JsonResponse(told, json_dumps_params={"ensure_ascii": False})
    else:
        fields = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in told.items())
        response = HttpResponse(
            f'<?xml version="1.0" encoding="utf-8" standalone="yes"?><oembed>{fields}</oembed>',
            content_type="text/xml; charset=utf-8",
        )
    response.headers["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def sorted_query(address: str) -> list[tuple[str, str]]:
    query = QueryDict(urlsplit(address).query)
    return sorted((name, query[name]) for name in query)


@require_GET
def embedding(request: HttpRequest) -> HttpResponse:
    """What to paste into which wiki, for one article or guide (`?page=kb/<slug>` or `guides/<slug>`)."""
    pages = [(f"kb/{slug}", "embed_article", slug) for slug in shelf.articles()]
    pages = [*((f"guides/{slug}", "embed_guide", slug) for slug in shelf.guides()), *pages]
    chosen = next((page for page in pages if page[0] == request.GET.get("page")), pages[0])
    _, face, slug = chosen
    title = title_of(face, slug) or slug
    source = f"{site_of(request)}{reverse(face, args=[slug])}?{urlencode({'lang': content_language()})}"
    context = {
        "pages": [{"id": page, "title": title_of(name, one)} for page, name, one in pages],
        "chosen": chosen[0],
        "title": title,
        "source": source,
        "wikis": wikis(site_of(request), chosen[0], source, title),
        "origins": settings.EMBED_ORIGINS,
        "is_secure": site_of(request).startswith("https://"),
    }
    return render(request, "pages/embedding.html", context)
