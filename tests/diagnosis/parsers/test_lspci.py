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


def test_a_control_line_that_a_terminal_broke_is_put_together() -> None:
    facts = facts_of("ACSCtl: SrcValid+ TransBlk-\nReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-")

    assert facts.value("acs_redirect") is True


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


def test_a_register_that_is_written_tells_nothing() -> None:
    assert facts_of("setpci -s 80:01.1 ECAP_ACS+6.w=0000\n001d").all("acs_redirect") == []


def test_an_address_in_a_sentence_is_no_device() -> None:
    assert facts_of("the bridge at 80:01.1 redirects, I think").all("pci_device") == []
