"""Our guides, walked without a browser: each ends, asks nothing twice, and leads to a cause with its remedies."""

from __future__ import annotations

import random
import tomllib
from functools import cache

import pytest

from tests.diagnosis.judging import known
from tests.diagnosis.reading import facts_of
from tests.guides.corpus import ANSWERS, MOST_AFTER, MOST_ALONE, RECORDED, said
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.diagnosis.remedies import offers
from troubleshoot.diagnosis.rules import may_speak
from troubleshoot.guides.load import REPORT, load_guides
from troubleshoot.guides.tree import OUTCOME, UNKNOWN, Guide
from troubleshoot.guides.walk import Step, Told, as_evidence, walk


@cache
def library() -> Library:
    return load_library()


GUIDES = load_guides((), load_library().causes)
STARTING = GUIDES["stuck-in-starting"]


def outcomes(guide: Guide) -> set[str]:
    """Every cause that the guide names as its end or that an answer of it speaks for."""
    ends = {then.removeprefix(OUTCOME) for _, _, then in guide.leads() if then.startswith(OUTCOME)}
    return ends | {
        c for q in guide.questions.values() for a in q.answers for c, weight in a.speaks.items() if weight > 0
    }


def step(guide: Guide = STARTING, known: Facts | None = None, **answers: str) -> Step:
    return walk(guide, {name.replace("_", "-"): answer for name, answer in answers.items()}, library(), known)


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
def test_every_outcome_has_a_remedy_for_every_install_method(guide: Guide):
    for cause in outcomes(guide):
        given = offers(cause, Facts([]), library())
        methods = {snippet["method"] for remedy in given for snippet in remedy["snippets"]}
        lacking = set(library().install_methods) - {"host"} - methods
        assert "host" in methods or not lacking, f"{guide.id}: {cause} has nothing for {sorted(lacking)}"


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
def test_a_guide_ends_whatever_is_answered_and_asks_nothing_twice(guide: Guide):
    dice = random.Random(7)
    for walk_number in range(12):
        state: dict[str, str] = {}
        while question := walk(guide, state, library()).question:
            assert question.id not in state
            choices = [answer.id for answer in question.answers] + [UNKNOWN]
            state[question.id] = UNKNOWN if walk_number == 0 else dice.choice(choices)
        assert len(state) <= len(guide.questions)


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
def test_who_knows_nothing_at_all_is_told_no_cause(guide: Guide):
    nothing = walk(guide, dict.fromkeys(guide.questions, UNKNOWN), library())

    assert nothing.question is None
    assert said(nothing.diagnosis) == "insufficient-evidence"


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
def test_where_the_guide_names_a_cause_the_engine_names_it_too(guide: Guide):
    for question in guide.questions.values():
        for answer in question.answers:
            if not answer.then.startswith(OUTCOME):
                continue
            state = {question.id: answer.id, **way_to(guide, question.id)}
            assert said(walk(guide, state, library()).diagnosis) == answer.then.removeprefix(OUTCOME), state


def way_to(guide: Guide, wanted: str) -> dict[str, str]:
    """The shortest answers that lead from the start to this question."""
    ways: dict[str, dict[str, str]] = {guide.start: {}}
    while wanted not in ways:
        for source, answer, target in guide.leads():
            if source in ways and target not in ways and target != REPORT:
                ways[target] = {**ways[source], source: answer}
    return ways[wanted]


def test_a_question_that_narrows_an_answer_is_asked_only_after_it():
    for answer in STARTING.questions["last-line"].answers:
        asked = step(last_line=answer.id).question
        assert asked is None or not asked.in_order or asked.id == answer.then


@pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
def test_no_rule_is_passed_over_that_would_speak(guide: Guide):
    draw = random.Random(guide.id)
    for count in [*range(len(guide.questions) + 1), *[len(guide.questions)] * 20]:
        asked = draw.sample(list(guide.questions.values()), count)
        facts, _ = as_evidence(guide, [Told(one, draw.choice(one.answers)) for one in asked], None)
        speaking = [rule.id for rule in library().rules if rule.find(facts)]
        assert [rule.id for rule in may_speak(library().rules, facts) if rule.find(facts)] == speaking


def test_rules_are_passed_over_only_where_no_text_was_read():
    read = facts_of("$ systemd-detect-virt --vm\nkvm\n")
    told = Facts(read.facts)

    assert list(may_speak(library().rules, read)) == list(library().rules)
    assert 0 < len(list(may_speak(library().rules, told))) < len(library().rules) / 2
    assert {rule.id for rule in library().rules if rule.find(told)} <= {
        rule.id for rule in may_speak(library().rules, told)
    }


def test_one_answer_changed_keeps_the_others():
    before = step(last_line="nccl", how_many_nodes="one", which_machine="bare-metal")
    after = step(last_line="nccl", how_many_nodes="one", which_machine="virtual")

    assert {one.question.id for one in before.told} == {one.question.id for one in after.told}
    assert said(before.diagnosis) != said(after.diagnosis) or before.diagnosis.families != after.diagnosis.families


def test_an_answer_that_the_guide_does_not_know_is_no_answer():
    assert step(last_line="bogus", no_such="x").told == ()


def test_what_the_upload_answers_is_not_asked_and_can_be_overruled():
    known = facts_of("$ systemd-detect-virt --vm\nkvm\n")

    given = {one.question.id: one for one in step(known=known).told}
    overruled = {one.question.id: one for one in step(known=known, which_machine="bare-metal").told}

    assert given["which-machine"].is_given
    assert given["which-machine"].answer.id == "virtual"
    assert given["which-machine"].line is not None
    assert not overruled["which-machine"].is_given


RDMA = "node-a:611:680 [1] transport/net_ib.cc:1295 NCCL WARN NET/IB : Got completion with error 12, opcode 0, len 0, vendor err 129"
PORTS = "RuntimeError: Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] no error"


def told_in(guide_id: str, *texts: str) -> dict[str, str]:
    """Question → the answer that these texts give."""
    walked = walk(GUIDES[guide_id], {}, library(), known(*texts))
    return {one.question.id: one.answer.id for one in walked.told if one.answer and one.is_given}


def test_a_line_that_names_a_cause_answers_what_the_error_says():
    assert told_in("nccl-error", RDMA)["which-text"] == "ib"
    assert told_in("nccl-error", PORTS)["which-text"] == "socket"


def test_of_two_causes_the_line_that_came_first_answers():
    assert told_in("nccl-error", f"{PORTS}\n{RDMA}")["which-text"] == "socket"
    assert told_in("nccl-error", f"{RDMA}\n{PORTS}")["which-text"] == "ib"


def test_what_is_recorded_of_the_corpus_keeps_to_the_figures():
    recorded = tomllib.loads(RECORDED.read_text(encoding="utf-8"))
    for way, most in (("alone", MOST_ALONE), ("after-upload", MOST_AFTER)):
        taken = sorted(one["questions"] for one in recorded[way].values() if one["right"])
        assert taken[len(taken) // 2] <= most


def test_the_answers_of_the_corpus_are_answers_of_their_guide():
    for name, of in tomllib.loads(ANSWERS.read_text(encoding="utf-8")).items():
        for question, answer in of["answers"].items():
            asked = GUIDES[of["guide"]].questions.get(question)
            assert asked is not None, f"{name}: {of['guide']} asks no {question}"
            assert asked.answer(answer), f"{name}: {question} = {answer} is not in {of['guide']}"
