"""What every page reads and nobody changes while the program runs: loaded once a process, then shared."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from troubleshoot.diagnosis.content import LANGUAGES
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.guides.load import load_guides
from troubleshoot.guides.tree import Guide
from troubleshoot.knowledge.articles import Article, load_articles
from troubleshoot.knowledge.search import Index, Page, pages_of


@cache
def library() -> Library:
    return load_library(settings.CONTENT_DIRS, settings.CACHE_DIR, settings.REDACTIONS)


@cache
def articles() -> dict[str, Article]:
    return load_articles(settings.CONTENT_DIRS)


@cache
def guides() -> dict[str, Guide]:
    return load_guides(settings.CONTENT_DIRS, library().causes)


@cache
def index() -> Index:
    """Everything that can be found, guides with all their questions included."""
    asked = [
        Page(
            "guide",
            lang,
            guide.title[lang],
            guide.address,
            "\n".join([guide.intro[lang], *(question.asks[lang] for question in guide.questions.values())]),
        )
        for guide in guides().values()
        for lang in LANGUAGES
    ]
    return Index(pages_of(articles().values(), library(), asked), library())
