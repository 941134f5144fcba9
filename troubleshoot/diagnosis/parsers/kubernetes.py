"""`kubectl describe pod`, and `get -o yaml` or json: how its containers ended, what its probes said, what it was given.

Sample:

    Name:             vllm-0
    Namespace:        default
    Node:             gpu-1/10.0.0.2
    Containers:
      vllm:
        Image:         vllm/vllm-openai:v0.8.5
        Last State:     Terminated
          Reason:       OOMKilled
          Exit Code:    137
        Limits:
          nvidia.com/gpu:  4
    Events:
      Warning  Unhealthy  1m  kubelet  Startup probe failed: HTTP probe failed with statuscode: 503
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

NODE = lazy_re.compile(r"^Node:\s+\S+/[\d.]+\s*$")
IMAGE = lazy_re.compile(r"^\s+Image:\s+(?P<image>\S+)\s*$")
KILLED = lazy_re.compile(r"^\s+(?:Reason|reason|\"reason\"):\s+\"?OOMKilled\"?,?\s*$")
EXIT = lazy_re.compile(r"^\s+(?:Exit Code|exitCode|\"exitCode\"):\s+(?P<code>\d{1,3}),?\s*$")
GPUS = lazy_re.compile(r"^\s+\"?nvidia\.com/gpu\"?:\s+[\"']?(?P<count>\d{1,3})[\"']?,?\s*$")
PROBE = lazy_re.compile(r"(?:Startup|Liveness|Readiness) probe failed: .*statuscode: (?P<status>\d{3})")


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        text = line.text if line.text[:1].isspace() else peel(line.text).body
        if NODE.match(text):
            yield Fact("install_method", "kubernetes", line)
            yield Fact("container", "kubernetes", line)
        elif match := IMAGE.match(text):
            yield Fact("image", match["image"], line)
        elif KILLED.match(text):
            yield Fact("oom_killed", "container", line)
        elif (match := EXIT.match(text)) and match["code"] != "0":
            yield Fact("exit_code", ("container", int(match["code"])), line)
        elif match := GPUS.match(text):
            yield Fact("gpu_count", int(match["count"]), line, sure=False)  # of the pod, not of its machine
        elif match := PROBE.search(text):
            yield Fact("health_probe", ("pod", int(match["status"])), line)


FORMATS = (
    Format(
        kind="kubectl-describe",
        title={"en": "kubectl describe", "zh-hans": "kubectl describe"},
        lines=(
            r"^Node:\s+\S+/[\d.]+\s*$",
            r"^\s+Image:\s+\S",
            r"^\s+\"?[Rr]eason\"?:\s+\"?OOMKilled",
            r"^\s+(?:Exit Code|exitCode|\"exitCode\"):\s+\d",
            r"^\s+\"?nvidia\.com/gpu\"?:\s+[\"']?\d",
            r"probe failed: ",
        ),
        parse=parse,
        print_out=True,
    ),
)
