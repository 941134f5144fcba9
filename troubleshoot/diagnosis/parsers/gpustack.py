"""GPUStack's server, worker and instance logs, 0.4 … 2.2 (domain/gpustack.md §7). Samples:

2025-02-25T17:41:21+08:00 - gpustack.worker.backends.vllm - INFO - Starting vllm server
2025-08-05 14:13:15.289640+00:00 - gpustack.worker.backends.base - INFO - Preparing model files...
2026-01-07 03:12:44.101010+00:00 - gpustack.worker.backends.vllm - INFO - With image: gpustack/runner:cuda12.8-vllm0.11.2,
    arguments: [vllm serve /var/lib/m --tensor-parallel-size 4], ports: [40000], envs(inconsistent input items mean unchangeable):
NCCL_P2P_DISABLE=1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.arguments import facts_of_command
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.marks import Mark, Told, table
from troubleshoot.diagnosis.peel import peel

YES = (("gpustack", True),)
DOCKER = (("install_method", "docker"),)
SCRIPT = (("install_method", "script"),)
STATES = "pending|analyzing|scheduled|initializing|downloading|starting|running|error|unreachable"
BACKENDS = {
    "vllm": "vllm",
    "sglang": "sglang",
    "ascend-mindie": "mindie",
    "mindie": "mindie",
    "ascend_mindie": "mindie",
}

# The vLLM that a release brings along (domain/gpustack.md §7.3), for logs that do not name GPUStack's version.
BUNDLED_VLLM = {"0.6.6.post1": "0.5.0", "0.7.2": "0.5.1", "0.8.4": "0.6.0", "0.9.2": "0.7.0", "0.10.1.1": "0.7.1"}
API_SERVER = lazy_re.compile(r"vLLM API server version v?(?P<version>[\w.]+)")


def version(match: re.Match[str]) -> Told:
    if not match["version"].startswith("0.0.0"):  # a development build
        yield "gpustack_version", match["version"]


def backend(match: re.Match[str]) -> Told:
    engine = BACKENDS.get(match["backend"].lower().replace(" ", "-"))
    if engine:
        yield "engine", engine


def arguments(match: re.Match[str]) -> Told:
    """`Run vLLM with arguments: serve <model> --tensor-parallel-size 4 …`"""
    words = match.string[match.end() :].split()
    if len(words) > 1 and words[0] == "serve":
        yield "model", words[1]
    yield from facts_of_command(words)


def left_with(match: re.Match[str]) -> Told:
    yield "exit_code", ("inference server", int(match["code"]))


def state(match: re.Match[str]) -> Told:
    yield "instance_state", match["state"].lower()


# The words alone are not GPUStack's: vLLM says "Starting vLLM server on …" and a kubelet "Pulling image" as well.
SAYS = r"gpustack[\w.]* - [A-Z]+ - .{0,80}"

MARKS = (
    Mark(
        r"- gpustack\.cmd\.start - |Starting GPUStack (?:server|worker)|\[INFO\] Starting gpustack\.",
        "",
        "platform",
        always=YES,
    ),
    Mark(r"GPUStack version: v?(?P<version>\d+\.\d+\.\d+\w*)", "", "", always=YES, tells=version),
    Mark(r"^v(?P<version>\d+\.\d+\.\d+(?:rc\d+)?) \([0-9a-f]{7}\)\s*$", "", "", always=YES, tells=version),
    Mark(r"gpustack/gpustack:v?(?P<version>\d+\.\d+\.\d+\w*)", "", "", always=YES, tells=version),
    Mark(SAYS + r"Retri?e?ving file lock", "L0", "launch", always=YES),
    Mark(SAYS + r"Preparing model files\.\.\.", "L0", "launch", always=YES),
    Mark(SAYS + r"Model files are ready\.", "L0", "close", always=YES),
    Mark(SAYS + r"Starting (?P<backend>v[Ll]{2}[Mm]) server", "L0", "close", always=YES, tells=backend),
    Mark(SAYS + r"Starting (?:llama-box|vox-box|Vox-?Box) ", "L0", "close", always=YES),
    Mark(
        SAYS + r"Starting (?P<backend>vLLM|SGLang|Ascend MindIE)(?: Diffusion)?(?: model instance)?: ",
        "L0",
        "open",
        always=YES,
        tells=backend,
    ),
    Mark(SAYS + r"Starting custom backend model instance: ", "L0", "open", always=YES),
    Mark(
        SAYS + r"Creating (?P<backend>[\w ]{2,30}?) container workload: ",
        "L0",
        "open",
        always=(*YES, *DOCKER),
        tells=backend,
    ),
    Mark(SAYS + r"Created (?P<backend>[\w ]{2,30}?) container workload", "L0", "close", always=YES, tells=backend),
    Mark(SAYS + r"Pulling image ", "L0", "busy", always=YES),
    Mark(SAYS + r"Pulled image ", "L0", always=YES),
    Mark(SAYS + r"Run v[Ll]{2}[Mm] with arguments: ", "L0", tells=arguments, always=YES),
    Mark(SAYS + r"Provisioning model instance ", "L0", "launch", always=YES),
    Mark(SAYS + r"Finished provisioning model instance ", "L0", "close", always=YES),
    Mark(SAYS + r"Start(?:ing|ed|) (?:serving )?model instance \S+? ?on port", "L0", "open", always=YES),
    Mark(
        SAYS + r"waits for (?:all subordinate workers|main worker|previous subordinate worker)",
        "L5",
        "heartbeat",
        always=YES,
    ),
    Mark(SAYS + r"Restarting model instance \S+ \(attempt \d+\)", "", "failed", always=YES),
    Mark(SAYS + r"Inference server exited with code (?P<code>-?\d+)", "", "failed", always=YES, tells=left_with),
    Mark(SAYS + r"Inference server exited or unhealthy", "", "failed", always=YES),
    Mark(SAYS + r"Distributed serving error in subordinate worker", "", "failed", always=YES),
    Mark(SAYS + r"Failed to run (?:vLLM|vllm|SGLang|the custom|\w+ server|server)", "", "failed", always=YES),
    Mark(SAYS + r"Ray exited with code (?P<code>-?\d+), check logs", "", "failed", always=YES, tells=left_with),
    Mark(SAYS + r"Error running health_check_serving_instances", "", "", always=YES),
    Mark(rf'"state": ?"(?P<state>{STATES})".{{0,400}}"state_message"', "", "", tells=state),
    Mark(rf"ModelInstanceStateEnum\.(?P<state>{STATES.upper()})\b", "", "", tells=state),
    # how it was installed (domain/gpustack.md §7.3)
    Mark(r"/pipx/venvs/gpustack/|/var/log/gpustack\.log|/etc/default/gpustack", "", "", always=YES, hints=SCRIPT),
    Mark(
        r"\[INFO\] (?:Saving docker run args|No docker run args passed|Starting gpustack)",
        "",
        "",
        always=(*YES, *DOCKER),
    ),
    Mark(r"Mirrored deployment enabled", "", "", always=YES),
    Mark(r"gpustack_runtime\.deployer\.docker", "", "", always=(*YES, *DOCKER)),
    Mark(r"gpustack_runtime\.deployer\.ku\w+", "", "", always=(*YES, ("install_method", "kubernetes"))),
    Mark(r"- gpustack(?:_runtime)?\.[\w.]+ - [A-Z]+ - ", "", "", always=YES),
)

LINES = table("gpustack-log", {"en": "GPUStack log", "zh-hans": "GPUStack 日志"}, MARKS)

# Stamps of 0.4 … 0.6.2 have a zone and no fraction; containers keep UTC, hosts their own zone.
OLD_STAMP = lazy_re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?P<zone>[+-]\d\d:\d\d) - gpustack\.")


# Only 2.x starts engines in containers of their own; its first two releases call vLLM in the arguments (domain/gpustack.md §7.2).
OF_2 = lazy_re.compile(r"gpustack_runtime\.|container workload|Provisioning model instance ")
OF_2_0 = lazy_re.compile(r"arguments: \[vllm serve ")


def parse(section: Section) -> Iterator[Fact]:
    """What the lines tell, and what their style gives away about version and way of installing."""
    facts = list(LINES.parse(section))
    yield from facts
    told = {fact.name for fact in facts if fact.sure}
    old = next(((line, m["zone"]) for line in section.lines if (m := OLD_STAMP.match(line.text))), None)
    if old and "install_method" not in told:
        line, zone = old
        yield Fact("install_method", "docker" if zone == "+00:00" else "script", line, sure=False)
    of_2 = next((line for line in section.lines if OF_2.search(line.text)), None)
    if "gpustack_version" not in told and of_2:
        is_2_0 = any(OF_2_0.search(line.text) for line in section.lines)
        yield Fact("gpustack_version", "2.0" if is_2_0 else "2.1", of_2, sure=False)
    elif "gpustack_version" not in told and any(".worker." in line.text for line in section.lines):
        for line in section.document:
            if match := API_SERVER.search(line.text):
                if match["version"] in BUNDLED_VLLM:
                    yield Fact("gpustack_version", BUNDLED_VLLM[match["version"]], line, sure=False)
                break


# ---- the block that says what is started, with its environment

WORKLOAD = r"With image: \S+, "
ENVIRONMENT = r"With environment variables\(inconsistent input items mean unchangeable\):"
IMAGE = lazy_re.compile(r"With image: (?P<image>[^\s,]+)")
WORDS = lazy_re.compile(r"(?:command|arguments): \[(?P<words>[^\]]*)\]")
RUNNER = lazy_re.compile(r"runner:.*?(?P<engine>vllm|sglang|mindie)(?P<version>\d+(?:\.\d+)*(?:\.?(?:post|rc)\d+)?)")
VARIABLE = lazy_re.compile(r"^(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)$")


def is_variable(text: str, _taken: int) -> bool:
    return bool(VARIABLE.match(text.strip()))


def parse_workload(section: Section) -> Iterator[Fact]:
    head, *rest = section.lines
    yield Fact("gpustack", True, head)
    for name, value in workload(peel(head.text).body):
        yield Fact(name, value, head)
    for line in rest:
        if match := VARIABLE.match(peel(line.text).body.strip()):
            yield Fact("env", (match["name"], match["value"]), line)


def workload(text: str) -> Iterator[tuple[str, Any]]:
    """Image, engine, version and arguments of a `With image: …` line."""
    if match := IMAGE.search(text):
        yield "install_method", "docker"
        yield "image", match["image"]
        if found := RUNNER.search(match["image"]):
            yield "engine", found["engine"]
            yield "engine_version", found["version"]
    before: list[str] = []
    for match in WORDS.finditer(text):
        words = [word.strip("'\",") for word in match["words"].split()]
        if before[-1:] == ["serve"] and words and not words[0].startswith("-"):
            yield "model", words[0]  # from 2.0.3 on the command stands in a list of its own
        before = words
        if "serve" in words[:2] and len(words) > words.index("serve") + 1:
            yield "model", words[words.index("serve") + 1]
        yield from facts_of_command(words)


FORMATS = (
    Format("gpustack-log", LINES.title, parse, lines=LINES.lines),
    Format(
        "gpustack-workload",
        {"en": "GPUStack's start of an instance", "zh-hans": "GPUStack 实例启动参数"},
        parse_workload,
        heads=(WORKLOAD, ENVIRONMENT),
        belongs=is_variable,
    ),
)
