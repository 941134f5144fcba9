"""Every fault of the content, each with its file and line: what an author sees before a user would.

Loading refuses what cannot be read at all; this looks at what hangs together: ids that exist, patterns that match their
examples and not their near misses, causes that can be named, explained and mended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from troubleshoot.diagnosis.content import LANGUAGES, ContentError
from troubleshoot.diagnosis.diagnose import HEALTHY
from troubleshoot.diagnosis.facts import VOCABULARY, Facts
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.diagnosis.remedies import offer
from troubleshoot.diagnosis.scan import PatternError, Scanner
from troubleshoot.diagnosis.timeline import PHASES

FEWEST_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Fault:
    where: str  # "signatures/p2p.toml:12"
    wrong: str

    def __str__(self) -> str:
        return f"content/{self.where}: {self.wrong}"


def check(overlays: tuple[Path, ...] = ()) -> list[Fault]:
    """All faults found; [] when the content is sound."""
    try:
        library = load_library(overlays)
    except ContentError as error:
        return [Fault(error.where, error.wrong)]
    faults: list[Fault] = []
    for part in PARTS:
        faults += part(library)
    return faults


def check_causes(library: Library) -> Iterator[Fault]:
    speaking = {s.cause for s in library.signatures.values()} | {r.cause for r in library.rules}
    for cause in library.causes.values():
        if cause.family not in library.families:
            yield Fault(cause.where, f"{cause.id} is in the family {cause.family!r}, which families.toml does not have")
        if cause.id not in speaking:
            yield Fault(cause.where, f"no signature and no rule speaks for {cause.id}, so it can never be named")
        if not cause.remedies:
            yield Fault(cause.where, f"{cause.id} has no remedy")
        for remedy in cause.remedies:
            if remedy not in library.remedies:
                yield Fault(
                    cause.where, f"{cause.id} names the remedy {remedy!r}, which content/remedies/ does not have"
                )
        if cause.id not in library.articles:
            yield Fault(cause.where, f"{cause.id} has no article content/articles/{cause.id}.md")


def known_cause(library: Library, cause: str) -> bool:
    return cause in library.causes or cause == HEALTHY


def check_signatures(library: Library) -> Iterator[Fault]:
    for signature in library.signatures.values():
        for cause in {*signature.also, *([signature.cause] if signature.cause else [])}:
            if not known_cause(library, cause):
                yield Fault(signature.where, f"{signature.id} speaks for {cause!r}, which is no cause")
        if not signature.cause and signature.role != "harmless":
            yield Fault(signature.where, f"{signature.id} has no cause; only a harmless line may")
        if signature.role == "contradicts" and signature.weight >= 0:
            yield Fault(
                signature.where, f"{signature.id} contradicts, so its weight must be below 0; it is {signature.weight}"
            )
        for name, examples in (("matches", signature.matches), ("near_misses", signature.near_misses)):
            if len(examples) < FEWEST_EXAMPLES:
                yield Fault(signature.where, f"{signature.id} has {len(examples)} {name}; {FEWEST_EXAMPLES} are needed")
        refused = [*check_patterns(signature.where, signature.id, signature.patterns)]
        yield from refused
        if refused:
            continue  # nothing can be said of its examples
        for example in signature.matches:
            if not signature.speaks_on(example):
                yield Fault(signature.where, f"{signature.id} does not match its example {example!r}")
        for example in signature.near_misses:
            if signature.speaks_on(example):
                yield Fault(signature.where, f"{signature.id} matches its near miss {example!r}")


def check_patterns(where: str, name: str, patterns: tuple[str, ...]) -> Iterator[Fault]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            yield Fault(where, f"{name} has a pattern that Python refuses: {pattern!r} ({error})")
    try:
        Scanner({f"{name}#{n}": pattern for n, pattern in enumerate(patterns)})
    except PatternError as error:
        yield Fault(where, str(error))


def check_rules(library: Library) -> Iterator[Fault]:
    seen: set[str] = set()
    for rule in library.rules:
        if rule.id in seen:
            yield Fault(rule.where, f"{rule.id} is there twice")
        seen.add(rule.id)
        for cause in (rule.cause, *rule.also):
            if not known_cause(library, cause):
                yield Fault(rule.where, f"{rule.id} speaks for {cause!r}, which is no cause")
        for name in rule.wants:
            if name not in VOCABULARY:
                yield Fault(rule.where, f"{rule.id} wants {name!r}, and no fact is called so")
        try:
            rule.find(Facts())
        except Exception as error:  # whatever it raises, the author must see it
            yield Fault(rule.where, f"{rule.id} fails when nothing is known: {type(error).__name__}: {error}")


def check_remedies(library: Library) -> Iterator[Fault]:
    used = {remedy for cause in library.causes.values() for remedy in cause.remedies}
    for remedy in library.remedies.values():
        offered = offer(remedy, Facts(), library)
        if offered is None:
            continue  # asks for something that must be known first
        if not offered["snippets"]:
            yield Fault(remedy.where, f"{remedy.id} has no snippet when nothing is known about the installation")
        for snippet in offered["snippets"]:
            for part in ("verify", "undo"):
                if any(not snippet[part].get(lang) for lang in LANGUAGES):
                    yield Fault(remedy.where, f"{remedy.id} for {snippet['method']} lacks {part}")
        for name in remedy.answers:
            if name not in library.signatures and name.removeprefix("phase:") not in PHASES:
                yield Fault(remedy.where, f"{remedy.id} answers {name!r}, which is neither a signature nor a phase")
        if remedy.id not in used and remedy.kind != "check":
            yield Fault(remedy.where, f"no cause offers {remedy.id}")


def check_steps(library: Library) -> Iterator[Fault]:
    for step in library.steps:
        for name in step.about:
            if name not in library.causes and name not in library.families:
                yield Fault(step.where, f"{step.id} is about {name!r}, which is neither a cause nor a family")


PARTS: tuple[Callable[[Library], Iterator[Fault]], ...] = (
    check_causes,
    check_signatures,
    check_rules,
    check_remedies,
    check_steps,
)
