"""Outputs of other makers' tools: named, so that the report can say what is not covered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

MAKERS = (
    (
        "amd",
        lazy_re.compile(
            r"\brocm-smi\b|\bamd-smi\b|ROCm System Management|RCCL version|\bHIP version\s*:|ROCm version\s*:(?!\s*(?:Could not|N/A|None))",
            re.I,
        ),
    ),
    ("ascend", lazy_re.compile(r"\bnpu-smi\b|\bHCCS\b|vllm[-_]ascend|\bHCCL\b")),
    ("moore-threads", lazy_re.compile(r"\bmthreads-gmi\b|\bMTT S\d")),
    ("iluvatar", lazy_re.compile(r"\bixsmi\b")),
    ("hygon", lazy_re.compile(r"\bhy-smi\b")),
    ("metax", lazy_re.compile(r"\bmx-smi\b")),
    ("cambricon", lazy_re.compile(r"\bcnmon\b")),
)


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        body = peel(line.text).body
        for maker, pattern in MAKERS:
            if pattern.search(body):
                yield Fact("not_covered", maker, line)


FORMATS = (
    Format(
        kind="other-makers",
        title={"en": "another maker's tool", "zh-hans": "其他厂商的工具"},
        lines=(
            r"(?i)\brocm-smi\b|\bamd-smi\b|rocm system management|rccl version|\bhip version\s*:|rocm version\s*:",
            r"\bnpu-smi\b|\bHCCS\b|vllm[-_]ascend|\bHCCL\b",
            r"\bmthreads-gmi\b|\bMTT S\d",
            r"\bixsmi\b|\bhy-smi\b|\bmx-smi\b|\bcnmon\b",
        ),
        parse=parse,
        print_out=True,
    ),
)
