"""What a compose file, a manifest or `kubectl describe` starts in a container: `command:` and `args:`, however written.

Samples:

    command: ["vllm", "serve", "org/m", "--tensor-parallel-size", "4"]        command: >
    args:                                  Args:                                --model org/m
      - --model=org/m                        --model                            --tensor-parallel-size 4
      - --tensor-parallel-size               org/m
      - "4"                                  --tensor-parallel-size=4

An image has its own entry point, so the words may be flags alone. Only those of an engine are read: other containers have
commands too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.arguments import MODELS, SIZES, kebab
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.launch_command import command, words_of
from troubleshoot.diagnosis.peel import peel

HEAD = lazy_re.compile(r"^(?P<indent>\s*)(?:- )?\"?(?:command|args|Command|Args)\"?\s*:\s*(?P<rest>.*?)\s*$")
KEY = lazy_re.compile(r"^\s*(?:- )?\"?[A-Za-z][\w. /-]{0,60}\"?:(?:\s|$)")
FOLDED = lazy_re.compile(r"^[>|][+-]?\d?$")
ITEM = lazy_re.compile(r"^\s*-\s+(?P<word>.*)$")
SHELL = lazy_re.compile(r"^(?:\S*/)?(?:ba|da|z)?sh$")
STARTED = lazy_re.compile(
    r"\b(?:vllm|sglang|lmdeploy|torchrun|deepspeed|trtllm-serve|text-generation-launcher|ray start|llamafactory-cli)\b"
)
FLAGS = {*SIZES, *MODELS, "served-model-name", "gpu-memory-utilization", "max-model-len"}
MOST_LINES = 80


def parse(section: Section) -> Iterator[Fact]:
    head = section.lines[0]
    match = HEAD.match(shown(head.text))
    if not match:
        return
    words: list[str] = []
    rest = match["rest"].removesuffix(",") if match["rest"].endswith("],") else match["rest"]
    if rest.startswith("["):
        text = rest if rest.endswith("]") else " ".join([rest, *(line.text.strip() for line in section.lines[1:])])
        words = list_of(text[: text.rfind("]") + 1])
    elif rest and not FOLDED.match(rest):
        words = words_of(rest)
    else:
        for line in section.lines[1:]:
            text = shown(line.text)
            item = ITEM.match(text)
            if not item and len(text) - len(text.lstrip()) <= len(match["indent"]):
                break
            words += words_of(item["word"] if item else text.rstrip("\\ "))
    if is_engines(words):
        for name, value in told(words):
            yield Fact(name, value, head)


def shown(text: str) -> str:
    return text if text[:1].isspace() else peel(text).body


def told(words: list[str]) -> Iterator[tuple[str, object]]:
    """A shell's script is several commands in one word."""
    if SHELL.match(words[0]) and any(re.match(r"-\w*c$", word) for word in words[1:3]):
        for one in re.split(r"&&|\|\||[;\n]", words[-1]):
            if STARTED.search(one):
                yield from command(words_of(one))
        return
    yield from command(words)


def is_engines(words: list[str]) -> bool:
    return any(STARTED.search(word) or (word.startswith("-") and kebab(word.split("=")[0]) in FLAGS) for word in words)


def list_of(text: str) -> list[str]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return [word.strip(" '\"") for word in text.strip("[]").split(",")] if text.endswith("]") else []
    return [str(word) for word in read] if isinstance(read, list) else []


def belongs(text: str, taken: int) -> bool:
    return taken < MOST_LINES and bool(text.strip()) and not KEY.match(text)


FORMATS = (
    Format(
        "container-command",
        {"en": "command of a container", "zh-hans": "容器的启动命令"},
        parse,
        heads=(r"^\s*(?:- )?\"?(?:command|args|Command|Args)\"?\s*:",),
        belongs=belongs,
    ),
)
