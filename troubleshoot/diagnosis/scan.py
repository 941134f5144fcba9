"""One automaton for every pattern: which lines interest whom.

Hyperscan searches all patterns at once in the bytes of a block. Python's `re` then confirms, only on the lines that
hit. The compiled automaton is cached on disk under a name made of the patterns, so changed patterns make a new one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import hyperscan

NAMED = re.compile(r"\(\?P<\w+>")
LEADING = re.compile(r"^(\(\?[aimsx]+\))?\^")
FLAGS = hyperscan.HS_FLAG_SINGLEMATCH


class PatternError(ValueError):
    """A pattern that the automaton does not take; says which and why."""


def for_automaton(pattern: str) -> tuple[bytes, int]:
    """The pattern as Hyperscan takes it: groups unnamed, no leading ^ (lines carry wrappers), flags apart."""
    flags = hyperscan.HS_FLAG_MULTILINE | hyperscan.HS_FLAG_ALLOWEMPTY
    bare = NAMED.sub("(?:", LEADING.sub(lambda m: m[1] or "", pattern))
    if match := re.match(r"^\(\?([aimsx]+)\)", bare):
        bare = bare[match.end() :]
        if "i" in match[1]:
            flags |= hyperscan.HS_FLAG_CASELESS
    return bare.encode(), flags


class Scanner:
    """`hits(block)` gives (pattern number, end offset); `ids` names the patterns."""

    def __init__(self, patterns: Mapping[str, str], cache_dir: Path | None = None) -> None:
        self.ids = list(patterns)
        self.patterns = dict(patterns)
        expressions = [for_automaton(pattern) for pattern in patterns.values()]
        self.database = self.load(expressions, cache_dir)
        self.found: list[tuple[int, int]] = []

    def load(self, expressions: list[tuple[bytes, int]], cache_dir: Path | None) -> hyperscan.Database:
        version = hyperscan.info() if hasattr(hyperscan, "info") else b""
        key = hashlib.sha256(repr((expressions, hyperscan.__version__, version)).encode()).hexdigest()[:32]
        cached = cache_dir / f"automaton-{key}.hs" if cache_dir else None
        if cached and cached.exists():
            try:
                database = hyperscan.loadb(cached.read_bytes(), mode=hyperscan.HS_MODE_BLOCK)
                database.scratch = hyperscan.Scratch(database)
                return database
            except (hyperscan.HyperscanError if hasattr(hyperscan, "HyperscanError") else Exception, ValueError, TypeError):
                cached.unlink(missing_ok=True)
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[e for e, _ in expressions], ids=list(range(len(expressions))), elements=len(expressions), flags=[f for _, f in expressions]
            )
        except Exception as error:
            raise PatternError(f"the automaton refuses a pattern: {self.culprit(expressions)} ({error})") from error
        if cached:
            cached.parent.mkdir(parents=True, exist_ok=True)
            part = cached.with_suffix(".part")
            part.write_bytes(hyperscan.dumpb(database))
            part.replace(cached)
        return database

    def culprit(self, expressions: list[tuple[bytes, int]]) -> str:
        for name, (expression, flags) in zip(self.ids, expressions, strict=True):
            try:
                hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK).compile(expressions=[expression], ids=[0], elements=1, flags=[flags])
            except Exception:
                return f"{name}: {self.patterns[name]!r}"
        return "all of them together"

    def hits(self, block: bytes) -> list[tuple[int, int]]:
        """(pattern number, offset of the match's end) for every match in `block`, in the order of the ends."""
        found: list[tuple[int, int]] = []
        append = found.append
        self.database.scan(block, match_event_handler=lambda number, _start, end, _flags, _context: append((number, end)) or None)
        return found
