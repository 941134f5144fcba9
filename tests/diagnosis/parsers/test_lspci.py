"""lspci: whether a bridge redirects, which devices there are, and what could not be read."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values

BRIDGE = """
80:01.1 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge (prog-if 00 [Normal decode])
\tLnkSta:\tSpeed 16GT/s, Width x16
\tCapabilities: [2a0 v1] Access Control Services
\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+
\t\tACSCtl:\t{control}
81:00.0 3D controller: NVIDIA Corporation GA102GL [RTX A6000] (rev a1)
"""


@pytest.mark.parametrize(
    ("control", "redirects"),
    [
        ("SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-", True),
        ("SrcValid+ TransBlk- ReqRedir- CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-", True),
        ("SrcValid+ TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-", False),
        ("SrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans+", False),
    ],
)
def test_only_redirection_in_the_control_register_counts(control: str, redirects: bool) -> None:
    facts = facts_of(BRIDGE.format(control=control))

    assert facts.value("acs_redirect") is redirects
    assert values(facts, "acs_state") == [("80:01.1", redirects)]


def test_what_a_port_could_do_says_nothing() -> None:
    facts = facts_of("\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+")

    assert facts.all("acs_redirect") == []


def test_a_line_that_grep_took_out_has_no_device() -> None:
    facts = facts_of("ACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-")

    assert values(facts, "acs_state") == [("", True)]


@pytest.mark.parametrize(
    "text",
    [
        "ACSCtl: SrcValid+ TransBlk-\nReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-",
        "\t\tACSCtl:\tSrcValid+ TransBlk- Req\nRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-",
        "> \tACSCtl:\tSrcValid+ TransBlk-\n> ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-",
        "\t\tACSCtl:=09SrcValid+ TransBlk- ReqRe=\ndir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-",
    ],
)
def test_a_control_line_that_a_mail_or_a_terminal_broke_is_put_together(text: str) -> None:
    facts = facts_of(text)

    assert facts.value("acs_redirect") is True


@pytest.mark.parametrize(
    ("text", "redirects"),
    [
        ("ACSCtl:&#9;SrcValid&#43; TransBlk- ReqRedir&#43; CmpltRedir&#43; UpstreamFwd&#43;", True),
        ("ACSCtl: SrcValid− TransBlk− ReqRedir− CmpltRedir− UpstreamFwd− EgressCtrl− DirectTrans−", False),
        ("lspci.txt:1234:\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir- CmpltRedir- UpstreamFwd-", False),
        ("ACSCap: SrcValid+ ReqRedir+ CmpltRedir+ ACSCtl: SrcValid+ TransBlk- ReqRedir- CmpltRedir-", False),
    ],
)
def test_a_control_line_is_read_in_whatever_it_is_wrapped(text: str, redirects: bool) -> None:
    assert facts_of(text).value("acs_redirect") is redirects


@pytest.mark.parametrize(
    "line",
    [
        "If lspci shows ACSCtl with ReqRedir+ then redirection is on; switch it off in the BIOS.",
        "ACSCtl should read `SrcValid- TransBlk- ReqRedir- CmpltRedir-` on all bridges",
        "Look for ACSCtl: lines with SrcValid+",
    ],
)
def test_prose_about_the_control_register_is_no_reading(line: str) -> None:
    assert facts_of(line).all("acs_redirect") == []


def test_a_control_line_cut_off_before_its_bits_is_unknown() -> None:
    assert facts_of("\t\tACSCtl:\tSrcValid+ TransBlk-").all("acs_redirect") == []


def test_hidden_capabilities_are_told() -> None:
    assert facts_of("\tCapabilities: <access denied>").value("lspci_denied") is True


def test_devices_and_downgraded_links_are_listed() -> None:
    facts = facts_of(
        "81:00.0 3D controller: NVIDIA Corporation GA102GL [RTX A6000] (rev a1)\n"
        "\tLnkSta:\tSpeed 8GT/s (downgraded), Width x4 (downgraded)\n"
    )

    assert values(facts, "pci_device") == [
        ("81:00.0", "3D controller: NVIDIA Corporation GA102GL [RTX A6000] (rev a1)")
    ]
    assert values(facts, "pcie_link") == [("81:00.0", "8GT/s x4", "downgraded")]


def test_the_register_read_by_setpci_tells_the_same() -> None:
    assert facts_of("$ setpci -s 80:01.1 ECAP_ACS+6.w\n001d").value("acs_redirect") is True
    assert facts_of("$ setpci -s 80:01.1 ECAP_ACS+6.w\n0011").value("acs_redirect") is False


def test_setpci_with_names_tells_the_device_too() -> None:
    facts = facts_of(
        "# for d in $BRIDGES; do setpci -v -s $d ECAP_ACS+6.w; done\n"
        "0000:81:00.0 @2a6 = 001d\n"
        "0000:82:00.0 (ecap 0x000d @2a0) @2a6 = 0000"
    )

    assert values(facts, "acs_state") == [("0000:81:00.0", True), ("0000:82:00.0", False)]


def test_a_register_that_is_written_tells_nothing() -> None:
    assert facts_of("setpci -s 80:01.1 ECAP_ACS+6.w=0000\n001d").all("acs_redirect") == []


def test_an_address_in_a_sentence_is_no_device() -> None:
    assert facts_of("the bridge at 80:01.1 redirects, I think").all("pci_device") == []
