"""What was sent, as the rest of the core sees it: documents of redacted lines, and sections of one kind.

Nothing un-redacted ever becomes a `Line`: `unpack` and `redact` stand before it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Text = dict[str, str]
"""Words for people in every language we speak: `{"en": …, "zh-hans": …}`. `renderings.in_language` picks one."""


class Line(NamedTuple):
    """One line as it is shown to people: redacted, control sequences removed, wrappers (docker, journald …) kept."""

    file: str
    number: int
    text: str


@dataclass(slots=True)
class Document:
    """One redacted text: all of its lines when it is small, else those worth keeping (see `notes`).

    `numbers[i]` is the 1-based line number of `texts[i]` in what was sent; numbers rise.
    `hits` maps a pattern id of `scan` to the numbers of the kept lines where it spoke.
    """

    name: str
    texts: list[str]
    numbers: Sequence[int]
    hits: dict[str, list[int]] = field(default_factory=dict)
    byte_count: int = 0
    line_count: int = 0
    redactions: Counter[str] = field(default_factory=Counter)
    notes: list[Text] = field(default_factory=list)

    def __iter__(self) -> Iterator[Line]:
        """Every kept line, in order."""
        for number, text in zip(self.numbers, self.texts, strict=True):
            yield Line(self.name, number, text)

    def index(self, number: int) -> int:
        """Where line `number`, or the first kept line after it, stands in `texts`."""
        return bisect_left(self.numbers, number)

    def line(self, number: int) -> Line | None:
        """Line `number`, or None when there is no such line or it was left out."""
        at = number - 1 if self.is_whole else self.index(number)
        if 0 <= at < len(self.numbers) and self.numbers[at] == number:
            return Line(self.name, number, self.texts[at])
        return None

    def following(self, number: int) -> Iterator[Line]:
        """The kept lines from `number` on, stopping where lines were left out."""
        expected = number
        for at in range(self.index(number), len(self.numbers)):
            if self.numbers[at] != expected:
                return
            yield Line(self.name, expected, self.texts[at])
            expected += 1

    @property
    def is_whole(self) -> bool:
        return len(self.texts) == self.line_count


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of one kind from one document: a block (one `topo -m`), or every line of a line format (NCCL's lines)."""

    kind: str
    document: Document
    lines: tuple[Line, ...]
    complete: bool = True
    """False when the block is cut off (end of text, or lines left out)."""
