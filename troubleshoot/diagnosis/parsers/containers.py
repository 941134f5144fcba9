"""How a container was started: `docker run`, compose files, Kubernetes manifests and `describe`.

Samples:

    docker run -d --gpus all --shm-size=1g -e NCCL_P2P_DISABLE=1 --name llm vllm/vllm-openai:v0.8.5
    shm_size: "16gb"                 ipc: host
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
SIZE = lazy_re.compile(r"^(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[bkmg]?)(?:i?b)?$", re.I)
ENV_NAME = lazy_re.compile(r"^[A-Za-z_]\w*$")
RUN = lazy_re.compile(r"\b(?:docker|podman|nerdctl)\s+(?:container\s+)?(?:run|create)\b")
WITH_VALUE = {"-e", "--env", "-v", "--volume", "-p", "--publish", "--name", "--gpus", "--shm-size", "--ipc", "--network", "--net", "--ulimit", "--runtime", "--mount", "--entrypoint", "-w", "--restart", "--env-file", "--cpuset-cpus", "--memory", "-m", "--device", "--cap-add", "--security-opt", "--hostname", "-u", "--user", "--pid", "--label", "-l", "--platform", "--add-host"}  # fmt: skip
COMPOSE_SHM = lazy_re.compile(r"^\s*shm_size\s*:\s*[\"']?(?P<size>[\w.]+)")
COMPOSE_IPC = lazy_re.compile(r"^\s*ipc\s*:\s*[\"']?(?P<mode>host|private|shareable)\b")
KUBE = lazy_re.compile(
    r"^\s*(?:\"?kind\"?:\s*\"?(?:Deployment|Pod|StatefulSet|DaemonSet|LeaderWorkerSet|InferenceService)\"?|apiVersion:\s*(?:apps/v1|v1|leaderworkerset\S*)),?\s*$"
)
COMPOSE_IMAGE = lazy_re.compile(r"^\s{2,}(?:- )?\"?image\"?\s*:\s*[\"']?(?P<image>[\w./:@-]+)")
COMPOSE_NAME = lazy_re.compile(r"^\s{2,}container_name\s*:\s*[\"']?(?P<name>[\w.-]+)[\"']?\s*$")
COMPOSE_NETWORK = lazy_re.compile(r"^\s{2,}network_mode\s*:\s*[\"']?(?P<mode>\w+)")
MEMLOCK = lazy_re.compile(r"^\s{2,}memlock\s*:\s*(?P<limit>-?\d{1,15})?\s*$")
SOFT = lazy_re.compile(r"^\s+soft\s*:\s*(?P<limit>-?\d{1,15})\s*$")
SWITCH = lazy_re.compile(
    r"^\s+(?:- )?\"?(?P<key>privileged|hostNetwork|hostIPC)\"?\s*:\s*[\"']?(?P<value>true|false)[\"']?,?\s*$"
)
SWITCHES = {"privileged": "privileged", "hostNetwork": "host_network", "hostIPC": "ipc_host"}
SERVICES = lazy_re.compile(r"^services\s*:\s*$")
MEDIUM = lazy_re.compile(r"[mM]edium\"?\s*:\s*[\"']?Memory")
SIZE_LIMIT = lazy_re.compile(r"[sS]izeLimit\"?\s*:\s*[\"']?(?P<size>[\d.]+)(?P<unit>[KMGT]i)")


def bytes_of(text: str) -> int | None:
    match = SIZE.match(text.strip("\"'"))
    return int(float(match["number"]) * UNITS[match["unit"].lower()]) if match else None


def parse_run(section: Section) -> Iterator[Fact]:
    """`docker run` with its continuation lines."""
    text = " ".join(peel(line.text).body.strip().rstrip("\\") for line in section.lines)
    head = section.lines[0]
    match = RUN.search(text)
    if not match:
        return
    try:
        words = shlex.split(text[match.end() :], comments=True)
    except ValueError:
        words = text[match.end() :].split()
    if not words or not any(word.startswith("-") for word in words[:3]):
        return  # "docker run" in a sentence
    yield Fact("install_method", "docker", head)
    yield from options(words, head)


def options(words: list[str], line: Line) -> Iterator[Fact]:
    at = 0
    while at < len(words):
        word = words[at]
        if not word.startswith("-"):
            yield Fact("image", word, line)
            return
        name, equals, value = word.partition("=")
        if not equals and name in WITH_VALUE and at + 1 < len(words):
            at += 1
            value = words[at]
        at += 1
        if name in ("-e", "--env"):
            key, _, setting = value.partition("=")
            if ENV_NAME.match(key):
                yield Fact("env", (key, setting), line)
        elif name == "--shm-size" and (size := bytes_of(value)):
            yield Fact("shm_bytes", size, line)
        elif name == "--ipc":
            yield Fact("ipc_host", value == "host", line)
        elif name in ("-v", "--volume") and value.startswith("/dev/shm:/dev/shm"):  # noqa: S108  # a mount, no file of ours
            yield Fact("ipc_host", True, line)  # not the namespace, but the memory, which is what counts
        elif name in ("--network", "--net"):
            yield Fact("host_network", value == "host", line)
        elif name == "--privileged":
            yield Fact("privileged", True, line)
        elif name == "--name":
            yield Fact("container_name", value, line)
        elif name == "--ulimit" and value.startswith("memlock="):
            limit = value.removeprefix("memlock=").split(":")[0]
            yield Fact(
                "memlock", "unlimited" if limit == "-1" else int(limit) if limit.isdigit() else "unlimited", line
            )


def run_belongs(text: str, taken: int) -> bool:
    return taken < 80 and (text.lstrip().startswith("-") or text.rstrip().endswith("\\"))


def lies_in_memory(document: Document, line: Line) -> bool:
    """Whether the volume with this limit says `medium: Memory`, beside its limit; without it, it is a folder on disk."""
    beside = (document.line(line.number + step) for step in (-2, -1, 0, 1, 2))
    return any(MEDIUM.search(near.text) for near in beside if near is not None)


def parse_lines(section: Section) -> Iterator[Fact]:
    """Single settings of compose files and manifests."""
    for line in section.lines:
        text = peel(line.text).body if not line.text[:1].isspace() else line.text
        if (match := COMPOSE_SHM.match(text)) and (size := bytes_of(match["size"])):
            yield Fact("shm_bytes", size, line)
            yield Fact("install_method", "compose", line)
        elif match := COMPOSE_IPC.match(text):
            yield Fact("ipc_host", match["mode"] == "host", line)
            yield Fact("install_method", "compose", line)
        elif KUBE.match(text):
            yield Fact("install_method", "kubernetes", line)
        elif (match := SIZE_LIMIT.search(text)) and lies_in_memory(section.document, line):
            yield Fact(
                "shm_bytes",
                int(float(match["size"]) * {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}[match["unit"]]),
                line,
                sure=False,
            )
        elif SERVICES.match(text):
            yield Fact("install_method", "compose", line)
        elif match := COMPOSE_IMAGE.match(text):
            yield Fact("image", match["image"], line)
        elif match := COMPOSE_NAME.match(text):
            yield Fact("container_name", match["name"], line)
        elif match := COMPOSE_NETWORK.match(text):
            yield Fact("host_network", match["mode"] == "host", line)
        elif match := SWITCH.match(text):
            yield Fact(SWITCHES[match["key"]], match["value"] == "true", line)
        elif (match := MEMLOCK.match(text)) and (limit := match["limit"] or soft_limit(section.document, line)):
            yield Fact("memlock", "unlimited" if int(limit) < 0 else int(limit), line)


def soft_limit(document: Document, line: Line) -> str:
    """Of a limit written as `soft` and `hard` below its name; "" where neither stands there."""
    below = (document.line(line.number + step) for step in (1, 2))
    return next((match["limit"] for near in below if near and (match := SOFT.match(near.text))), "")


FORMATS = (
    Format(
        "docker-run",
        {"en": "docker run", "zh-hans": "docker run"},
        parse_run,
        heads=(r"\b(?:docker|podman|nerdctl)\s+(?:container\s+)?(?:run|create)\b",),
        belongs=run_belongs,
    ),
    Format(
        "container-settings",
        {"en": "container settings", "zh-hans": "容器设置"},
        parse_lines,
        lines=(
            r"^\s*shm_size\s*:",
            r"^\s*ipc\s*:\s*[\"']?(?:host|private|shareable)",
            r"\"?kind\"?:\s*\"?(?:Deployment|Pod|StatefulSet|DaemonSet|LeaderWorkerSet|InferenceService)",
            r"[sS]izeLimit\"?\s*:",
            r"^services\s*:\s*$",
            r"^\s{2,}(?:- )?\"?image\"?\s*:\s*\S",
            r"^\s{2,}(?:container_name|network_mode|memlock)\s*:",
            r"^\s+(?:- )?\"?(?:privileged|hostNetwork|hostIPC)\"?\s*:\s*[\"']?(?:true|false)",
        ),
        print_out=True,
    ),
)
