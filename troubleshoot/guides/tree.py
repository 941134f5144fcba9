"""A guide: questions, their answers, and where each leads. Values only; `load` reads them, `walk` goes through them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from troubleshoot.diagnosis.evidence import Text

UNKNOWN = "unknown"
"""The answer "I don't know", which every question has."""

OUTCOME = "cause:"
"""`then = "cause:shm-too-small"` ends the written way at a cause, `then = "report"` at whatever the answers tell."""


@dataclass(frozen=True, slots=True)
class Given:
    """A condition under which an upload already gives this answer. One of the fields is set.

    fact + is_     a fact of the vocabulary has this value
    stuck_in       the timeline is stuck in this phase
    outcome        the timeline's outcome
    signature      this signature spoke
    cause          the first line that names a cause names this one
    """

    fact: str = ""
    is_: Any = None
    stuck_in: str = ""
    outcome: str = ""
    signature: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what it sets (facts), what it speaks for and against (log-odds), and where it leads."""

    id: str
    says: Text
    then: str
    means: Text | None = None  # shown as evidence: what this answer tells
    facts: dict[str, Any] = field(default_factory=dict)
    speaks: dict[str, float] = field(default_factory=dict)
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)  # each is itself alone, so that what follows from it can be kept
class Question:
    id: str
    asks: Text
    why: Text
    answers: tuple[Answer, ...]
    unknown_then: str
    command: str = ""
    sample: str = ""
    minutes: float = 1.0
    root: bool = False
    reboot: bool = False
    in_order: bool = False  # narrows the answer before it: means nothing where the written way does not lead to it
    where: str = ""

    def answer(self, answer_id: str) -> Answer | None:
        return next((a for a in self.answers if a.id == answer_id), None)


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    id: str
    version: int
    title: Text
    intro: Text
    start: str
    questions: dict[str, Question]
    where: str = ""
    speaks: dict[str, float] = field(default_factory=dict)  # what being here at all tells (log-odds)

    @property
    def address(self) -> str:
        return f"/guides/{self.id}/"

    def leads(self) -> list[tuple[str, str, str]]:
        """Every edge of the written tree: (question, answer, question or outcome)."""
        edges = []
        for question in self.questions.values():
            edges += [(question.id, answer.id, answer.then) for answer in question.answers]
            edges.append((question.id, UNKNOWN, question.unknown_then))
        return edges
