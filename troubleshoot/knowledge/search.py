"""Search over articles, causes and guides; an exact error line is run through the signatures first.

One SQLite FTS5 table in memory, with trigrams so that Chinese and parts of identifiers are found. Built once per
library; read-only after that.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from troubleshoot.diagnosis.library import Library
from troubleshoot.knowledge.articles import Article

SHORTEST_TRIGRAM = 3
WORD = re.compile(r"[\w./:=+-]+")


@dataclass(frozen=True, slots=True)
class Page:
    """Something that can be found."""

    kind: str  # article | cause | guide
    lang: str
    title: str
    address: str
    body: str


@dataclass(frozen=True, slots=True)
class Found:
    kind: str
    title: str
    address: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A signature that knows the pasted line: what it says, and the cause it points to (None: harmless)."""

    signature: str
    says: str
    cause: str
    title: str
    address: str
    role: str


@dataclass(frozen=True, slots=True)
class Results:
    spoken: tuple[Spoken, ...] = ()
    found: tuple[Found, ...] = ()
    words: tuple[str, ...] = field(default=())


class Index:
    """The searchable pages, and the signatures for pasted lines."""

    def __init__(self, pages: Iterable[Page], library: Library) -> None:
        self.library = library
        self.lock = threading.Lock()
        self.store = sqlite3.connect(":memory:", check_same_thread=False)
        self.store.execute(
            "CREATE VIRTUAL TABLE pages USING fts5(kind UNINDEXED, lang UNINDEXED, address UNINDEXED, title, body, tokenize='trigram')"
        )
        self.store.executemany(
            "INSERT INTO pages(kind, lang, address, title, body) VALUES (?, ?, ?, ?, ?)",
            [(p.kind, p.lang, p.address, p.title, p.body) for p in pages],
        )

    def search(self, question: str, lang: str = "en", most: int = 20) -> Results:
        """Pages that hold every word of `question`, best first, and what the signatures say of it."""
        question = question.strip()[:2000]
        if not question:
            return Results()
        words = tuple(dict.fromkeys(WORD.findall(question)))[:12]
        return Results(self.spoken(question, lang), self.pages(words, lang, most), words)

    def pages(self, words: tuple[str, ...], lang: str, most: int) -> tuple[Found, ...]:
        if not words:
            return ()
        long = [w for w in words if len(w) >= SHORTEST_TRIGRAM]
        # Trigrams cannot find one or two characters (卡住), so those are looked up by LIKE.
        short = [w for w in words if len(w) < SHORTEST_TRIGRAM]
        for joined in (" AND ", " OR "):
            where, values = ["lang = ?"], [lang]
            if long:
                where.append("pages MATCH ?")
                values.append(joined.join('"' + w.replace('"', '""') + '"' for w in long))
            for word in short if joined == " AND " or not long else []:
                where.append("(title LIKE ? OR body LIKE ?)")
                values += [f"%{word}%"] * 2
            rank = "bm25(pages, 0, 0, 0, 8, 1)" if long else "length(body)"
            snippet = "snippet(pages, 4, '', '', ' … ', 48)" if long else "substr(body, 1, 140)"
            with self.lock:
                rows = self.store.execute(
                    f"SELECT kind, title, address, {snippet} FROM pages WHERE {' AND '.join(where)} ORDER BY {rank} LIMIT ?",  # noqa: S608  # only our own constants are put in
                    [*values, most],
                ).fetchall()
            if rows:
                return tuple(Found(*row) for row in rows)
        return ()

    def spoken(self, question: str, lang: str) -> tuple[Spoken, ...]:
        """What the signatures say of a pasted line, the weightiest first."""
        heard: dict[str, Spoken] = {}
        for line in question.splitlines()[:200]:
            for signature in self.library.signatures.values():
                if signature.id not in heard and any(p.search(line) for p in signature.compiled):
                    cause = self.library.causes.get(signature.cause)
                    heard[signature.id] = Spoken(
                        signature.id,
                        signature.says[lang],
                        signature.cause,
                        cause.title[lang] if cause else "",
                        self.library.articles.get(signature.cause, ""),
                        signature.role,
                    )
        weights = self.library.signatures
        return tuple(sorted(heard.values(), key=lambda s: -abs(weights[s.signature].weight)))


def pages_of(articles: Iterable[Article], library: Library, guides: Iterable[Page] = ()) -> list[Page]:
    """Everything that can be found, once for each language."""
    pages = list(guides)
    for article in articles:
        for lang, text in article.texts.items():
            pages.append(Page("article", lang, text.title, article.address, f"{text.summary}\n{text.body}"))
    for cause in library.causes.values():
        address = library.articles.get(cause.id)
        if address:
            for lang in cause.title:
                said = " ".join(s.says[lang] for s in library.signatures.values() if s.cause == cause.id)
                pages.append(Page("cause", lang, cause.title[lang], address, f"{cause.summary[lang]}\n{said}"))
    return pages
