"""`kubectl describe pod`: how containers ended and what probes said."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values

POD = """
Name:             vllm-0
Namespace:        default
Node:             gpu-1/10.0.0.2
Containers:
  vllm:
    Image:         vllm/vllm-openai:v0.8.5
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       {reason}
      Exit Code:    {code}
    Limits:
      memory:          32Gi
      nvidia.com/gpu:  4
    Environment:
      NCCL_DEBUG:  INFO
Events:
  Warning  Unhealthy  1m  kubelet  Startup probe failed: HTTP probe failed with statuscode: 503
"""


def test_a_container_killed_for_memory_is_told_with_its_pod() -> None:
    facts = facts_of(POD.format(reason="OOMKilled", code=137))

    assert values(facts, "oom_killed") == ["container"]
    assert values(facts, "exit_code") == [("container", 137)]
    assert values(facts, "health_probe") == [("pod", 503)]
    assert facts.value("install_method") == "kubernetes"
    assert facts.value("image") == "vllm/vllm-openai:v0.8.5"
    assert facts.value("gpu_count") == 4
    assert facts.env("NCCL_DEBUG") == "INFO"


def test_a_container_that_ended_well_is_no_failure() -> None:
    facts = facts_of(POD.format(reason="Completed", code=0))

    assert facts.all("oom_killed") == []
    assert facts.all("exit_code") == []


def test_a_description_cut_short_tells_what_is_there() -> None:
    facts = facts_of(POD.format(reason="OOMKilled", code=137).split("Last State")[0])

    assert facts.value("install_method") == "kubernetes"
    assert facts.all("oom_killed") == []


def test_words_about_it_are_none_of_it() -> None:
    facts = facts_of("Reason: OOMKilled means that the limit was reached; Exit Code: 137 is the same\n")

    assert facts.all("oom_killed") == []
    assert facts.all("exit_code") == []


@pytest.mark.parametrize(
    "text",
    [
        '      terminated:\n        exitCode: 137\n        reason: OOMKilled\n    limits:\n      nvidia.com/gpu: "4"\n',
        '{\n      "terminated": {\n        "exitCode": 137,\n        "reason": "OOMKilled"\n      },\n      "nvidia.com/gpu": "4"\n',
    ],
)
def test_a_pod_as_yaml_or_json_tells_how_it_ended(text: str) -> None:
    facts = facts_of(text)

    assert facts.value("gpu_count") == 4
    assert [fact.value for fact in facts.all("exit_code")] == [("container", 137)]
    assert facts.all("oom_killed") != []
