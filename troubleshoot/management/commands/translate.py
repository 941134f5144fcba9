"""`manage.py translate`: compile the catalogues with Babel, so that no gettext tools are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Compile the translations of the interface (locale/*/LC_MESSAGES/*.po)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for root in settings.LOCALE_PATHS:
            for source in sorted(Path(root).glob("*/LC_MESSAGES/*.po")):
                compile_catalogue(source)


def compile_catalogue(source: Path) -> None:
    """Write the .mo beside the .po, when it is missing or older. A fuzzy or empty translation stops, with its words."""
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    with source.open("rb") as stream:
        catalogue = read_po(stream, locale=source.parent.parent.name, abort_invalid=True)
    for message in catalogue:
        if message.id and (
            message.fuzzy or not message.string or (isinstance(message.string, tuple) and not all(message.string))
        ):
            raise CommandError(f"{source}: {message.id!r} has no finished translation")
    with target.open("wb") as out:
        write_mo(out, catalogue)
