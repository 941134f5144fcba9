"""`manage.py diagnose`: the report on files, without web, database or queue (see diagnosis/cli.py)."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from troubleshoot.diagnosis import cli


class Command(BaseCommand):
    help = cli.DESCRIPTION
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        cli.add_arguments(parser)

    def run_from_argv(self, argv: list[str]) -> None:
        sys.exit(cli.main(argv[2:]))

    def handle(
        self, *args: Any, paths: list[str], format: str, lang: str, install_method: str | None, **options: Any
    ) -> None:
        if code := cli.run(paths, format, lang, install_method):
            sys.exit(code)
