"""Machines and launches of every kind, and the table of what must not be advised where (`forbidden.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from troubleshoot.diagnosis.evidence import Document, Line
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.topology import Matrix

TABLE = tomllib.loads((Path(__file__).parent / "forbidden.toml").read_text(encoding="utf-8"))
ACTIONS = {name: re.compile(pattern) for name, pattern in TABLE["actions"].items()}


@dataclass(frozen=True)
class Place:
    """One machine with one way to start the engine."""

    name: str
    tags: frozenset[str]
    platform: str
    launch: str

    def facts(self, with_files: bool = False) -> Facts:
        """What an upload from there tells; with the user's own command or file, where the launch has one."""
        return facts_of(by_name("platform")[self.platform], by_name("launch")[self.launch], with_files=with_files)


@cache
def by_name(kind: str) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in TABLE[kind]}


def facts_of(*entries: dict[str, Any], with_files: bool = False) -> Facts:
    facts = Facts()
    merged = {name: value for entry in entries for name, value in entry.get("facts", {}).items()}
    facts.add(Fact(name, value) for name, value in merged.items())
    for entry in entries:
        facts.add(
            Fact(name, tuple(value) if isinstance(value, list) else value) for name, value in entry.get("more", [])
        )
        for signature in entry.get("spoke", []):
            facts.hits[signature] = [Line("a.log", 1, signature)]
        if codes := entry.get("links"):
            gpus = tuple(f"GPU{n}" for n in range(len(codes) + 1))
            facts.matrices.append(
                Matrix(gpus, links={("GPU0", gpu): code for gpu, code in zip(gpus[1:], codes, strict=True)})
            )
        if with_files and (text := entry.get("file")):
            lines = text.splitlines()
            facts.documents.append(Document("sent.txt", lines, range(1, len(lines) + 1), line_count=len(lines)))
    return facts


def places() -> Iterator[Place]:
    """Every machine with every launch."""
    for platform in TABLE["platform"]:
        for launch in TABLE["launch"]:
            tags = frozenset([*platform["tags"], *launch["tags"]])
            yield Place(f"{platform['name']}; {launch['name']}", tags, platform["name"], launch["name"])


def forbidden_at(place: Place) -> dict[str, str]:
    """The actions that must not be advised there, and why."""
    return {
        action: rule["why"]
        for rule in TABLE["forbidden"]
        if place.tags.issuperset(rule["where"])
        for action in rule["actions"]
    }


def texts_of(offer: dict[str, Any]) -> Iterator[str]:
    """Everything of an offer that a reader may paste."""
    for snippet in offer["snippets"]:
        yield from snippet["text"].values() if isinstance(snippet["text"], dict) else [snippet["text"]]
    yield from (patched["text"] for patched in offer["patched"])


def actions_in(offer: dict[str, Any]) -> set[str]:
    """What a reader who does as the offer says would do."""
    return set().union(*(actions_of(text) for text in texts_of(offer)))


@lru_cache(maxsize=100_000)
def actions_of(text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in ACTIONS.items() if pattern.search(text))
