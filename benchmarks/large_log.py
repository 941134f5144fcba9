"""A large log against ripgrep with the same patterns, its memory, and growth from 1 MB on. `python -m benchmarks.large_log`"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from benchmarks import launch_log
from benchmarks.measure import DIAGNOSE, WORK, best, run, say
from troubleshoot.diagnosis.library import load_library
from troubleshoot.diagnosis.redact import REDACTIONS, scanned

MEGABYTES = int(os.environ.get("BENCH_MB", "1000"))
ROUNDS = 2
SAME_IN_RUST = frozenset("\\.+*?()|[]{}^$-&~#")


def in_rust(pattern: str) -> str:
    """The same pattern as ripgrep takes it: no named groups (names come twice), no escapes that mean nothing."""
    pattern = re.sub(r"\(\?P<\w+>", "(?:", pattern).replace(r"\n?", "")
    return re.sub(r"\\(.)", lambda m: m[0] if m[1].isalnum() or m[1] in SAME_IN_RUST else m[1], pattern)


def pattern_file() -> Path:
    """What the diagnosis searches for: the patterns of formats and signatures, and those of secrets."""
    path = WORK / "patterns.txt"
    patterns = [*load_library().patterns.values(), *scanned(REDACTIONS).values()]
    path.write_text("\n".join(map(in_rust, patterns)) + "\n")
    return path


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    small = WORK / "small.log"
    small.write_text("gpu-box-7:41:41 [0] NCCL INFO Bootstrap: Using eth0:10.0.0.7<0>\n")
    log = launch_log.write(WORK / f"launch-{MEGABYTES}.log", MEGABYTES * 1_000_000)
    rg = shutil.which("rg")
    if rg is None:
        raise SystemExit("the comparison needs ripgrep; install the package `ripgrep`")
    # ripgrep's own limits are too small for so many patterns; with more room it is also several times faster.
    grep = [rg, "--regex-size-limit=1G", "--dfa-size-limit=1G", "-c", "-a", "-f", str(pattern_file()), str(log)]
    run([*DIAGNOSE, str(log)])  # makes the automata and fills the page cache
    pairs = [(run([*DIAGNOSE, str(log)]), run(grep)) for _ in range(ROUNDS)]
    ours, theirs = best([a for a, _ in pairs]), best([b for _, b in pairs])
    detail = f"{ours.seconds:.1f} s : {theirs.seconds:.1f} s of processor time, {log.stat().st_size / 1e6:.0f} MB"
    say("diagnose : ripgrep, large log", ours.seconds / theirs.seconds, "≤ 1.5", detail)
    say("peak memory : 200 MB", ours.megabytes / 200, "≤ 1.0", f"{ours.megabytes:.0f} MB")
    empty = best([run([*DIAGNOSE, str(small)]) for _ in range(3)])
    rates = {}
    for size in (1, 10, 100):
        if size < MEGABYTES:
            part = launch_log.write(WORK / f"launch-{size}.log", size * 1_000_000)
            taken = best([run([*DIAGNOSE, str(part)]) for _ in range(2)])
            rates[size] = (taken.seconds - empty.seconds) / (part.stat().st_size / 1e6)
    rates[MEGABYTES] = (ours.seconds - empty.seconds) / (log.stat().st_size / 1e6)
    detail = ", ".join(f"{size} MB: {rate * 1000:.0f} ms/MB" for size, rate in rates.items())
    say("cost of a MB, largest log : 10 MB", rates[MEGABYTES] / rates.get(10, rates[MEGABYTES]), "≤ 1.0", detail)


if __name__ == "__main__":
    main()
