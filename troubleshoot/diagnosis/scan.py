"""One automaton for every pattern: which lines interest whom.

Hyperscan searches all patterns at once in the bytes of a block; Python's `re` then confirms, only on the lines that
hit. So what the automaton gets may match more than the pattern, never less: a leading `^` is dropped (lines carry
wrappers), `$` becomes whatever may follow a line's text, classes never cross a newline and count bytes of UTF-8, and
what only makes a match longer (`\\S+` at either end) is cut, since each further byte would be one more report.
The compiled automaton is cached on disk under a name made of the patterns, so changed patterns make a new one.
"""

from __future__ import annotations

import hashlib
import platform
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]  # Python's own parser of patterns; the same in 3.11–3.14
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import hyperscan

from troubleshoot.diagnosis import disk_cache, lazy_re

TRANSLATION = 4  # raise it when `for_automaton` gives other expressions, so that cached automata are made anew
NO_MORE = op.MAXREPEAT

PLACE, PATTERN = 16, 0xFFFF  # how a hit is packed, see `Scanner.hits`
ESCAPED = lazy_re.compile(rb"[^A-Za-z0-9 _/:=,<>\"'%!@;~`-]")
CATEGORIES = {
    op.CATEGORY_DIGIT: rb"0-9",
    op.CATEGORY_WORD: rb"0-9A-Za-z_\x80-\xff",
    op.CATEGORY_SPACE: rb" \t\r\f\x0b",  # Hyperscan's own \v has the newline among the rest
    op.CATEGORY_NOT_DIGIT: rb"\x00-\x09\x0b-\x2f\x3a-\xff",
    op.CATEGORY_NOT_WORD: rb"\x00-\x09\x0b-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f",
    op.CATEGORY_NOT_SPACE: rb"\x00-\x08\x0e-\x1f\x21-\xff",
}
# What may follow the text of a line: a newline, blanks, a colour's end (also one that has lost its ESC), a quote's end.
AFTER_TEXT = rb"[\s\x1b\[^#\"'\\]"
NON_ASCII = rb"\x80-\xff"
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)


class PatternError(ValueError):
    """A pattern that the automaton does not take; says which and why."""


def for_automaton(pattern: str) -> tuple[bytes, int]:
    """The pattern as Hyperscan takes it, with its flags. Raises PatternError (or re.error) for what it cannot take."""
    parsed = _parser.parse(pattern)
    expression = sequence(shortened(list(parsed)))
    if not expression:
        raise PatternError("it matches every line")
    caseless = hyperscan.HS_FLAG_CASELESS if parsed.state.flags & re.IGNORECASE else 0
    return expression, hyperscan.HS_FLAG_MULTILINE | caseless


Node = tuple[Any, Any]


def shortened(nodes: list[Node]) -> list[Node]:
    """Without what only makes a match longer, at the end and at the start."""
    return shortest_end(shortest_end(nodes, -1), 0)


def shortest_end(nodes: list[Node], end: int) -> list[Node]:
    nodes = list(nodes)
    while nodes:
        kind, argument = nodes[end]
        if kind is op.AT and argument in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            shorter: list[Node] = []
        elif kind in REPEATS:
            least, _, body = argument
            if least == 0:
                shorter = []
            elif least == 1:
                shorter = shortest_end(list(body), end)
            else:
                shorter = [(kind, (least, least, body))]
        elif kind is op.SUBPATTERN:
            inner = shortest_end(list(argument[3]), end)
            shorter = [(kind, (*argument[:3], inner))] if inner else []
        elif kind is op.BRANCH:
            branches = [shortest_end(list(branch), end) for branch in argument[1]]
            shorter = [(kind, (None, branches))] if all(branches) else []
        else:
            return nodes
        if shorter:
            return [*nodes[:-1], *shorter] if end else [*shorter, *nodes[1:]]
        nodes.pop(end)
    return nodes


def sequence(nodes: Iterable[Node]) -> bytes:
    return b"".join(expressed(kind, argument) for kind, argument in nodes)


def expressed(kind: Any, argument: Any) -> bytes:
    """One node of a parsed pattern as text for Hyperscan."""
    if kind is op.LITERAL:
        return literal(argument)
    if kind in (op.ANY, op.IN, op.NOT_LITERAL):
        single, wide = one_of(kind, argument)
        return single + b"{1,4}" if wide else single
    if kind in REPEATS:
        return repeated(*argument)
    if kind is op.SUBPATTERN:
        _, added, removed, inner = argument
        flags = (b"i" if added & re.IGNORECASE else b"") + (b"-i" if removed & re.IGNORECASE else b"")
        return b"(?" + flags + b":" + sequence(inner) + b")"
    if kind is op.BRANCH:
        return b"(?:" + b"|".join(sequence(branch) for branch in argument[1]) + b")"
    if kind is op.ATOMIC_GROUP:
        return b"(?:" + sequence(argument) + b")"
    if kind is op.AT:
        if argument in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return b""
        if argument in (op.AT_END, op.AT_END_STRING):
            return AFTER_TEXT
        return rb"\b" if argument is op.AT_BOUNDARY else rb"\B"
    raise PatternError(f"{str(kind).lower()} is not for the automaton (no lookaround, no backreference)")


def literal(code: int) -> bytes:
    return ESCAPED.sub(lambda m: b"\\x%02x" % m[0][0], chr(code).encode("utf-8", "replace"))


def one_of(kind: Any, argument: Any) -> tuple[bytes, bool]:
    """A class of bytes, and whether one character of it may be several bytes of UTF-8."""
    if kind is op.ANY:
        return b".", True
    if kind is op.NOT_LITERAL:
        return b"[^\\n" + (literal(argument) if argument < 128 else b"") + b"]", True
    negated, members = False, []
    for what, value in argument:
        if what is op.NEGATE:
            negated = True
        elif what is op.LITERAL:
            members.append(literal(value) if value < 128 else b"" if negated else NON_ASCII)
        elif what is op.RANGE:
            low, high = value
            members.append(literal(low) + b"-" + literal(min(high, 127)) if low < 128 else b"")
            if high > 127 and not negated:
                members.append(NON_ASCII)
        else:
            members.append(CATEGORIES[value])
    inside = b"".join(members)
    if negated:
        return b"[^\\n" + inside.replace(NON_ASCII, b"") + b"]", True
    return b"[" + inside + b"]", NON_ASCII in inside or b"-\\xff" in inside


def repeated(least: int, most: int, body: Sequence[Node]) -> bytes:
    if len(body) == 1 and body[0][0] in (op.ANY, op.IN, op.NOT_LITERAL):
        inner, wide = one_of(*body[0])
        most = most if most is NO_MORE or not wide else most * 3
    else:
        inner = b"(?:" + sequence(body) + b")"
    if most is NO_MORE:
        return inner + {0: b"*", 1: b"+"}.get(least, b"{%d,}" % least)
    return inner + (b"?" if (least, most) == (0, 1) else b"{%d,%d}" % (least, most))


class Scanner:
    """Every pattern in one automaton; `ids[number]` names the pattern that a hit's number stands for.

    Raises PatternError, with the pattern's id, for one that Hyperscan does not take.
    """

    def __init__(self, patterns: Mapping[str, str], cache_dir: Path | None = None) -> None:
        self.ids = list(patterns)
        self.patterns = dict(patterns)
        self.cache_dir = cache_dir
        self.database = self.load(cache_dir) if patterns else None
        self.scratches = threading.local()  # one scratch a thread and automaton: Hyperscan refuses a shared one

    @cached_property
    def once_database(self) -> hyperscan.Database | None:
        return self.load(self.cache_dir, hyperscan.HS_FLAG_SINGLEMATCH) if self.patterns else None

    def load(self, cache_dir: Path | None, more: int = 0) -> hyperscan.Database:
        made_by = hyperscan.__version__  # type: ignore[attr-defined]  # there, but not in its stubs
        key = repr((TRANSLATION, made_by, platform.machine(), list(self.patterns.values()), more))
        cached = cache_dir / f"automaton-{hashlib.sha256(key.encode()).hexdigest()[:32]}.hs" if cache_dir else None
        if cached and (kept := disk_cache.recall(cached)):
            try:
                database = hyperscan.loadb(kept, mode=hyperscan.HS_MODE_BLOCK)
                hyperscan.Scratch(database)  # this is where a damaged one is noticed
                return database
            except (hyperscan.error, ValueError, TypeError):
                pass  # damaged, or made for another processor: made anew
        database = self.compile(more)
        if cached:
            disk_cache.keep(cached, hyperscan.dumpb(database))
        return database

    def compile(self, more: int = 0) -> hyperscan.Database:
        expressions = [self.expression(name) for name in self.ids]
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[expression for expression, _ in expressions],
                ids=list(range(len(expressions))),
                elements=len(expressions),
                flags=[flags | more for _, flags in expressions],
            )
        except hyperscan.error as error:
            faults = list(check_patterns(self.patterns))
            raise PatternError("; ".join(faults) or f"the automaton refuses the patterns together: {error}") from error
        return database

    def expression(self, name: str) -> tuple[bytes, int]:
        try:
            return for_automaton(self.patterns[name])
        except (PatternError, re.error) as error:
            raise PatternError(f"{name}: {self.patterns[name]!r}: {error}") from error

    def hits(self, block: bytes) -> list[int]:
        """Every match in `block` as one number, in order: `hit >> PLACE` is where it ends, `hit & PATTERN` whose it is.

        One pattern may report a line several times. One number and not a tuple: a large log has millions of them.
        """
        return self.search(self.database, "each", block)

    def once(self, block: bytes) -> list[int]:
        """As `hits`, but of each pattern only one match: several times as fast where patterns speak on every line."""
        return self.search(self.once_database, "once", block)

    def search(self, database: hyperscan.Database | None, name: str, block: bytes) -> list[int]:
        found: list[int] = []
        if database is None or not block:
            return found
        scratch = getattr(self.scratches, name, None)
        if scratch is None:
            scratch = hyperscan.Scratch(database)
            setattr(self.scratches, name, scratch)
        append = found.append

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append(end << 16 | number)

        database.scan(block, match_event_handler=on_match, scratch=scratch)
        found.sort()
        return found


def check_patterns(patterns: Mapping[str, str]) -> list[str]:
    """What is wrong with each pattern, one sentence each; for the content check."""
    faults = []
    for name, pattern in patterns.items():
        try:
            expression, flags = for_automaton(pattern)
            single = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
            single.compile(expressions=[expression], ids=[0], elements=1, flags=[flags])
        except (PatternError, re.error, hyperscan.error) as error:
            faults.append(f"{name}: {pattern!r}: {error}")
    return faults
