"""`python -m fuzz [TARGET...]`: FUZZ_MINUTES (30) over all targets, half structured, half bytes. Exit 1 when something was found."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from fuzz.structured import search
from fuzz.targets import TARGETS, attempt, library, limit_memory, warm
from tests.diagnosis.planted import planted

FOUND = Path(__file__).resolve().parent.parent / "tests" / "fuzzed"
LARGEST = 1 << 16


def confirmed(target: str, data: bytes) -> str:
    """What is wrong, tried once more without instruments; empty when nothing is."""
    try:
        attempt(target, data)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def keep(target: str, data: bytes, why: str) -> None:
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{target}-{hashlib.sha256(data).hexdigest()[:10]}"
    path.write_bytes(data)
    print(f"fuzz: {target} breaks on {path.name} ({len(data)} bytes): {why}", flush=True)


def seeds(folder: Path) -> Path:
    """What libFuzzer starts from: lines that are known."""
    said = [line for signature in library().signatures.values() for line in signature.matches]
    for n, text in enumerate([*said, *(one.text for one in planted()[::5])]):
        (folder / f"seed-{n}").write_text(text, encoding="utf-8", errors="replace")
    return folder


def bytes_search(target: str, seconds: float) -> tuple[int, bytes | None]:
    with tempfile.TemporaryDirectory() as scratch:
        corpus, artifacts = Path(scratch, "corpus"), Path(scratch, "found")
        corpus.mkdir()
        artifacts.mkdir()
        command = [sys.executable, "-m", "fuzz.raw", target, str(seeds(corpus)), f"-artifact_prefix={artifacts}/"]
        command += [f"-max_total_time={seconds:.0f}", f"-max_len={LARGEST}", "-timeout=20", "-rss_limit_mb=2000"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        counts = re.findall(r"^#(\d+)\s", done.stderr, re.MULTILINE)
        for path in artifacts.iterdir():
            return int(counts[-1]) if counts else 0, path.read_bytes()
        if done.returncode:
            raise SystemExit(f"fuzz: atheris did not run: {done.stderr[-600:]}")
        return int(counts[-1]) if counts else 0, None


def main(names: list[str]) -> int:
    minutes = float(os.environ.get("FUZZ_MINUTES") or 30)
    targets = names or list(TARGETS)
    ways = [search, bytes_search] if find_spec("atheris") else [search]
    share = minutes * 60 / len(targets) / len(ways)
    warm()
    limit_memory()
    faults = 0
    for target in targets:
        for way in ways:
            tried, found = way(target, share)
            print(f"fuzz: {target}, {way.__module__}.{way.__name__}: {tried} inputs", flush=True)
            if found is not None and (why := confirmed(target, found)):
                faults += 1
                keep(target, found, why)
    print(f"fuzz: {faults} found in {minutes:g} minutes", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
