"""Signatures: one line says something. Loaded from `content/signatures/*.toml` (docs/decisions/0001)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from troubleshoot.diagnosis import content
from troubleshoot.diagnosis.content import ContentError
from troubleshoot.diagnosis.evidence import Document, Line, Text
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.peel import peel

ROLES = ("root", "cascade", "confirms", "contradicts", "harmless")
DENIES = re.compile(r"[*#•-]\s+(?:[Nn]o|[Ww]ithout|[Nn]ever|[Nn]either|没有|无)[\s`]")
DENIED = re.compile(rf"^[\s>]*[*#•-]*{DENIES.pattern}")
"""A description's "* No Xid", "- no AER errors" says that a line is not there; "No space left" has no bullet."""
NOT_SAID = re.compile(
    r"(?:\b(?:try|consider)\s+(?:set(?:ting)?|us(?:e|ing)|export(?:ing)?|add(?:ing)?|pass(?:ing)?)\s+\S*|\bnot available because:?\s*)$"
)
"""What stands, in lower case, before words that report nothing: advice ("try setting X=1"), or a probe of what need not be there."""
NOT_SAID_WITHIN = 80  # characters before the words
MOST_LINES = 200  # kept for one signature; a storm of one line says no more than its first hundred


@dataclass(frozen=True)
class Signature:
    """What one line says: for which cause, in which role, with which weight (log-odds)."""

    id: str
    cause: str
    role: str
    weight: float
    also: dict[str, float]
    patterns: tuple[str, ...]
    says: Text
    source: str
    matches: tuple[str, ...]
    near_misses: tuple[str, ...]
    where: str

    @cached_property
    def compiled(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(pattern) for pattern in self.patterns)

    def speaks_on(self, text: str) -> bool:
        return any(speaks(pattern, text) for pattern in self.compiled)


def speaks(pattern: re.Pattern[str], text: str, body: str | None = None) -> bool:
    """Whether the pattern is in the line, with or without its wrappers, and the line neither denies nor only advises it.

    Peeling is dear, and needed only where the line as it stands does not decide; who asks many patterns about one line
    gives its peeled `body`.
    """
    is_said = said_in(pattern, text)
    if is_said and not DENIES.search(text):
        return True
    if body is None:
        body = peel(text).body
    return not DENIED.match(body) and (is_said or said_in(pattern, body))


def said_in(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern is in the text in a place that is not only advised or probed."""
    for match in pattern.finditer(text):
        before = text[max(0, match.start() - NOT_SAID_WITHIN) : match.start()].lower()
        may_be_advice = "try" in before or "consider" in before or "because" in before  # cheaper than NOT_SAID
        if not may_be_advice or not NOT_SAID.search(before):
            return True
    return False


def load_signatures(overlays: tuple[Path, ...] = ()) -> dict[str, Signature]:
    """Every signature by its id. Raises ContentError for a fault."""
    signatures: dict[str, Signature] = {}
    for entry in content.entries("signatures", "signature", overlays):
        role = entry.need("role")
        if role not in ROLES:
            raise ContentError(entry.where, f"role is {role!r}; it must be one of {', '.join(ROLES)}")
        signature = Signature(
            id=entry.need("id"),
            cause=entry.values.get("cause", ""),
            role=role,
            weight=float(entry.values.get("weight", 0.0)),
            also={cause: float(weight) for cause, weight in entry.values.get("also", {}).items()},
            patterns=tuple(entry.need("patterns", list)),
            says=entry.text("says"),
            source=entry.need("source"),
            matches=tuple(entry.need("matches", list)),
            near_misses=tuple(entry.need("near_misses", list)),
            where=entry.where,
        )
        if signature.id in signatures:
            raise ContentError(
                entry.where, f"{signature.id} is there twice; the other is at {signatures[signature.id].where}"
            )
        signatures[signature.id] = signature
    return signatures


def speak(documents: Iterable[Document], signatures: Mapping[str, Signature]) -> dict[str, list[Line]]:
    """The lines on which each signature speaks, in the order of the inputs; confirmed by Python on the peeled line."""
    spoken: dict[str, list[Line]] = {}
    for document in documents:
        for pattern_id, numbers in document.hits.items():
            signature_id, _, at = pattern_id.rpartition("#")
            signature = signatures.get(signature_id)
            if signature is None:
                continue
            pattern = signature.compiled[int(at)]
            lines = spoken.setdefault(signature_id, [])
            known = {(line.file, line.number) for line in lines}
            for number in numbers[:MOST_LINES]:
                line = document.line(number)
                if line is None or (line.file, number) in known:
                    continue
                if speaks(pattern, line.text):
                    lines.append(line)
    order = {document.name: at for at, document in enumerate(documents)} if isinstance(documents, list) else {}
    return {
        signature_id: sorted(lines, key=lambda line: (order.get(line.file, 0), line.number))
        for signature_id, lines in spoken.items()
        if lines
    }


# A line weaker than this, or of work under way, or of a rank's own death, leaves room for another explanation.
NAMES_A_CAUSE_FROM = 1.2
LEAVES_ROOM = ("slow-load", "compile-capture", "worker-crash")


def named(hits: Mapping[str, list[Line]], signatures: Mapping[str, Signature]) -> list[Fact]:
    """What rules may know of the signatures that spoke: `named_cause` and `echo` facts, one a signature."""
    facts = []
    for signature_id, lines in hits.items():
        signature = signatures[signature_id]
        if signature.role == "cascade":
            facts.append(Fact("echo", signature_id, lines[0]))
        elif signature.role == "root" and signature.weight >= NAMES_A_CAUSE_FROM and signature.cause not in LEAVES_ROOM:
            facts.append(Fact("named_cause", (signature_id, signature.cause), lines[0]))
    return facts
