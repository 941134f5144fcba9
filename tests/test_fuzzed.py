"""Inputs that once broke something, or that are made to: every step stays within a second and raises nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.targets import TARGETS, attempt, warm

FOUND = sorted(path for path in (Path(__file__).parent / "fuzzed").iterdir() if path.is_file())
ADVERSARIAL = {
    "nothing": b"",
    "one line": b"a" * 60_000,
    "only brackets": b"[" * 60_000,
    "only prefixes": b"[rank0]: " * 6_000,
    "a name for ever": b"token" * 10_000 + b"=",
    "names without values": b"password=" * 6_000,
    "dots": b"1.1.1." * 8_000,
    "colons": b"2a02:" * 8_000,
    "at signs": b"a@b." * 12_000,
    "quotes": b'api_key="\\"' * 5_000,
    "a key that never ends": b"-----BEGIN PRIVATE KEY-----\n" + b"QUJD\n" * 10_000,
    "a broken gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff",
    "a broken zip": b"PK\x03\x04" + b"\xff" * 200,
}


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    warm()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_fuzzing_found_breaks_nothing_any_more(path: Path, target: str):
    attempt(target, path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ADVERSARIAL)
def test_what_is_made_to_be_slow_is_not(name: str, target: str):
    attempt(target, ADVERSARIAL[name])
