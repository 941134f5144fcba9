"""The one sentence about a launch: how far it came, and how long a launch that became ready took."""

from __future__ import annotations

import pytest

from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.phases import what_was_seen
from troubleshoot.diagnosis.timeline import PHASES, Phase, Timeline


def seen(outcome: str, seconds: dict[str, float], stuck_in: str | None = None, **values: object) -> dict[str, str]:
    phases = tuple(Phase(one, "done", seconds=seconds.get(one)) for one in PHASES)
    facts = Facts([Fact(name, value) for name, value in values.items()])
    facts.timeline = Timeline(phases=phases, outcome=outcome, stuck_in=stuck_in)
    said = what_was_seen(facts)
    assert said is not None
    return said


def test_a_launch_that_became_ready_is_told_with_its_time_and_its_longest_step():
    said = seen("ready", {"start": 12.0, "load": 200.0, "profile": 40.0}, engine="vllm", tensor_parallel_size=2)

    assert said["en"] == "vLLM on 2 GPUs was ready after 4 min; the longest step was “load weights”, 3 min."
    assert said["zh-hans"] == "vLLM（2 块 GPU）用了 4 分钟就绪，最久的一步是“加载权重”，3 分钟。"


@pytest.mark.parametrize("seconds", [{"start": 3.0, "load": 9.0}, {"load": 12.0}])
def test_no_step_is_called_the_longest_where_none_is_long(seconds):
    assert "longest" not in seen("ready", seconds, engine="vllm")["en"]


def test_without_times_only_that_it_is_ready_is_said():
    assert seen("ready", {}, engine="sglang", engine_version="0.4.6")["en"] == "SGLang 0.4.6 reached its ready line."


def test_what_the_summary_of_a_healthy_start_says_already_is_not_said_again():
    phases = tuple(Phase(one, "done") for one in PHASES)

    assert what_was_seen(Facts(timeline=Timeline(phases=phases, outcome="ready"))) is None


def test_between_a_latin_name_and_chinese_words_stands_a_blank_and_after_a_bracket_none():
    assert seen("crashed", {}, "rendezvous", engine="vllm")["zh-hans"] == "vLLM 在“进程会合”阶段失败。"
    assert seen("crashed", {}, "rendezvous", engine="vllm", tensor_parallel_size=4)["zh-hans"].startswith(
        "vLLM（4 块 GPU）在"
    )
