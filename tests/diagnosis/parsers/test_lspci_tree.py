"""lspci's tree: which bridge stands above which device, and what a copy without its columns still tells."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.pci_tree import bridges_above_gpus

TREE = r"""
-+-[0000:c0]-+-00.0  Advanced Micro Devices, Inc. [AMD] Starship/Matisse Root Complex
 |           +-01.1-[c1]----00.0  NVIDIA Corporation GA102GL [RTX A6000]
 |           \-08.0  Advanced Micro Devices, Inc. [AMD] Starship/Matisse PCIe Dummy Host Bridge
 +-[0000:80]-+-01.1-[81-85]----00.0-[82-85]--+-00.0-[83]--+-00.0  NVIDIA Corporation GA102GL [RTX A6000]
 |           |                               |            \-00.1  NVIDIA Corporation GA102 High Definition Audio Controller
 |           |                               +-08.0-[84]----00.0  NVIDIA Corporation GA102GL [RTX A6000]
 |           |                               \-10.0-[85]--
 |           \-07.1-[86]----00.0  Mellanox Technologies MT28908 Family [ConnectX-6]
 \-[0000:00]-+-00.0  Advanced Micro Devices, Inc. [AMD] Starship/Matisse Root Complex
             \-18.7  Advanced Micro Devices, Inc. [AMD] Device 1457
"""


def test_the_tree_tells_devices_with_their_bus() -> None:
    facts = facts_of(TREE)

    gpus = [address for address, what in values(facts, "pci_device") if "RTX A6000" in what]  # type: ignore[misc]
    assert gpus == ["c1:00.0", "83:00.0", "84:00.0"]
    assert ("00:18.7", "Advanced Micro Devices, Inc. [AMD] Device 1457") in values(facts, "pci_device")


def test_the_tree_tells_the_buses_below_each_bridge() -> None:
    assert values(facts_of(TREE), "pci_bridge") == [
        ("c0:01.1", 0xC1, 0xC1),
        ("80:01.1", 0x81, 0x85),
        ("81:00.0", 0x82, 0x85),
        ("82:00.0", 0x83, 0x83),
        ("82:08.0", 0x84, 0x84),
        ("82:10.0", 0x85, 0x85),
        ("80:07.1", 0x86, 0x86),
    ]


def test_root_ports_and_switch_ports_above_gpus_are_told_from_others() -> None:
    assert bridges_above_gpus(facts_of(TREE)) == {"c0:01.1", "80:01.1", "81:00.0", "82:00.0", "82:08.0"}


def test_a_tree_without_names_tells_bridges_only() -> None:
    facts = facts_of(
        r"""
        -[0000:00]-+-00.0
                   +-01.0-[01]----00.0
                   +-01.1-[02]--+-00.0
                   |            \-00.1
                   \-1f.6
        """
    )

    assert values(facts, "pci_bridge") == [("00:01.0", 1, 1), ("00:01.1", 2, 2)]
    assert bridges_above_gpus(facts) is None


def test_another_domain_is_part_of_the_address() -> None:
    facts = facts_of(
        r"""
        -+-[10000:e0]-+-02.0-[e1]----00.0  NVIDIA Corporation GH100 [H100 PCIe]
         \-[0000:00]-+-00.0  Intel Corporation Device 09a2
        """
    )

    assert ("10000:e1:00.0", "NVIDIA Corporation GH100 [H100 PCIe]") in values(facts, "pci_device")
    assert bridges_above_gpus(facts) == {"10000:e0:02.0"}


def test_a_quoted_tree_keeps_its_columns() -> None:
    quoted = "\n".join("> " + line for line in TREE.strip("\n").splitlines())

    assert values(facts_of(quoted), "pci_bridge") == values(facts_of(TREE), "pci_bridge")


def test_rows_whose_columns_were_lost_are_not_guessed() -> None:
    flat = "\n".join(line.strip(" |") for line in TREE.strip("\n").splitlines())

    told = values(facts_of(flat), "pci_bridge")
    assert set(told) <= set(values(facts_of(TREE), "pci_bridge"))


def test_a_tree_cut_in_a_row_tells_what_stands_before() -> None:
    facts = facts_of(TREE[: TREE.index("82-85")])

    assert values(facts, "pci_bridge") == [("c0:01.1", 0xC1, 0xC1), ("80:01.1", 0x81, 0x85)]


@pytest.mark.parametrize(
    "line", ["use lspci -tv to see the tree", "-[warning]- 01.0", "+-01.1-[81]----00.0", "[0000:80] is the root bus"]
)
def test_what_only_looks_like_a_tree_tells_nothing(line: str) -> None:
    facts = facts_of(line)

    assert facts.all("pci_bridge") == facts.all("pci_device") == []


def test_the_long_list_tells_the_same_of_a_bridge() -> None:
    facts = facts_of(
        "80:01.1 PCI bridge: Advanced Micro Devices, Inc. [AMD] Starship/Matisse GPP Bridge\n"
        "\tBus: primary=80, secondary=81, subordinate=83, sec-latency=0\n"
        "82:00.0 3D controller: NVIDIA Corporation GA100 [A100 PCIe 80GB] (rev a1)\n"
    )

    assert values(facts, "pci_bridge") == [("80:01.1", 0x81, 0x83)]
    assert bridges_above_gpus(facts) == {"80:01.1"}


def test_buses_without_a_device_above_them_tell_nothing() -> None:
    assert facts_of("\tBus: primary=80, secondary=81, subordinate=83, sec-latency=0").all("pci_bridge") == []


def test_nvidias_other_chips_are_no_gpus() -> None:
    facts = Facts(
        [
            Fact("pci_device", ("05:00.0", "Bridge: NVIDIA Corporation GA100 [A100 NVSwitch] (rev a1)")),
            Fact("pci_bridge", ("00:01.0", 5, 5)),
        ]
    )

    assert bridges_above_gpus(facts) is None
