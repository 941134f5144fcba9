"""Reads the TOML files of a content folder, with the file and line of each entry, so a fault can be pointed at.

A site may lay its own folder over ours: the same relative path replaces a file, new paths are added.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from troubleshoot.diagnosis import disk_cache, lazy_re
from troubleshoot.diagnosis.evidence import Text

CONTENT = Path(__file__).resolve().parent.parent / "content"
LANGUAGES = ("en", "zh-hans")


class ContentError(Exception):
    """A fault in a content file: says which file and line, what is wrong and what would be right."""

    def __init__(self, where: str, wrong: str) -> None:
        super().__init__(f"{where}: {wrong}")
        self.where, self.wrong = where, wrong


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a content file and where it stands."""

    values: dict[str, Any]
    where: str  # "signatures/p2p.toml:12"
    lines: Mapping[str, int] = field(default_factory=dict)  # key → its line, where known

    def at(self, key: str) -> str:
        """Where `key` stands, or where the entry begins when it is not there."""
        return f"{self.where.partition(':')[0]}:{self.lines[key]}" if key in self.lines else self.where

    def need(self, key: str, kind: type | tuple[type, ...] = str) -> Any:
        value = self.values.get(key)
        if not isinstance(value, kind):
            raise ContentError(self.at(key), f"{key} is {value!r}; it must be given, as {kind}")
        return value

    def text(self, key: str) -> Text:
        """The words under `key`, in every language."""
        value = self.values.get(key)
        missing = [lang for lang in LANGUAGES if not (isinstance(value, dict) and value.get(lang))]
        if missing:
            raise ContentError(self.at(key), f"{key} lacks its words in {', '.join(missing)}")
        assert isinstance(value, dict)
        return {lang: value[lang] for lang in LANGUAGES}

    def optional_text(self, key: str) -> Text | None:
        return self.text(key) if key in self.values else None


def files(folder: str, overlays: tuple[Path, ...] = (), suffix: str = ".toml") -> list[tuple[str, Path]]:
    """(relative path, file) of every content file in `folder`, overlays winning, in the order of the paths."""
    found: dict[str, Path] = {}
    for root in (CONTENT, *overlays):
        base = root / folder
        if base.is_dir():
            for path in sorted(base.rglob(f"*{suffix}")):
                found[str(path.relative_to(root))] = path
    return sorted(found.items())


@dataclass(frozen=True, slots=True)
class Parsed:
    """What files say, by the digest of their text: as an earlier start kept it, and what was asked for now."""

    kept: dict[str, dict[str, Any]]
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)


parsed: ContextVar[Parsed | None] = ContextVar("parsed", default=None)


@contextmanager
def parsed_once(cache_dir: Path | None) -> Iterator[None]:
    """Files that are loaded meanwhile are parsed only if no earlier start has parsed the same text.

    Parsing takes half of what loading all content takes; JSON is read in a thirtieth of that, and is nothing but values.
    """
    file = cache_dir / "content.parsed" if cache_dir else None
    now = Parsed(json.loads((file and disk_cache.recall(file)) or b"{}"))
    before = parsed.set(now)
    try:
        yield
    finally:
        parsed.reset(before)
    if file and not now.asked.keys() <= now.kept.keys():
        with suppress(TypeError):  # a date, which JSON has not: all is parsed at each start
            disk_cache.keep(file, json.dumps(now.asked, ensure_ascii=False).encode())


def load(relative: str, path: Path) -> dict[str, Any]:
    """What a file says; not to be changed, for others read the same. Raises ContentError where it is not TOML."""
    text = path.read_text(encoding="utf-8")
    if (now := parsed.get()) is None:
        return parse(relative, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest not in now.asked:
        now.asked[digest] = now.kept.get(digest) or parse(relative, text)
    return now.asked[digest]


def parse(relative: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise ContentError(f"{relative}:{line[1] if line else 1}", f"is not TOML: {error}") from error


KEY = lazy_re.compile(r"([\w-]+) *=")


def key_lines(text: list[str], first: int = 1) -> dict[str, int]:
    """The line of each key from line `first` on, as far as this table goes."""
    found: dict[str, int] = {}
    for number, line in enumerate(text[first - 1 :], first):
        if line.startswith("[") and number > first:
            break
        if match := KEY.match(line):
            found.setdefault(match[1], number)
    return found


def whole(relative: str, path: Path) -> Entry:
    """A file that is one entry."""
    text = path.read_text(encoding="utf-8").splitlines()
    return Entry(load(relative, path), f"{relative}:1", key_lines(text))


def parts(relative: str, path: Path, table: str) -> Iterator[Entry]:
    """Every `[[table]]` of a file, with its line."""
    text = path.read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(text, 1) if line.startswith(f"[[{table}]]")]
    for start, values in zip(starts, load(relative, path).get(table, []), strict=True):
        yield Entry(values, f"{relative}:{start}", key_lines(text, start))


def entries(folder_or_file: str, table: str, overlays: tuple[Path, ...] = ()) -> Iterator[Entry]:
    """Every `[[table]]` of one file or of all files in a folder, with its line."""
    found = files(folder_or_file, overlays) or [
        (
            folder_or_file,
            next(
                p for p in (*(o / folder_or_file for o in reversed(overlays)), CONTENT / folder_or_file) if p.exists()
            ),
        )
    ]
    for relative, path in found:
        yield from parts(relative, path, table)
