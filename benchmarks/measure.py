"""Runs a command apart and says how long it took and how much memory; shared by the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = Path(os.environ.get("UNHANG_BENCH_DIR") or ROOT / "var" / "bench")
DIAGNOSE = (sys.executable, str(ROOT / "manage.py"), "diagnose", "--format", "json")


@dataclass(frozen=True)
class Run:
    """seconds: processor time of the command, which other work on the machine disturbs least; megabytes: its peak."""

    seconds: float
    megabytes: float


def run(command: Sequence[str]) -> Run:
    """Raises RuntimeError, with the command's words, when it fails."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stderr is not None
        said = process.stderr.read().decode("utf-8", "replace")
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … ended with {process.returncode}: {said[-500:]}")
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def best(runs: Sequence[Run]) -> Run:
    return min(runs, key=lambda r: r.seconds)


def say(name: str, ratio: float, wanted: str, detail: str) -> None:
    print(f"{name:<46} {ratio:8.2f}   wanted {wanted:<10} {detail}", flush=True)
