"""Environment reports (torch and vLLM `collect_env`, SGLang `check_env`), lscpu, `pip freeze`: versions and hardware.

Samples (domain/engines.md §5):

    PyTorch version: 2.6.0+cu124             PyTorch version              : 2.6.0+cu124
    Nvidia driver version: 550.54.15         GPU 0: NVIDIA RTX A6000
    nvidia-nccl-cu12==2.21.5                 Hypervisor vendor: KVM

Values such as "Could not collect" and "N/A" tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

VERSION = r"v?(?P<value>\d+(?:\.\d+)+(?:[.+-]?\w+)*)"
KEYS: tuple[tuple[str, re.Pattern[str], bool], ...] = (
    # (fact, pattern, sure): what the engine says in its own log outweighs a package list
    ("torch_version", lazy_re.compile(rf"(?<!build )PyTorch(?: version)?\s*:\s*{VERSION}"), True),
    (
        "driver_version",
        lazy_re.compile(
            r"(?:Nvidia driver version|CUDA Driver Version|NVIDIA driver|^Driver Version)\s*:\s*(?P<value>\d{3}\.\d+(?:\.\d+)?)",
            re.I,
        ),
        True,
    ),
    (
        "cuda_version",
        lazy_re.compile(r"(?:CUDA used to build PyTorch|CUDA runtime version|CUDA Version)\s*:\s*(?P<value>\d+\.\d+)"),
        False,
    ),
    ("engine_version", lazy_re.compile(rf"vLLM Version\s*:\s*{VERSION}"), False),
    ("engine_version", lazy_re.compile(rf"^\s*(?:vllm|sglang)\s*[:=]=?\s*{VERSION}"), False),
    # `pip list` and `conda list` print columns.
    ("engine_version", lazy_re.compile(rf"^\s*(?:vllm|sglang)\s{{2,}}{VERSION}(?:\s|$)"), False),
    ("torch_version", lazy_re.compile(r"^\s*(?:py)?torch\s{2,}(?P<value>\d+\.\d+\.\d+)"), False),
    ("nccl_version", lazy_re.compile(r"nvidia-nccl-cu\d+\s*(?:==|\s)\s*(?P<value>\d+\.\d+\.\d+)"), False),
    # conda's own package of NCCL has a fourth number: the build of the package
    ("nccl_version", lazy_re.compile(r"^\s*nccl\s+(?P<value>2\.\d+\.\d+)(?:\.\d+)?(?:\s|$)"), False),
    ("torch_version", lazy_re.compile(r"^\s*(?:\[pip3\]|\[conda\])?\s*torch==(?P<value>\d+\.\d+\.\d+)"), False),
    (
        "gpu_model",
        lazy_re.compile(
            r"^\s*GPU [\d,]+: (?P<value>(?:NVIDIA|Tesla|GeForce|Quadro|A\d+|H\d+|RTX)[^(\n]*?)\s*(?:\(UUID.*)?$"
        ),
        True,
    ),
)
CPU = lazy_re.compile(r"(?:Vendor ID|Model name|CPU model|BIOS Vendor ID)\s*:\s*(?P<value>\S.*)")
CPU_WORDS = (
    ("AuthenticAMD", "amd"),
    ("AMD EPYC", "amd"),
    ("AMD Ryzen", "amd"),
    ("Threadripper", "amd"),
    ("GenuineIntel", "intel"),
    ("Intel(R)", "intel"),
    ("Xeon", "intel"),
    ("CentaurHauls", "zhaoxin"),
    ("ARM", "arm"),
    ("Neoverse", "arm"),
    ("Kunpeng", "arm"),
    ("POWER", "power"),
)
SHOWN = lazy_re.compile(r"^Name: (?P<name>vllm|sglang|torch|nvidia-nccl-cu\d+)\s*$")  # pip show
SHOWN_FACTS = {"vllm": "engine_version", "sglang": "engine_version", "torch": "torch_version", "nvidia": "nccl_version"}
SGLANG = lazy_re.compile(r"^\s*sglang\s*(?:[:=]=?|\s)\s*v?\d")
GPU_ROW = lazy_re.compile(r"^\s*GPU (?P<indexes>\d+(?:,\d+)*): ")
CPU_LOOSE = lazy_re.compile(r"\b(?:AMD (?:EPYC|Ryzen)|Threadripper)\b|\b(?:Intel\(R\) )?Xeon\b|\bIntel Core\b")
LONGEST = 2000  # characters of one line; what these formats say stands at its start


def parse(section: Section) -> Iterator[Fact]:
    indexes: set[int] = set()
    count_line = None
    # SGLang's own report lists the vLLM that it carries; SGLang is the engine.
    has_sglang = any(SGLANG.match(peel(line.text).body[:LONGEST]) for line in section.lines)
    for line in section.lines:
        text = peel(line.text).body[:LONGEST]
        for name, pattern, sure in KEYS:
            if match := pattern.search(text):
                if name == "engine_version" and has_sglang and not SGLANG.match(text):
                    break
                value = match["value"].split("+")[0] if name == "torch_version" else match["value"].strip()
                yield Fact(name, value, line, sure=sure)
                break
        if match := SHOWN.match(text):
            below = section.document.line(line.number + 1)
            version = re.match(rf"^Version:\s*{VERSION}\s*$", below.text) if below else None
            if below and version:
                yield Fact(SHOWN_FACTS[match["name"].split("-")[0]], version["value"].split("+")[0], below, sure=False)
        if match := GPU_ROW.match(text):
            indexes.update(int(i) for i in match["indexes"].split(","))
            count_line = count_line or line
        if match := CPU.search(text):
            vendor = next((v for word, v in CPU_WORDS if word in match["value"]), None)
            if vendor:
                yield Fact("cpu_vendor", vendor, line)
        elif match := CPU_LOOSE.search(text):
            yield Fact(
                "cpu_vendor", "amd" if "AMD" in match[0] or "Threadripper" in match[0] else "intel", line, sure=False
            )
    if count_line:
        yield Fact("gpu_count", len(indexes), count_line)


FORMATS = (
    Format(
        kind="environment-report",
        title={"en": "environment report or lscpu", "zh-hans": "环境报告或 lscpu"},
        lines=(
            r"PyTorch(?: version)?\s*:\s*\d",
            r"(?i)nvidia driver(?: version)?\s*:\s*\d|CUDA Driver Version\s*:\s*\d|^Driver Version\s*:\s*\d{3}\.",
            r"CUDA (?:used to build PyTorch|runtime version|Version)\s*:\s*\d",
            r"vLLM Version\s*:",
            r"(?:vllm|sglang)\s*[:=]=?\s*v?\d+\.\d",
            r"nvidia-nccl-cu\d+\s*(?:==|\s)\s*\d",
            r"^Name: (?:vllm|sglang|torch|nvidia-nccl-cu\d+)\s*$",
            r"^\s*nccl\s+2\.\d+\.\d",
            r"torch==\d",
            r"^\s*(?:vllm|sglang|torch|pytorch)\s{2,}\d",
            r"GPU [\d,]+: (?:NVIDIA|Tesla|GeForce|Quadro|A\d|H\d|RTX)",
            r"(?:Vendor ID|Model name|CPU model)\s*:",
            r"AMD (?:EPYC|Ryzen)|Threadripper|\bXeon\b|Intel Core",
        ),
        parse=parse,
        print_out=True,
    ),
)
