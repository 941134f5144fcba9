"""One streaming pass over what was sent: find the lines that interest anybody, hide secrets, keep what is worth keeping.

Only what `read` returns is ever stored. Lines are those between newlines, so line numbers are the sender's own; of a
line that a progress bar redrew with carriage returns, the last state is kept.

A text up to `limits.whole_bytes` is kept whole. Of a larger one are kept its head, its tail, and the lines where a
pattern spoke: of each pattern the first ones with their surroundings and the last ones alone. Nothing is decoded,
redacted or held that is not kept, so a text of a gigabyte takes no more memory than one of twenty megabytes.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.limits import Limits, megabytes, note
from troubleshoot.diagnosis.peel import without_colour
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.scan import PATTERN, PLACE, Scanner
from troubleshoot.diagnosis.unpack import Blob

LONGEST_LINE = 4 << 20  # bytes gathered while no newline comes; what is longer is skipped to its end


def read(blobs: Iterable[Blob], scanner: Scanner, limits: Limits, redactor: Redactor) -> list[Document]:
    """Every text as a redacted Document with its hits."""
    documents: list[Document] = []
    names: Counter[str] = Counter()
    room = limits.kept_bytes
    for blob in blobs:
        names[blob.name] += 1
        name = blob.name if names[blob.name] == 1 else f"{blob.name} ({names[blob.name]})"
        document = Reader(name, blob, scanner, limits, redactor, min(limits.whole_bytes, room)).read()
        if document.is_whole:
            room -= document.byte_count
        documents.append(document)
    return documents


@dataclass(slots=True)
class Claims:
    """The lines that one pattern claims: the first ones, then the last ones (number, raw line)."""

    first: list[int] = field(default_factory=list)
    last: deque[tuple[int, bytes]] = field(default_factory=deque)
    count: int = 0


class Reader:
    """Reads one text. `whole` bytes of it are kept whole; of a longer one what says something."""

    def __init__(self, name: str, blob: Blob, scanner: Scanner, limits: Limits, redactor: Redactor, whole: int) -> None:
        self.name, self.blob, self.scanner, self.limits, self.redactor = name, blob, scanner, limits, redactor
        self.whole = whole
        self.kept: dict[int, str] = {}
        self.claims = [Claims(last=deque(maxlen=limits.lines_per_pattern)) for _ in scanner.ids]
        self.line_count = 0
        self.byte_count = 0
        self.in_parts = False
        self.recent: deque[tuple[int, bytes]] = deque(
            maxlen=3
        )  # (number of the first line, block): the tail is in them
        self.cut_lines = 0

    def read(self) -> Document:
        self.redactor.start_document()
        for block in blocks_of_lines(self.blob.blocks):
            if self.line_count >= self.limits.lines:
                self.blob.notes.append(
                    note(
                        f"Cut after {self.limits.lines} lines, the limit for one text.",
                        f"在 {self.limits.lines} 行处截断，这是单个文本的上限。",
                    )
                )
                break
            if not self.in_parts and (
                self.byte_count + len(block) > self.whole or self.line_count > self.limits.whole_lines
            ):
                self.go_on_in_parts()
            (self.take_parts if self.in_parts else self.take_whole)(block)
            self.byte_count += len(block)
        if self.in_parts:
            self.take_tail()
        return self.document()

    # -- kept whole -------------------------------------------------------------------------------------------------

    def take_whole(self, block: bytes) -> None:
        first = self.line_count + 1
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        secret = {number for _, number, _, _ in located(self.redactor.scanner, block, first)}
        redactor = self.redactor
        for number, raw in enumerate(lines, first):
            text = self.clean(raw)
            self.kept[number] = redactor.line(text) if number in secret or redactor.wants_next else text
        for pattern, number, _, _ in located(self.scanner, block, first):
            claims = self.claims[pattern]
            claims.count += 1
            if not claims.first or claims.first[-1] != number:
                claims.first.append(number)
        self.line_count += len(lines)

    def clean(self, raw: bytes) -> str:
        if len(raw) > self.limits.line_bytes:
            self.cut_lines += 1
            raw = raw[: self.limits.line_bytes]
        text = raw.decode("utf-8", "replace")
        if "\r" in text:
            text = next((part for part in reversed(text.split("\r")) if part.strip()), "")
        return without_colour(text)

    # -- kept in parts ----------------------------------------------------------------------------------------------

    def go_on_in_parts(self) -> None:
        """From here on only what says something is kept; of what was kept whole so far, as well."""
        self.in_parts = True
        most, around = self.limits.lines_per_pattern, self.limits.around_lines
        wanted = set(range(1, self.limits.head_lines + 1))
        for claims in self.claims:
            del claims.first[most:]
            for number in claims.first:
                wanted.update(range(number - around, number + around + 1))
        self.kept = {number: text for number, text in self.kept.items() if number in wanted}

    def take_parts(self, block: bytes) -> None:
        first = self.line_count + 1
        wanted: dict[int, tuple[int, int]] = {}  # number → where it stands in the block
        most = self.limits.lines_per_pattern
        claims_of = self.claims
        for pattern, number, start, end in located(self.scanner, block, first):
            claims = claims_of[pattern]
            claims.count += 1
            if len(claims.first) < most:
                if not claims.first or claims.first[-1] != number:
                    claims.first.append(number)
                    wanted.update(surroundings(block, number, start, end, self.limits.around_lines, first))
            elif not claims.last or claims.last[-1][0] != number:
                claims.last.append((number, block[start:end]))
        if self.line_count < self.limits.head_lines:
            wanted.update(first_lines(block, first, self.limits.head_lines - self.line_count))
        self.hide(block, first, wanted)
        self.recent.append((first, block))
        self.line_count += block.count(b"\n")

    def hide(self, block: bytes, first: int, wanted: dict[int, tuple[int, int]]) -> None:
        """Redact the wanted lines, and follow the secrets of the others: a key may begin in a line that is not kept."""
        lines = dict(wanted)
        for _, number, start, end in located(self.redactor.scanner, block, first):
            lines[number] = (start, end)
        redactor = self.redactor
        following = -1
        for number in sorted(lines):
            start, end = lines[number]
            while redactor.wants_next and following >= 0 and following < start:
                stop = block.find(b"\n", following)
                redactor.line(self.clean(block[following:stop]))
                following = stop + 1
            text = redactor.line(self.clean(block[start:end]))
            following = end + 1
            if number in wanted:
                self.kept[number] = text

    def take_tail(self) -> None:
        last: list[tuple[int, bytes]] = []
        for first, block in self.recent:
            last += enumerate(block.removesuffix(b"\n").split(b"\n"), first)
        wanted = dict(last[-self.limits.tail_lines :])
        for claims in self.claims:
            wanted.update(claims.last)
        for number in sorted(wanted.keys() - self.kept.keys()):
            self.kept[number] = self.redactor.line(self.clean(wanted[number]))

    # -- the document -----------------------------------------------------------------------------------------------

    def document(self) -> Document:
        notes = list(self.blob.notes)
        numbers = sorted(self.kept)
        if self.cut_lines:
            size = self.limits.line_bytes >> 10
            notes.append(
                note(
                    f"{self.cut_lines} lines were cut at {size} kB, the limit for one line.",
                    f"有 {self.cut_lines} 行在 {size} kB 处截断，这是单行的上限。",
                )
            )
        if self.in_parts and len(numbers) < self.line_count:
            most = megabytes(self.whole)
            notes.append(
                note(
                    f"Longer than {most}, so kept in parts: head, tail, and what says something; {len(numbers)} of {self.line_count} lines.",
                    f"超过 {most}，因此只保留开头、结尾和有信息的部分：{self.line_count} 行中的 {len(numbers)} 行。",
                )
            )
        hits: dict[str, list[int]] = {}
        counts: Counter[str] = Counter()
        for pattern, claims in zip(self.scanner.ids, self.claims, strict=True):
            if claims.count:
                hits[pattern] = sorted({*claims.first, *(number for number, _ in claims.last)})
                counts[pattern] = claims.count
        return Document(
            self.name,
            [self.kept[number] for number in numbers],
            array("L", numbers),
            hits,
            counts,
            self.byte_count,
            self.line_count,
            self.redactor.counts,
            notes,
        )


def blocks_of_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of whole lines, each ending in a newline. A line without end is kept to its first part."""
    rest: list[bytes] = []
    held = 0
    skipping = False
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if not end:
            if not skipping:
                rest.append(block)
                held += len(block)
                skipping = held > LONGEST_LINE
            continue
        if skipping:
            begin = block.find(b"\n")
            yield b"".join(rest)[:LONGEST_LINE] + b"\n"
            rest, held, skipping = [], 0, False
            if begin + 1 < end:
                yield block[begin + 1 : end]
        else:
            yield b"".join([*rest, block[:end]])
            rest, held = [], 0
        if end < len(block):
            rest, held = [block[end:]], len(block) - end
    if rest:
        yield b"".join(rest)[:LONGEST_LINE] + b"\n"


def located(scanner: Scanner, block: bytes, first: int) -> Iterator[tuple[int, int, int, int]]:
    """(pattern, line number, start and end of the line) for every hit, a pattern once a line; hits come in their order."""
    number, start, end = first, 0, block.find(b"\n")
    spoken: set[int] = set()
    for hit in scanner.hits(block):
        pattern, at = hit & PATTERN, (hit >> PLACE) - 1
        if at >= end:
            if at < 0:
                continue
            begin = block.rfind(b"\n", 0, at) + 1
            number += block.count(b"\n", start, begin)
            start, end = begin, block.find(b"\n", at)
            spoken.clear()
        elif at < start:
            continue  # an earlier line's hit that was reported late: that line has had its turn
        if pattern not in spoken:
            spoken.add(pattern)
            yield pattern, number, start, end


def surroundings(
    block: bytes, number: int, start: int, end: int, around: int, first: int
) -> dict[int, tuple[int, int]]:
    """Line `number` and those around it, as far as they are in the block: number → start and end."""
    lines = {number: (start, end)}
    below = start
    for back in range(1, around + 1):
        if below == 0 or number - back < first:
            break
        begin = block.rfind(b"\n", 0, below - 1) + 1
        lines[number - back] = (begin, below - 1)
        below = begin
    above = end + 1
    for on in range(1, around + 1):
        stop = block.find(b"\n", above)
        if stop < 0:
            break
        lines[number + on] = (above, stop)
        above = stop + 1
    return lines


def first_lines(block: bytes, first: int, most: int) -> dict[int, tuple[int, int]]:
    lines: dict[int, tuple[int, int]] = {}
    start = 0
    for number in range(first, first + most):
        end = block.find(b"\n", start)
        if end < 0:
            break
        lines[number] = (start, end)
        start = end + 1
    return lines
