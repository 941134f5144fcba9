"""The whole way, from uploaded files to a report, a line a step. Start reading here.

    upload → unpack → redact + scan → recognise → parse → facts → diagnose → remedies → report

`take_in` ends with redacted documents: only those are ever stored. `examine` goes from them, or from a guide's
answers, to the stored report. Neither knows of web, database or queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from troubleshoot.diagnosis import first_failure, platform, timeline, topology
from troubleshoot.diagnosis.diagnose import diagnose
from troubleshoot.diagnosis.evidence import Document, Section
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.intake import read
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.diagnosis.next_steps import next_steps
from troubleshoot.diagnosis.recognise import recognise
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.remedies import offers
from troubleshoot.diagnosis.report import Report, make_report
from troubleshoot.diagnosis.signatures import named, speak
from troubleshoot.diagnosis.unpack import Limits, unpack

__all__ = ["Library", "Limits", "examine", "load_library", "take_in"]

OnStep = Callable[[str], None]
"""Called with the step that begins: "unpack", "recognise", "parse", "diagnose", "remedies", "report"."""


def no_step(_step: str) -> None: ...


def take_in(
    files: Iterable[tuple[str, BinaryIO]],
    library: Library,
    limits: Limits | None = None,
    on_step: OnStep = no_step,
    redactor: Redactor | None = None,
) -> list[Document]:
    """Unpack, redact and scan what was sent; only what this returns is ever stored."""
    limits = limits or Limits()
    on_step("unpack")
    blobs = (blob for name, stream in files for blob in unpack(name, stream, limits))
    return read(blobs, library.scanner, limits, redactor or library.redactor())


def know(
    documents: Sequence[Document], library: Library, answers: Iterable[Fact] = (), on_step: OnStep = no_step
) -> tuple[Facts, list[Section], dict[str, int]]:
    """All that the documents and answers tell; with the sections that tell it, and for each document the unread lines."""
    on_step("recognise")
    sections: list[Section] = []
    unread: dict[str, int] = {}
    for document in documents:
        found, unread[document.name] = recognise(document, library.formats)
        sections += found
    on_step("parse")
    facts = Facts(documents=list(documents))
    facts.add(answers)
    telling = []
    for section in sections:
        told = list(library.format_of[section.kind].parse(section))
        facts.add(told)
        telling += [section] if told else []
    facts.hits.update(speak(documents, library.signatures))
    facts.add(named(facts.hits, library.signatures))
    platform.derive(facts)
    topology.derive(facts)
    first_failure.derive(facts)
    facts.timeline = timeline.build(documents, facts)
    return facts, telling, unread


def examine(
    documents: Sequence[Document], library: Library, on_step: OnStep = no_step, answers: Iterable[Fact] = ()
) -> Report:
    """From redacted documents, or a guide's answers, to the report as it is stored."""
    facts, sections, unread = know(documents, library, answers, on_step)
    return report_on(facts, sections, unread, library, on_step)


def report_on(
    facts: Facts, sections: Sequence[Section], unread: dict[str, int], library: Library, on_step: OnStep = no_step
) -> Report:
    """From all that is known to the report: weighing, remedies, next steps."""
    on_step("diagnose")
    diagnosis = diagnose(facts, library)
    on_step("remedies")
    ranked = [(finding.cause, finding.confidence) for finding in diagnosis.findings]
    steps = next_steps(facts, ranked, library)
    on_step("report")
    return make_report(
        diagnosis,
        facts,
        sections,
        unread,
        causes=library.causes,
        families=library.families,
        articles=library.articles,
        offers=lambda cause: offers(cause, facts, library),
        next_steps=steps,
        missing=library.missing(facts),
        telling_lines=library.telling_lines,
    )
