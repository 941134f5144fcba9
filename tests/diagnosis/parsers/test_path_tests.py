"""Tests of the path between GPUs: the driver's word, bandwidth, data."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values

STATUS = """
$ nvidia-smi topo -p2p {capability}
 \tGPU0\tGPU1\tGPU2
 GPU0\tX\tOK\tCNS
 GPU1\tOK\tX\tOK
 GPU2\tCNS\tOK\tX

Legend:

  X    = Self
  OK   = Status Ok
  CNS  = Chipset not supported
"""


def test_the_drivers_word_is_read_for_each_pair() -> None:
    facts = facts_of(STATUS.format(capability="w"))

    assert ("w", "GPU0", "GPU2", "CNS") in values(facts, "p2p_status")
    assert ("w", "GPU1", "GPU2", "OK") in values(facts, "p2p_status")
    assert len(facts.all("p2p_status")) == 6


def test_the_legend_is_no_row() -> None:
    assert all(
        fact.line and "=" not in fact.line.text for fact in facts_of(STATUS.format(capability="r")).all("p2p_status")
    )


def test_a_matrix_cut_off_gives_the_rows_it_has() -> None:
    rows = "\n".join(STATUS.format(capability="r").strip().splitlines()[:3])

    assert values(facts_of(rows), "p2p_status") == [("r", "GPU0", "GPU1", "OK"), ("r", "GPU0", "GPU2", "CNS")]


def test_links_of_topo_m_are_no_status() -> None:
    assert facts_of("\tGPU0\tGPU1\nGPU0\t X \tSYS\nGPU1\tSYS\t X ").all("p2p_status") == []


BANDWIDTH = r"""
Unidirectional P2P=Disabled Bandwidth Matrix (GB/s)
   D\D     0      1
     0 780.12  11.94
     1  11.90 781.05
Unidirectional P2P=Enabled Bandwidth (P2P Writes) Matrix (GB/s)
   D\D     0      1
     0 780.12  26.31
     1  26.30 781.05
Bidirectional P2P=Enabled Bandwidth Matrix (GB/s)
   D\D     0      1
     0 780.12  50.11
     1  50.10 781.05
P2P=Enabled Latency (P2P Writes) Matrix (us)
   GPU     0      1
     0   1.60 49204.55
     1 49204.60   1.61
"""


def test_only_one_way_bandwidth_is_compared() -> None:
    facts = facts_of(BANDWIDTH)

    assert (0, 1, False, 11.94) in values(facts, "p2p_bandwidth")
    assert (0, 1, True, 26.31) in values(facts, "p2p_bandwidth")
    assert all(value[3] != 50.11 for value in values(facts, "p2p_bandwidth"))


def test_latency_is_no_bandwidth() -> None:
    assert all(value[3] < 1000 for value in values(facts_of(BANDWIDTH), "p2p_bandwidth"))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Device=0 CAN Access Peer Device=1", (0, 1, True)),
        ("Device=0 CANNOT Access Peer Device=1", (0, 1, False)),
        ("> Peer access from NVIDIA A40 (GPU0) -> NVIDIA A40 (GPU1) : Yes", (0, 1, True)),
        ("> Peer access from NVIDIA A40 (GPU1) -> NVIDIA A40 (GPU0) : No", (1, 0, False)),
    ],
)
def test_peer_access_is_read(line: str, value: tuple[int, int, bool]) -> None:
    assert values(facts_of(line), "peer_access") == [value]


@pytest.mark.parametrize(
    ("line", "data"),
    [
        ("Test passed", "passed"),
        ("Test failed!", "failed"),
        ("Verification error @ element 0: val = nan, ref = 0.000000", "failed"),
        ("# Out of bounds values : 12 FAILED", "failed"),
        ("# Out of bounds values : 0 OK", None),
        ("Test passed in 3 s, 14 warnings", None),
        ("the unit Test failed! maybe", None),
    ],
)
def test_whether_data_arrived(line: str, data: str | None) -> None:
    assert facts_of(line).value("p2p_data_test") == data


def test_nccl_tests_end_tells_verdict_and_speed() -> None:
    facts = facts_of("# Out of bounds values : 0 OK\n# Avg bus bandwidth    : 21.4478 \n#")

    assert facts.value("nccl_test") == "passed"
    assert facts.value("nccl_bus_bandwidth") == pytest.approx(21.4478)


def test_what_the_registry_disabled_is_a_status_too() -> None:
    facts = facts_of("$ nvidia-smi topo -p2p p\n \tGPU0\tGPU1\t\n GPU0\tX\tDR\t\n GPU1\tDR\tX\t\n")

    assert ("p", "GPU0", "GPU1", "DR") in values(facts, "p2p_status")


def test_latency_is_read_as_the_gpu_sees_it() -> None:
    facts = facts_of(
        """
        P2P=Enabled Latency (P2P Writes) Matrix (us)
           GPU     0      1
             0   1.60 49204.95
             1 49204.96   1.59

           CPU     0      1
             0   2.31   1.90
             1   1.91   2.30
        """
    )

    assert values(facts, "p2p_latency") == [(0, 1, True, 49204.95), (1, 0, True, 49204.96)]


def test_the_connectivity_matrix_tells_peer_access() -> None:
    facts = facts_of("P2P Connectivity Matrix\n     D\\D     0     1\n     0\t     1     0\n     1\t     0     1\n")

    assert values(facts, "peer_access") == [(0, 1, False), (1, 0, False)]


@pytest.mark.parametrize(
    "line",
    [
        "Device: 0, NVIDIA RTX A6000, pciBusID: 1, pciDeviceID: 0, pciDomainID:0",
        "Device 0: NVIDIA RTX A6000 (00000000:1b:00)",
        "#  Rank  0 Group  0 Pid   4242 on     node-a device  0 [0x07] NVIDIA RTX A6000",
        "#   Rank  0 Pid   4242 on node-a device  0 [0000:07:00] NVIDIA RTX A6000",
    ],
)
def test_the_devices_of_a_test_tell_the_model(line: str) -> None:
    assert facts_of(line).value("gpu_model") == "NVIDIA RTX A6000"


@pytest.mark.parametrize("line", ["Device 0: NVIDIA is not found", "P2P=Enabled Latency is high", "    0    1    1"])
def test_words_about_a_test_are_no_result(line: str) -> None:
    facts = facts_of(line)

    assert all(not facts.all(name) for name in ("gpu_model", "p2p_latency", "peer_access"))
