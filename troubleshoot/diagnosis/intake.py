"""One streaming pass over what was sent: find the lines that interest anybody, hide secrets, keep what is worth keeping.

Only what `read` returns is ever stored. Lines are those between newlines, so line numbers are the sender's own; of a
line that a progress bar redrew with carriage returns, the last state is kept.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.peel import without_colour
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.scan import Scanner
from troubleshoot.diagnosis.unpack import Blob, Limits


def read(blobs: Iterable[Blob], scanner: Scanner, limits: Limits, redactor: Redactor) -> list[Document]:
    """Every text as a redacted Document with its hits."""
    documents: list[Document] = []
    names: Counter[str] = Counter()
    for blob in blobs:
        names[blob.name] += 1
        name = blob.name if names[blob.name] == 1 else f"{blob.name} ({names[blob.name]})"
        documents.append(read_one(name, blob, scanner, limits, redactor))
    return documents


def read_one(name: str, blob: Blob, scanner: Scanner, limits: Limits, redactor: Redactor) -> Document:
    redactor.start_document()
    kept: dict[int, str] = {}
    hits: dict[str, list[int]] = defaultdict(list)
    counts: Counter[str] = Counter()
    number = 0
    size = 0
    for lines, found in scanned(blob, scanner, limits):
        for at, line in enumerate(lines):
            number += 1
            size += len(line) + 1
            shown = redactor.line(clean(line, limits))
            kept[number] = shown
            for pattern in found.get(at, ()):
                counts[pattern] += 1
                if not hits[pattern] or hits[pattern][-1] != number:
                    hits[pattern].append(number)
    return Document(
        name, list(kept.values()), array("L", kept), dict(hits), counts, size, number, redactor.counts, list(blob.notes)
    )


def clean(line: bytes, limits: Limits) -> str:
    text = line[: limits.line_bytes].decode("utf-8", "replace")
    if "\r" in text:
        text = next((part for part in reversed(text.split("\r")) if part.strip()), "")
    return without_colour(text)


def scanned(blob: Blob, scanner: Scanner, limits: Limits) -> Iterator[tuple[list[bytes], dict[int, set[str]]]]:
    """Blocks of whole lines, and for each line (by its place in the block) the patterns that hit."""
    rest = b""
    for block in blob.blocks:
        block = rest + block
        end = block.rfind(b"\n") + 1
        if end == 0 and len(block) < 4 << 20:
            rest = block
            continue
        block, rest = (block[:end], block[end:]) if end else (block, b"")
        yield lines_of(block, scanner)
    if rest:
        yield lines_of(rest + b"\n", scanner)  # a pattern that ends in $ wants the line's end


def lines_of(block: bytes, scanner: Scanner) -> tuple[list[bytes], dict[int, set[str]]]:
    lines = block.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    found: dict[int, set[str]] = defaultdict(set)
    at, end = 0, len(lines[0]) if lines else 0
    for number, offset in sorted(scanner.hits(block), key=lambda hit: hit[1]):
        while offset > end and at + 1 < len(lines):
            at += 1
            end += 1 + len(lines[at])
        found[at].add(scanner.ids[number])
    return lines, found
