"""JSON as tools print it, whole or cut, on one line or indented: its lines, and single values by their key.

A cut or partly hidden text is no JSON any more, so values are found by their keys and not by parsing the whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line

LINE = lazy_re.compile(
    r'^\s*(?:[\[\]{}]|"(?:[^"\\]|\\.){0,2000}"\s*(?:[:,\]}]|$)|(?:true|false|null|-?\d[\d.eE+-]*),?\s*$)'
)
MOST_LINES = 400  # of one list or object


def is_json_line(text: str) -> bool:
    """Whether a line may be one of an indented JSON text."""
    return bool(LINE.match(text))


def enclosed(lines: Sequence[Line], at: int, start: int) -> str:
    """The list or object that opens at character `start` of `lines[at]`, brackets included; "" when it does not close."""
    depth, quoted = 0, False
    taken: list[str] = []
    for number, line in enumerate(lines[at : at + MOST_LINES]):
        text = line.text if number else line.text[start:]
        skip = False
        for end, character in enumerate(text):
            if skip:
                skip = False
            elif character == "\\":
                skip = True
            elif character == '"':
                quoted = not quoted
            elif not quoted and character in "[{":
                depth += 1
            elif not quoted and character in "]}":
                depth -= 1
                if depth == 0:
                    return "\n".join([*taken, text[: end + 1]])
        taken.append(text)
    return ""
