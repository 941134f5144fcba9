"""Reads the TOML files of a content folder, with the file and line of each entry, so a fault can be pointed at.

A site may lay its own folder over ours: the same relative path replaces a file, new paths are added.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    def need(self, key: str, kind: type | tuple[type, ...] = str) -> Any:
        value = self.values.get(key)
        if not isinstance(value, kind):
            raise ContentError(self.where, f"{key} is {value!r}; it must be given, as {kind}")
        return value

    def text(self, key: str) -> Text:
        """The words under `key`, in every language."""
        value = self.values.get(key)
        missing = [lang for lang in LANGUAGES if not (isinstance(value, dict) and value.get(lang))]
        if missing:
            raise ContentError(self.where, f"{key} lacks its words in {', '.join(missing)}")
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


def load(relative: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ContentError(relative, f"is not TOML: {error}") from error


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
        lines = [
            number
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if re.match(rf"\[\[{table}\]\]", line)
        ]
        for number, values in zip(lines, load(relative, path).get(table, []), strict=True):
            yield Entry(values, f"{relative}:{number}")
