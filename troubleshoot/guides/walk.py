"""Goes through a guide: from the answers in an address to the next question, or to the report.

State is the answers alone, `{question id: answer id}`, so every step can be linked and one answer changed keeps the
others. Answers become facts and reasons for the same engine that reads uploads; what an upload told counts as given.

The next question is the one worth most: what it is expected to tell (in bits, over the causes still possible) for each
minute it costs; the written order holds unless another question is clearly better, and decides where nothing is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from troubleshoot.diagnosis.diagnose import Diagnosis, Reason, diagnose
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.library import Library
from troubleshoot.guides.tree import UNKNOWN, Answer, Given, Guide, Question

CLEARLY_BETTER = 1.5  # times the worth of the written next question
SURE_ENOUGH = 0.8  # "very likely" (design.md): asking on would cost more than it tells
WORTH_ASKING = 0.02  # bits a minute; below, the answer would change nothing
SETUP_MINUTES = 1.0  # turning to a terminal costs about this, whatever the command


@dataclass(frozen=True, slots=True)
class Told:
    """One answered question: by the person, or given by an upload with its line."""

    question: Question
    answer: Answer | None  # None: "I don't know"
    is_given: bool = False
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Where a walk stands: what is told, what is asked next and why (None: the report), and how many are left."""

    told: tuple[Told, ...]
    question: Question | None
    because: str  # written | worth | start
    left: int
    diagnosis: Diagnosis
    facts: Facts


def clean(guide: Guide, state: Mapping[str, str]) -> dict[str, str]:
    """The state without what this guide does not know, in the order of the address (sorted)."""
    return {
        key: value
        for key, value in sorted(state.items())
        if key in guide.questions and (value == UNKNOWN or guide.questions[key].answer(value))
    }


def walk(guide: Guide, state: Mapping[str, str], library: Library, known: Facts | None = None) -> Step:
    """Where these answers lead. `known`: the facts of an uploaded case; what it answers is not asked again."""
    state = clean(guide, state)
    told: dict[str, Told] = {}
    for question in guide.questions.values():
        if question.id in state:
            told[question.id] = Told(question, question.answer(state[question.id]))
        elif known and (given := given_answer(question, known)):
            told[question.id] = given
    facts, reasons = as_evidence(guide, told.values(), known)
    diagnosis = diagnose(facts, library, extra=reasons)
    written = next_written(guide, told)
    asked, because = choose(guide, told, written, diagnosis)
    left = 0 if asked is None else questions_left(guide, told, written, diagnosis)
    return Step(
        tuple(told[q] for q in in_order(guide, told)),
        asked,
        "start" if not told and asked else because,
        left,
        diagnosis,
        facts,
    )


def in_order(guide: Guide, told: Mapping[str, Told]) -> list[str]:
    """The told questions in the written order of the way, then the rest."""
    way, node = [], guide.start
    while node in told and node not in way:
        way.append(node)
        answer = told[node].answer
        node = answer.then if answer else told[node].question.unknown_then
    return way + [q for q in guide.questions if q in told and q not in way]


def given_answer(question: Question, known: Facts) -> Told | None:
    """The answer that an upload already gives, with the line that gives it."""
    for answer in question.answers:
        for given in answer.given:
            holds, line = check_given(given, known)
            if holds:
                return Told(question, answer, True, line)
    return None


def check_given(given: Given, known: Facts) -> tuple[bool, Line | None]:
    timeline = known.timeline
    if given.signature:
        lines = known.hit(given.signature)
        return bool(lines), lines[0] if lines else None
    if given.fact:
        lines = known.lines(given.fact)
        return known.value(given.fact) == given.is_, lines[0] if lines else None
    if timeline is None:
        return False, None
    if given.stuck_in:
        return timeline.stuck_in == given.stuck_in, timeline.last_line
    return timeline.outcome == given.outcome, timeline.last_line


def as_evidence(guide: Guide, told: Iterable[Told], known: Facts | None) -> tuple[Facts, list[Reason]]:
    """The upload's facts and the answers', and what the answers speak for and against."""
    facts = Facts(
        list(known.facts) if known else [],
        dict(known.hits) if known else {},
        list(known.matrices) if known else [],
        known.timeline if known else None,
        list(known.documents) if known else [],
    )
    reasons = [
        Reason(f"guide:{guide.id}", cause, "confirms", weight, guide.title, ())
        for cause, weight in guide.speaks.items()
    ]
    for one in told:
        if one.answer is None or one.is_given:
            continue  # an upload's own lines have spoken already
        facts.add(Fact(name, value, source="answer") for name, value in one.answer.facts.items())
        facts.add([Fact("observed", f"{one.question.id}={one.answer.id}", source="answer")])
        says = one.answer.means or one.answer.says
        for cause, weight in one.answer.speaks.items():
            role = "confirms" if weight > 0 else "contradicts"
            reasons.append(Reason(f"{one.question.id}={one.answer.id}", cause, role, weight, says, ()))
    return facts, reasons


def next_written(guide: Guide, told: Mapping[str, Told]) -> Question | None:
    """The first question on the written way that is not told; None when the way has ended."""
    node = guide.start
    seen: set[str] = set()
    while node in guide.questions and node not in seen:
        seen.add(node)
        if node not in told:
            return guide.questions[node]
        answer = told[node].answer
        node = answer.then if answer else guide.questions[node].unknown_then
    return None


def choose(
    guide: Guide, told: Mapping[str, Told], written: Question | None, diagnosis: Diagnosis
) -> tuple[Question | None, str]:
    """The next question and why: "worth" (it tells most for its cost) or "written"."""
    leading = max(diagnosis.families.values(), default=0.0)
    if told and (leading >= SURE_ENOUGH or diagnosis.verdict == "healthy"):
        return None, "written"
    if not told:
        return written, "written"
    open_questions = ahead(guide, told, written)
    worth = {q.id: value(q, diagnosis) for q in open_questions}
    best = max(open_questions, key=lambda q: worth[q.id], default=None)
    if written is None:
        return (best, "worth") if best and worth[best.id] >= WORTH_ASKING else (None, "written")
    if best and best.id != written.id and worth[best.id] > CLEARLY_BETTER * max(worth[written.id], WORTH_ASKING):
        return best, "worth"
    return written, "written"


def ahead(guide: Guide, told: Mapping[str, Told], written: Question | None) -> list[Question]:
    """The open questions that mean something now: the written next one, and those beyond it that stand alone."""
    onward = {written.id} if written else {guide.start}
    for _ in guide.questions:
        onward |= {target for source, _, target in guide.leads() if source in onward and target in guide.questions}
    return [
        question
        for question in guide.questions.values()
        if question.id not in told and question.id in onward and (question is written or not question.in_order)
    ]


def value(question: Question, diagnosis: Diagnosis) -> float:
    """Bits that the answer is expected to tell about the causes, for each minute it costs."""
    causes = {finding.cause: finding.confidence for finding in diagnosis.every.values() if finding.confidence > 0.001}
    rest = max(1 - sum(causes.values()), 1e-6)
    prior = {**causes, "": rest}
    # How likely each answer is under each cause: what it speaks for (log-odds), against the question's other answers.
    likely: dict[str, dict[str, float]] = {}
    for cause in prior:
        odds = {a.id: math.exp(min(a.speaks.get(cause, 0.0), 3.0)) for a in question.answers}
        whole = sum(odds.values())
        likely[cause] = {answer: o / whole for answer, o in odds.items()}
    before = entropy(list(prior.values()))
    after = 0.0
    for answer in question.answers:
        joint = [prior[cause] * likely[cause][answer.id] for cause in prior]
        probability = sum(joint)
        after += probability * entropy([j / probability for j in joint])
    cost = question.minutes + SETUP_MINUTES + (5.0 if question.root else 0.0) + (30.0 if question.reboot else 0.0)
    return (before - after) / cost


def entropy(probabilities: list[float]) -> float:
    return -sum(p * math.log2(p) for p in probabilities if p > 0)


def questions_left(guide: Guide, told: Mapping[str, Told], written: Question | None, diagnosis: Diagnosis) -> int:
    """About how many questions are still to come: those worth asking, the open one included."""
    worth = [q for q in ahead(guide, told, written) if value(q, diagnosis) >= WORTH_ASKING]
    return max(1, min(len(worth), 5))
