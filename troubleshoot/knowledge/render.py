"""An article as HTML: Markdown, what the reader's installation needs, then one sanitiser.

Beside Markdown an article may say, each on a line of its own:

    {{ remedy: disable-p2p }}         the remedy's snippets, for the reader's install method (all methods when none is chosen)
    {{ table: nccl-default-p2p }}     a table from content/tables/<id>.toml
    ::: method docker compose         what follows, up to `:::`, is for these install methods only
    …
    :::

At its end stand the articles that share a cause with it, so that cause and background lead to each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import markdown
import nh3
from pymdownx.slugs import slugify

from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.library import Library
from troubleshoot.diagnosis.remedies import offer, snippets_of
from troubleshoot.diagnosis.remedy import Remedy
from troubleshoot.diagnosis.rendering_words import WORDS
from troubleshoot.diagnosis.renderings import pick
from troubleshoot.diagnosis.tables import Table
from troubleshoot.knowledge.articles import Article

REMEDY = re.compile(r"^\{\{ remedy: (?P<id>[a-z0-9-]+) \}\}$", re.M)
TABLE = re.compile(r"^\{\{ table: (?P<id>[a-z0-9-]+) \}\}$", re.M)
METHOD_BLOCK = re.compile(r"^::: method (?P<methods>[a-z0-9 -]+)\n(?P<body>.*?)^:::$\n?", re.M | re.S)

EXTENSIONS = [
    "tables",
    "sane_lists",
    "admonition",
    "attr_list",
    "toc",
    "pymdownx.superfences",
    "pymdownx.highlight",
    "pymdownx.details",
]
EXTENSION_CONFIGS: dict[str, dict[str, Any]] = {
    "toc": {"slugify": slugify(case="lower"), "toc_depth": "2-3"},
    "pymdownx.highlight": {"use_pygments": False},
}
ALLOWED_ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"class", "id", "lang"},
    "a": {"href", "title"},
    "details": {"open"},
    "th": {"scope", "align"},
    "td": {"align"},
}
ALLOWED_TAGS = nh3.ALLOWED_TAGS | {"details", "summary", "section"}
READ_ON = {"en": "Read on", "zh-hans": "延伸阅读"}
COLON = {"en": ": ", "zh-hans": "："}


@dataclass(frozen=True, slots=True)
class Rendered:
    title: str
    summary: str
    html: str
    toc: tuple[tuple[int, str, str], ...]  # (level, id, words)
    sources: tuple[str, ...]


def render(
    article: Article,
    lang: str,
    library: Library,
    method: str | None = None,
    version: str | None = None,
    shelf: Mapping[str, Article] | None = None,
) -> Rendered:
    """The article in `lang`, for the reader's install method and its version ("0.6.2"), when chosen.

    `shelf` are all articles: those that share a cause with this one are named at its end.
    """
    text = article.text(lang)
    body = METHOD_BLOCK.sub(lambda m: method_block(m, method, lang, library), text.body)
    body = REMEDY.sub(lambda m: remedy_markdown(m["id"], lang, library, method, version), body)
    body = TABLE.sub(lambda m: table_markdown(library.tables[m["id"]], lang), body)
    body += read_on(related(article, shelf or {}), lang)
    html, toc = to_html(body)
    return Rendered(text.title, text.summary, html, toc, text.sources)


def to_html(source: str) -> tuple[str, tuple[tuple[int, str, str], ...]]:
    """Markdown to sanitised HTML, and its headings of levels 2 and 3."""
    converter = markdown.Markdown(extensions=EXTENSIONS, extension_configs=EXTENSION_CONFIGS)
    html = nh3.clean(
        converter.convert(source),
        tags=ALLOWED_TAGS,
        attributes=ALLOWED_ATTRIBUTES,
        link_rel="noopener",
        url_schemes={"http", "https", "mailto"},
    )
    headings: list[tuple[int, str, str]] = []

    def walk(tokens: list[dict[str, Any]]) -> None:
        for token in tokens:
            headings.append((token["level"], token["id"], token["name"]))
            walk(token["children"])

    walk(converter.toc_tokens)
    return html, tuple(headings)


def method_block(match: re.Match[str], method: str | None, lang: str, library: Library) -> str:
    methods = match["methods"].split()
    if method:
        return match["body"] if method in methods else ""
    titles = [pick(library.install_methods[m].title, lang) for m in methods if m in library.install_methods]
    return f"**{' / '.join(titles)}**\n\n{match['body']}\n"


def remedy_markdown(remedy_id: str, lang: str, library: Library, method: str | None, version: str | None) -> str:
    """The remedy's snippets as Markdown: those of the chosen method first and open, the others folded away by the page."""
    known = [Fact("install_method", method, source="answer")] if method else []
    known += [Fact("gpustack_version", version, source="answer")] if version else []
    remedy, facts = library.remedies[remedy_id], Facts(known)
    # An article explains a remedy also where too little is known to offer it.
    offered = pick(offer(remedy, facts, library) or plain_offer(remedy, facts, library), lang)
    snippets = [s for s in offered["snippets"] if not method or s["method"] == method] or offered["snippets"]
    kind, colon = WORDS[offered["kind"]][lang], COLON[lang]
    out = ["", f"### {offered['title']}", "", offered["why"], ""]
    out += [f"**{kind[:1].upper()}{kind[1:]}** · {WORDS['cost'][lang]}{colon}{offered['cost']}", ""]
    for at, snippet in enumerate(snippets):
        title = snippet["title"].replace('"', "'")
        fence = "````" if "```" in snippet["text"] else "```"
        block = [f"{fence}{snippet['language']}", *snippet["text"].rstrip("\n").splitlines(), fence, ""]
        block += [
            f"- {WORDS['verify'][lang]}{colon}{inline(snippet['verify'])}",
            f"- {WORDS['undo'][lang]}{colon}{inline(snippet['undo'])}",
            "",
        ]
        # One installation is read, the others are a click away (`???` is pymdownx's folded block).
        out += [f'???{"+" if at == 0 else ""} snippet "{title}"', *(f"    {line}" for line in block), ""]
    return "\n".join(out)


def plain_offer(remedy: Remedy, facts: Facts, library: Library) -> dict[str, Any]:
    return {
        "title": remedy.title,
        "kind": remedy.kind,
        "why": remedy.why,
        "cost": remedy.cost,
        "snippets": snippets_of(remedy, facts, library),
    }


def inline(words: str) -> str:
    return " ".join(words.split())


def table_markdown(table: Table, lang: str) -> str:
    """The table, and its source below."""
    columns, rows = pick([*table.columns], lang), [pick([*row], lang) for row in table.rows]
    out = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    out += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join([*out, "", f"*{pick(table.source, lang)}*", ""])


def related(article: Article, shelf: Mapping[str, Article]) -> list[Article]:
    """For a cause's article the background to it; for background the articles of its causes."""
    if article.kind == "cause":
        return [other for other in shelf.values() if other.kind != "cause" and article.slug in other.causes]
    return [shelf[cause] for cause in article.causes if cause in shelf]


def read_on(articles: list[Article], lang: str) -> str:
    if not articles:
        return ""
    links = [f"- [{article.text(lang).title}]({article.address})" for article in articles]
    return "\n".join(["", f"## {READ_ON[lang]}", "", *links, ""])
