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

from troubleshoot.diagnosis.content import LANGUAGES
from troubleshoot.diagnosis.library import Library
from troubleshoot.diagnosis.peel import peel
from troubleshoot.diagnosis.signatures import speaks
from troubleshoot.knowledge.articles import Article
from troubleshoot.knowledge.plain import excerpt, plain

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
        spoken = self.spoken(question, lang)
        said = {one.address for one in spoken}
        found = self.pages(words, lang, most) or self.elsewhere(words, lang, most)
        return Results(spoken, tuple(one for one in found if one.address not in said), words)

    def pages(self, words: tuple[str, ...], lang: str, most: int) -> tuple[Found, ...]:
        """Pages in `lang` that hold every word; where there is none, those that hold any of the long ones."""
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
            with self.lock:
                rows = self.store.execute(
                    f"SELECT kind, title, address, body FROM pages WHERE {' AND '.join(where)} ORDER BY {rank} LIMIT ?",  # noqa: S608  # only our own constants are put in
                    [*values, most],
                ).fetchall()
            if rows:
                return tuple(Found(kind, title, address, excerpt(body, words)) for kind, title, address, body in rows)
        return ()

    def elsewhere(self, words: tuple[str, ...], lang: str, most: int) -> tuple[Found, ...]:
        """What the words find in the other languages, shown in `lang`: a Chinese word finds its page on an English one."""
        found = [one.address for other in LANGUAGES if other != lang for one in self.pages(words, other, most)]
        with self.lock:
            rows = [
                self.store.execute(
                    "SELECT kind, title, address, body FROM pages WHERE lang = ? AND address = ?", (lang, address)
                ).fetchone()
                for address in dict.fromkeys(found)
            ]
        return tuple(
            Found(kind, title, address, excerpt(body, ())) for kind, title, address, body in filter(None, rows)
        )

    def spoken(self, question: str, lang: str) -> tuple[Spoken, ...]:
        """What the signatures say of a pasted line, the weightiest first."""
        heard: dict[str, Spoken] = {}
        for line in question.splitlines()[:200]:
            body = peel(line).body
            for signature in self.library.signatures.values():
                if signature.id not in heard and any(speaks(p, line, body) for p in signature.compiled):
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
        by_weight = sorted(heard.values(), key=lambda one: -abs(weights[one.signature].weight))
        # Several signatures of one cause say the same in other words; the weightiest is enough.
        first = {one.cause or one.signature: one for one in reversed(by_weight)}
        return tuple(one for one in by_weight if first[one.cause or one.signature] is one)


def pages_of(articles: Iterable[Article], library: Library, guides: Iterable[Page] = ()) -> list[Page]:
    """Everything that can be found, once for each language; a cause's article holds what its signatures say as well."""
    pages = list(guides)
    for article in articles:
        for lang, text in article.texts.items():
            body = [text.summary, plain(article, lang, library)]
            if cause := library.causes.get(article.slug):
                speaking = [one for one in library.signatures.values() if one.cause == cause.id]
                body += [cause.title[lang], cause.summary[lang], *(one.says[lang] for one in speaking)]
                body += [line for one in speaking for line in one.matches]  # for who pastes half of such a line
            kind = "cause" if cause else "article"
            pages.append(Page(kind, lang, text.title, article.address, "\n".join(body)))
    return pages
