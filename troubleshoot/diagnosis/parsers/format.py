"""The shape that every input format has; see the package's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact


def until_blank(text: str, _taken: int) -> bool:
    return bool(text.strip())


@dataclass(frozen=True, slots=True)
class Format:
    """One input format.

    kind     its id, as the report's `inputs[].kinds` lists it ("nvidia-topo-m")
    title    what it is called in each language
    heads    block formats: patterns of the opening line
    lines    line formats: patterns of each line
    belongs  block formats: whether the next peeled line, after `taken` lines, still is part of the block
    parse    the section's facts
    print_out  line formats: what a command prints at once, so that the lines around one that tells something belong to it
    """

    kind: str
    title: dict[str, str]
    parse: Callable[[Section], Iterator[Fact]]
    heads: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    belongs: Callable[[str, int], bool] = until_blank
    print_out: bool = False
