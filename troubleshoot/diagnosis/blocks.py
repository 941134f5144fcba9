"""Blocks of whole lines, and where in them a line stands: found without splitting the block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from troubleshoot.diagnosis.scan import PATTERN, PLACE

LONGEST_LINE = 4 << 20  # bytes gathered while no newline comes; what is longer is skipped to its end

Span = tuple[int, int]  # where a line begins and ends in its block


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


def located(hits: Iterable[int], block: bytes, first: int) -> Iterator[tuple[int, int, int, int]]:
    """(pattern, line number, start and end of the line) of each hit, a pattern once a line; hits come in their order."""
    number, start, end = first, 0, block.find(b"\n")
    spoken: set[int] = set()
    for hit in hits:
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


def surroundings(block: bytes, number: int, start: int, end: int, around: int, first: int) -> dict[int, Span]:
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


def first_lines(block: bytes, first: int, most: int) -> dict[int, Span]:
    lines: dict[int, Span] = {}
    start = 0
    for number in range(first, first + most):
        end = block.find(b"\n", start)
        if end < 0:
            break
        lines[number] = (start, end)
        start = end + 1
    return lines
