"""Small outputs of a host: package lists, interfaces, memory, units, nvbandwidth; and what looks alike."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("torch==2.6.0+cu124\nvllm==0.8.5\nnvidia-nccl-cu12==2.21.5", ("2.6.0", "0.8.5", "2.21.5")),
        (
            "torch                2.6.0\nvllm                 0.8.5\nnvidia-nccl-cu12     2.21.5",
            ("2.6.0", "0.8.5", "2.21.5"),
        ),
        ("pytorch                   2.6.0           cuda12_x    conda-forge", ("2.6.0", None, None)),
        ("torch  2 GPUs\nvllm is at 0.8.5, they say", (None, None, None)),
        ("torchvision          0.21.0\nvllm-flash-attn      2.6.2", (None, None, None)),
    ],
)
def test_a_list_of_packages_tells_the_versions(text: str, versions: tuple[str | None, ...]) -> None:
    facts = facts_of(text)

    assert tuple(facts.value(name) for name in ("torch_version", "engine_version", "nccl_version")) == versions


@pytest.mark.parametrize(
    ("line", "interface"),
    [
        ("2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP", ("eth0", "", True)),
        ("3: docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 state DOWN", ("docker0", "", False)),
        ("4: ib0: <BROADCAST,MULTICAST> mtu 4092 state DOWN", ("ib0", "", False)),
        ("mlx5_0 port 1 ==> ib0 (Up)", ("ib0", "", True)),
        ("mlx5_1 port 1 ==> ens1f0np0 (Down)", ("ens1f0np0", "", False)),
    ],
)
def test_an_interface_is_up_only_with_something_at_its_other_end(line: str, interface: tuple[str, str, bool]) -> None:
    assert values(facts_of(line), "interface") == [interface]


def test_free_tells_memory_where_it_prints_units() -> None:
    head = "               total        used        free      shared  buff/cache   available\n"
    facts = facts_of(head + "Mem:           125Gi        99Gi       1Gi       1Gi        25Gi       24Gi\n")

    assert facts.value("memory_total_bytes") == 125 << 30
    assert facts.value("memory_available_bytes") == 24 << 30
    assert facts_of(head + "Mem:          128000       99000     1000    1000    25000      24000\n").facts == []
    assert facts_of(head + "Mem:           125Gi        99Gi\n").all("memory_total_bytes") == []


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("Environment=NCCL_P2P_DISABLE=1", [("NCCL_P2P_DISABLE", "1")]),
        (
            'Environment="NCCL_DEBUG=INFO" "NCCL_IB_DISABLE=1" LANG=C',
            [("NCCL_DEBUG", "INFO"), ("NCCL_IB_DISABLE", "1")],
        ),
        ('declare -x NCCL_P2P_LEVEL="SYS"', [("NCCL_P2P_LEVEL", "SYS")]),
        ("add Environment=NCCL_P2P_DISABLE=1 to the unit", []),
    ],
)
def test_settings_of_units_and_shells_are_set(line: str, settings: list[tuple[str, str]]) -> None:
    assert values(facts_of(line), "env") == settings


def test_nvbandwidth_tells_the_speed_between_two_devices() -> None:
    facts = facts_of(
        "Running device_to_device_memcpy_read_ce.\n"
        "memcpy CE GPU(row) -> GPU(column) bandwidth (GB/s)\n"
        "           0         1\n 0       N/A     25.11\n 1     25.12       N/A\n\nSUM 50.23\n"
    )

    assert values(facts, "p2p_bandwidth") == [(0, 1, True, 25.11), (1, 0, True, 25.12)]


def test_nvbandwidth_from_the_host_is_not_between_devices() -> None:
    facts = facts_of("memcpy CE CPU(row) <- GPU(column) bandwidth (GB/s)\n           0\n 0     25.11\n")

    assert facts.all("p2p_bandwidth") == []


@pytest.mark.parametrize(
    ("line", "makers"),
    [
        ("ROCM Version                 : Could not collect", []),
        ("ROCM used to build PyTorch: N/A", []),
        ("ROCm version: N/A", []),
        ("ROCM Version                 : 6.3.42131", ["amd"]),
    ],
)
def test_a_report_that_found_no_rocm_is_not_of_an_amd_machine(line: str, makers: list[str]) -> None:
    assert values(facts_of(line), "not_covered") == makers
