"""NCCL's own lines, from 2.4 to 2.30."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values

TWO_RANKS = """
    node-a:400:400 [0] NCCL INFO Bootstrap : Using eth0:10.1.0.4<0>
    node-a:400:400 [0] NCCL INFO NET/Plugin: No plugin found (libnccl-net.so)
    node-a:400:400 [0] NCCL INFO cudaDriverVersion 12040
    NCCL version 2.21.5+cuda12.4
    node-a:400:460 [0] NCCL INFO NET/Socket : Using [0]eth0:10.1.0.4<0> [1]docker0:172.17.0.1<0>
    node-a:400:460 [0] NCCL INFO Using network Socket
    node-a:401:461 [1] NCCL INFO NCCL_P2P_LEVEL set by environment to LOC
    node-a:400:460 [0] NCCL INFO ncclCommInitRank comm 0x55a rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 41000 commId 0xabc - Init START
    node-a:401:461 [1] NCCL INFO ncclCommInitRank comm 0x55b rank 1 nranks 2 cudaDev 1 nvmlDev 1 busId 81000 commId 0xabc - Init START
    node-a:400:460 [0] NCCL INFO comm 0x55a rank 0 nRanks 2 nNodes 1 localRanks 2 localRank 0 MNNVL 0
    node-a:400:460 [0] NCCL INFO Check P2P Type intraNodeP2pSupport 0 directMode 0
    node-a:400:460 [0] NCCL INFO Channel 00 : 0[0] -> 1[1] via SHM/direct/direct
    node-a:401:461 [1] NCCL INFO Channel 00 : 1[1] -> 0[0] via SHM/direct/direct
    node-a:400:460 [0] NCCL INFO Connected all rings
    node-a:400:460 [0] NCCL INFO ncclCommInitRank comm 0x55a rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 41000 commId 0xabc - Init COMPLETE
"""


def test_one_communicator_tells_shape_transport_network_and_stages() -> None:
    facts = facts_of(TWO_RANKS)
    assert facts.value("nccl_version") == "2.21.5"
    assert facts.value("world_size") == 2
    assert facts.value("node_count") == 1
    assert facts.value("nccl_network") == "Socket"
    assert facts.value("p2p_allowed_by_nccl") == 0
    assert values(facts, "transport") == [(0, 1, "SHM/direct/direct"), (1, 0, "SHM/direct/direct")]
    assert ("eth0", "10.1.0.4") in values(facts, "nccl_interface")
    assert ("docker0", "172.17.0.1") in values(facts, "nccl_interface")
    assert {(0, "complete"), (1, "connect")} <= set(values(facts, "nccl_stage"))
    timeline = facts.timeline
    assert timeline is not None
    assert timeline.stuck_in == "nccl-init"


def test_up_to_2_22_the_p2p_switch_is_echoed_as_a_level() -> None:
    facts = facts_of(TWO_RANKS)
    assert facts.env("NCCL_P2P_LEVEL") == "LOC"
    assert facts.env("NCCL_P2P_DISABLE") == "1"


def test_from_2_23_the_level_is_only_a_level() -> None:
    facts = facts_of(TWO_RANKS.replace("2.21.5", "2.27.3"))
    assert facts.env("NCCL_P2P_LEVEL") == "LOC"
    assert facts.env("NCCL_P2P_DISABLE") is None


def test_info_lines_show_that_debug_output_is_on() -> None:
    assert facts_of(TWO_RANKS).env("NCCL_DEBUG") == "INFO"
    assert facts_of("NCCL version 2.21.5+cuda12.4").env("NCCL_DEBUG") is None


def test_advice_in_an_error_sets_nothing() -> None:
    facts = facts_of("RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)")
    assert facts.env("NCCL_DEBUG") is None


@pytest.mark.parametrize(
    ("line", "transport"),
    [
        ("node-a:1:2 [1] NCCL INFO Channel 01/0 : 1[1] -> 0[0] via P2P/CUMEM", (1, 0, "P2P/CUMEM")),
        ("node-a:1:2 [1] NCCL INFO Channel 01/0 : 1[81000] -> 0[41000] via P2P/IPC/read", (1, 0, "P2P/IPC/read")),
        ("node-a:1:2 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[0] [send] via NET/IB/0/GDRDMA", (0, 1, "NET/IB/0/GDRDMA")),
        ("node-a:1:2 [0] NCCL INFO Ring 00 : 0[0] -> 1[1] via P2P/direct pointer", (0, 1, "P2P/direct pointer")),
        ("[0] NCCL INFO Channel 00 : 0[0] -> 1[1] via SHM/direct", (0, 1, "SHM/direct")),
    ],
)
def test_channel_lines_of_several_releases_tell_the_transport(line: str, transport: tuple[int, int, str]) -> None:
    assert values(facts_of(line), "transport") == [transport]


def test_ring_orders_are_no_transport() -> None:
    assert facts_of("node-a:1:2 [0] NCCL INFO Channel 00/02 :    0   1").all("transport") == []


@pytest.mark.parametrize(
    "line",
    [
        "node-a:1:2 [0] NCCL INFO comm 0x1 rank 3 nranks 4 cudaDev 3 busId c1000 - Init COMPLETE",
        "node-a:1:2 [3] NCCL INFO comm 0x1 rank 3 nranks 4 cudaDev 3 nvmlDev 3 busId c1000 commId 0x2 - Init COMPLETE",
        "node-a:1:2 [3] NCCL INFO [Rank 3] ncclCommInitRankConfig comm 0x1 rank 3 nranks 4 cudaDev 3 nvmlDev 3 busId c1000 commId 0x2 - Init COMPLETE",
        "[2026-01-01 10:00:00] node-a:1:2 [3] NCCL INFO ncclCommSplit comm 0x1 rank 3 nranks 4 cudaDev 3 nvmlDev 3 busId c1000 parent 0x9 color 1 key 3- Init COMPLETE",
    ],
)
def test_a_rank_that_completed_is_known_in_every_release(line: str) -> None:
    facts = facts_of(line)
    assert (3, "complete") in values(facts, "nccl_stage")
    assert facts.all("phase_mark")[0].value.rank == 3


def test_a_warning_that_ends_the_communicator_is_a_failure_of_nccl_init() -> None:
    text = """
    NCCL version 2.27.5+cuda12.9
    [2026-01-01 10:00:00] node-a:9:9 [0] transport/nvls.cc:254 NCCL WARN Cuda failure 1 'invalid argument'
    node-a:9:9 [0] NCCL INFO transport/nvls.cc:409 -> 1
    node-a:9:9 [0] NCCL INFO init.cc:1141 -> 1
    """
    timeline = facts_of(text).timeline
    assert timeline is not None
    assert timeline.outcome == "crashed"
    assert next(p.state for p in timeline.phases if p.id == "nccl-init") == "failed"


def test_a_benign_warning_is_no_failure() -> None:
    text = "node-a:9:9 [0] misc/ibvwrap.cc:63 NCCL WARN Failed to open libibverbs.so[.1]\nnode-a:9:9 [0] NCCL INFO Using network Socket"
    timeline = facts_of(text).timeline
    assert timeline is not None
    assert timeline.outcome == "unknown"


def test_amds_library_is_named_as_not_covered() -> None:
    assert facts_of("RCCL version 2.21.5+hip6.3 HEAD:ddc4b4b").value("not_covered") == ["amd"]
    assert facts_of("NCCL version 2.21.5+cuda12.4").all("not_covered") == []


def test_thousands_of_channel_lines_leave_few_marks() -> None:
    text = "\n".join(f"node-a:1:2 [0] NCCL INFO Channel {n:02d}/0 : 0[0] -> 1[1] via P2P/IPC" for n in range(2000))
    facts = facts_of(text)
    assert len(facts.all("phase_mark")) <= 3
    timeline = facts.timeline
    assert timeline is not None
    assert timeline.last_line is not None
    assert timeline.last_line.number == 2000


def test_the_library_that_the_engine_loaded_wins_over_pytorchs() -> None:
    facts = facts_of("INFO 05-16 13:12:16 [pynccl.py:69] vLLM is using nccl==2.26.2\nNCCL version 2.21.5+cuda12.4")
    assert facts.value("nccl_version") == "2.26.2"


def test_the_version_in_pytorchs_error_is_only_a_hint_and_no_step() -> None:
    facts = facts_of(
        "torch.distributed.DistBackendError: NCCL error in: NCCLUtils.hpp:268, unhandled system error, NCCL version 2.21.5"
    )
    assert facts.value("nccl_version") == "2.21.5"
    assert not any(fact.sure for fact in facts.all("nccl_version"))
    assert facts.all("nccl_stage") == []
