"""One process tree: children that are watched, started again when they die, and ended together.

No child outlives the supervisor: SIGINT or SIGTERM ends all within 5 s, and when the supervisor itself is killed, the
kernel ends them (PR_SET_PDEATHSIG, on Linux).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

PR_SET_PDEATHSIG = 1  # linux/prctl.h
GRACE = 3.0  # seconds between asking and killing
LAST_GRACE = 0.8  # the same for what ends last
RESTART_AFTER = (0.2, 1.0, 3.0, 10.0)  # seconds before a dead child is started again, the last one from then on
STEADY = 60.0  # a child that ran this long counts as healthy again


class CannotStart(Exception):
    """Why nothing was started, and what to do: one sentence."""


def say(words: str) -> None:
    print(f"unhang: {words}", flush=True)


def end_with_parent(parent: int, number: int) -> None:
    """The kernel sends this process the signal when `parent` is gone; at once when it already is."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)


def tie(parent: int, number: int) -> None:
    """Runs in a child before exec. A group of its own: Ctrl-C reaches the supervisor only, which ends all in order."""
    os.setpgid(0, 0)
    end_with_parent(parent, number)


@dataclass
class Child:
    """One process of the tree. `if_orphaned` is what the kernel sends it when the supervisor is killed."""

    name: str
    command: list[str]
    environment: dict[str, str]
    if_orphaned: signal.Signals = signal.SIGTERM
    ends_last: bool = False  # others need it until they have ended
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    start_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603  # commands of our own
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            preexec_fn=partial(tie, os.getpid(), self.if_orphaned),
        )
        self.started = time.monotonic()

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def sweep_up(self) -> None:
        """Kill what is left of its group: it may have left children that hold its port or its work."""
        if self.process:
            with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM when only the dead are left
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Tree:
    """The children, in the order in which they start."""

    children: list[Child] = field(default_factory=list)
    told_to_end: bool = False

    def take_signals(self) -> None:
        """From now on these end the tree in order, wherever it stands."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN or number is not signal.SIGHUP:  # under nohup, hold on
                signal.signal(number, self.end_soon)

    def end_soon(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_end = True

    def add(self, child: Child) -> None:
        self.children.append(child)
        child.start()

    def wait_for(self, ready: Callable[[], bool], child: Child, seconds: float) -> None:
        """Return once it is ready or the tree is to end. Raises CannotStart when the child dies or stays silent."""
        until = time.monotonic() + seconds
        while not self.told_to_end and not ready():
            if child.process and (code := child.process.poll()) is not None:
                raise CannotStart(f"{child.name} ended with code {code}; what it printed above says why")
            if time.monotonic() > until:
                raise CannotStart(f"{child.name} did not answer within {seconds:g} s; what it printed above says why")
            time.sleep(0.03)

    def watch(self) -> None:
        """Start again what died, until told to end."""
        while not self.told_to_end:
            for child in self.children:
                self.look_after(child, time.monotonic())
            time.sleep(0.1)

    def look_after(self, child: Child, now: float) -> None:
        if child.process is None:
            if now >= child.start_at:
                child.start()
        elif (code := child.process.poll()) is not None:
            if now - child.started > STEADY:
                child.deaths = 0
            wait = RESTART_AFTER[min(child.deaths, len(RESTART_AFTER) - 1)]
            say(f"{child.name} (process {child.process.pid}) ended with code {code}; it is started again in {wait:g} s")
            child.sweep_up()
            child.deaths += 1
            child.process, child.start_at = None, now + wait

    def end(self) -> None:
        """End every child and all that it started; what others need ends last."""
        self.told_to_end = True
        end_all([child for child in self.children if not child.ends_last], GRACE)
        end_all([child for child in self.children if child.ends_last], LAST_GRACE)


def end_all(children: Iterable[Child], grace: float) -> None:
    ending = [child for child in children if child.process]
    for child in ending:
        if child.process and child.runs():
            child.process.terminate()
    until = time.monotonic() + grace
    while any(child.runs() for child in ending) and time.monotonic() < until:
        time.sleep(0.03)
    for child in ending:
        child.sweep_up()
