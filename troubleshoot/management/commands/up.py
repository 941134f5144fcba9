"""`manage.py up`: database, then everything that runs, as one process tree."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from kbsite.embedded import CannotStart, up


class Command(BaseCommand):
    help = "Run Unhang: a private Redis, the worker and the web server, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default=os.environ.get("UNHANG_BIND", "127.0.0.1:8000"), help="address and port")

    def handle(self, *args: Any, bind: str, **options: Any) -> None:
        check_writable(settings.DATA_DIR)
        migrate()
        try:
            code = up(settings.DATA_DIR, bind, settings.REDIS_URL)
        except CannotStart as error:
            raise CommandError(str(error)) from error
        raise SystemExit(code)


def check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CommandError(
            f"the data folder {folder} cannot be written ({error.strerror}); set UNHANG_DATA_DIR to a folder that can"
        ) from error


def migrate() -> None:
    """Bring the database up to date; one that holds something is copied first."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CommandError(f"the database does not answer ({error}); check DATABASE_URL") from error
    if not plan:
        return
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite" and executor.loader.applied_migrations:
        backup(Path(name))
    call_command("migrate", interactive=False, verbosity=0)


def backup(path: Path) -> Path:
    """A consistent copy of the SQLite file beside it, named by the time."""
    copy = path.with_name(f"{path.stem}-before-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    shutil.copymode(path, copy)
    return copy
