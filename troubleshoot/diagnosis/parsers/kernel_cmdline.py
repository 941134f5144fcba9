"""The kernel's command line, and the boot configuration that makes it: what they say about the IOMMU.

Samples:

    BOOT_IMAGE=/vmlinuz-5.15.0 root=UUID=… ro intel_iommu=on iommu=pt
    GRUB_CMDLINE_LINUX_DEFAULT="quiet amd_iommu=off"
    boot.kernelParams = [ "amd_iommu=on" "iommu=pt" ];
    [    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz …

A sentence that advises an option is no boot configuration. `intel_iommu=` says nothing about an AMD host and the other
way round; when a line sets both apart, nothing is known (kernel-parameters.txt).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

BOOTED = lazy_re.compile(
    r"BOOT_IMAGE=|initrd=\S+.*\binit=|^\s*(?:Kernel )?[Cc]ommand line\s*:|\bGRUB_CMDLINE_LINUX(?:_DEFAULT)?\s*=|^\s*options\s+\S*root=|\bro(?:ot)?=(?:UUID|/dev|LABEL|PARTUUID)\S*|^\s*linux(?:efi|16)?\s+/\S+"
    r"|^\s*(?:boot\.)?kernelParams\s*=|^\s*args=\""
)
COMMENT = lazy_re.compile(r"^\s*#(?!\s*cat )")
OPTION = lazy_re.compile(r"(?<![\w.-])(?:(?P<name>[a-z][\w.-]*)=(?P<value>[^\s\"']+))")
OURS = (
    "iommu",
    "intel_iommu",
    "amd_iommu",
    "iommu.passthrough",
    "iommu.strict",
    "pci",
    "pcie_acs_override",
    "vfio-pci.ids",
    "pcie_aspm",
)
ADVICE = lazy_re.compile(
    r"\b(?:add|set|append|use|try|put|should|example|e\.g\.|edit|change|with|sed|echo)\b|加|改|设|例如", re.I
)
PROC = lazy_re.compile(r"/proc/cmdline|/etc/kernel/cmdline")
NIX_LIST = lazy_re.compile(r"kernelParams\s*=[^\]]*$")
MORE_OPTIONS = lazy_re.compile(r"^[\w.\-/]*[\w=:,./-]+(?:\s+[\w.\-]+(?:=\S*)?)*\s*$")
LONGEST = 2000  # characters of one line; what these formats say stands at its start


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        body = peel(line.text).body[:LONGEST]
        text = whole(section.document, line, body)
        if not is_configuration(section, line.number, body, text):
            continue
        options = [(match["name"], match["value"].strip(",;")) for match in OPTION.finditer(text)]
        for name, value in options:
            if name in OURS:
                yield Fact("kernel_option", f"{name}={value}", line)
        state = iommu_of(dict(options), [f"{n}={v}" for n, v in options])
        if state:
            yield Fact("iommu", state, line)


def whole(document: Document, line: Line, body: str) -> str:
    """The line with what a terminal broke off it, which looks like options, or with the rest of a Nix list."""
    text = body
    for following in document.following(line.number + 1):
        if len(text) > 4000:
            break
        if not NIX_LIST.search(text) and (not MORE_OPTIONS.match(following.text) or "=" not in following.text):
            break
        text += " " + following.text.strip()
    return text


def is_configuration(section: Section, number: int, body: str, text: str) -> bool:
    if COMMENT.match(body):
        return False
    if match := BOOTED.search(body):
        return not ADVICE.search(body[: match.start()])
    before = section.document.line(number - 1)
    after_command = any(
        (earlier := section.document.line(number - back)) is not None and PROC.search(earlier.text) is not None
        for back in (1, 2)
    )
    return after_command and before is not None and bool(OPTION.search(text)) and not ADVICE.search(body)


def iommu_of(options: dict[str, str], pairs: list[str]) -> str | None:
    """What the options make of the IOMMU; None when they do not tell."""
    vendors = {name: options[name].split(",")[0] for name in ("intel_iommu", "amd_iommu") if name in options}
    if options.get("iommu") == "off" or any(pair == "iommu=off" for pair in pairs):
        return "off"
    off = [name for name, value in vendors.items() if value == "off"]
    on = [name for name, value in vendors.items() if value.startswith(("on", "force"))]
    if off and on:
        return None  # one of them is for the other vendor's processors
    if off:
        return "off"
    if (
        options.get("iommu") == "pt"
        or options.get("iommu.passthrough") == "1"
        or any(pair == "iommu=pt" for pair in pairs)
    ):
        return "passthrough"
    if options.get("iommu.passthrough") == "0" or options.get("iommu") in ("nopt", "force"):
        return "on"
    return "on" if on else None


FORMATS = (
    Format(
        kind="kernel-cmdline",
        title={"en": "kernel command line", "zh-hans": "内核命令行"},
        lines=(
            r"BOOT_IMAGE=",
            r"GRUB_CMDLINE_LINUX",
            r"kernelParams\s*=",
            r"[Cc]ommand line\s*:.*(?:iommu|root=|pci=)",
            r"(?:intel_iommu|amd_iommu|iommu|iommu\.passthrough)=(?:on|off|pt|force|nopt|[01]\b)",
            r"pcie_acs_override=|pci=(?:disable_acs_redir|config_acs|noacs)",
        ),
        parse=parse,
    ),
)
