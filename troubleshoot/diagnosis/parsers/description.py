"""What people write about their machine in their own words: a list of hardware and observations in an issue.

Samples:

    * GPUs: 2x NVIDIA RTX A6000
    * NVLink: None
    - **NCCL**: 2.25.1
    GPU utilization: 100%          Power: approximately 120 W per GPU
    AMD host with the AMD-Vi IOMMU in its default translated mode

Such facts are unsure: a reading of a tool, where there is one, outweighs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

GPUS = lazy_re.compile(
    r"(?P<count>\d+|[Tt]wo|[Tt]hree|[Ff]our|[Ee]ight)\s*[x×*]?\s+(?:NVIDIA\s+)?(?P<model>(?:GeForce\s+)?(?:RTX|GTX|A100|A800|H100|H800|H200|H20|B200|L40S?|L20|L4|A10G?|A40|A30|A[456]000|T4|V100|P100|Tesla)\b[\w \-]{0,30})"
)
COUNTS = {"two": 2, "three": 3, "four": 4, "eight": 8}
NO_NVLINK = lazy_re.compile(r"\b[Nn]o NVLink\b|NVLink\W*:\W*(?:[Nn]one|[Nn]o|N/A)\b|[Ww]ithout NVLink")
LINK = lazy_re.compile(r"(?:topology|topo -m|interconnect)\b[^|]*?\b(?P<code>PIX|PXB|PHB|NODE|SYS)\b", re.I)
NCCL = lazy_re.compile(r"\bNCCL\**\s*[:=]?\**\s*(?:version\s*)?v?(?P<version>2\.\d+\.\d+)")
DRIVER = lazy_re.compile(r"[Dd]river\**\s*(?:[Vv]ersion)?\s*[:=]?\**\s*`?(?P<version>\d{3}\.\d{2,3}(?:\.\d{2})?)")
IOMMU = lazy_re.compile(r"IOMMU\b[^.]*?\b(?P<mode>translated|passthrough|pass-through|enabled|disabled|on|off)\b", re.I)
MODES = {
    "translated": "translated",
    "passthrough": "passthrough",
    "pass-through": "passthrough",
    "enabled": "on",
    "on": "on",
    "disabled": "off",
    "off": "off",
}
ADVICE = lazy_re.compile(r"\b(?:should|try|please|set|add|need|if you|recommend|disable the|turn)\b", re.I)
LOAD = lazy_re.compile(r"GPU[- ]?(?:[Uu]til\w*|[Ll]oad|usage)\W*:?\W*(?P<load>\d{1,3})\s*%")
POWER = lazy_re.compile(r"[Pp]ower\W*(?:draw|usage)?\W*:?\D{0,20}(?P<watts>\d{2,3})\s*W\b")
AMD = lazy_re.compile(r"\bAMD host\b|\bAMD-Vi\b|\bAMD (?:CPU|processor)")
MACHINE = lazy_re.compile(
    r"(?P<virtual>\b(?:in|inside|on|within|using|is) (?:a |an |the )?(?:\w+ ){0,2}(?:virtual machine|VM|KVM guest)\b"
    r"|(?:[Ee]nvironment|[Pp]latform|[Mm]achine|[Hh]ost|[Vv]irtuali[sz]ation)\W*:\W*[^.]*?\b(?:VM|virtual machine|KVM|vSphere|ESXi|Proxmox)\b)"
    r"|(?P<physical>\b(?:bare[- ]metal|physical (?:machine|server|host))\b)",
    re.I,
)
CONTAINER = lazy_re.compile(r"Container\**\s*:\s*\**\s*Docker|[Dd]ocker with `")
LONGEST = 2000  # characters of one line; what these formats say stands at its start


def parse(section: Section) -> Iterator[Fact]:
    load = watts = None
    seen = 0
    for line in section.lines:
        text = peel(line.text).body[:LONGEST]
        if len(text) > 2000:
            continue
        if (match := GPUS.search(text)) and not text.lstrip().startswith("|"):  # nvidia-smi's table is read elsewhere
            count = match["count"].lower()
            yield Fact(
                "gpu_count",
                COUNTS.get(count) or int(count) if count in COUNTS or count.isdigit() else 1,
                line,
                sure=False,
            )
            yield Fact("gpu_model", match["model"].strip(), line, sure=False)
        if NO_NVLINK.search(text):
            yield Fact("nvlink_present", False, line, sure=False)
        if (match := LINK.search(text)) and not ADVICE.search(text):
            yield Fact("described_link", match["code"].upper(), line, sure=False)
        if match := NCCL.search(text):
            yield Fact("nccl_version", match["version"], line, sure=False)
        if match := DRIVER.search(text):
            yield Fact("driver_version", match["version"], line, sure=False)
        if (match := IOMMU.search(text)) and not ADVICE.search(text):
            yield Fact("iommu", MODES[match["mode"].lower()], line, sure=False)
        if AMD.search(text):
            yield Fact("cpu_vendor", "amd", line, sure=False)
        if CONTAINER.search(text):
            yield Fact("install_method", "docker", line, sure=False)
        if match := LOAD.search(text):
            load, seen = (int(match["load"]), line), line.number
        if match := POWER.search(text):
            watts = (int(match["watts"]), line)
        if (match := MACHINE.search(text)) and not ADVICE.search(text):
            yield Fact("virtualized", bool(match["virtual"]), line, sure=False)
    if load and watts and abs(watts[1].number - seen) < 12:
        yield Fact("gpu_load", (0, load[0], watts[0], None, None), load[1], sure=False)
        yield Fact("gpu_load", (1, load[0], watts[0], None, None), watts[1], sure=False)


FORMATS = (
    Format(
        kind="description",
        title={"en": "description in words", "zh-hans": "文字描述"},
        lines=(
            r"(?:\d|[Tt]wo|[Tt]hree|[Ff]our|[Ee]ight)\s*[x×*]?\s+(?:NVIDIA\s+)?(?:GeForce|RTX|GTX|A100|A800|H100|H800|H200|H20|B200|L40|L20|L4|A10|A40|A30|A[456]000|T4|V100|P100|Tesla)",
            r"[Nn]o NVLink|NVLink\W*:|[Ww]ithout NVLink",
            r"(?i)(?:topology|topo -m|interconnect)\b.*\b(?:PIX|PXB|PHB|NODE|SYS)\b",
            r"NCCL\**\s*[:=]?\**\s*(?:version\s*)?v?2\.\d",
            r"[Dd]river\**\s*(?:[Vv]ersion)?\s*[:=]?\**\s*`?\d{3}\.\d",
            r"(?i)iommu\b.*(?:translated|passthrough|pass-through|enabled|disabled)",
            r"GPU[- ]?(?:[Uu]til\w*|[Ll]oad|usage)\W*:?\W*\d",
            r"[Pp]ower\W*(?:draw|usage)?\W*:?.{0,20}\d{2,3}\s*W\b",
            r"AMD host|AMD-Vi|AMD (?:CPU|processor)",
            r"(?i)virtual machine|\bVM\b|bare[- ]metal|physical (?:machine|server|host)",
            r"Container\**\s*:\s*\**\s*Docker|[Dd]ocker with `",
        ),
        parse=parse,
    ),
)
