"""What tells a virtual machine from a physical one: systemd-detect-virt, lscpu, DMI, the kernel's own word, PCI vendors.

Samples:

    $ systemd-detect-virt
    kvm
    Hypervisor vendor:     KVM
    [    0.000000] DMI: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.0

Containers are no virtual machines. `Virtualization: VT-x` is what the processor could do, and says nothing
(domain/nccl.md §4.7). Two machines in one text leave it undecided (facts.unique).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

MACHINES = (
    "kvm",
    "qemu",
    "amazon",
    "microsoft",
    "vmware",
    "oracle",
    "xen",
    "google",
    "parallels",
    "bhyve",
    "powervm",
    "zvm",
    "uml",
    "acrn",
    "apple",
)
CONTAINERS = ("docker", "podman", "lxc", "lxc-libvirt", "systemd-nspawn", "openvz", "rkt", "container-other")
DETECT = re.compile(r"systemd-detect-virt")
ONE_WORD = re.compile(r"^[\s>#]*(?:[\w -]*[Vv]irt\w*\s*[:=]\s*)?(?P<word>[a-z][\w-]+)\s*$")
HYPERVISOR = re.compile(r"Hypervisor vendor:+\s*(?P<vendor>[A-Za-z][\w ]*)")
DETECTED = re.compile(
    r"Hypervisor detected: (?P<vendor>\S[^\n]*)|Booting paravirtualized kernel on (?P<on>(?!bare hardware)\S+)"
)
BARE_BOOT = re.compile(r"Booting paravirtualized kernel on bare hardware")
DMI = re.compile(
    r"DMI: (?P<product>[^\n]+)|(?:System|Product|Manufacturer|sys_vendor|product_name)\s*(?:Name|Manufacturer)?\s*[:=]\s*(?P<named>[^\n]+)"
)
VIRTUAL_PRODUCT = re.compile(
    r"QEMU|Red Hat KVM|\bKVM\b|OpenStack|Alibaba Cloud|Tencent Cloud|CVM\b|Amazon EC2(?!.*metal)|Google Compute Engine|Google Google|Microsoft Corporation Virtual|Virtual Machine|VMware|VirtualBox|innotek|"
    r"Xen|HVM domU|DigitalOcean|Huawei Cloud|Hetzner vServer|Standard PC|BHYVE|Parallels|Nutanix AHV|oVirt|OracleCloud|UCloud|Volcengine|Bochs"
)
PHYSICAL_VENDOR = re.compile(
    r"\b(?:Dell|HPE?|Hewlett|Supermicro|LENOVO|Lenovo|ASUS\w*|Gigabyte|GIGABYTE|ASRock\w*|MSI|Micro-Star|Inspur|Quanta|Intel Corporation S\d|Tyan|TYAN|Foxconn|Fujitsu|NVIDIA DGX|DGX\w*|Cisco|Sugon|H3C|Huawei Technologies|Puget|Penguin|Apple Inc)\b"
)
WSL = re.compile(r"microsoft-standard-WSL2|-WSL2\b|\bWSL2? ")
PCI = re.compile(
    r"Red Hat, Inc\. (?:Virtio|QEMU)|QEMU (?:PCIe|PCI|Virtual)|VMware (?:PCI|SVGA|VMXNET)|Amazon\.com, Inc\. (?:Elastic Network|NVMe EBS|Device)|Google, Inc\. (?:Compute|gVNIC)|Hyper-V virtual|Virtio (?:network|block|SCSI|1\.0|console|memory)|VirtualBox Graphics|Microsoft Corporation Hyper-V"
)
GPU_MODE = re.compile(r"Virtualization Mode\s*:\s*(?P<mode>Pass-Through|None|VGPU|Host VGPU|Host VSGA)")
FLAG = re.compile(r"^flags\s*:.*\bhypervisor\b|^Flags:\s.*\bhypervisor\b")
FULL = re.compile(r"Virtualization type:\s*(?P<type>full|para)")
CLOUDS = (
    ("aws", re.compile(r"Amazon EC2|\bamzn\b|Amazon\.com, Inc")),
    ("gcp", re.compile(r"Google Compute Engine|Google, Inc")),
    ("azure", re.compile(r"Microsoft Corporation Virtual|-azure\b")),
    ("alibaba", re.compile(r"Alibaba Cloud")),
    ("tencent", re.compile(r"Tencent Cloud")),
    ("huawei", re.compile(r"Huawei Cloud")),
    ("oracle", re.compile(r"OracleCloud")),
)
LONGEST = 2000  # characters of one line; what these formats say stands at its start


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        body = peel(line.text).body[:LONGEST]
        evidence: str | None = None
        is_virtual: bool | None = None
        if DETECT.search(body):
            for following in section.document.following(line.number + 1):
                if following.number > line.number + 4:
                    break
                if not (match := ONE_WORD.match(following.text)):
                    continue
                word = match["word"]
                if word in MACHINES or word == "wsl":
                    yield Fact("virtualization", word, following)
                    yield Fact("virtualized", True, following)
                elif word == "none":
                    yield Fact("virtualization", "none", following)
                    yield Fact("virtualized", False, following)
                elif word in CONTAINERS:
                    yield Fact("container", word, following)
                break
        elif match := HYPERVISOR.search(body):
            evidence, is_virtual = match["vendor"].strip().lower(), True
        elif match := DETECTED.search(body):
            evidence, is_virtual = (match["vendor"] or match["on"]).lower(), True
        elif WSL.search(body):
            evidence, is_virtual = "wsl", True
        elif match := GPU_MODE.search(body):
            if match["mode"] in ("Pass-Through", "VGPU"):
                evidence, is_virtual = match["mode"].lower(), True
        elif match := DMI.search(body):
            product = match["product"] or match["named"] or ""
            if VIRTUAL_PRODUCT.search(product):
                evidence, is_virtual = product.strip()[:60].lower(), True
            elif PHYSICAL_VENDOR.search(product):
                evidence, is_virtual = "none", False
        elif PCI.search(body):
            evidence, is_virtual = "virtual pci device", True
        elif FLAG.search(body):
            evidence, is_virtual = "hypervisor flag", True
        elif (match := FULL.search(body)) or BARE_BOOT.search(body):
            evidence, is_virtual = (match["type"], True) if match else ("none", False)
        if evidence is not None:
            yield Fact("virtualization", evidence, line)
            yield Fact("virtualized", is_virtual, line)
        for cloud, pattern in CLOUDS:
            if pattern.search(body):
                yield Fact("cloud", cloud, line)


FORMATS = (
    Format(
        kind="virtualization",
        title={"en": "machine type", "zh-hans": "机器类型"},
        lines=(
            r"systemd-detect-virt",
            r"Hypervisor vendor:",
            r"Hypervisor detected:|Booting paravirtualized kernel",
            r"DMI: ",
            r"(?:Manufacturer|Product Name|sys_vendor|product_name)\s*[:=]",
            r"-WSL2\b|\bWSL2? ",
            r"Virtualization Mode\s*:",
            r"Virtualization type:",
            r"Red Hat, Inc\. (?:Virtio|QEMU)|QEMU (?:PCIe|PCI|Virtual)|VMware (?:PCI|SVGA|VMXNET)|Amazon\.com, Inc\.|Google, Inc\.|Hyper-V virtual|Virtio (?:network|block|SCSI|1\.0|console|memory)|VirtualBox Graphics|Microsoft Corporation Hyper-V",
            r"^flags\s*:.*\bhypervisor\b|^Flags:\s.*\bhypervisor\b",
        ),
        parse=parse,
    ),
)
