"""`docker inspect` (podman's too), indented or on one line: how a container was started and how it ended.

Samples:

    "HostConfig": { "NetworkMode": "host", "IpcMode": "private", "Privileged": false, "ShmSize": 67108864, …
    [{"Id":"5f0d…","Path":"python3","Args":["-m","vllm…"],"State":{"Status":"exited","Running":false,…,"ExitCode":137,…

Lines of it that grep took out are read as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.environment import OURS
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.json_text import enclosed, is_json_line
from troubleshoot.diagnosis.parsers.launch_command import command

VALUE = lazy_re.compile(
    r'"(?P<key>ShmSize|IpcMode|NetworkMode|Privileged|Running|ExitCode|Memory|Name|Image)"\s*:\s*'
    r'(?:"(?P<text>(?:[^"\\]|\\.){0,400})"|(?P<word>true|false)|(?P<number>-?\d{1,18})\b)'
)
LIST = lazy_re.compile(r'"(?P<key>Ulimits|Env|Args|Cmd)"\s*:\s*(?=\[)')
SETTING = lazy_re.compile(rf"(?:{OURS})=")
MOST_UNCLOSED = 3  # lists without end: the text is cut, or no JSON
# The name of a container begins with a slash, that of a limit does not.
CONTAINER = lazy_re.compile(r"^/[\w.-]{1,200}$")


def parse(section: Section) -> Iterator[Fact]:
    running: bool | None = None
    unclosed = 0
    for at, line in enumerate(section.lines):
        for match in VALUE.finditer(line.text):
            if match["key"] == "Running":
                running = match["word"] == "true"
            elif match["key"] != "ExitCode" or running is False:
                for name, value in setting(match):
                    yield Fact(name, value, line)
        past = 0
        for match in LIST.finditer(line.text):
            if match.start() < past or unclosed > MOST_UNCLOSED:
                continue  # inside the one before
            text = enclosed(section.lines, at, match.end())
            past, unclosed = match.end() + len(text), unclosed + (not text)
            words = list_of(text)
            for name, value in told(match["key"], words, '"' in line.text[match.end() :]):
                yield Fact(name, value, line)


def setting(match: re.Match[str]) -> Iterator[tuple[str, Any]]:
    key, text, number = match["key"], match["text"], int(match["number"] or 0)
    if key == "ShmSize" and number > 0:
        yield "shm_bytes", number
        yield "install_method", "docker"
    elif key == "IpcMode" and text:
        yield "ipc_host", text == "host"
    elif key == "NetworkMode" and text:
        yield "host_network", text == "host"
    elif key == "Privileged" and match["word"]:
        yield "privileged", match["word"] == "true"
    elif key == "ExitCode" and match["number"]:
        yield "exit_code", ("container", number)
    elif key == "Memory" and number > 0:
        yield "memory_total_bytes", number
    elif key == "Name" and text and CONTAINER.match(text):
        yield "container_name", text[1:]
    elif key == "Image" and text and not text.startswith("sha256:"):
        yield "image", text


def told(key: str, words: list[Any], on_one_line: bool) -> Iterator[tuple[str, Any]]:
    """What a list tells. Variables that stand each on a line of their own are read with all others (`environment`)."""
    if key == "Ulimits":
        for limit in words:
            if isinstance(limit, dict) and limit.get("Name") == "memlock" and isinstance(limit.get("Soft"), int):
                yield "memlock", "unlimited" if limit["Soft"] < 0 else limit["Soft"]
        return
    texts = [word for word in words if isinstance(word, str)]
    if key == "Env":
        if on_one_line:
            yield from (("env", tuple(text.split("=", 1))) for text in texts if SETTING.match(text))
    else:
        yield from command(texts)


def list_of(text: str) -> list[Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return read if isinstance(read, list) else []


def belongs(text: str, taken: int) -> bool:
    return taken < 5000 and is_json_line(text)


FORMATS = (
    Format(
        "docker-inspect",
        {"en": "docker inspect", "zh-hans": "docker inspect"},
        parse,
        heads=(
            r'"Id"\s*:\s*"[0-9a-f]{64}"',
            r'"(?:ShmSize|IpcMode|NetworkMode|Privileged|OOMKilled|HostConfig|Ulimits)"\s*:',
        ),
        belongs=belongs,
    ),
)
