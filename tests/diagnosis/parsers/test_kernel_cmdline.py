"""The kernel's command line: what was booted, not what somebody advises."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values

BOOT = "BOOT_IMAGE=/vmlinuz-5.15.0-100-generic root=UUID=1f2e ro "


@pytest.mark.parametrize(
    ("options", "state"),
    [
        ("intel_iommu=on iommu=pt", "passthrough"),
        ("amd_iommu=on", "on"),
        ("intel_iommu=off", "off"),
        ("amd_iommu=off", "off"),
        ("iommu=off", "off"),
        ("iommu.passthrough=1", "passthrough"),
        ("iommu.passthrough=0", "on"),
        ("intel_iommu=on,sm_on", "on"),
        ("intel_iommu=on amd_iommu=off", None),
        ("quiet splash", None),
    ],
)
def test_the_options_say_what_the_iommu_does(options: str, state: str | None) -> None:
    assert facts_of(BOOT + options).value("iommu") == state


@pytest.mark.parametrize(
    "line",
    [
        'GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"',
        "[    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro iommu=pt",
        "$ cat /proc/cmdline\nconsole=ttyS0 iommu=pt",
        "# cat /etc/kernel/cmdline\nroot=ZFS=rpool/ROOT/pve-1 boot=zfs iommu=pt",
        "title Linux\noptions root=UUID=1f2e rw iommu=pt",
        'boot.kernelParams = [ "intel_iommu=on" "iommu=pt" ];',
        'boot.kernelParams = [\n  "intel_iommu=on"\n  "iommu=pt"\n];',
        'args="ro crashkernel=auto iommu=pt $tuned_params"',
        '/etc/default/grub:6:GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"',
    ],
)
def test_each_place_where_it_stands_is_read(line: str) -> None:
    assert facts_of(line).value("iommu") == "passthrough"


@pytest.mark.parametrize(
    "line",
    [
        "Add intel_iommu=off to your kernel command line.",
        "you could try iommu=pt",
        '# GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"',
        "With amd_iommu=off it works for me",
        'Edit /etc/default/grub and set GRUB_CMDLINE_LINUX_DEFAULT="iommu=pt", then update-grub',
        '在 /etc/default/grub 中加上 GRUB_CMDLINE_LINUX_DEFAULT="iommu=pt"',
        "grubby --update-kernel=ALL --args=iommu=pt",
    ],
)
def test_advice_is_no_boot_configuration(line: str) -> None:
    assert facts_of(line).all("iommu") == []


def test_a_line_that_a_terminal_broke_is_read_on() -> None:
    facts = facts_of(BOOT + "quiet\nintel_iommu=on iommu=pt")

    assert facts.value("iommu") == "passthrough"


def test_options_of_our_concern_are_listed() -> None:
    facts = facts_of(BOOT + "pcie_acs_override=downstream quiet pci=noats")

    assert values(facts, "kernel_option") == ["pcie_acs_override=downstream", "pci=noats"]
