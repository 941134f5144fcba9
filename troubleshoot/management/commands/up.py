"""`manage.py up`: database and static files, then everything that runs, as one process tree."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from kbsite.embedded import address_of, alone_in, up
from kbsite.tree import CannotStart, end_with_parent


class Command(BaseCommand):
    help = "Run Unhang: a private Redis, the worker and the web server, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default=settings.BIND, help="address and port (UNHANG_BIND)")
        parser.add_argument(
            "--with-parent", action="store_true", help="end, too, when the program that started this is killed"
        )

    def handle(self, *args: Any, bind: str, with_parent: bool, **options: Any) -> None:
        if with_parent:
            end_with_parent(os.getppid(), signal.SIGTERM)
        os.umask(0o077)  # database, queue and spool are nobody else's
        try:
            address = address_of(bind)
            with alone_in(settings.DATA_DIR):
                migrate()
                connection.close()
                collect_static_files()
                up(settings.DATA_DIR, address, settings.WORKERS, settings.REDIS_URL)
        except CannotStart as error:
            raise SystemExit(f"unhang: {error}.") from None


def collect_static_files() -> None:
    """A data folder that `make run` has not prepared has none, and without them every page is an error."""
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        call_command("collectstatic", interactive=False, verbosity=0)


def migrate() -> None:
    """Bring the database up to date; one that holds something is copied first. Raises CannotStart."""
    try:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return
        if connection.vendor == "sqlite" and executor.loader.applied_migrations:
            backup(Path(connection.settings_dict["NAME"]))
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        hint = f"look at {connection.settings_dict['NAME']}" if connection.vendor == "sqlite" else "check DATABASE_URL"
        raise CannotStart(f"the database cannot be used ({str(error).strip().splitlines()[0]}); {hint}") from error


def backup(path: Path) -> Path:
    """A consistent copy of the SQLite file beside it, named by the time."""
    copy = path.with_name(f"{path.stem}-before-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    shutil.copymode(path, copy)
    print(f"unhang: the database is brought up to date; as it was, it lies in {copy}", flush=True)
    return copy
