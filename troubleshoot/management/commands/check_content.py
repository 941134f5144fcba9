"""`manage.py check_content`: every fault of the content with file and line; ends with 1 when there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from troubleshoot.diagnosis.causes import load_causes
from troubleshoot.diagnosis.content import LANGUAGES, ContentError
from troubleshoot.diagnosis.content_check import Fault, check
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.guides.load import load_guides
from troubleshoot.knowledge.articles import load_articles
from troubleshoot.knowledge.render import render

LINK = re.compile(r"""href=["'](?P<address>/[^"'#?]*)""")


class Command(BaseCommand):
    help = "Check all content: causes, signatures, rules, remedies, install methods, articles, guides."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        overlays = tuple(settings.CONTENT_DIRS)
        faults = check(overlays)
        if not faults:
            faults = [*pages(load_library(overlays))]
        for fault in faults:
            self.stderr.write(str(fault))
        if faults:
            raise CommandError(f"{len(faults)} faults in the content; each line above names its file and line")
        library = load_library(overlays)
        self.stdout.write(
            f"content: {len(library.causes)} causes, {len(library.signatures)} signatures, {len(library.rules)} rules, "
            f"{len(library.remedies)} remedies, {len(library.install_methods)} install methods, {len(load_articles(overlays))} articles, "
            f"{len(load_guides(overlays, library.causes))} guides; no fault"
        )


def pages(library: Library) -> Iterator[Fault]:
    """Faults of articles and guides: what cannot be rendered, dead links, ids that do not exist."""
    overlays = tuple(settings.CONTENT_DIRS)
    try:
        articles = load_articles(overlays)
        guides = load_guides(overlays, load_causes(overlays))
    except ContentError as error:
        yield Fault(error.where, error.wrong)
        return
    alive = (
        {a.address for a in articles.values()}
        | {g.address for g in guides.values()}
        | {"/", "/kb/", "/guides/", "/diagnose/", "/collect.sh"}
    )
    for article in articles.values():
        for cause in article.causes:
            if cause not in library.causes:
                yield Fault(f"articles/{article.slug}.md:1", f"it names the cause {cause!r}, which does not exist")
        for lang in LANGUAGES:
            try:
                html = render(article, lang, library).html
            except (ContentError, KeyError) as error:
                yield Fault(article.text(lang).where, str(error))
                continue
            for match in LINK.finditer(html):
                if match["address"] not in alive:
                    yield Fault(article.text(lang).where, f"dead link {match['address']}")
