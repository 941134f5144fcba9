"""Reads texts as the pipeline does, up to the facts and the timeline; for the tests of parsers and timeline."""

from __future__ import annotations

import io
import textwrap
from functools import cache

from troubleshoot.diagnosis import first_failure, timeline
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.intake import read
from troubleshoot.diagnosis.parsers import ALL_FORMATS
from troubleshoot.diagnosis.recognise import recognise
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.scan import Scanner
from troubleshoot.diagnosis.unpack import Limits, unpack


@cache
def redaction_scanner() -> Scanner:
    return Redactor().scanner


def redactor() -> Redactor:
    """A redactor of its own for every case; they share the automaton, which takes most of a second to make."""
    made = Redactor()
    made.scanner = redaction_scanner()
    return made


@cache
def scanner() -> Scanner:
    patterns = {f"{f.kind}#{n}": p for f in ALL_FORMATS for n, p in enumerate((*f.heads, *f.lines))}
    return Scanner(patterns, None)


def facts_of(*texts: str, kinds: set[str] | None = None) -> Facts:
    """The facts of these texts, with their timeline; the kinds of sections found are added to `kinds`."""
    limits = Limits()
    blobs = (
        blob
        for n, text in enumerate(texts, 1)
        for blob in unpack(f"{n}.log", io.BytesIO((textwrap.dedent(text).strip("\n") + "\n").encode()), limits)
    )
    facts = Facts(documents=read(blobs, scanner(), limits, redactor()))
    formats = {f.kind: f for f in ALL_FORMATS}
    for document in facts.documents:
        sections, _ = recognise(document, ALL_FORMATS)
        for section in sections:
            if kinds is not None:
                kinds.add(section.kind)
            facts.add(formats[section.kind].parse(section))
    first_failure.derive(facts)
    facts.timeline = timeline.build(facts.documents, facts)
    return facts


def values(facts: Facts, name: str) -> list[object]:
    return [fact.value for fact in facts.all(name)]
