"""What a machine can put right in a content file, and nothing that would change what it says.

Line ends, trailing blanks, the newline at the end; in articles an address without its closing slash, and a half-width
comma between two Chinese characters. A TOML file is left alone where this would change a value.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from troubleshoot.diagnosis import lazy_re

BOM = "\ufeff"
OPEN_ADDRESS = lazy_re.compile(r"(\]\(/(?:kb|guides)/[a-z0-9-]+)(?=[)#?])")
HALF_WIDTH = lazy_re.compile(r"(?<=[\u4e00-\u9fff]),(?=[\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True)
class Untidy:
    path: Path
    line: int
    wrong: str
    tidy: str  # the whole file as it should be


def untidy(roots: tuple[Path, ...]) -> Iterator[Untidy]:
    """Every file of these content folders that is not tidy, with the first line that is not."""
    for root in roots:
        for path in sorted(p for p in root.rglob("*") if p.suffix in (".toml", ".md")):
            raw = path.read_bytes().decode("utf-8", "surrogateescape")
            tidy = tidied(raw, path.suffix)
            if tidy != raw:
                line, wrong = first_difference(raw, tidy)
                yield Untidy(path, line, wrong, tidy)


def put_right(found: Untidy) -> None:
    found.path.write_bytes(found.tidy.encode("utf-8", "surrogateescape"))


def tidied(raw: str, suffix: str) -> str:
    lines = [line.rstrip(" \t\r") for line in raw.removeprefix(BOM).split("\n")]
    if suffix == ".md":
        lines = prose(lines)
    tidy = "\n".join(lines).rstrip("\n") + "\n"
    return tidy if suffix != ".toml" or says_the_same(raw, tidy) else raw


def prose(lines: list[str]) -> list[str]:
    """Addresses and commas outside of code blocks."""
    out, fence = [], ""
    for line in lines:
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence:
            line = HALF_WIDTH.sub("，", OPEN_ADDRESS.sub(r"\1/", line))
        out.append(line)
    return out


def says_the_same(raw: str, tidy: str) -> bool:
    try:
        return tomllib.loads(raw.removeprefix(BOM)) == tomllib.loads(tidy)
    except tomllib.TOMLDecodeError:
        return False


def first_difference(raw: str, tidy: str) -> tuple[int, str]:
    if raw.startswith(BOM):
        return 1, "begins with a byte order mark"
    before, after = raw.split("\n"), tidy.split("\n")
    for number, (old, new) in enumerate(zip(before, after, strict=False), 1):
        if old == new:
            continue
        if old.rstrip() == new:
            return number, "ends in blanks" if old.strip() else "blanks on an empty line"
        if OPEN_ADDRESS.search(old):
            return number, "an address lacks its closing slash"
        return number, "a half-width comma between Chinese characters"
    if len(before) < len(after):
        return len(before), "the last line has no newline"
    return len(after), "empty lines at the end"
