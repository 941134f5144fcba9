"""One streaming pass over what was sent: find the lines that interest anybody, hide secrets, keep what is worth keeping.

Only what `read` returns is ever stored. Lines are those between newlines, so line numbers are the sender's own; of a
line that a progress bar redrew with carriage returns, the last state is kept.

A text up to `limits.whole_bytes` is kept whole. Of a larger one are kept its head, its tail, and the lines where a
pattern spoke: of each pattern the first ones with their surroundings, and the last ones alone (every one in the newest
blocks, one a block before). Nothing is decoded, redacted or held that is not kept, so a text of a gigabyte takes no
more memory than one of twenty megabytes.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from troubleshoot.diagnosis.blocks import Span, blocks_of_lines, first_lines, located, surroundings
from troubleshoot.diagnosis.clean import cleaned, cut, last_state
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.limits import Limits, megabytes, note
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.scan import PATTERN, Scanner
from troubleshoot.diagnosis.unpack import Blob

RECENT = 3  # newest blocks that are held, for the tail
LATE_BYTES = 8 << 20  # held of lines that may be among the last ones of a pattern


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
    """The lines that one pattern claims: the first ones, then the last ones."""

    first: list[int] = field(default_factory=list)
    last: deque[int] = field(default_factory=deque)


class Reader:
    """Reads one text. `whole` bytes of it are kept whole; of a longer one what says something."""

    def __init__(self, name: str, blob: Blob, scanner: Scanner, limits: Limits, redactor: Redactor, whole: int) -> None:
        self.name, self.blob, self.scanner, self.limits, self.redactor = name, blob, scanner, limits, redactor
        self.whole = whole
        self.kept: dict[int, str] = {}
        self.claims = [Claims(last=deque(maxlen=limits.lines_per_pattern)) for _ in scanner.ids]
        self.full = bytearray(len(scanner.ids))  # 1 for a pattern that has its first lines
        self.late: dict[int, bytes] = {}  # the lines that `last` claims
        self.late_bytes = 0
        self.secret: dict[int, str] = {}  # lines within a block of secrets, as they are shown
        self.line_count = 0
        self.byte_count = 0
        self.in_parts = False
        self.recent: deque[tuple[int, bytes]] = deque(maxlen=RECENT)  # number of the first line, block
        self.cut_lines = 0

    def read(self) -> Document:
        self.redactor.start_document()
        for sent in blocks_of_lines(self.blob.blocks):
            if self.line_count >= self.limits.lines:
                self.blob.notes.append(
                    note(
                        f"Cut after {self.limits.lines} lines, the limit for one text.",
                        f"在 {self.limits.lines} 行处截断，这是单个文本的上限。",
                    )
                )
                break
            if not self.in_parts and (
                self.byte_count + len(sent) > self.whole or self.line_count > self.limits.whole_lines
            ):
                self.go_on_in_parts()
            block = cleaned(sent)
            (self.take_parts if self.in_parts else self.take_whole)(self.line_count + 1, block)
            self.line_count += block.count(b"\n")
            self.byte_count += len(sent)
        if self.in_parts:
            self.take_last()
        return self.document()

    def text(self, line: str) -> str:
        """A line as it is kept, before redaction."""
        line = last_state(line)
        if len(line) > self.limits.line_bytes:
            self.cut_lines += 1
            return cut(line, self.limits.line_bytes)
        return line

    # -- kept whole -------------------------------------------------------------------------------------------------

    def take_whole(self, first: int, block: bytes) -> None:
        rules = self.rules_by_line(first, block)
        redactor = self.redactor
        lines = block.decode("utf-8", "replace").removesuffix("\n").split("\n")
        for number, line in enumerate(lines, first):
            text = self.text(line)
            self.kept[number] = (
                redactor.line(text, rules.get(number, ())) if number in rules or redactor.wants_next else text
            )
        for pattern, number, _, _ in located(self.scanner.hits(block), block, first):
            self.claims[pattern].first.append(number)

    def rules_by_line(self, first: int, block: bytes) -> dict[int, list[int]]:
        """Number of a line → the redaction rules that may speak there."""
        rules: dict[int, list[int]] = {}
        for rule, number, _, _ in located(self.redactor.scanner.hits(block), block, first):
            rules.setdefault(number, []).append(rule)
        return rules

    # -- kept in parts ----------------------------------------------------------------------------------------------

    def go_on_in_parts(self) -> None:
        """From here on only what says something is kept; of what was kept whole so far, as well."""
        self.in_parts = True
        most, around = self.limits.lines_per_pattern, self.limits.around_lines
        wanted = set(range(1, self.limits.head_lines + 1))
        for pattern, claims in enumerate(self.claims):
            self.full[pattern] = len(claims.first) >= most
            del claims.first[most:]
            for number in claims.first:
                wanted.update(range(number - around, number + around + 1))
        self.kept = {number: text for number, text in self.kept.items() if number in wanted}

    def take_parts(self, first: int, block: bytes) -> None:
        """Keep the first lines of each pattern; of one that has enough of them note one line in this block."""
        full, most = self.full, self.limits.lines_per_pattern
        hits = self.scanner.once(block)
        if not all(full[hit & PATTERN] for hit in hits):
            hits = self.scanner.hits(block)
        wanted: dict[int, Span] = {}
        last = {hit & PATTERN: hit for hit in hits if full[hit & PATTERN]}
        for pattern, number, start, end in located([h for h in hits if not full[h & PATTERN]], block, first):
            claims = self.claims[pattern]
            if len(claims.first) < most:
                claims.first.append(number)
                full[pattern] = len(claims.first) == most
                wanted.update(surroundings(block, number, start, end, self.limits.around_lines, first))
        for pattern, number, start, end in located(sorted(last.values()), block, first):
            self.note_late(pattern, number, block[start:end])
        if self.line_count < self.limits.head_lines:
            wanted.update(first_lines(block, first, self.limits.head_lines - self.line_count))
        self.hide(first, block, wanted)
        self.recent.append((first, block))

    def note_late(self, pattern: int, number: int, line: bytes) -> None:
        self.claims[pattern].last.append(number)
        if number not in self.late:
            self.late[number] = line
            self.late_bytes += len(line)
            if self.late_bytes > LATE_BYTES:
                self.forget()

    def forget(self) -> None:
        """Drop lines that no pattern claims any more; if they are too much still, each pattern gives up its older half."""
        for claims in self.claims:
            for _ in range(len(claims.last) // 2):
                claims.last.popleft()
        claimed = {number for claims in self.claims for number in claims.last}
        self.late = {number: line for number, line in self.late.items() if number in claimed}
        self.late_bytes = sum(map(len, self.late.values()))

    def hide(self, first: int, block: bytes, wanted: dict[int, Span]) -> None:
        """Redact the wanted lines, and follow the secrets of others: a key may begin in a line that is not kept."""
        redactor = self.redactor
        marks = redactor.scanner.once(block)
        rules: dict[int, list[int]] = {}
        lines = dict(wanted)
        if wanted or redactor.wants_next or any(hit & PATTERN in redactor.reaching for hit in marks):
            for rule, number, start, end in located(redactor.scanner.hits(block), block, first):
                rules.setdefault(number, []).append(rule)
                if rule in redactor.reaching or number + 1 in wanted:
                    lines[number] = (start, end)
        following, at = first, 0  # the next line that is not read yet
        for number in sorted(lines):
            start, end = lines[number]
            while redactor.wants_next and at < start:
                stop = block.find(b"\n", at)
                self.follow(following, block[at:stop], rules)
                following, at = following + 1, stop + 1
            if at < start:
                redactor.gap()
            text = self.follow(number, block[start:end], rules)
            following, at = number + 1, end + 1
            if number in wanted:
                self.kept[number] = text
        while redactor.wants_next and at < len(block):
            stop = block.find(b"\n", at)
            self.follow(following, block[at:stop], rules)
            following, at = following + 1, stop + 1

    def follow(self, number: int, line: bytes, rules: dict[int, list[int]]) -> str:
        redactor = self.redactor
        within = redactor.wants_next
        text = redactor.line(self.text(line.decode("utf-8", "replace")), rules.get(number, ()))
        if within:
            self.secret[number] = text
        return text

    def take_last(self) -> None:
        """The tail, and the last lines of each pattern: all in the newest blocks, and those noted before."""
        tail = self.line_count - self.limits.tail_lines
        for first, block in self.recent:
            for pattern, number, start, end in located(self.scanner.hits(block), block, first):
                if self.full[pattern] and number != next(reversed(self.claims[pattern].last), 0):
                    self.note_late(pattern, number, block[start:end])
            if first + block.count(b"\n") > tail:
                lines = enumerate(block.removesuffix(b"\n").split(b"\n"), first)
                self.late.update((number, line) for number, line in lines if number > tail)
        self.redactor.gap()
        claimed = {number for claims in self.claims for number in claims.last}
        numbers = [n for n in sorted(self.late) if n not in self.kept and (n > tail or n in claimed)]
        block = b"".join(self.late[number] + b"\n" for number in numbers)
        rules = self.rules_by_line(0, block)
        before = 0
        for place, number in enumerate(numbers):
            if number != before + 1:
                self.redactor.gap()
            text = self.text(self.late[number].decode("utf-8", "replace"))
            shown = self.redactor.line(text, rules.get(place, ()))
            self.kept[number] = self.secret.get(number, shown)
            before = number

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
        hits = {
            pattern: sorted({*claims.first, *claims.last})
            for pattern, claims in zip(self.scanner.ids, self.claims, strict=True)
            if claims.first
        }
        return Document(
            self.name,
            [self.kept[number] for number in numbers],
            array("L", numbers),
            hits,
            self.byte_count,
            self.line_count,
            self.redactor.counts,
            notes,
        )
