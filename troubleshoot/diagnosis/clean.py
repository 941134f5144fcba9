"""The same lines without what a terminal would not show: colours, also those that lost their ESC, and control characters.

Patterns are searched in what this gives, so a colour in the middle of a word hides it from nobody. No newline comes or
goes: line numbers stay the sender's own.
"""

from __future__ import annotations

import re

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.peel import ANSI, LOST_ANSI, SPELT_ANSI, SPELT_ESC

ANSI_BYTES = lazy_re.compile(ANSI.pattern.encode())
SPELT_BYTES = lazy_re.compile(SPELT_ANSI.pattern.encode(), re.IGNORECASE)
LOST_BYTES = lazy_re.compile(LOST_ANSI.pattern.encode())
SPELT_SIGNS = tuple(spelt.encode() for spelt in SPELT_ESC)
CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r") + b"\x7f"
INVISIBLE = ("\ufeff".encode(), "\u200b".encode())
NEAR = 4096  # characters before the cut of a line in which a blank is looked for: a secret is not longer


def cleaned(block: bytes) -> bytes:
    """The block (UTF-8, whole lines) without control sequences, control characters and zero-width blanks."""
    if b"\x1b" in block:
        block = ANSI_BYTES.sub(b"", block)
    if b"[" in block:
        if any(sign in block for sign in SPELT_SIGNS):
            block = SPELT_BYTES.sub(b"", block)
        block = LOST_BYTES.sub(b"", block)
    for character in INVISIBLE:
        block = block.replace(character, b"")
    return block.translate(None, CONTROLS)


def last_state(line: str) -> str:
    """What a terminal shows at last of a line that was redrawn with carriage returns."""
    if "\r" not in line:
        return line
    return next((state for state in reversed(line.split("\r")) if state.strip()), "")


def cut(line: str, most: int) -> str:
    """A line that is too long, cut at a blank if there is one near: half a secret would not be known as one."""
    at = max(line.rfind(blank, most - NEAR, most) for blank in " \t,;")
    return line[:at] if at > 0 else line[:most]
