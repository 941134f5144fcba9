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

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line, Section
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
# Commands whose answer, one word or name, stands in a line below; or right behind them, in people's words.
DETECT = lazy_re.compile(r"systemd-detect-virt|\bvirt-what\s*$")
SAID = lazy_re.compile(
    rf"systemd-detect-virt(?:\s+-{{1,2}}\w+)*[^\w\n]{{1,6}}(?:(?:says?|returns|reports|prints|outputs|gives|is)\W{{1,3}})?(?P<word>{'|'.join((*MACHINES, *CONTAINERS, 'wsl', 'none'))})\b"
)
ASKED_DMI = lazy_re.compile(
    r"dmidecode\s+-s\s+(?:system|baseboard)-|/sys/(?:class|devices/virtual)/dmi/id/(?:sys_vendor|product_name|board_vendor)\s*$"
)
# hostnamectl
HOSTNAMECTL = lazy_re.compile(r"^\s*(?:Virtualization: (?P<word>[a-z][\w-]+)\s*$|Chassis: (?P<chassis>vm|container)\b)")
ONE_WORD = lazy_re.compile(r"^[\s>#]*(?:[\w -]*[Vv]irt\w*\s*[:=]\s*)?(?P<word>[a-z][\w-]+)\s*$")
HYPERVISOR = lazy_re.compile(
    r"(?:Hypervisor vendor:+|(?:超管理器|虚拟机管理程序)厂商\s*[:：])\s*(?P<vendor>[A-Za-z][\w ]*)"
)
DETECTED = lazy_re.compile(
    r"Hypervisor detected: (?P<vendor>\S[^\n]*)|Booting paravirtualized kernel on (?P<on>(?!bare hardware)\S+)|(?P<clock>kvm-clock): Using msrs"
)
BARE_BOOT = lazy_re.compile(r"Booting paravirtualized kernel on bare hardware")
DMI = lazy_re.compile(
    r"DMI: (?P<product>[^\n]+)|(?:System|Product|Manufacturer|sys_vendor|product_name|Hardware (?:Vendor|Model)|Type: (?:Kvm|Desktop|Server|Laptop|Vmware|Virtualbox|Hyper-v) (?:System|Mobo))\s*(?:Name|Manufacturer)?\s*[:=]\s*(?P<named>[^\n]+)"
)
VIRTUAL_PRODUCT = lazy_re.compile(
    r"QEMU|Red Hat KVM|\bKVM\b|OpenStack|Alibaba Cloud|Tencent Cloud|CVM\b|Amazon EC2(?!.*metal)|Google Compute Engine|Google Google|Microsoft Corporation Virtual|Virtual Machine|VMware|VirtualBox|innotek|"
    r"Xen|HVM domU|DigitalOcean|Huawei Cloud|Hetzner vServer|Standard PC|BHYVE|Parallels|Nutanix AHV|oVirt|OracleCloud|UCloud|Volcengine|Bochs|Linode|Vultr|Scaleway|CloudStack|ZStack|Sangfor|RDO |JDCloud|Kingsoft|Baidu Cloud|CTyun|OVHcloud"
)
PHYSICAL_VENDOR = lazy_re.compile(
    r"\b(?:Dell|HPE?|Hewlett|Supermicro|LENOVO|Lenovo|ASUS\w*|Gigabyte|GIGABYTE|ASRock\w*|MSI|Micro-Star|Inspur|Quanta|Intel Corporation S\d|Tyan|TYAN|Foxconn|Fujitsu|NVIDIA DGX|DGX\w*|Cisco|Sugon|H3C|Huawei Technologies|Puget|Penguin|Apple Inc|xFusion|Nettrix|IEIT|Aivres|Ingrasys|Wiwynn|ZT Systems|AIC|Gooxi|Advantech|Acer|Alienware|Razer|EVGA|Biostar|BIOSTAR|Shuttle|System76|HUANANZHI|Ampere|Micro-Star|To Be Filled By O\.E\.M|System manufacturer)\b|Amazon EC2 \S+\.metal"
)
WSL = lazy_re.compile(r"microsoft-standard-WSL2|-WSL2\b|\bWSL2? ")
PCI = lazy_re.compile(
    r"Red Hat, Inc\. (?:Virtio|QEMU)|QEMU (?:PCIe|PCI|Virtual)|VMware (?:PCI|SVGA|VMXNET)|Amazon\.com, Inc\. (?:Elastic Network|NVMe EBS|Device)|Google, Inc\. (?:Compute|gVNIC)|Hyper-V virtual|Virtio (?:network|block|SCSI|1\.0|console|memory)|VirtualBox Graphics|Microsoft Corporation Hyper-V|Device 1234:1111"
)
GPU_MODE = lazy_re.compile(r"Virtualization Mode\s*:\s*(?P<mode>Pass-Through|None|VGPU|Host VGPU|Host VSGA)")
FLAG = lazy_re.compile(r"^flags\s*:.*\bhypervisor\b|^Flags:\s.*\bhypervisor\b")
FULL = lazy_re.compile(r"(?:Virtualization type:|虚拟化类型\s*[:：])\s*(?P<type>full|para|完全|半)")
CLOUDS = (
    ("aws", lazy_re.compile(r"Amazon EC2|\bamzn\b|Amazon\.com, Inc")),
    ("gcp", lazy_re.compile(r"Google Compute Engine|Google, Inc")),
    ("azure", lazy_re.compile(r"Microsoft Corporation Virtual|-azure\b")),
    ("alibaba", lazy_re.compile(r"Alibaba Cloud")),
    ("tencent", lazy_re.compile(r"Tencent Cloud")),
    ("huawei", lazy_re.compile(r"Huawei Cloud")),
    ("oracle", lazy_re.compile(r"OracleCloud")),
)
LONGEST = 2000  # characters of one line; what these formats say stands at its start


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        body = peel(line.text).body[:LONGEST]
        evidence: str | None = None
        is_virtual: bool | None = None
        if match := SAID.search(body) or HOSTNAMECTL.search(body):
            word = match["word"] or {"vm": "vm", "container": "container-other"}[match["chassis"]]
            yield from said(word, line)
        elif DETECT.search(body):
            yield from answered(section.document, line)
        elif ASKED_DMI.search(body):
            evidence, is_virtual = product_of(answer_below(section.document, line))
        elif match := HYPERVISOR.search(body):
            evidence, is_virtual = match["vendor"].strip().lower(), True
        elif match := DETECTED.search(body):
            evidence, is_virtual = (match["vendor"] or match["on"] or match["clock"]).lower(), True
        elif WSL.search(body):
            evidence, is_virtual = "wsl", True
        elif match := GPU_MODE.search(body):
            if match["mode"] in ("Pass-Through", "VGPU"):
                evidence, is_virtual = match["mode"].lower(), True
        elif match := DMI.search(body):
            evidence, is_virtual = product_of(match["product"] or match["named"] or "")
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


def said(word: str, line: Line) -> Iterator[Fact]:
    """What systemd's word for the machine means; a container's says nothing about the machine."""
    if word in CONTAINERS:
        yield Fact("container", word, line)
    elif word == "none" or word in (*MACHINES, "wsl", "vm"):
        yield Fact("virtualization", word, line)
        yield Fact("virtualized", word != "none", line)


def answered(document: Document, line: Line) -> Iterator[Fact]:
    """The word that a command for it printed, among the next lines."""
    for following in document.following(line.number + 1):
        if following.number > line.number + 4:
            return
        if match := ONE_WORD.match(following.text):
            yield from said(match["word"], following)
            return


def answer_below(document: Document, line: Line) -> str:
    below = document.line(line.number + 1)
    return below.text if below else ""


def product_of(name: str) -> tuple[str | None, bool | None]:
    """(evidence, whether it is a virtual machine) of a maker's or product's name; (None, None) for one not known."""
    if VIRTUAL_PRODUCT.search(name):
        return name.strip()[:60].lower(), True
    return ("none", False) if PHYSICAL_VENDOR.search(name) else (None, None)


FORMATS = (
    Format(
        kind="virtualization",
        title={"en": "machine type", "zh-hans": "机器类型"},
        lines=(
            r"systemd-detect-virt|virt-what",
            r"dmidecode\s+-s|/dmi/id/",
            r"^\s*(?:Virtualization|Chassis): [a-z]",
            r"Hardware (?:Vendor|Model): |Type: (?:Kvm|Desktop|Server|Laptop|Vmware|Virtualbox|Hyper-v) (?:System|Mobo)",
            r"Hypervisor vendor:|超管理器厂商|虚拟机管理程序厂商|虚拟化类型",
            r"Hypervisor detected:|Booting paravirtualized kernel|kvm-clock: Using msrs",
            r"Device 1234:1111",
            r"DMI: ",
            r"(?:Manufacturer|Product Name|sys_vendor|product_name)\s*[:=]",
            r"-WSL2\b|\bWSL2? ",
            r"Virtualization Mode\s*:",
            r"Virtualization type:",
            r"Red Hat, Inc\. (?:Virtio|QEMU)|QEMU (?:PCIe|PCI|Virtual)|VMware (?:PCI|SVGA|VMXNET)|Amazon\.com, Inc\.|Google, Inc\.|Hyper-V virtual|Virtio (?:network|block|SCSI|1\.0|console|memory)|VirtualBox Graphics|Microsoft Corporation Hyper-V",
            r"^flags\s*:.*\bhypervisor\b|^Flags:\s.*\bhypervisor\b",
        ),
        parse=parse,
        print_out=True,
    ),
)
