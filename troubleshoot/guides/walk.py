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
from functools import cache

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
    worth = worth_of(ahead(guide, told, written), diagnosis)
    asked, because = choose(guide, told, written, diagnosis, worth)
    # About how many are still to come: those worth asking, the open one included.
    left = 0 if asked is None else max(1, min(sum(w >= WORTH_ASKING for w in worth.values()), 5))
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


def order_of(line: Line | None, known: Facts) -> tuple[int, int]:
    """Where a line stands in all that was sent."""
    if line is None:
        return len(known.documents), 0
    names = [document.name for document in known.documents]
    return names.index(line.file) if line.file in names else len(names), line.number


def check_given(given: Given, known: Facts) -> tuple[bool, Line | None]:
    timeline = known.timeline
    if given.signature:
        lines = known.hit(given.signature)
        return bool(lines), lines[0] if lines else None
    if given.cause:
        first = min(known.all("named_cause"), key=lambda fact: order_of(fact.line, known), default=None)
        return first is not None and first.value[1] == given.cause, first.line if first else None
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
    guide: Guide, told: Mapping[str, Told], written: Question | None, diagnosis: Diagnosis, worth: Mapping[str, float]
) -> tuple[Question | None, str]:
    """The next question and why: "worth" (it tells most for its cost) or "written"."""
    leading = max(diagnosis.families.values(), default=0.0)
    if told and (leading >= SURE_ENOUGH or diagnosis.verdict == "healthy"):
        return None, "written"
    if not told:
        return written, "written"
    best_id = max(worth, key=lambda q: worth[q], default=None)
    best = guide.questions[best_id] if best_id else None
    if written is None:
        return (best, "worth") if best and worth[best.id] >= WORTH_ASKING else (None, "written")
    if best and best.id != written.id and worth[best.id] > CLEARLY_BETTER * max(worth[written.id], WORTH_ASKING):
        return best, "worth"
    return written, "written"


def ahead(guide: Guide, told: Mapping[str, Told], written: Question | None) -> list[Question]:
    """The open questions that mean something now: the written next one, and those beyond it that stand alone."""
    onward = beyond(guide, written.id if written else guide.start)
    return [q for q in onward if q.id not in told and (q is written or not q.in_order)]


@cache
def beyond(guide: Guide, start: str) -> tuple[Question, ...]:
    """This question and all to which its answers can lead, in the order of the guide."""
    onward, leads = {start}, guide.leads()
    for _ in guide.questions:
        onward |= {target for source, _, target in leads if source in onward}
    return tuple(question for question in guide.questions.values() if question.id in onward)


def worth_of(open_questions: Iterable[Question], diagnosis: Diagnosis) -> dict[str, float]:
    """What each open question is worth: bits that its answer is expected to tell about the causes, a minute it costs.

    What an answer tells is how uncertain it is, less how uncertain it would be if the cause were known.
    """
    likely = {finding.cause: finding.confidence for finding in diagnosis.every.values() if finding.confidence > 0.001}
    every = sum(likely.values())
    rest = max(1 - every, 1e-6)
    whole = every + rest
    worth = {}
    for question in open_questions:
        told_by, cost = answers_under(question)
        spoken = {cause: likely[cause] for cause in told_by if cause in likely}
        count, silent = len(question.answers), whole - sum(spoken.values())
        of_answer = [silent / count] * count
        known = silent * math.log2(count)
        for cause, p in spoken.items():
            shares, uncertain = told_by[cause]
            known += p * uncertain
            of_answer = [sum_ + p * share for sum_, share in zip(of_answer, shares, strict=True)]
        worth[question.id] = (entropy([p / whole for p in of_answer]) - known / whole) / cost
    return worth


@cache
def answers_under(question: Question) -> tuple[dict[str, tuple[tuple[float, ...], float]], float]:
    """How likely each answer is under each cause that the question tells of, how uncertain that is; and the cost.

    An answer is likelier by what it speaks for a cause (log-odds), against the question's other answers.
    """
    told_by = {}
    for cause in {cause for answer in question.answers for cause in answer.speaks}:
        odds = [math.exp(min(answer.speaks.get(cause, 0.0), 3.0)) for answer in question.answers]
        shares = tuple(o / sum(odds) for o in odds)
        told_by[cause] = shares, entropy(shares)
    cost = question.minutes + SETUP_MINUTES + (5.0 if question.root else 0.0) + (30.0 if question.reboot else 0.0)
    return told_by, cost


def entropy(probabilities: Iterable[float]) -> float:
    return -sum(p * math.log2(p) for p in probabilities if p > 0)
