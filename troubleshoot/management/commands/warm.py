"""`manage.py warm`: compile the automaton and keep it, so that the first upload does not wait for it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from troubleshoot import shelf


class Command(BaseCommand):
    help = "Compile the automata of all patterns into the cache."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        library = shelf.library()
        ready = len(library.scanner.ids) + len(library.redactor().scanner.ids)
        self.stdout.write(f"automata: {ready} patterns ready")
