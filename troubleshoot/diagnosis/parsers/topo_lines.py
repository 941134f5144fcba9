"""The lines of a `topo -m`: what is a header or a row, and lines put together again that a terminal broke.

A terminal breaks every line at its width, also within a word (`NI` + `C4`); a chat breaks between words.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.parsers.topo_cells import BLANK, CODES, NIC, TITLE

# What may stand before a line: quote and comment marks, list bullets, a string's quote, a line number, a host's name.
COAT = r"[\s|>#*/;+\"'`-]*(?:\d{1,4}[:.|]?\s+(?=(?:GPU|NIC|mlx)\d))?(?:[A-Za-z][\w.-]{0,60}:\s+(?=(?:GPU|NIC|mlx)\d))?"
NAME = r"(?:GPU\d+|NIC\d+|(?!NV\d)[A-Za-z][\w.-]*\d[\w.-]*)"
ROW = lazy_re.compile(
    rf"^{COAT}[*`]*(?P<name>{NAME})[*`]*(?:{BLANK}+(?:(?P<x>X)|{CODES})(?=$|[\s|*`\d]|{CODES})|(?=X(?:[\s|]|{CODES}))|(?<=\d)(?:{CODES})(?:{CODES}|\s+X))"
)
# A row cut behind its name.
LONE_NAME = lazy_re.compile(rf"^{BLANK}*(?:GPU\d+|{NIC})(?:{BLANK}+[A-Z]{{1,3}})?{BLANK}*$")
# In a table with other columns first the name stands further right.
PIPE_ROW = lazy_re.compile(rf"^[^|]*\|.*\|[\s*`]*(?:GPU\d+|{NIC})[\s*`]*\|[\s*`]*(?:{CODES})[\s*`]*\|")
# What the rest of a wrapped line may look like: link codes, processor lists, words of the titles.
WORDS = r"(?:[A-Za-z]{0,4}ffinity|[a-z]{1,6}ty|Af\w{0,5}|C?PU|N?U?MA|[CNU]|GPU|ID|D)(?=[\s|*`]|$)"
# Atomic: what one turn took is not given back, or a line of glued codes could be read in too many ways.
REST = lazy_re.compile(
    rf"^{BLANK}*(?>(?:{CODES}|[\d,-]+|{WORDS}|GPU\d+|{NIC}){BLANK}*)+(?:(?<=[\s|])[A-Za-z]\w{{0,8}}{BLANK}*)?$"
)
# A hard break may fall within a code: `SY` + `S`.
BROKEN_REST = lazy_re.compile(
    rf"^(?:[A-Z]{{1,3}}\d{{0,3}}|_\w{{1,10}}|[a-z]\w{{0,5}}|\d{{1,2}})(?:{BLANK}+(?:{CODES}|[\d,-]+|N/A|GPU\d+|{NIC}|CPU|NUMA|GPU|ID|Affinity))+(?:{BLANK}+[A-Za-z]\w{{0,8}})?{BLANK}*$"
    r"|^(?:S|YS|E|DE|ODE|B|HB|XB|IX|V?\d{1,2}|/A|A)$"
)
CSV_CELL = lazy_re.compile(rf"^\s*(?:GPU\d+|{NIC}|{CODES})\s*$")
ONE_LINE_ROW = lazy_re.compile(rf"(?<=\s)(?=(?:GPU\d+|{NIC})\s+(?:{CODES})(?:\s|$))")
HEADER = lazy_re.compile(r"GPU\d+[\s|*`]*(?:GPU\d|NIC\d|[a-z]\w*\d|C\s*P\s*U\s*Af|NUMA|$)")
LEAST_WIDTH = 40  # no terminal is narrower


def piped(text: str) -> str:
    """A row of a table saved as CSV (commas or semicolons) as a row with pipes; any other line as it is."""
    for mark in ",;":
        if text.count(mark) < 2:
            continue
        cells = next(csv.reader([text], delimiter=mark, skipinitialspace=True), [])
        if sum(bool(CSV_CELL.match(cell)) for cell in cells) >= 2:
            return "|" + "|".join(cell.replace("|", " ") for cell in cells) + "|"
    return text


def is_row(text: str) -> bool:
    return bool(ROW.match(text) or PIPE_ROW.match(text))


def is_header(text: str) -> bool:
    return bool(HEADER.search(text)) and not is_row(text)


def spelt_out(text: str) -> list[str]:
    """The lines of a text that a program printed as a string constant: `'\\tGPU0\\tGPU1\\nGPU0\\t X \\tSYS\\n'`."""
    return text.replace("\\t", "\t").split("\\n") if "\\n" in text else [text.replace("\\t", "\t")]


def unrolled(texts: Sequence[str]) -> list[str]:
    """A table whose newlines were lost becomes lines again."""
    first = texts[0]
    if not is_row(first) and len(parts := ONE_LINE_ROW.split(first)) > 2 and TITLE.search(first):
        return [*(part for part in parts if part.strip()), *texts[1:]]
    return list(texts)


def unwrapped(texts: Sequence[str]) -> list[str]:
    """The lines of a table that a terminal broke at its width, whole again; texts broken otherwise as they are."""
    table: list[str] = []
    for text in texts:
        if table and not (is_row(text) or LONE_NAME.match(text) or REST.match(text) or BROKEN_REST.match(text.strip())):
            break  # blank line or legend
        table.append(text.expandtabs().rstrip("\r\n"))
    begins = [at == 0 or is_row(text) or bool(LONE_NAME.match(text)) for at, text in enumerate(table)]
    broken = [text for text, goes_on in zip(table, begins[1:], strict=False) if not goes_on]
    width = max(map(len, table))
    full = sum(len(text) == width for text in broken)
    if not broken or width < LEAST_WIDTH or (full == 1 < len(broken)) or full * 2 < len(broken):
        return list(texts)
    indent = min(len(text) - len(text.lstrip()) for text in table if text.strip())
    lines: list[str] = []
    for text, begin in zip(table, begins, strict=True):
        if begin:
            lines.append(text[indent:])
        else:
            pieces = -(-len(lines[-1]) // (width - indent))
            lines[-1] = lines[-1].ljust(pieces * (width - indent)) + text[indent:]
    return [*lines, *texts[len(table) :]]
