"""Conditions over several facts: the function is here, its words and weight in `content/rules/<family>.toml`.

A rule is a function of the rule's name (`shm_is_docker_default` for `shm-is-docker-default`) that takes Facts and returns
the lines that prove it, or True when it holds though no line shows it, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from troubleshoot.diagnosis import content
from troubleshoot.diagnosis.content import ContentError
from troubleshoot.diagnosis.evidence import Line, Text
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.limits import let_through
from troubleshoot.diagnosis.rules import modules

Find = Callable[[Facts], list[Line] | bool]


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    cause: str
    role: str
    weight: float
    also: dict[str, float]
    says: Text
    wants: tuple[str, ...]
    find: Find
    where: str


class NothingKnown(Facts):
    """Facts of nothing, which remember what they are asked for."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked: set[str] = set()

    def all(self, name: str) -> list[Fact]:
        self.asked.add(name)
        return []


@cache
def asked_by(find: Find) -> frozenset[str] | None:
    """The facts that a rule asks for where nothing is known; None for one that speaks or fails even then."""
    facts = NothingKnown()
    try:
        return None if find(facts) else frozenset(facts.asked)
    except Exception as error:
        let_through(error)
        return None


def may_speak(rules: Iterable[Rule], facts: Facts) -> Iterator[Rule]:
    """The rules that can say something here, in their order.

    Where a guide's answers are all that is known, a rule to which none of its questions is answered goes the way it
    goes where nothing is known, and keeps silent. Most rules do, and a guide must not wait for them at each step.
    """
    told = None if facts.is_of_texts else facts.names()
    for rule in rules:
        if told is None or (asked := asked_by(rule.find)) is None or not told.isdisjoint(asked):
            yield rule


def load_rules(overlays: tuple[Path, ...] = ()) -> tuple[Rule, ...]:
    """Every rule, its words paired with its function. Raises ContentError when one lacks the other."""
    functions = modules.functions()
    rules = []
    for entry in content.entries("rules", "rule", overlays):
        rule_id = entry.need("id")
        find = functions.pop(rule_id.replace("-", "_"), None)
        if find is None:
            raise ContentError(
                entry.where, f"{rule_id} has no function {rule_id.replace('-', '_')} in troubleshoot/diagnosis/rules/"
            )
        rules.append(
            Rule(
                rule_id,
                entry.need("cause"),
                entry.need("role"),
                float(entry.need("weight", (int, float))),
                {cause: float(weight) for cause, weight in entry.values.get("also", {}).items()},
                entry.text("says"),
                tuple(entry.values.get("wants", [])),
                find,
                entry.where,
            )
        )
    if functions:
        raise ContentError(
            "rules:1", f"these functions have no words in content/rules/: {', '.join(sorted(functions))}"
        )
    return tuple(rules)
