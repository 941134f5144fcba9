"""`manage.py rediagnose`: run stored cases again with today's knowledge, and show what changes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from troubleshoot import shelf
from troubleshoot.models import Case
from troubleshoot.rediagnosis import changes, report_again


class Command(BaseCommand):
    help = "Run stored cases again with today's knowledge and show what changes. Stores nothing without --store."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "cases", nargs="*", metavar="CASE", help="ids of cases; all that can still be read when none is given"
        )
        parser.add_argument("--store", action="store_true", help="replace the stored reports by the new ones")

    def handle(self, *args: Any, cases: list[str], store: bool, **options: Any) -> None:
        known = Case.objects.live().filter(status=Case.Status.DONE)
        chosen = known.filter(pk__in=cases) if cases else known
        if missing := sorted(set(cases) - set(chosen.values_list("pk", flat=True))):
            raise CommandError(f"{missing[0]} is no finished case that can still be read")
        library = shelf.library()
        changed = 0
        for case in chosen.iterator(chunk_size=50):
            report = report_again(case, library)
            found = changes(case.report, report)
            changed += bool(found)
            self.stdout.write(f"{case.pk}  {'; '.join(found) or 'the same'}")
            if store:
                known.filter(pk=case.pk).update(report=report)
        self.stdout.write(
            f"{changed} of {chosen.count()} cases changed{' and are stored so' if store and changed else ''}"
        )
