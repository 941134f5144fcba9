"""`python -m fuzz.raw TARGET CORPUS_DIR libfuzzer-options…`: bytes mutated by what they reach in the code (atheris)."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["troubleshoot.diagnosis"]):
    from fuzz.targets import attempt, limit_memory, warm


def main() -> None:
    target = sys.argv.pop(1)
    warm()
    limit_memory()
    atheris.Setup(sys.argv, lambda data: attempt(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
