"""`manage.py check_content`: every fault of the content with file and line; ends with 1 when there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from troubleshoot.diagnosis.content import CONTENT, ContentError
from troubleshoot.diagnosis.content_check import Fault, check
from troubleshoot.diagnosis.content_tidy import put_right, untidy
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.guides.load import load_guides
from troubleshoot.knowledge.articles import load_articles
from troubleshoot.knowledge.check import check_articles

PAGES = ("/", "/kb/", "/guides/", "/diagnose/", "/what-if/", "/collect.sh")


class Command(BaseCommand):
    help = "Check all content: causes, signatures, rules, remedies, install methods, steps, tables, articles, guides."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fix",
            action="store_true",
            help="put right what can be without changing what is said: blanks, line ends, open addresses, half-width commas",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        overlays = tuple(settings.CONTENT_DIRS)
        wrong = []
        for found in untidy((CONTENT, *overlays)):
            said = f"{shown(found.path)}:{found.line}: {found.wrong}"
            if options["fix"]:
                put_right(found)
                self.stdout.write(f"{said} (put right)")
            else:
                wrong.append(f"{said} (--fix puts it right)")
        faults = check(overlays)
        if not faults:
            library = load_library(overlays)
            faults = [*pages(library, overlays)]
        wrong += [f"{placed(fault, overlays)}: {fault.wrong}" for fault in faults]
        for words in wrong:
            self.stderr.write(words)
        if wrong:
            raise CommandError(f"{len(wrong)} faults in the content; each line above names its file and line")
        self.stdout.write(
            f"content: {len(library.causes)} causes, {len(library.signatures)} signatures, {len(library.rules)} rules, "
            f"{len(library.remedies)} remedies, {len(library.install_methods)} install methods, {len(load_articles(overlays))} articles, "
            f"{len(load_guides(overlays, library.causes))} guides; no fault"
        )


def placed(fault: Fault, overlays: tuple[Path, ...]) -> str:
    """The fault's file, in the folder that gives it, and its line."""
    relative, _, line = fault.where.partition(":")
    given = next((root / relative for root in reversed(overlays) if (root / relative).exists()), CONTENT / relative)
    return f"{shown(given)}:{line or 1}"


def shown(path: Path) -> str:
    """From the current folder, where the file lies below it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def pages(library: Library, overlays: tuple[Path, ...]) -> Iterator[Fault]:
    """Faults of guides and articles."""
    try:
        guides = load_guides(overlays, library.causes)
        articles = load_articles(overlays)
    except ContentError as error:
        yield Fault(error.where, error.wrong)
        return
    yield from check_articles(articles, library, {*PAGES, *(guide.address for guide in guides.values())})
