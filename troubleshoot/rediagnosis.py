"""Stored cases looked at again with today's knowledge: from their redacted texts, for nothing else is left of them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.library import Library
from troubleshoot.diagnosis.pipeline import Limits, examine, take_in
from troubleshoot.models import Case, CaseText

EVERYTHING = 1 << 40
# Stored texts were cut to their limits when they came; nothing more is left out of them.
UNCUT = replace(Limits(), total_bytes=EVERYTHING, whole_bytes=EVERYTHING, whole_lines=EVERYTHING, kept_bytes=EVERYTHING)


def report_again(case: Case, library: Library) -> dict[str, Any]:
    """The report that the case's texts give today."""
    return examine([document_of(text, library) for text in case.texts.all()], library)


def document_of(text: CaseText, library: Library) -> Document:
    """The stored text as the document that it was: scanned again, with the line numbers of what was sent."""
    whole = Document(
        name=text.name,
        texts=text.lines(),
        numbers=text.line_numbers(),
        byte_count=text.byte_count,
        line_count=text.line_count,
        notes=text.notes,
    )
    whole.redactions.update(text.redactions)
    if not whole.texts:
        return whole
    body = "\n".join(whole.texts).encode("utf-8", "replace")
    (scanned,) = take_in([(text.name, io.BytesIO(body))], library, UNCUT)
    whole.hits = {pattern: [whole.numbers[n - 1] for n in found] for pattern, found in scanned.hits.items()}
    return whole


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between two reports, a line each: the verdict, and each cause's confidence by a hundredth or more."""
    found = []
    if old["verdict"] != new["verdict"]:
        found.append(f"verdict {old['verdict']} → {new['verdict']}")
    before, after = confidences(old["causes"]), confidences(new["causes"])
    for cause in dict.fromkeys([*before, *after]):
        was, now = before.get(cause), after.get(cause)
        if was is None or now is None or abs(was - now) >= 0.01:
            found.append(f"{cause} {said(was)} → {said(now)}")
    if old["timeline"]["stuck_in"] != new["timeline"]["stuck_in"]:
        found.append(f"stuck in {old['timeline']['stuck_in']} → {new['timeline']['stuck_in']}")
    return found


def confidences(causes: Iterable[dict[str, Any]]) -> dict[str, float]:
    return {cause["id"]: cause["confidence"] for cause in causes}


def said(confidence: float | None) -> str:
    return "–" if confidence is None else f"{confidence:.2f}"
