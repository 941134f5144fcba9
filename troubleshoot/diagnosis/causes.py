"""The causes that can be named, from `content/causes.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from troubleshoot.diagnosis import content
from troubleshoot.diagnosis.content import ContentError
from troubleshoot.diagnosis.evidence import Text


@dataclass(frozen=True, slots=True)
class Cause:
    id: str
    family: str
    title: Text
    summary: Text
    prior: float
    remedies: tuple[str, ...]
    where: str


def load_causes(overlays: tuple[Path, ...] = ()) -> dict[str, Cause]:
    """Every cause by its id, in the order of the file."""
    causes: dict[str, Cause] = {}
    for entry in content.entries("causes.toml", "cause", overlays):
        cause = Cause(
            id=entry.need("id"),
            family=entry.need("family"),
            title=entry.text("title"),
            summary=entry.text("summary"),
            prior=float(entry.need("prior", (int, float))),
            remedies=tuple(entry.need("remedies", list)),
            where=entry.where,
        )
        if cause.id in causes:
            raise ContentError(entry.at("id"), f"{cause.id} is there twice; the other is at {causes[cause.id].where}")
        causes[cause.id] = cause
    return causes
