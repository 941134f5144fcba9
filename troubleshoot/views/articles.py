"""The knowledge base: the list, and one article for the reader's installation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from troubleshoot import shelf
from troubleshoot.diagnosis.renderings import pick
from troubleshoot.kept_pages import keep
from troubleshoot.knowledge.articles import Article
from troubleshoot.knowledge.render import Rendered
from troubleshoot.knowledge.render import render as render_article
from troubleshoot.templatetags.unhang import content_language

LONGEST_VERSION = 20
FIRST = ("stuck-in-starting", "where-logs-lie", "reading-topo-m", "nccl-debug-info-line-by-line", "launch-phases")
"""Background that a newcomer reads first; the rest follows by name."""


def by_family(articles: Iterable[Article], lang: str) -> list[dict[str, Any]]:
    """Articles under the family of their cause, background first, in the order of the families."""
    library = shelf.library()
    listed: dict[str, list[dict[str, str]]] = {"": [], **{family: [] for family in library.families}}
    for article in sorted(articles, key=lambda one: FIRST.index(one.slug) if one.slug in FIRST else len(FIRST)):
        text = article.text(lang)
        family = library.causes[article.slug].family if article.slug in library.causes else ""
        listed[family].append({"title": text.title, "summary": text.summary, "address": article.address})
    return [
        {"title": pick(library.families[family]["title"], lang) if family else "", "articles": found}
        for family, found in listed.items()
        if found
    ]


@require_GET
@keep
def article_list(request: HttpRequest) -> HttpResponse:
    groups = by_family(shelf.articles().values(), content_language())
    return render(request, "articles/list.html", {"section": "knowledge", "groups": groups})


def find(slug: str) -> Article:
    found = shelf.articles().get(slug)
    if found is None:
        raise Http404("There is no such article.")
    return found


@lru_cache(maxsize=512)
def rendered(slug: str, lang: str, method: str, version: str) -> Rendered:
    articles = shelf.articles()
    said = render_article(articles[slug], lang, shelf.library(), method or None, version or None, articles)
    # Scrolling blocks must be reachable by keyboard; the sanitiser has no say in what is not the author's.
    return replace(said, html=said.html.replace("<pre", '<pre tabindex="0"').replace("<table", '<table tabindex="0"'))


def article_context(request: HttpRequest, slug: str) -> dict[str, Any]:
    """What both faces of an article show: the page and the embed."""
    found, lang = find(slug), content_language()
    methods = shelf.library().install_methods
    method = request.GET.get("install_method", "")
    method = method if method in methods else ""
    version = version_of(request.GET.get("version", ""))
    said = rendered(slug, lang, method, version)
    return {
        "article": found,
        "said": said,
        "html": mark_safe(said.html),  # noqa: S308  # sanitised by knowledge/render.py
        "methods": tuple((m.id, pick(m.title, lang)) for m in methods.values() if m.id != "host"),
        "method": method,
        "version": version,
    }


def version_of(asked: str) -> str:
    """A version number as asked for, or "": it becomes part of what is cached."""
    return asked if len(asked) <= LONGEST_VERSION and asked.replace(".", "").isalnum() and asked.isascii() else ""


@require_GET
@keep
def article(request: HttpRequest, slug: str) -> HttpResponse:
    return render(
        request,
        "articles/article.html",
        {"section": "knowledge", "thanks": request.GET.get("told", ""), **article_context(request, slug)},
    )
