"""`python -m benchmarks.pages`: a guide's step and an article against an empty Django view in the same process.

One gunicorn worker with threads, as `manage.py up` starts it, serves all three through the same middleware; one client
with a connection kept open asks each in turn, many short rounds, and the median of the rounds' ratios counts. "Caches
off" makes every page anew (UNHANG_KEPT_PAGES=0); what is read from the content at the start stays read.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"guide step": "/guides/stuck-in-starting/?last-line=nccl", "article": "/kb/p2p-iommu-acs/"}
WANTED = {"warm caches": 0.6, "caches off": 0.35}
ROUNDS, SECONDS = 15, 0.3


@contextmanager
def served(kept_pages: int) -> Iterator[int]:
    """The port of a web server that keeps so many pages."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {
            **os.environ,
            "UNHANG_DATA_DIR": folder,
            "UNHANG_CACHE_DIR": str(ROOT / "var" / "cache"),
            "UNHANG_KEPT_PAGES": str(kept_pages),
        }
        for command in (["collectstatic", "--noinput", "-v0"], ["migrate", "-v0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
        command = [sys.executable, "-m", "gunicorn", "benchmarks.served", "--bind", f"127.0.0.1:{port}", "--preload"]
        command += ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--log-level", "warning"]
        server = subprocess.Popen([*command, "--no-control-socket"], cwd=ROOT, env=environment)
        try:
            until_it_answers(port)
            yield port
        finally:
            server.terminate()
            server.wait(20)


def until_it_answers(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the web server did not start")


def rate(connection: socket.socket, address: str, seconds: float) -> float:
    """Answers a second, one after another on this connection."""
    wanted = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n\r\n".encode()
    count, start = 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        connection.sendall(wanted)
        read_answer(connection)
        count += 1
    return count / taken


def read_answer(connection: socket.socket) -> None:
    got = connection.recv(1 << 18)
    while b"\r\n\r\n" not in got:
        got += connection.recv(1 << 18)
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(head.decode("latin-1").splitlines()[0])
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    left = length - len(body)
    while left > 0:
        left -= len(connection.recv(1 << 18))


def ratios(port: int) -> tuple[dict[str, float], float]:
    """Each page's share of the empty view's throughput, and the empty view's answers a second."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for address in ("/empty/", *PAGES.values()):
            rate(connection, address, SECONDS)
        rounds: dict[str, list[float]] = {name: [] for name in PAGES}
        empties = []
        for _ in range(ROUNDS):
            empty = rate(connection, "/empty/", SECONDS)
            empties.append(empty)
            for name, address in PAGES.items():
                rounds[name].append(rate(connection, address, SECONDS) / empty)
    return {name: median(found) for name, found in rounds.items()}, median(empties)


def run() -> None:
    for caches, kept_pages in (("warm caches", 256), ("caches off", 0)):
        with served(kept_pages) as port:
            shares, empty = ratios(port)
        for name, share in shares.items():
            print(
                f"pages: {name}, {caches}: {share:.2f} × an empty view ({empty:.0f}/s); at least {WANTED[caches]} ×",
                flush=True,
            )


if __name__ == "__main__":
    run()
