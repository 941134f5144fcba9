"""Small knowledge made for a test, so that what is tested is the judging and not what happens to be in the content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from troubleshoot.diagnosis.causes import Cause
from troubleshoot.diagnosis.evidence import Line, Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules import Find, Rule
from troubleshoot.diagnosis.signatures import Signature

PRIOR = -2.5


def words(text: str) -> Text:
    return {"en": text, "zh-hans": text}


def cause(name: str, family: str | None = None, prior: float = PRIOR) -> Cause:
    return Cause(name, family or f"family of {name}", words(name), words(name), prior, ("some-remedy",), "here:1")


def signature(name: str, for_cause: str, weight: float, role: str = "root", **also: float) -> Signature:
    return Signature(
        name, for_cause, role, weight, dict(also), (name,), words(f"{name} says"), "test", (name,), ("",), "here:1"
    )


def rule(name: str, for_cause: str, weight: float, find: Find, role: str = "root", **also: float) -> Rule:
    return Rule(name, for_cause, role, weight, dict(also), words(f"{name} says"), (), find, "here:1")


@dataclass
class Known:
    """What `diagnose` needs to know."""

    causes: Mapping[str, Cause]
    signatures: Mapping[str, Signature] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


def knowledge(causes: list[Cause], signatures: list[Signature] | None = None, rules: list[Rule] | None = None) -> Known:
    return Known({c.id: c for c in causes}, {s.id: s for s in signatures or []}, tuple(rules or []))


def at(number: int, text: str = "", file: str = "a.log") -> Line:
    return Line(file, number, text or f"line {number}")


def spoken(**lines: Line | list[Line]) -> Facts:
    """Facts in which these signatures spoke on these lines."""
    return Facts(hits={name: line if isinstance(line, list) else [line] for name, line in lines.items()})
