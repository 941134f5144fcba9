"""Splits a document into sections of one kind, by content and never by file name.

Block formats open at their head line and run on while `belongs` says so; line formats gather every line that they
know. Lines that nobody reads are counted. A section's lines hold the text as shown; parsers peel it (`bodies`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line, Section
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import FENCE, Peeled, peel

# Prose around a print-out, not a line of it.
SENTENCE = lazy_re.compile(r"^\W*[A-Z\u4e00-\u9fff][^{}=|]*[a-z\u4e00-\u9fff][.!?。！？]\s*$")


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def bodies(section: Section) -> Iterator[tuple[Line, Peeled]]:
    """Every line of a section with its coats taken off."""
    for line in section.lines:
        yield line, peel(line.text)


def recognise(document: Document, formats: Sequence[Format]) -> tuple[list[Section], int]:
    """The document's sections, and how many of its lines nobody could read (blank ones aside)."""
    sections: list[Section] = []
    read: set[int] = set()
    printed: list[int] = []
    for form in formats:
        if form.heads:
            sections += blocks(document, form, read)
        if form.lines:
            lines = tuple(known_lines(document, form))
            if lines:
                sections.append(Section(form.kind, document, lines))
                read.update(line.number for line in lines)
                printed += [line.number for line in lines] if form.print_out else []
    read |= paragraphs(document, printed)
    unread = sum(1 for line in document if line.text.strip() and line.number not in read and not FENCE.match(line.text))
    return sections, unread


def paragraphs(document: Document, numbers: Sequence[int]) -> set[int]:
    """The lines of the print-outs in which these lines stand: up to a blank line, a log's line or a sentence."""
    found: set[int] = set()
    for start in numbers:
        for step in (-1, 1):
            at = document.index(start) + step
            while 0 <= at < len(document.numbers) and document.numbers[at] == document.numbers[at - step] + step:
                text = document.texts[at]
                if document.numbers[at] in found or not text.strip() or SENTENCE.match(text) or peel(text).header:
                    break
                found.add(document.numbers[at])
                at += step
    return found


def any_in(text: str, patterns: Iterable[str]) -> bool:
    return any(compiled(pattern).search(text) for pattern in patterns)


def hit_lines(document: Document, form: Format, patterns: Sequence[str], first: int) -> list[Line]:
    """The lines on which one of these patterns really speaks, each once, in order."""
    numbers: dict[int, list[str]] = {}
    for at, pattern in enumerate(patterns, first):
        for number in document.hits.get(f"{form.kind}#{at}", ()):
            numbers.setdefault(number, []).append(pattern)
    lines = []
    for number in sorted(numbers):
        line = document.line(number)
        if line is None:
            continue
        # Most patterns speak in the line as it is; taking its coats off is what costs.
        if any_in(line.text, numbers[number]) or any_in(peel(line.text).body, numbers[number]):
            lines.append(line)
    return lines


def known_lines(document: Document, form: Format) -> list[Line]:
    return hit_lines(document, form, form.lines, len(form.heads))


def blocks(document: Document, form: Format, read: set[int]) -> Iterator[Section]:
    past = 0
    for head in hit_lines(document, form, form.heads, 0):
        if head.number < past:
            continue  # inside the block before
        lines = [head]
        complete = False
        for line in document.following(head.number + 1):
            if not form.belongs(peel(line.text).body, len(lines)):
                complete = True
                break
            lines.append(line)
        past = lines[-1].number + 1
        read.update(line.number for line in lines)
        yield Section(form.kind, document, tuple(lines), complete or past > document.line_count)
