"""The real thing for tests: Redis, a Celery worker with its beat, and the web server, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import redis

from kbsite.embedded import free_port, redis_binary

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0  # seconds until something that should happen counts as not happening


def until(what: str, happens: Callable[[], Any]) -> Any:
    """What `happens` gives, once it gives something; fails after PATIENCE."""
    end = time.monotonic() + PATIENCE
    while not (found := happens()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE:g} s in vain: {what}")
        time.sleep(0.03)
    return found


@dataclass
class Answer:
    status: int
    headers: Message
    text: str


@dataclass
class Site:
    """One installation. Everything it prints goes to `log`."""

    folder: Path
    socket: Path
    settings: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    port: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "UNHANG_DATA_DIR": str(self.folder / "data"),
            "UNHANG_CACHE_DIR": str(ROOT / "var" / "cache"),
            "REDIS_URL": f"redis+socket://{self.socket}?virtual_host=0",
            "UNHANG_SWEEP_SECONDS": "1",
            "UNHANG_LEASE_SECONDS": "2",
            "TMPDIR": str(self.folder / "tmp"),
            "DJANGO_SETTINGS_MODULE": "kbsite.settings",
            **self.settings,
        }

    def spawn(self, name: str, command: list[str], **more: str) -> None:
        with self.log.open("ab") as out:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env={**self.environment, **more}, stdout=out, stderr=out, start_new_session=True
            )

    def end(self, name: str, how: int = signal.SIGTERM) -> None:
        """Signal the process and all that it started, and wait until it is gone."""
        process = self.processes.pop(name)
        os.killpg(process.pid, how)
        process.wait(20)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def start_redis(self) -> None:
        binary = redis_binary()
        assert binary, "these tests need a real redis-server"
        command = [binary, "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)]
        self.spawn("redis", [*command, "--appendonly", "yes", "--save", "", "--loglevel", "warning"])
        until("Redis answers", self.redis_answers)

    def redis_answers(self) -> bool:
        try:
            return bool(self.redis().ping())
        except redis.RedisError:
            return False

    def redis(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket))

    def start_worker(self, **more: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "kbsite", "worker", "--beat", "--concurrency", "1"]
        command += [
            "--schedule",
            str(self.folder / "beat"),
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "INFO",
        ]
        self.spawn("worker", command, **more)

    def start_web(self) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "gunicorn", "kbsite.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        self.spawn("web", [*command, "--worker-class", "gthread", "--threads", "4", "--no-control-socket"])
        until("the web server answers", lambda: self.get("/healthz").status == 200)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, headers)

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.headers, refused.read().decode())
        except OSError:
            return Answer(0, Message(), "")

    def send(self, content: bytes, query: str = "?wait=0", kind: str = "text/plain") -> Answer:
        return self.ask("POST", f"/api/v1/diagnose{query}", content, {"Content-Type": kind})

    def row(self, case_id: str) -> dict[str, Any]:
        """The case as the database has it, read past Django."""
        with sqlite3.connect(f"file:{self.folder / 'data' / 'unhang.sqlite3'}?mode=ro", uri=True) as database:
            database.row_factory = sqlite3.Row
            return dict(database.execute("SELECT * FROM troubleshoot_case WHERE id = ?", [case_id]).fetchone())

    def texts(self, case_id: str) -> int:
        with sqlite3.connect(f"file:{self.folder / 'data' / 'unhang.sqlite3'}?mode=ro", uri=True) as database:
            return int(
                database.execute("SELECT count(*) FROM troubleshoot_casetext WHERE case_id = ?", [case_id]).fetchone()[
                    0
                ]
            )

    def wait_for(self, case_id: str, status: str) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            row = self.row(case_id)
            return row if row["status"] == status else None

        return until(f"case {case_id} is {status}", reached)

    def close(self) -> None:
        for name in list(self.processes):
            self.end(name, signal.SIGKILL)
        shutil.rmtree(self.socket.parent)


def new_site(folder: Path, **settings: str) -> Site:
    """A site with its database, and nothing running yet. Pages need `manage("collectstatic", …)` too, the API does not."""
    short = Path(tempfile.mkdtemp(prefix="uh-", dir="/tmp"))  # a socket's path may have about 107 bytes
    site = Site(folder, short / "redis.sock", settings)
    (folder / "data").mkdir()
    (folder / "tmp").mkdir()
    site.manage("migrate", "--verbosity", "0")
    return site
