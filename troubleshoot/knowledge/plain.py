"""An article's words without any marks: what the search looks in, and cuts its excerpts from."""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import islice

import nh3

from troubleshoot.diagnosis.library import Library
from troubleshoot.knowledge.articles import Article
from troubleshoot.knowledge.render import METHOD_BLOCK, REMEDY, TABLE, table_markdown, to_html

LONGEST_EXCERPT = 180
"""Columns of a fixed-width face; a Chinese character takes two."""

SHORTEST_TELLING = 3  # "to" stands everywhere
MOST_PLACES = 40  # of one word that are looked at
BLOCK_TAG = re.compile(
    r"</?(?:p|h\d|li|ul|ol|pre|table|thead|tbody|tr|t[hd]|blockquote|details|summary|div|br|hr)\b[^>]*>"
)
SENTENCE_END = re.compile(r"[.!?:]\s+|[。！？：；\n]")


def plain(article: Article, lang: str, library: Library) -> str:
    """The whole article for every install method, remedies by their titles, each block on a line of its own."""
    body = METHOD_BLOCK.sub(lambda m: m["body"], article.text(lang).body)
    body = REMEDY.sub(lambda m: library.remedies[m["id"]].title[lang], body)
    body = TABLE.sub(lambda m: table_markdown(library.tables[m["id"]], lang), body)
    written, _ = to_html(body)
    words = html.unescape(nh3.clean(BLOCK_TAG.sub("\n", written), tags=set()))
    return "\n".join(line for raw in words.splitlines() if (line := " ".join(raw.split())))


def excerpt(text: str, words: tuple[str, ...]) -> str:
    """About two lines of `text` where most of `words` stand together, whole words only; its beginning where none stands."""
    lower = text.lower()
    wanted = [word.lower() for word in words if len(word) >= SHORTEST_TELLING] or [word.lower() for word in words]
    places = [match.start() for word in wanted for match in islice(re.finditer(re.escape(word), lower), MOST_PLACES)]

    def told_at(place: int) -> tuple[int, int]:
        near = lower[place : place + LONGEST_EXCERPT * 2 // 3]
        return sum(len(word) for word in wanted if word in near), -place

    at = max(places, key=told_at, default=0)
    start = begin(text, at)
    end = fitting(text, start)
    shown = " ".join(text[start:end].split())
    return f"{'… ' if start else ''}{shown}{' …' if end < len(text) else ''}"


def begin(text: str, at: int) -> int:
    """The beginning of the sentence that holds `at`, or of a word not far before it."""
    near = max(0, at - LONGEST_EXCERPT // 3)
    ends = [match.end() for match in SENTENCE_END.finditer(text, near, at)]
    if ends or not near:
        return ends[-1] if ends else 0
    blank = text.find(" ", near, at)
    return blank + 1 if blank >= 0 else near


def fitting(text: str, start: int) -> int:
    """The end of what fits, behind a whole word where there are blanks."""
    taken = 0
    for end in range(start, len(text)):
        taken += 2 if unicodedata.east_asian_width(text[end]) in "WF" else 1
        if taken > LONGEST_EXCERPT:
            blank = text.rfind(" ", start, end)
            return blank if end - blank < LONGEST_EXCERPT // 4 else end
    return len(text)
