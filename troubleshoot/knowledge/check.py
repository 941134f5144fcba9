"""Every fault of the articles, each with file and line."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import unquote

from troubleshoot.diagnosis.content import LANGUAGES, ContentError
from troubleshoot.diagnosis.content_check import Fault
from troubleshoot.diagnosis.library import Library
from troubleshoot.knowledge.articles import Article, Text
from troubleshoot.knowledge.render import METHOD_BLOCK, REMEDY, TABLE, render

LINK = re.compile(r'href="(?P<address>/[^"#?]*)?(?:\?[^"#]*)?(?:#(?P<anchor>[^"]*))?"')
ANCHOR = re.compile(r'\bid="([^"]+)"')
LEFT_OVER = re.compile(r"^(?:\{\{ *(?:remedy|table)\b|:::).*", re.M)


def check_articles(articles: Mapping[str, Article], library: Library, pages: Collection[str]) -> Iterator[Fault]:
    """`pages` are the addresses beside the articles' own that a link may name."""
    for article in articles.values():
        yield from check_head(article, library)
        if article.kind == "cause" and not REMEDY.search(article.text("en").body):
            yield Fault(article.text("en").at("kind:"), f"{article.slug} is the article of a cause and shows no remedy")
        yield from check_shown(article, library)
    yield from check_links(articles, library, {*pages, *(article.address for article in articles.values())})


def check_head(article: Article, library: Library) -> Iterator[Fault]:
    text = article.text("en")
    for cause in article.causes:
        if cause not in library.causes:
            yield Fault(text.at("causes:"), f"it names the cause {cause!r}, which does not exist")
    if article.kind == "cause" and article.slug not in library.causes:
        yield Fault(text.at("kind:"), f"it is the article of a cause, and no cause is called {article.slug}")


def check_shown(article: Article, library: Library) -> Iterator[Fault]:
    """Remedies, tables and methods that an article shows: they exist, and both languages show the same."""
    known = {REMEDY: library.remedies, TABLE: library.tables}
    for text in article.texts.values():
        for pattern, there in known.items():
            for match in pattern.finditer(text.body):
                if match["id"] not in there:
                    yield Fault(text.at(match[0]), f"{match[0]} names what does not exist")
        for match in METHOD_BLOCK.finditer(text.body):
            for method in match["methods"].split():
                if method not in library.install_methods:
                    yield Fault(text.at(match[0].split("\n")[0]), f"no install method is called {method!r}")
        rest = METHOD_BLOCK.sub(lambda match: match["body"], text.body)
        for match in LEFT_OVER.finditer(REMEDY.sub("", TABLE.sub("", rest))):
            yield Fault(text.at(match[0]), f"{match[0]!r} is not as this is written, so readers would see it")
    one, *others = (article.text(lang) for lang in LANGUAGES)
    for other in others:
        for mine, theirs in ((one, other), (other, one)):
            for words in shown(mine) - shown(theirs):
                yield Fault(mine.at(words), f"{words!r} is not in {theirs.where}")


def shown(text: Text) -> set[str]:
    return {match[0] for pattern in (REMEDY, TABLE) for match in pattern.finditer(text.body)}


def check_links(articles: Mapping[str, Article], library: Library, alive: Collection[str]) -> Iterator[Fault]:
    for lang in LANGUAGES:
        made: dict[str, str] = {}
        for article in articles.values():
            try:
                made[article.address] = render(article, lang, library, shelf=articles).html
            except (ContentError, KeyError):
                continue  # said by check_shown
        anchors = {address: {html.unescape(a) for a in ANCHOR.findall(page)} for address, page in made.items()}
        for article in articles.values():
            text = article.text(lang)
            for match in LINK.finditer(made.get(article.address, "")):
                address = match["address"] or article.address
                anchor = unquote(html.unescape(match["anchor"] or ""))
                if address not in alive:
                    yield Fault(text.at(f"({address}"), f"dead link {address}")
                elif anchor and address in anchors and anchor not in anchors[address]:
                    yield Fault(text.at(f"#{anchor}"), f"dead link {address}#{anchor}: that page has no such heading")
