"""What of a report stands first, what is told once, and what is left out because nobody needs it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diagnosis.judging import documents_of, library
from troubleshoot.diagnosis import shown
from troubleshoot.diagnosis.confidence import in_figures, in_words
from troubleshoot.diagnosis.fact_words import FACT_WORDS
from troubleshoot.diagnosis.facts import VOCABULARY
from troubleshoot.diagnosis.pipeline import examine
from troubleshoot.diagnosis.renderings import as_markdown, as_text, in_language

DOCKER_RUN = """
$ docker run -d --gpus all -p 8000:8000 -v /data:/models \\
    vllm/vllm-openai:v0.9.2 --model /models/m --tensor-parallel-size 2
"""
LITTLE_SHM = """
2025-03-04 10:00:01,283 WARNING services.py:1996 -- WARNING: The object store is using /tmp instead of /dev/shm because /dev/shm has only 67108864 bytes available.
INFO 03-04 10:00:02 [core.py:77] Initializing a V1 LLM engine (v0.9.2) with config: model='/models/m', tensor_parallel_size=2
"""
WRONG_INTERFACE = """
INFO 03-04 10:00:02 [core.py:77] Initializing a V1 LLM engine (v0.9.2) with config: model='/models/m', tensor_parallel_size=2
RuntimeError: Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] no error
"""
HANG = """
INFO 03-04 10:00:00 [core.py:77] Initializing a V1 LLM engine (v0.9.2) with config: model='/models/m', tensor_parallel_size=4
INFO 03-04 10:00:20 [pynccl.py:70] vLLM is using nccl==2.21.5
"""


def report_of(*texts: str, lang: str = "en", method: str | None = None) -> dict[str, Any]:
    return in_language(examine(documents_of(*texts), library()), lang, method)


def first_remedy(report: dict[str, Any]) -> dict[str, Any]:
    remedy: dict[str, Any] = report["causes"][0]["remedies"][0]
    return remedy


def snippet(method: str, **more: Any) -> dict[str, Any]:
    return {"method": method, "text": method, **more}


# ---- which snippets


def test_without_a_choice_the_likeliest_installation_is_shown_and_not_the_hosts_way():
    remedy = first_remedy(report_of(DOCKER_RUN, LITTLE_SHM))

    assert [one["method"] for one in shown.snippets(remedy)[0]] == ["docker"]


def test_a_chosen_installation_is_shown_instead():
    remedy = first_remedy(report_of(DOCKER_RUN, LITTLE_SHM))

    assert [one["method"] for one in shown.snippets(remedy, "compose")[0]] == ["compose"]


def test_what_must_be_found_out_first_stands_before_the_change_itself():
    first, others = shown.snippets(first_remedy(report_of(WRONG_INTERFACE)))

    assert [one["variant"] for one in first[:1]] == ["find-interface"]
    assert "NCCL_SOCKET_IFNAME" in first[1]["text"]
    assert all(one not in first for one in others)


def test_a_limit_of_containers_is_raised_on_the_host_where_there_is_no_container():
    report = report_of(
        "$ systemctl cat vllm\n# /etc/systemd/system/vllm.service\n[Service]\nExecStart=/usr/bin/vllm serve m\n",
        LITTLE_SHM,
    )

    assert [one["variant"] for one in shown.snippets(first_remedy(report))[0]] == ["host-shm"]


def test_ways_that_are_all_the_hosts_are_shown_together():
    remedy = {
        "snippets": [snippet("host", variant="ubuntu", before=True), snippet("host", variant="rhel", before=True)]
    }

    assert shown.snippets(remedy) == (remedy["snippets"], [])


def test_what_only_another_installation_does_is_not_shown_beside_what_everyone_does():
    remedy = {"snippets": [snippet("host", before=True), snippet("docker", unlikely=True)]}

    assert [one["method"] for one in shown.snippets(remedy)[0]] == ["host"]
    assert [one["method"] for one in shown.snippets(remedy, "docker")[0]] == ["host", "docker"]


def test_a_report_that_an_earlier_version_stored_is_shown_too():
    remedy = {"snippets": [snippet("docker"), snippet("compose")]}

    assert shown.snippets(remedy) == ([remedy["snippets"][0]], [remedy["snippets"][1]])
    assert shown.own_files(remedy) == []


# ---- the user's own command


def test_the_users_own_command_comes_back_changed_where_it_is_of_the_shown_installation():
    remedy = first_remedy(report_of(DOCKER_RUN, LITTLE_SHM))

    (own,) = shown.own_files(remedy)
    assert "-v /data:/models" in own["text"]
    assert "--shm-size=16g" in own["text"]
    assert shown.own_files(remedy, "compose") == []


@pytest.mark.parametrize("write", [as_text, as_markdown])
def test_the_exports_give_the_own_command_in_place_of_the_general_one(write):
    written = write(report_of(DOCKER_RUN, LITTLE_SHM))

    assert "-v /data:/models" in written
    assert "docker inspect" not in written


def test_a_next_step_that_starts_it_again_is_the_users_own_command_and_keeps_the_old_container():
    steps = report_of(DOCKER_RUN.replace("-d ", "-d --name llm "), HANG)["next_steps"]

    command = next(step["command"] for step in steps if step["id"] == "nccl-debug")
    assert command.splitlines()[:2] == ["docker stop llm", "docker rename llm llm-before"]
    assert "-v /data:/models" in command
    assert "-e NCCL_DEBUG=INFO" in command


# ---- evidence


def evidence(reason: str, *lines: int, says: str = "") -> list[dict[str, Any]]:
    return [{"file": "a.log", "line": n, "text": f"line {n}", "says": says or reason, "reason": reason} for n in lines]


def test_sentences_about_the_very_same_lines_stand_over_them_together():
    (reason,) = shown.reasons([*evidence("one", 3, 5), *evidence("two", 3, 5)])

    assert reason["sentences"] == ["one", "two"]
    assert [line["line"] for line in reason["lines"]] == [3, 5]


def test_a_vaguer_sentence_about_the_same_line_is_left_out():
    strong = [{**item, "weight": 4.0} for item in evidence("one", 3)]
    vague = [{**item, "weight": 1.8} for item in evidence("exception-of-gpu-memory", 3)]
    faint = [{**item, "weight": 0.6} for item in evidence("faint", 3)]
    second = [{**item, "weight": 1.6} for item in evidence("two", 3)]

    (reason,) = shown.reasons([*strong, *vague, *second, *faint])

    assert reason["sentences"] == ["one", "two"]


def test_a_line_that_stands_above_is_not_printed_again():
    first, second = shown.reasons([*evidence("one", 3, 5), *evidence("two", 5)])

    assert [line["seen"] for line in first["lines"]] == [False, False]
    assert [line["seen"] for line in second["lines"]] == [True]


def test_a_reason_without_a_line_stays_a_reason_of_its_own():
    answers = [{"file": None, "line": None, "text": "", "says": says, "reason": says} for says in ("one", "two")]

    assert [reason["sentences"] for reason in shown.reasons(answers)] == [["one"], ["two"]]


# ---- one number, one word


@pytest.mark.parametrize(
    ("probability", "figures", "word"),
    [(0.797, "0.80", "very likely"), (0.794, "0.79", "likely"), (0.9999, "0.99", "almost certain")],
)
def test_the_word_is_that_of_the_number_as_shown(probability, figures, word):
    assert in_figures(probability) == figures
    assert in_words(probability)["en"] == word


def test_a_cause_of_the_headlines_family_is_told_apart_from_other_causes():
    report = report_of(HANG)

    assert shown.speaks_for_its_family(report)
    assert {cause["id"] for cause in shown.kin(report)} == {"p2p-topology", "p2p-virtualized"}
    assert all(cause["family"] != "p2p" for cause in shown.others(report))
    assert all(not cause["evidence"] for cause in shown.kin(report))


def test_every_fact_of_a_report_has_a_name_for_people():
    assert {name for name, word in VOCABULARY.items() if word.public} - FACT_WORDS.keys() == set()
    assert FACT_WORDS.keys() <= VOCABULARY.keys()


def test_the_exports_in_chinese_use_chinese_marks():
    written = as_text(report_of(HANG, lang="zh-hans"))

    first = written.splitlines()[0]
    assert first.startswith("很可能：")
    assert first.endswith("）")
    assert "1.log：2 行" in written
