"""dmesg and the kernel's journal: Xid and SXid, IOMMU state and faults, the OOM killer, bus errors.

Samples:

    [  812.481234] NVRM: Xid (PCI:0000:41:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
    [    0.412000] iommu: Default domain type: Translated
    [  900.000001] nvidia 0000:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0014 address=0x2800000000 flags=0x0030]

Forms: domain/nccl.md §4.4, §5. A number in prose ("Xid 79 means …") is no event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

XID = lazy_re.compile(
    r"NVRM:\s*(?:GPU\S*\s+)?Xid \((?:PCI:)?(?P<pci>[0-9A-Fa-f:.]+)[^)]{0,20}\):\s*(?P<number>\d{1,4})\b(?:\s*,\s*(?P<text>.*))?"
)
# A terminal broke the line before the number.
XID_BROKEN = lazy_re.compile(r"NVRM:\s*(?:GPU\S*\s+)?Xid \([^)]{4,40}\):$")
# Kubernetes' device plugin watches for Xids and tells the one that it found.
XID_WATCHED = lazy_re.compile(r"XidCriticalError: Xid=(?P<number>\d{1,4}) on Device=(?P<gpu>[\w-]+)")
SXID = lazy_re.compile(r"SXid \((?:PCI:)?(?P<pci>[0-9A-Fa-f:.]+)\):\s*(?P<number>\d+)")
DOMAIN_TYPE = lazy_re.compile(r"iommu: Default domain type: (?P<type>Translated|Passthrough)", re.I)
IOMMU_ON = lazy_re.compile(
    r"DMAR: IOMMU enabled|(?:DMAR|PCI-DMA): Intel\(R\) Virtualization Technology for Directed I/O|perf/amd_iommu: Detected|AMD-Vi: (?:Found IOMMU|Interrupt remapping enabled|IOMMU performance|Lazy IO/TLB|Initialized for Passthrough|Virtual APIC enabled)|Adding to iommu group \d+|DMAR: Using Queued invalidation|arm-smmu\S*: .*(?:probing|features)"
)
AMD_PASSTHROUGH = lazy_re.compile(
    r"AMD-Vi: Initialized for Passthrough Mode|DMAR: Hardware identity mapping|Using (?:default )?passthrough", re.I
)
GROUP = lazy_re.compile(r"^\s*IOMMU [Gg]roup:? \d+:?(?:\s|$)|/sys/kernel/iommu_groups/\d+/devices/")
# /sys/kernel/iommu_groups/<n>/type, by grep or by cat with its answer below (domain/nccl.md §4.4).
GROUP_TYPE = lazy_re.compile(r"/sys/kernel/iommu_groups/[^/\s]+/type\b(?::\s*(?P<type>\S+))?")
GROUP_TYPES = {"DMA": "translated", "DMA-FQ": "translated", "identity": "passthrough"}
UNITS = lazy_re.compile(r"^\s*(?:(?:dmar|ivhd)\d+\s*)+$")  # what /sys/class/iommu lists
STATE_OFF = lazy_re.compile(
    r"IOMMU(?: State)?\s*:\s*[Dd]isabled|AMD-Vi: .*(?:disabled by|not enabled)|DMAR: IOMMU (?:disabled|not found)|iommu: .*[Dd]isabled on kernel command line"
)
STATE_ON = lazy_re.compile(r"IOMMU(?: State)?\s*:\s*[Ee]nabled")
FAULT = lazy_re.compile(
    r"(?:(?P<driver>\S+) (?P<bdf>[0-9a-f:.]{7,12}):\s*)?AMD-Vi: Event logged|IO_PAGE_FAULT(?: device=(?P<device>[0-9a-f:.]+))?|DMAR: \[[A-Z][\w ]*\] Request device \[?(?P<intel>[0-9a-f:.]+)\]?|arm-smmu-v3 \S+ event 0x10"
)
ADDRESS = lazy_re.compile(r"(?:fault addr|address=)\s*(0x[0-9a-f]+|[0-9a-f]+)")
OOM = lazy_re.compile(
    r"(?:Out of memory|[Mm]emory cgroup out of memory)[^K]*Killed process \d+ \((?P<name>[^)]+)\)|oom-kill:.*task=(?P<task>[^,]+)|(?P<invoked>\S+) invoked oom-killer"
)
AER = lazy_re.compile(r"AER: .*(?:error|Error)|PCIe Bus Error")
SEGFAULT = lazy_re.compile(r"segfault at .* in (?P<library>\S+?)\[")
RM_FAIL = lazy_re.compile(
    r"NVRM: (?:RmInitAdapter failed|API mismatch|The NVIDIA probe routine failed|GPU .*fallen off the bus)"
)
# At loading, and in /proc/driver/nvidia/version.
DRIVER = lazy_re.compile(
    r"NVRM(?::\s*loading| version:) NVIDIA UNIX (?:Open Kernel Module for )?\S+ (?:Kernel Module)?\s*(?P<version>\d{3}\.\d+(?:\.\d+)?)\s"
)
HUNG = lazy_re.compile(r"task (?P<name>\S+):\d+ blocked for more than \d+ seconds")
LONGEST = 2000  # characters of one line; what these formats say stands at its start


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        body = peel(line.text).body[:LONGEST]
        if XID_BROKEN.search(body) and (below := section.document.line(line.number + 1)):
            body += " " + below.text.strip()[:LONGEST]
        if match := XID.search(body):
            number = int(match["number"])
            yield Fact("xids", number, line)
            yield Fact("xid_event", (number, match["pci"], (match["text"] or "").strip()), line)
        elif match := XID_WATCHED.search(body):
            yield Fact("xids", int(match["number"]), line)
            yield Fact("xid_event", (int(match["number"]), match["gpu"], ""), line)
        elif match := SXID.search(body):
            yield Fact("sxids", int(match["number"]), line)
        elif match := DOMAIN_TYPE.search(body):
            yield Fact("iommu", match["type"].lower(), line)
        elif match := GROUP_TYPE.search(body):
            below = section.document.line(line.number + 1)
            kind = match["type"] or (below.text.strip() if below else "")
            if kind in GROUP_TYPES:
                yield Fact("iommu", GROUP_TYPES[kind], line)
        elif STATE_OFF.search(body):
            yield Fact("iommu", "off", line)
        elif AMD_PASSTHROUGH.search(body):
            yield Fact("iommu", "passthrough", line)
        elif match := FAULT.search(body):
            address = ADDRESS.search(body)
            yield Fact("iommu", "on", line)
            bdf = match["bdf"] or match["device"] or match["intel"] or ""
            yield Fact("iommu_fault", (bdf, address[1] if address else "", match["driver"] or ""), line)
        elif any(pattern.search(body) for pattern in (IOMMU_ON, GROUP, STATE_ON, UNITS)):
            yield Fact("iommu", "on", line)
        elif match := OOM.search(body):
            yield Fact("oom_killed", match["name"] or match["task"] or match["invoked"], line)
        elif match := SEGFAULT.search(body):
            yield Fact("kernel_event", ("segfault", match["library"]), line)
        elif match := HUNG.search(body):
            yield Fact("kernel_event", ("hung_task", match["name"]), line)
        elif match := DRIVER.search(body):
            yield Fact("driver_version", match["version"], line)
        elif RM_FAIL.search(body):
            yield Fact("kernel_event", ("nvrm", body.strip()[:200]), line)
        elif AER.search(body):
            yield Fact("kernel_event", ("aer", body.strip()[:200]), line)


FORMATS = (
    Format(
        kind="kernel-log",
        title={"en": "kernel log", "zh-hans": "内核日志"},
        lines=(
            r"NVRM:\s*(?:GPU\S*\s+)?Xid \(",
            r"XidCriticalError: Xid=",
            r"SXid \(",
            r"iommu: Default domain type",
            r"DMAR: ",
            r"AMD-Vi: ",
            r"Adding to iommu group",
            r"IO_PAGE_FAULT",
            r"IOMMU [Gg]roup:? \d+",
            r"/sys/kernel/iommu_groups/",
            r"^\s*(?:dmar|ivhd)\d+(?:\s|$)",
            r"PCI-DMA: Intel|perf/amd_iommu: Detected",
            r"IOMMU(?: State)?\s*:\s*[A-Za-z]",
            r"arm-smmu",
            r"[Oo]ut of memory[^K]*Killed process",
            r"oom-kill:|invoked oom-killer",
            r"PCIe Bus Error|AER: ",
            r"segfault at .* in \S+\[",
            r"NVRM: (?:RmInitAdapter|API mismatch|The NVIDIA probe|GPU .*fallen off)",
            r"NVRM(?::\s*loading| version:) NVIDIA UNIX ",
            r"blocked for more than \d+ seconds",
            r"iommu: .*[Dd]isabled on kernel command line",
            r"DMAR: Hardware identity mapping|[Uu]sing (?:default )?passthrough",
        ),
        parse=parse,
    ),
)
