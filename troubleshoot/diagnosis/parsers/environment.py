"""Variables that are really set: `env` output, environment files, what NCCL echoes.

Samples:

    NCCL_P2P_DISABLE=1
    export NCCL_DEBUG=INFO
    NCCL_SOCKET_IFNAME: eth0

In a systemd environment file (`/etc/default/gpustack`) a line that begins with `export` is dropped by systemd
(src/basic/env-file.c): that is told apart as `env_dropped`. A variable inside a sentence is advice, not a setting.
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

OURS = r"(?:NCCL|VLLM|GLOO|SGLANG|SGL|CUDA|TORCH|RAY|HF|GPUSTACK|OMP|LD|MASTER|NVIDIA|HCCL|UCX|FI|OMPI|PYTORCH)_[A-Z0-9_]+|LD_PRELOAD|WORLD_SIZE|RANK"
PLAIN = lazy_re.compile(rf"^\s*(?P<name>{OURS})\s*=\s*(?P<value>[^\s=].*?)?\s*$")
EXPORT = lazy_re.compile(rf"^\s*(?:export|declare -x|setenv|ENV|SET)\s+(?P<name>{OURS})(?:=|\s+)(?P<value>\S.*?)\s*$")
YAML = lazy_re.compile(rf"^\s*(?:-\s*)?[\"']?(?P<name>{OURS})[\"']?\s*[:=]\s*[\"']?(?P<value>[^\"'\s]+)[\"']?,?\s*$")
NAME_VALUE = lazy_re.compile(
    rf"name[\"']?\s*:\s*[\"']?(?P<name>{OURS})[\"']?\s*,\s*[\"']?value[\"']?\s*:\s*[\"']?(?P<value>[^\"'\s,}}]+)"
)
NAME_ALONE = lazy_re.compile(rf"^\s*(?:-\s*)?[\"']?name[\"']?\s*:\s*[\"']?(?P<name>{OURS})[\"']?,?\s*$")
VALUE_ALONE = lazy_re.compile(r"^\s*[\"']?value[\"']?\s*:\s*[\"']?(?P<value>[^\"'\s,]+)[\"']?,?\s*$")
# Of a systemd unit: several settings, each quoted or not.
UNIT = lazy_re.compile(r"^\s*Environment=(?P<settings>\S.*)$")
SETTING = lazy_re.compile(rf"(?:^|[\s\"'])(?P<name>{OURS})=(?P<value>[^\s\"']*)")
FILE_MARK = lazy_re.compile(r"/etc/default/(?!grub)\S+|EnvironmentFile")
OTHER_MARK = lazy_re.compile(r"^\s*(?:[\w.@:~/\[\]() -]{0,80}[$#] \S|==+|\+ \w)")
FARTHEST = 60  # lines between the command that prints an environment file and one of its lines


def in_environment_file(document: Document, line: Line) -> bool:
    """Whether the nearest command above, or heading, shows one of systemd's environment files."""
    at = document.index(line.number)
    for text in reversed(document.texts[max(0, at - FARTHEST) : at]):
        if FILE_MARK.search(text):
            return True
        if OTHER_MARK.match(text):
            return False
    return False


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        text = peel(line.text).body
        if match := EXPORT.match(text):
            name, value = match["name"], match["value"].strip("\"'")
            yield Fact("env_dropped" if in_environment_file(section.document, line) else "env", (name, value), line)
        elif match := UNIT.match(text):
            for setting in SETTING.finditer(match["settings"]):
                yield Fact("env", (setting["name"], setting["value"]), line)
        elif match := NAME_ALONE.match(text):
            below = section.document.line(line.number + 1)
            if below and (value_of := VALUE_ALONE.match(below.text)):
                yield Fact("env", (match["name"], value_of["value"]), below)
        elif match := (PLAIN.match(text) or YAML.match(text) or NAME_VALUE.search(text)):
            yield Fact("env", (match["name"], (match["value"] or "").strip("\"'")), line)


FORMATS = (
    Format(
        kind="environment",
        title={"en": "environment variables", "zh-hans": "环境变量"},
        lines=(
            r"(?:NCCL|VLLM|GLOO|SGLANG|SGL|CUDA|TORCH|GPUSTACK|MASTER|UCX|PYTORCH|NVIDIA|RAY|OMP|OMPI|FI|HCCL)_[A-Z0-9_]+[\"']?\s*[=:,]",
            r"LD_PRELOAD\s*=",
            r"name[\"']?\s*:\s*[\"']?(?:NCCL|VLLM|GLOO|SGLANG|SGL|CUDA|TORCH|GPUSTACK|MASTER|UCX|PYTORCH)_[A-Z0-9_]+",
        ),
        parse=parse,
        print_out=True,
    ),
)
