"""Reads `content/guides/<id>.toml` and refuses a guide that would strand its reader.

id = "stuck-in-starting"
version = 1
start = "last-line"
title = { en = "…", zh-hans = "…" }
intro = { … }
speaks = { worker-crash = -0.5 }       # optional: what having this trouble tells, as log-odds

[[question]]
id = "last-line"
asks = { … }                           # in plain words
why = { … }                            # why this is asked
command = "docker logs gpustack | tail"    # prints the answer
sample = "…"                           # what its output looks like
minutes = 1
root = false
reboot = false
in_order = false                       # true: narrows the answer before it, so it is asked only where the way leads to it
unknown = "gpu-load"                   # where "I don't know" leads

[[question.answer]]
id = "nccl-line"
says = { … }
then = "gpu-load"                      # a question, "cause:<id>" or "report"
means = { … }                          # optional: what it tells, shown as evidence
facts = { engine = "vllm" }            # optional
speaks = { p2p-iommu-acs = 1.5 }       # optional: log-odds
given = [ { stuck_in = "nccl-init" } ] # optional: when an upload already answers so (tree.Given)
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from troubleshoot.diagnosis import content
from troubleshoot.diagnosis.content import ContentError, Entry
from troubleshoot.diagnosis.facts import VOCABULARY
from troubleshoot.guides.tree import OUTCOME, UNKNOWN, Answer, Given, Guide, Question

MOST_ANSWERS = 7  # more than that nobody reads
REPORT = "report"


def load_guides(overlays: tuple[Path, ...] = (), causes: Collection[str] = ()) -> dict[str, Guide]:
    """Every guide by its id, checked. Raises ContentError with file and line. `causes`: the ids that may be named."""
    guides = {}
    for relative, path in content.files("guides", overlays):
        guide = read(relative, path)
        check(guide, causes)
        guides[guide.id] = guide
    return guides


def read(relative: str, path: Path) -> Guide:
    whole = Entry(content.load(relative, path), f"{relative}:1")
    questions = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    at = [n for n, line in enumerate(lines, 1) if line.startswith("[[question]]")]
    for number, values in zip(at, whole.values.get("question", []), strict=True):
        question = read_question(Entry(values, f"{relative}:{number}"))
        if question.id in questions:
            raise ContentError(question.where, f"the question {question.id} is there twice")
        questions[question.id] = question
    return Guide(
        id=whole.need("id"),
        version=whole.need("version", int),
        title=whole.text("title"),
        intro=whole.text("intro"),
        start=whole.need("start"),
        questions=questions,
        where=whole.where,
        speaks=whole.values.get("speaks", {}),
    )


def read_question(entry: Entry) -> Question:
    answers = tuple(read_answer(values, entry.where) for values in entry.values.get("answer", []))
    return Question(
        id=entry.need("id"),
        asks=entry.text("asks"),
        why=entry.text("why"),
        answers=answers,
        unknown_then=entry.need("unknown"),
        command=entry.values.get("command", ""),
        sample=entry.values.get("sample", ""),
        minutes=float(entry.need("minutes", (int, float))),
        root=bool(entry.values.get("root", False)),
        reboot=bool(entry.values.get("reboot", False)),
        in_order=bool(entry.values.get("in_order", False)),
        where=entry.where,
    )


def read_answer(values: dict[str, Any], where: str) -> Answer:
    entry = Entry(values, f"{where} ({values.get('id')})")
    for name in entry.values.get("facts", {}):
        if name not in VOCABULARY:
            raise ContentError(entry.where, f"no fact is called {name}")
    return Answer(
        id=entry.need("id"),
        says=entry.text("says"),
        then=entry.need("then"),
        means=entry.optional_text("means"),
        facts=entry.values.get("facts", {}),
        speaks=entry.values.get("speaks", {}),
        given=tuple(read_given(g, entry.where) for g in entry.values.get("given", [])),
    )


def read_given(values: dict[str, Any], where: str) -> Given:
    known = {"fact", "is", "stuck_in", "outcome", "signature", "cause"}
    if unknown := values.keys() - known:
        raise ContentError(where, f"given has {', '.join(sorted(unknown))}; it may have {', '.join(sorted(known))}")
    return Given(
        values.get("fact", ""),
        values.get("is"),
        values.get("stuck_in", ""),
        values.get("outcome", ""),
        values.get("signature", ""),
        values.get("cause", ""),
    )


def check(guide: Guide, causes: Collection[str] = ()) -> None:
    """Every node known and reachable, every answer leads on, no way in a circle, every outcome a cause."""
    if guide.start not in guide.questions:
        raise ContentError(guide.where, f"start is {guide.start!r}, which is no question of this guide")
    for question in guide.questions.values():
        ids = [answer.id for answer in question.answers]
        if not 2 <= len(ids) <= MOST_ANSWERS:
            raise ContentError(question.where, f"{question.id} has {len(ids)} answers; 2 to {MOST_ANSWERS} are right")
        if len(set(ids)) < len(ids) or UNKNOWN in ids:
            raise ContentError(question.where, f"{question.id} has an answer id twice, or one called {UNKNOWN}")
        for answer in question.answers:
            for cause in answer.speaks:
                if causes and cause not in causes:
                    raise ContentError(question.where, f"{answer.id} speaks for {cause}, which is no cause")
            for cause in filter(None, (given.cause for given in answer.given)):
                if causes and cause not in causes:
                    raise ContentError(question.where, f"{answer.id} is given by {cause}, which is no cause")
    for source, answer_id, target in guide.leads():
        is_outcome = target == REPORT or (
            target.startswith(OUTCOME) and (not causes or target.removeprefix(OUTCOME) in causes)
        )
        if target not in guide.questions and not is_outcome:
            raise ContentError(guide.questions[source].where, f"{answer_id} leads to {target!r}, which is nowhere")
    check_reachable(guide)


def check_reachable(guide: Guide) -> None:
    onward: dict[str, set[str]] = {q: set() for q in guide.questions}
    for source, _, target in guide.leads():
        if target in guide.questions:
            onward[source].add(target)
    done: set[str] = set()
    path: list[str] = []

    def visit(node: str) -> None:
        if node in path:
            raise ContentError(
                guide.where, f"the guide goes in a circle: {' → '.join([*path[path.index(node) :], node])}"
            )
        if node in done:
            return
        path.append(node)
        for target in sorted(onward[node]):
            visit(target)
        path.pop()
        done.add(node)

    visit(guide.start)
    if lost := guide.questions.keys() - done:
        raise ContentError(guide.where, f"no answer leads to {', '.join(sorted(lost))}")
