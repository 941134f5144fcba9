"""Reads environment and unit files by systemd's own rules, and says what systemd would drop.

Environment files (systemd's src/basic/env-file.c): one assignment a line; `#` and `;` begin a comment only at the
start of a line; blanks round the name and before the value go; quotes and a backslash at the line's end work; what is
left of `=` is the name, whatever it says. An assignment whose name is not valid is dropped with a line in the journal.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from troubleshoot.diagnosis import lazy_re

NAME = lazy_re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
EXPORT = lazy_re.compile(r"\s*(?:export|setenv|set|declare -x)\s+(?=[A-Za-z_]\w*\s*=)")
SECTION = lazy_re.compile(r"\[([A-Za-z0-9_-]+)\]\s*")
DIRECTIVE = lazy_re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment of an environment file: `number` is its first line; `dropped` says that systemd ignores it."""

    number: int
    name: str
    value: str
    dropped: bool = False
    exported: bool = False
    trailing_comment: bool = False  # "A=1 # why": systemd takes "# why" into the value


def logical_lines(text: str) -> list[tuple[int, str]]:
    """(first line number, text) with lines joined that end in a backslash."""
    joined: list[tuple[int, str]] = []
    kept = ""
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not kept:
            first = number
        if line.endswith("\\") and not line.lstrip().startswith(("#", ";")):
            kept += line[:-1]
            continue
        joined.append((first, kept + line))
        kept = ""
    if kept:
        joined.append((first, kept))
    return joined


def unquoted(value: str) -> str:
    """The value as systemd takes it: quotes away, `\\x` to `x`; a comment sign is part of it."""
    out: list[str] = []
    quote = ""
    at = 0
    kept = 0  # how much of `out` is quoted or not blank: unquoted blanks at the end go
    while at < len(value):
        char = value[at]
        if char == "\\" and quote != "'" and at + 1 < len(value):
            following = value[at + 1]
            # Within double quotes only these are escapes (POSIX, env-file.c).
            out.append(following if not quote or following in '"\\`$' else char + following)
            kept = len(out)
            at += 2
            continue
        if quote:
            if char == quote:
                quote = ""
            else:
                out.append(char)
            kept = len(out)
        elif char in "\"'":
            quote = char
        else:
            out.append(char)
            if not char.isspace():
                kept = len(out)
        at += 1
    return "".join(out[:kept])


def read(text: str) -> list[Assignment]:
    """Every assignment of an environment file, with what systemd does to it."""
    found = []
    for number, line in logical_lines(text):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;" or "=" not in stripped:
            continue
        name, _, value = stripped.partition("=")
        name = name.rstrip()
        exported = EXPORT.match(stripped)
        found.append(
            Assignment(
                number,
                EXPORT.sub("", name + "=")[:-1].strip() if exported else name,
                unquoted(value.lstrip()),
                dropped=not NAME.fullmatch(name),
                exported=bool(exported),
                trailing_comment=bool(re.search(r"\s#", re.sub(r"\"[^\"]*\"|'[^']*'", "", value))),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Directive:
    section: str
    name: str
    value: str
    number: int


def read_unit(text: str) -> tuple[list[Directive], list[str]]:
    """(directives, faults) of a unit file; a fault is a line that systemd would ignore, in words for developers."""
    directives: list[Directive] = []
    faults: list[str] = []
    section = ""
    for number, line in logical_lines(text):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if opened := SECTION.fullmatch(stripped):
            section = opened[1]
        elif (match := DIRECTIVE.fullmatch(stripped)) and section:
            directives.append(Directive(section, match[1], match[2].strip(), number))
        else:
            faults.append(f"line {number}: {'no section is open' if not section else 'no Name=value'}: {stripped}")
    for directive in directives:
        if directive.name != "Environment" or not directive.value:
            continue
        try:
            words = shlex.split(directive.value)
        except ValueError as error:
            faults.append(f"line {directive.number}: {error}")
            continue
        for word in words:
            if not NAME.fullmatch(word.partition("=")[0]) or "=" not in word:
                faults.append(f"line {directive.number}: {word!r} is no assignment")
            if re.search(r"(?<!%)%(?!%)", word):
                faults.append(f"line {directive.number}: a % is a specifier, write %%: {word}")
    return directives, faults
