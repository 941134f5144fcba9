"""What was sent, as the report lists it: each input's kinds, how much of it was read, what was hidden in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from troubleshoot.diagnosis.evidence import Document, Section

# Kinds that may be part of many others.
VAGUE = ("description", "environment", "environment-report")


def inputs_of(
    documents: Iterable[Document], sections: Iterable[Section], unread: Mapping[str, int]
) -> list[dict[str, Any]]:
    kinds = kinds_of(sections)
    return [
        {
            "name": document.name,
            "kinds": kinds.get(document.name, []),
            "bytes": document.byte_count,
            "lines": document.line_count,
            "kept_lines": len(document.texts),
            "unread_lines": unread.get(document.name, 0),
            "redactions": sum(document.redactions.values()),
            "redacted": dict(document.redactions),
            "notes": document.notes,
        }
        for document in documents
    ]


def kinds_of(sections: Iterable[Section]) -> dict[str, list[str]]:
    """The kinds of each document. One whose lines all belong to another kind's is not named: `-e` in a `docker run`."""
    lines: dict[str, dict[str, set[int]]] = {}
    for section in sections:
        of_kind = lines.setdefault(section.document.name, {}).setdefault(section.kind, set())
        of_kind.update(line.number for line in section.lines)
    return {name: [kind for kind in by_kind if not covered(kind, by_kind)] for name, by_kind in lines.items()}


def covered(kind: str, by_kind: Mapping[str, set[int]]) -> bool:
    """Whether another kind has all of its lines; of two with the same lines the more telling one is named."""
    own = by_kind[kind]
    before = sorted(by_kind, key=VAGUE.__contains__)
    return any(
        own < lines or (own == lines and before.index(other) < before.index(kind)) for other, lines in by_kind.items()
    )
