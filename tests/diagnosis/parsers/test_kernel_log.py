"""The kernel's own words: Xid, IOMMU, the OOM killer, bus errors; and prose about them."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values


def test_an_xid_tells_number_place_and_text() -> None:
    facts = facts_of(
        "[  812.48] NVRM: Xid (PCI:0000:41:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus."
    )

    assert facts.value("xids") == [79]
    assert values(facts, "xid_event")[0][:2] == (79, "0000:41:00")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("kernel: NVRM: Xid (0000:03:00): 59, 0098(1fac) 00000000 00000000", 59),
        ("NVRM: Xid (PCI:0000:47:00 GPU-I:05): 94, pid=4711, name=python3, Contained: SM", 94),
        (
            "May 16 13:12:16 node-a kernel: NVRM: Xid (PCI:0000:c1:00): 119, pid=47, name=nvidia-smi, Timeout after 6s",
            119,
        ),
        ("[Mon Jan  6 10:00:00 2025] NVRM: Xid (PCI:0000:17:00): 94, pid='<unknown>', name=<unknown>, Contained", 94),
        ("kern  :warn  : 2025-01-21T04:41:44,284345+00:00 NVRM: Xid (PCI:0000:38:00): 13, pid=1", 13),
        ("[ 1.0] NVRM: Xid (PCI:0018:01:00): 149, NETIR_LINK_EVT  Fatal   XC0 i0 Link 05 (0x004505c6)", 149),
        ("NVRM: Xid (PCI:0000:3b:00): 79, pid=&#39;&lt;unknown&gt;&#39;, name=&lt;unknown&gt;", 79),
        ('we often see "NVRM: Xid (PCI:0000:3b:00): 45" here', 45),
        ("Jan 10 03:04:05 a-node kernel: [1234.901234] NVRM: Xid (PCI:0000:3b:00):\n 79, pid='<unknown>'", 79),
        ("I0101 00:00:00.000000 1 health.go:152] XidCriticalError: Xid=48 on Device=GPU-ab12; unhealthy.", 48),
    ],
)
def test_every_way_to_print_an_xid_is_read(text: str, number: int) -> None:
    assert facts_of(text).value("xids") == [number]


def test_xids_are_listed_once_each_in_their_order() -> None:
    lines = [f"[{n}.0] NVRM: Xid (PCI:0000:41:00): {number}, pid=1" for n, number in enumerate((31, 13, 31))]

    assert facts_of("\n".join(lines)).value("xids") == [31, 13]


def test_an_error_of_the_switch_is_its_own_kind() -> None:
    facts = facts_of("[ 5.1] nvidia-nvswitch0: SXid (PCI:0000:c1:00.0): 20034, Fatal, Link 30 LTSSM Fault Up")

    assert facts.value("sxids") == [20034]
    assert facts.all("xids") == []


@pytest.mark.parametrize(
    "line",
    [
        "Xid 79 means that the GPU has fallen off the bus.",
        "NVRM: Xid (PCI:0000:41:00)",
        "NVRM: Xid (PCI:0000:41:00):\n[ 12.1] usb 1-1: new device",
        "No Xid in dmesg",
        "DCGM reports XID errors in field 230: 79",
    ],
)
def test_prose_and_half_lines_are_no_xid(line: str) -> None:
    assert facts_of(line).all("xids") == []


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("[    0.41] iommu: Default domain type: Translated", "translated"),
        ("[    0.41] iommu: Default domain type: Passthrough (set via kernel command line)", "passthrough"),
        ("[    0.41] DMAR: IOMMU enabled", "on"),
        ("[    1.20] pci 0000:41:00.0: Adding to iommu group 14", "on"),
        ("[    0.90] AMD-Vi: Interrupt remapping enabled", "on"),
        ("[    0.41] DMAR: IOMMU disabled", "off"),
        ("[    0.41] DMAR: Hardware identity mapping for device 0000:41:00.0", "passthrough"),
        ("[    0.41] PCI-DMA: Intel(R) Virtualization Technology for Directed I/O", "on"),
        ("[    1.00] perf/amd_iommu: Detected AMD IOMMU #0 (2 banks, 4 counters/bank).", "on"),
        ("$ cat /sys/kernel/iommu_groups/14/type\nDMA-FQ", "translated"),
        ("$ cat /sys/kernel/iommu_groups/14/type\nidentity", "passthrough"),
        ("/sys/kernel/iommu_groups/14/type:identity", "passthrough"),
        ("$ ls /sys/class/iommu/\ndmar0  dmar1", "on"),
        ("\tIOMMU group: 27", "on"),
    ],
)
def test_the_iommus_state_is_read(line: str, state: str) -> None:
    assert facts_of(line).value("iommu") == state


@pytest.mark.parametrize(
    "line",
    [
        "[    0.010] ACPI: DMAR 0x000000007B7E7000 000250 (v01 MAKER  BOARD    00000001 INTL 00000001)",
        "[    0.050] DMAR: DRHD base: 0x000000fbffc000 flags: 0x0",
        "[    0.060] DMAR-IR: Enabled IRQ remapping in x2apic mode",
        "[    0.500] PCI-DMA: Using software bounce buffering for IO (SWIOTLB)",
        "$ cat /sys/kernel/iommu_groups/14/type\ncat: no such file",
        "$ ls /sys/class/iommu/\n$ uname -r",
    ],
)
def test_a_table_of_the_firmware_is_no_active_iommu(line: str) -> None:
    assert facts_of(line).all("iommu") == []


def test_the_named_mode_outweighs_that_it_is_on() -> None:
    facts = facts_of("[ 0.4] DMAR: IOMMU enabled\n[ 0.5] iommu: Default domain type: Translated")

    assert facts.value("iommu") == "translated"


def test_a_rejected_access_tells_who_asked_and_where() -> None:
    facts = facts_of(
        "[  900.1] nvidia 0000:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0014 address=0x2800000000 flags=0x0030]\n"
        "[  901.1] DMAR: [DMA Read NO_PASID] Request device [41:00.0] fault addr 0x38ff00000000 [fault reason 0x06] PTE Read access is not set"
    )

    assert values(facts, "iommu_fault") == [
        ("0000:41:00.0", "0x2800000000", "nvidia"),
        ("41:00.0", "0x38ff00000000", ""),
    ]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("[ 77.1] Out of memory: Killed process 4242 (python3) total-vm:1kB, anon-rss:1kB", "python3"),
        ("[ 77.1] Memory cgroup out of memory: Killed process 4242 (vllm) total-vm:1kB", "vllm"),
        ("[ 77.0] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=python3,pid=4242,uid=0", "python3"),
    ],
)
def test_who_was_killed_for_memory_is_read(line: str, name: str) -> None:
    assert values(facts_of(line), "oom_killed") == [name]


@pytest.mark.parametrize(
    "line", ["torch.OutOfMemoryError: CUDA out of memory.", "the process ran out of memory and was Killed"]
)
def test_other_shortages_are_no_kill_by_the_kernel(line: str) -> None:
    assert facts_of(line).all("oom_killed") == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("[ 9.1] pcieport 0000:40:01.1: AER: Corrected error received: 0000:41:00.0", "aer"),
        ("[ 9.1] python3[4242]: segfault at 8 ip 00007f sp 00007f error 4 in libnccl.so.2[7f0+1]", "segfault"),
        ("[ 9.1] INFO: task python3:4242 blocked for more than 120 seconds.", "hung_task"),
        ("[ 9.1] NVRM: RmInitAdapter failed! (0x22:0x56:762)", "nvrm"),
    ],
)
def test_other_lines_of_the_kernel_have_their_kind(line: str, kind: str) -> None:
    assert [value[0] for value in values(facts_of(line), "kernel_event")] == [kind]


@pytest.mark.parametrize(
    "line",
    [
        "[   12.3] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024",
        "[   12.3] NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs-builder@u)",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024",
    ],
)
def test_the_kernels_module_tells_the_drivers_version(line: str) -> None:
    assert facts_of(line).value("driver_version") == "550.54.15"
