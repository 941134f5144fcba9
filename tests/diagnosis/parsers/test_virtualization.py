"""What tells a virtual machine from a physical one, and what does not."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values


@pytest.mark.parametrize(
    ("text", "virtual"),
    [
        ("$ systemd-detect-virt\nkvm", True),
        ("$ systemd-detect-virt\nnone", False),
        ("$ systemd-detect-virt -v\nvmware", True),
        ("Hypervisor vendor:     KVM", True),
        ("[    0.000000] Hypervisor detected: VMware", True),
        ("[    0.000000] DMI: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.0 04/01/2014", True),
        ("[    0.000000] DMI: Supermicro SYS-420GP-TNR/X12DPG-OA6, BIOS 1.4 07/06/2022", False),
        ("[    0.000000] Booting paravirtualized kernel on bare hardware", False),
        ("[    0.000000] Booting paravirtualized kernel on KVM", True),
        ("    Virtualization Mode               : Pass-Through", True),
        ("    Virtualization Mode               : None", None),
        ("Virtualization:                     VT-x", None),
        ("Virtualization type:                full", True),
        ("flags : fpu vme de pse tsc msr hypervisor lahf_lm", True),
        ("flags : fpu vme de pse tsc msr lahf_lm", None),
        ("Linux node-a 5.15.153.1-microsoft-standard-WSL2 #1 SMP", True),
        ("00:03.0 Ethernet controller: Red Hat, Inc. Virtio network device", True),
        ("00:03.0 Ethernet controller: Intel Corporation I350 Gigabit", None),
        ("00:01.0 VGA compatible controller: Device 1234:1111 (rev 02)", True),
        ("systemd-detect-virt: kvm", True),
        ("`systemd-detect-virt` says `none`", False),
        ("run systemd-detect-virt to find out", None),
        ("# virt-what\nkvm", True),
        ("# virt-what\n#", None),
        ("       Icon name: computer-vm\n         Chassis: vm\n  Virtualization: kvm", True),
        ("         Chassis: server\n Hardware Vendor: Dell Inc.\n  Hardware Model: PowerEdge R750xa", False),
        ("         Chassis: desktop", None),
        ("超管理器厂商：  KVM\n虚拟化类型：   完全", True),
        ("虚拟化：   VT-x", None),
        ("[    0.000000] kvm-clock: Using msrs 4b564d01 and 4b564d00", True),
        ("[    5.000000] kvm: VMX enabled", None),
        ("# dmidecode -s system-product-name\nKVM Virtual Machine", True),
        ("# dmidecode -s system-manufacturer\nSupermicro", False),
        ("$ cat /sys/class/dmi/id/sys_vendor\nQEMU", True),
        ("Machine:   Type: Kvm System: QEMU product: Standard PC (Q35 + ICH9, 2009)", True),
        ("Machine:   Type: Desktop Mobo: ASUSTeK model: PRIME X570-PRO", False),
        ("[    0.000000] DMI: Amazon EC2 g4dn.metal/Not Specified, BIOS 1.0 10/16/2017", False),
    ],
)
def test_a_machine_is_virtual_physical_or_unknown(text: str, virtual: bool | None) -> None:
    assert facts_of(text).value("virtualized") is virtual


def test_a_container_is_no_virtual_machine() -> None:
    facts = facts_of("$ systemd-detect-virt\ndocker")

    assert facts.value("virtualized") is None
    assert facts.value("container") == "docker"


def test_hostnamectl_in_a_container_tells_the_container_only() -> None:
    facts = facts_of("         Chassis: container\n  Virtualization: docker")

    assert facts.value("virtualized") is None
    assert "docker" in values(facts, "container")


def test_a_command_without_its_answer_tells_nothing() -> None:
    assert facts_of("$ systemd-detect-virt").all("virtualized") == []


def test_two_machines_in_one_text_leave_it_undecided() -> None:
    assert facts_of("$ systemd-detect-virt\nkvm\n$ systemd-detect-virt\nnone").value("virtualized") is None


@pytest.mark.parametrize(
    ("line", "cloud"),
    [
        ("[ 0.0] DMI: Amazon EC2 p4d.24xlarge/, BIOS 1.0 10/16/2017", "aws"),
        ("Manufacturer: Alibaba Cloud", "alibaba"),
        ("Product Name: Google Compute Engine", "gcp"),
    ],
)
def test_the_cloud_is_named(line: str, cloud: str) -> None:
    assert values(facts_of(line), "cloud") == [cloud]
