"""`lspci -vvv`: whether a bridge redirects peer-to-peer traffic (ACS), which devices there are, how wide their links run.

Sample:

    80:01.0 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge (prog-if 00 [Normal decode])
            LnkSta: Speed 16GT/s, Width x16
            Capabilities: [2a0 v1] Access Control Services
                    ACSCap: SrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+
                    ACSCtl: SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-

ACSCtl is what is switched on, ACSCap only what the port could do (pciutils, ls-ecaps.c). Redirection is ReqRedir or
CmpltRedir; SrcValid alone is not. Without root the capabilities print `<access denied>`.
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Document, Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

ACSCTL = lazy_re.compile(r"ACSCtl\b\W{0,8}(?P<bits>(?:[A-Z]\w*[+-]\s*)+)")
# What a mail or a terminal may have broken off an ACSCtl line.
FLAGS = lazy_re.compile(r"^\s*[A-Za-z]{0,11}[+-](?:\s|$)")
# Signs as chat programs typeset them, and a tab as quoted-printable mails spell it.
TYPESET = (
    (lazy_re.compile("[\u2212\u2010-\u2014]"), "-"),
    (lazy_re.compile("\uff0b"), "+"),
    (lazy_re.compile("=09"), "\t"),
)
REDIRECT = lazy_re.compile(r"(?:Req|Cmplt)Redir(?P<sign>[+-])")
DEVICE = lazy_re.compile(r"(?:^|[\s>])(?P<bdf>(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (?P<what>[A-Z3][^\n]*)")
PASSED_THROUGH = lazy_re.compile(r"Kernel driver in use: vfio-pci")
DENIED = lazy_re.compile(r"Capabilities: <access denied>")
LINK = lazy_re.compile(
    r"LnkSta:\s+Speed (?P<speed>[\d.]+GT/s)(?: \((?P<speed_note>\w+)\))?, Width (?P<width>x\d+)(?: \((?P<note>\w+)\))?"
)
BUSES = lazy_re.compile(
    r"Bus: primary=[0-9a-f]{2}, secondary=(?P<first>[0-9a-f]{2}), subordinate=(?P<last>[0-9a-f]{2})\b"
)
SETPCI = lazy_re.compile(r"setpci\s.*(?:ECAP_ACS\+(?:0x)?0?6|f2a|[0-9a-f]{3})\.w")
REGISTER = lazy_re.compile(r"^\s*(?:(?P<bdf>[0-9a-f:.]{7,12}) (?:\(.*\) )?@[0-9a-f]+ = )?(?P<value>[0-9a-f]{4})\s*$")
REDIRECT_BITS = 0x04 | 0x08  # request and completion redirect (PCI Express base specification, ACS control register)
FARTHEST = 400  # lines between a device's first line and its ACSCtl
LONGEST = 2000  # characters of one line; what these formats say stands at its start


def control(document: Document, line: Line) -> str:
    """The control register's flags, put together again where a mail or terminal broke them; "" when none are shown."""
    text = shown(line.text)
    text = text[text.index("ACSCtl") :].rstrip() if "ACSCtl" in text else ""
    for following in document.following(line.number + 1):
        more = shown(following.text)
        if not text or "DirectTrans" in text or len(text) > 400 or not FLAGS.match(more):
            break
        within_a_word = text[-1] == "=" or text[-1].isalpha()
        text = (text.removesuffix("=") + ("" if within_a_word else " ") + more.strip()).rstrip()
    match = ACSCTL.search(text)
    return match["bits"] if match else ""


def shown(text: str) -> str:
    text = peel(text).body[:LONGEST]
    for pattern, plain in TYPESET:
        text = pattern.sub(plain, text)
    return text


def device_above(document: Document, line: Line) -> str:
    """The address of the device whose capabilities this line is among; "" when the text does not say (grep)."""
    at = document.index(line.number)
    for index in range(at - 1, max(-1, at - FARTHEST), -1):
        if match := DEVICE.search(document.texts[index]):
            return match["bdf"]
    return ""


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        body = peel(line.text).body[:LONGEST]
        if "ACSCtl" in body:
            signs = [match["sign"] for match in REDIRECT.finditer(control(section.document, line))]
            if signs:
                redirects = "+" in signs
                yield Fact("acs_redirect", redirects, line)
                yield Fact("acs_state", (device_above(section.document, line), redirects), line)
        elif SETPCI.search(body) and "=" not in body.split("setpci", 1)[1].split(";")[0]:
            yield from registers(section.document, line)
        elif PASSED_THROUGH.search(body):
            yield Fact("vfio_device", device_above(section.document, line), line)
        elif DENIED.search(body):
            yield Fact("lspci_denied", True, line)
        elif match := BUSES.search(body):
            if bridge := device_above(section.document, line):
                yield Fact("pci_bridge", (bridge, int(match["first"], 16), int(match["last"], 16)), line)
        elif match := LINK.search(body):
            if "downgraded" in (match["speed_note"], match["note"]):
                yield Fact(
                    "pcie_link",
                    (device_above(section.document, line), f"{match['speed']} {match['width']}", "downgraded"),
                    line,
                )
        elif match := DEVICE.search(body):
            yield Fact("pci_device", (match["bdf"], match["what"]), line)


def registers(document: Document, line: Line) -> Iterator[Fact]:
    """The ACS control registers that `setpci [-v] -s … ECAP_ACS+6.w` prints below it, one a line."""
    for following in document.following(line.number + 1):
        if following.number > line.number + 64:
            return
        if match := REGISTER.match(following.text):
            redirects = bool(int(match["value"], 16) & REDIRECT_BITS)
            yield Fact("acs_redirect", redirects, following)
            yield Fact("acs_state", (match["bdf"] or "", redirects), following)


FORMATS = (
    Format(
        kind="lspci",
        title={"en": "lspci", "zh-hans": "lspci"},
        lines=(
            r"ACSCtl",
            r"Capabilities: <access denied>",
            r"Kernel driver in use: vfio-pci",
            r"LnkSta:\s+Speed",
            r"Bus: primary=[0-9a-f]{2}, secondary=",
            r"setpci\s",
            r"[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] (?:VGA compatible controller|3D controller|PCI bridge|Infiniband controller|Ethernet controller|Network controller|Bridge|System peripheral|SCSI storage controller|Display controller)",
        ),
        parse=parse,
        print_out=True,
    ),
)
