"""How one line comes to say something, and that no line says what another part of the knowledge denies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.diagnosis.judging import documents_of, judged, known, library
from tests.diagnosis.knowing import at, signature
from troubleshoot.diagnosis.content import ContentError
from troubleshoot.diagnosis.diagnose import sentence
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.signatures import MOST_LINES, Signature, load_signatures, named, speak

SIGNATURE = """\
[[signature]]
id = "ours"
cause = "gpu-oom"
role = "root"
weight = 2.0
patterns = ['''no room''']
says = { en = "a", zh-hans = "a" }
source = "test"
matches = ["no room", "there is no room"]
near_misses = ["room", "some room"]
"""


def ours(pattern: str, **more: object) -> Signature:
    return replace(signature("ours", "gpu-oom", 2.0), patterns=(pattern,), **more)


def hits(document: Document, pattern: str, *numbers: int) -> dict[str, list[int]]:
    """Which lines of `document` the automaton proposed and the signature kept."""
    document.hits = {"ours#0": list(numbers)}
    return {name: [line.number for line in lines] for name, lines in speak([document], {"ours": ours(pattern)}).items()}


def text_of(*lines: str) -> Document:
    return Document("a.log", list(lines), range(1, len(lines) + 1), line_count=len(lines))


# ---- loading


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('role = "root"', 'role = "guilty"', "role"),
        ('source = "test"', "", "source"),
        ("patterns = ['''no room''']", "", "patterns"),
        ('says = { en = "a", zh-hans = "a" }', 'says = { en = "a" }', "zh-hans"),
    ],
)
def test_loading_refuses_a_faulty_signature_and_says_where(tmp_path, old: str, new: str, says: str):
    (tmp_path / "signatures").mkdir()
    path = tmp_path / "signatures" / "ours.toml"
    path.write_text(SIGNATURE)
    assert "ours" in load_signatures((tmp_path,))
    assert old in SIGNATURE
    path.write_text(SIGNATURE.replace(old, new, 1))

    with pytest.raises(ContentError, match=says) as error:
        load_signatures((tmp_path,))

    assert "signatures/ours.toml" in error.value.where


def test_loading_refuses_one_id_twice_and_names_both_places(tmp_path):
    (tmp_path / "signatures").mkdir()
    (tmp_path / "signatures" / "ours.toml").write_text(SIGNATURE + SIGNATURE)

    with pytest.raises(ContentError, match="twice"):
        load_signatures((tmp_path,))


# ---- one line


@pytest.mark.parametrize(
    "line",
    [
        "no room",
        "(Worker_TP1 pid=32) ERROR 03-04 10:00:01 [core.py:708] no room",
        "vllm-1  | (EngineCore_DP0 pid=27) no room",
        "2025-05-16T13:12:16.645427617Z stdout F no room",
        "Aug 19 18:30:22 host-a vllm[8727]: no room",
    ],
)
def test_wrappers_round_a_line_do_not_keep_it_from_speaking(line: str):
    assert ours("^no room$").speaks_on(line)


@pytest.mark.parametrize("line", ["* No Xid lines", "- no room", "- 没有 no room", "> - without no room"])
def test_a_description_that_denies_a_line_does_not_say_it(line: str):
    assert not ours("no room|Xid").speaks_on(line)


def test_an_error_that_begins_with_no_is_no_denial():
    assert ours("No space left").speaks_on("No space left on device")


def test_the_sentence_is_filled_with_what_the_line_says():
    says = {"en": "GPU {gpu} has {free} left.", "zh-hans": "GPU {gpu} 剩 {free}。"}
    spoken = ours(r"GPU (?P<gpu>\d+).*(?P<free>\d+ MiB)?", says=says)

    assert sentence(spoken, at(1, "GPU 3 is full")) == {"en": "GPU 3 has  left.", "zh-hans": "GPU 3 剩 。"}


# ---- many lines


def test_what_the_automaton_proposes_is_confirmed_on_the_line_itself():
    assert hits(text_of("no room", "noise", "no room"), "^no room$", 1, 2, 3) == {"ours": [1, 3]}


def test_a_line_that_was_left_out_of_a_large_text_is_no_evidence():
    assert hits(text_of("no room"), "no room", 7) == {}


def test_a_storm_of_one_line_is_kept_to_its_first_lines():
    assert len(hits(text_of(*["no room"] * 1000), "no room", *range(1, 1001))["ours"]) == MOST_LINES


def test_lines_come_in_the_order_of_the_texts_and_within_each_by_number():
    found = known(
        "second line\nCUDA out of memory. Tried to allocate 1 GiB", "CUDA out of memory. Tried to allocate 2 GiB"
    )

    assert [(line.file, line.number) for line in found.hits["cuda-out-of-memory"]] == [("1.log", 2), ("2.log", 1)]


def test_two_patterns_on_one_line_are_one_reason():
    [document] = documents_of("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB")
    assert sum(name.startswith("cuda-out-of-memory#") for name in document.hits) > 1

    assert len(speak([document], library().signatures)["cuda-out-of-memory"]) == 1


def test_hits_of_formats_are_not_taken_for_signatures():
    document = text_of("no room")
    document.hits = {"vllm#3": [1]}

    assert speak([document], {"ours": ours("no room")}) == {}


# ---- what rules may know


@pytest.mark.parametrize(
    ("made", "names"),
    [
        (signature("s", "gpu-oom", 3.0), [("named_cause", ("s", "gpu-oom"))]),
        (signature("s", "gpu-oom", 0.8), []),
        (signature("s", "gpu-oom", 3.0, "confirms"), []),
        (signature("s", "slow-load", 3.0), []),
        (signature("s", "worker-crash", 3.0), []),
        (signature("s", "worker-crash", 0.3, "cascade"), [("echo", "s")]),
    ],
)
def test_rules_hear_which_lines_name_a_cause_and_which_only_echo(made: Signature, names: list[tuple[str, object]]):
    assert [(fact.name, fact.value) for fact in named({"s": [at(1)]}, {"s": made})] == names


# ---- the whole of the knowledge


HARMLESS = sorted((s.id, line) for s in library().signatures.values() if s.role == "harmless" for line in s.matches)


@pytest.mark.parametrize(("name", "line"), HARMLESS)
def test_a_harmless_line_is_named_and_is_nobodys_fault(name: str, line: str):
    found = judged(line)

    assert name in {reason.id for reason in found.noticed}
    assert found.verdict == "insufficient-evidence"
    roots = {reason.id for finding in found.every.values() for reason in finding.reasons if reason.role == "root"}
    assert not roots


def test_what_is_harmless_never_speaks_for_a_cause():
    for each in library().signatures.values():
        if each.role == "harmless":
            assert not each.cause, each.id
            assert each.weight == 0, each.id
            assert all(weight < 0 for weight in each.also.values()), each.id


def test_echoes_weigh_little():
    for each in library().signatures.values():
        if each.role == "cascade":
            assert 0 < each.weight < 0.5, each.id


@pytest.mark.parametrize("name", sorted(s.id for s in library().signatures.values() if s.role == "root"))
def test_a_root_line_alone_puts_its_own_cause_or_family_first(name: str):
    each = library().signatures[name]
    for line in each.matches:
        first = judged(line).findings[0]

        assert first.cause == each.cause or first.family == library().causes[each.cause].family, (
            f"{line}: {first.cause}"
        )


@pytest.mark.parametrize("name", sorted(s.id for s in library().signatures.values() if s.role == "cascade"))
def test_an_echo_alone_gives_no_verdict(name: str):
    for line in library().signatures[name].matches:
        assert judged(line).verdict == "insufficient-evidence", line
