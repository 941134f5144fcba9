"""The path NCCL takes for a link, and the three layers of peer-to-peer kept apart (domain/nccl.md §1.4)."""

from __future__ import annotations

from typing import Any

import pytest

from troubleshoot.diagnosis import topology
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.links import DISTANCE
from troubleshoot.diagnosis.topology import Matrix, Setting

PAIR = ("GPU0", "GPU1")
OLD, NEW = "2.22.3", "2.23.4"


def two(code: str) -> Matrix:
    return Matrix(("GPU0", "GPU1"), links={PAIR: code})


def facts(*told: tuple[str, Any]) -> Facts:
    return Facts([Fact(name, value) for name, value in told])


def layers(matrix: Matrix, *told: tuple[str, Any]) -> dict[str, Any]:
    return topology.pairs(facts(*told), matrix)["GPU0-GPU1"]


TABLE = [  # code, Intel, AMD to 2.22, AMD from 2.23 with two GPUs, with three and more
    ("NV4", "P2P", "P2P", "P2P", "P2P"),
    ("C2C", "P2P", "P2P", "P2P", "P2P"),
    ("PIX", "P2P", "P2P", "P2P", "P2P"),
    ("PXB", "P2P", "P2P", "P2P", "P2P"),
    ("PHB", "SHM", "P2P", "P2P", "SHM"),
    ("NODE", "SHM", "P2P", "P2P", "SHM"),
    ("SYS", "SHM", "P2P", "P2P", "SHM"),
    ("SOC", "SHM", "P2P", "P2P", "SHM"),
]


@pytest.mark.parametrize(("code", "intel", "amd_old", "amd_two", "amd_many"), TABLE)
def test_the_default_level_is_that_of_processor_version_and_number(
    code: str, intel: str, amd_old: str, amd_two: str, amd_many: str
) -> None:
    assert topology.path(code, Setting(OLD, "intel", 8)).transport == intel
    assert topology.path(code, Setting(NEW, "intel", 2)).transport == intel
    assert topology.path(code, Setting(OLD, "amd", 8)).transport == amd_old
    assert topology.path(code, Setting(NEW, "amd", 2)).transport == amd_two
    assert topology.path(code, Setting(NEW, "amd", 3)).transport == amd_many


@pytest.mark.parametrize(
    ("vendor", "version", "wanted"),
    [("power", OLD, "P2P"), ("power", NEW, "SHM"), ("arm", OLD, "SHM"), ("zhaoxin", OLD, "SHM"), (None, OLD, "SHM")],
)
def test_other_processors_over_the_longest_link(vendor: str | None, version: str, wanted: str) -> None:
    assert topology.path("SYS", Setting(version, vendor, 4)).transport == wanted


def test_what_is_assumed_is_said() -> None:
    assert "not told" in topology.path("SYS", Setting(NEW, None, 4)).because["en"]
    assert "未知" in topology.path("SYS", Setting(None, "amd", 4)).because["zh-hans"]
    assert "not told" not in topology.path("SYS", Setting(NEW, "intel", 4)).because["en"]


@pytest.mark.parametrize(
    ("level", "code", "wanted"),
    [
        ("SYS", "SYS", "P2P"),
        ("sys", "SYS", "P2P"),
        ("PHB", "SYS", "SHM"),
        ("PHB", "NODE", "P2P"),
        ("PIX", "PXB", "SHM"),
        ("NVL", "PIX", "SHM"),
        ("NVL", "NV12", "P2P"),
        ("LOC", "NV12", "SHM"),
        ("0", "PIX", "SHM"),
        ("1", "PIX", "P2P"),
        ("2", "PHB", "SHM"),
        ("3", "PHB", "P2P"),
        ("4", "SYS", "P2P"),
        ("5", "SYS", "P2P"),
        ("FAST", "PIX", "P2P"),  # NCCL silently ignores a word it does not know
        ("FAST", "SYS", "SHM"),
    ],
)
def test_the_level_that_is_set_wins(level: str, code: str, wanted: str) -> None:
    assert topology.path(code, Setting(NEW, "intel", 2, p2p_level=level)).transport == wanted


def test_switched_off_it_is_host_memory_or_the_network() -> None:
    assert topology.path("NV18", Setting(NEW, "intel", 2, p2p_disable=True)).transport == "SHM"
    assert topology.path("NV18", Setting(NEW, "intel", 2, p2p_disable=True, shm_disable=True)).transport == "NET"
    assert topology.path("SYS", Setting(NEW, "intel", 2, shm_disable=True)).transport == "NET"


def test_the_driver_may_refuse_what_the_level_allows() -> None:
    setting = Setting(OLD, "amd", 2)
    assert topology.path("PHB", setting, "CNS").transport == "SHM"
    assert topology.path("PHB", setting, "OK").transport == "P2P"
    assert "NCCL_IGNORE_DISABLED_P2P" in topology.path("NV4", setting, "NS").because["en"]
    assert topology.path("PHB", Setting(OLD, "amd", 2, ignore_status=True), "CNS").transport == "P2P"
    assert topology.path("PIX", Setting(OLD, "amd", 2, mig=True)).transport == "SHM"


def test_a_refusal_to_read_or_to_write_is_one_and_nvlink_status_is_not() -> None:
    told = [("p2p_status", ("r", "GPU0", "GPU1", "OK")), ("p2p_status", ("w", "GPU1", "GPU0", "CNS"))]
    assert layers(two("PIX"), *told)["advertised"] == "no"
    assert layers(two("PIX"), told[0], ("p2p_status", ("n", "GPU0", "GPU1", "NS")))["advertised"] == "yes"
    assert layers(two("PIX"))["advertised"] == "unknown"


def test_nccl_counts_the_gpus_of_the_job_not_of_the_machine() -> None:
    eight = Matrix(tuple(f"GPU{n}" for n in range(8)), links={PAIR: "SYS"})
    amd = (("cpu_vendor", "amd"), ("nccl_version", NEW))
    assert layers(eight, *amd)["nccl_path"] == "SHM"
    assert layers(eight, *amd, ("tensor_parallel_size", 2))["nccl_path"] == "P2P"
    assert layers(eight, *amd, ("tensor_parallel_size", 2), ("world_size", 4))["nccl_path"] == "SHM"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("NCCL_P2P_DISABLE", "1", "SHM"),
        ("NCCL_P2P_DISABLE", "0", "P2P"),
        ("NCCL_P2P_LEVEL", "LOC", "SHM"),
        ("NCCL_P2P_LEVEL", "PIX", "P2P"),
    ],
)
def test_the_environment_is_heeded(name: str, value: str, wanted: str) -> None:
    assert layers(two("PIX"), ("env", (name, value)))["nccl_path"] == wanted


def test_what_the_log_says_it_chose_stands_beside_what_the_rules_say() -> None:
    intel = ("cpu_vendor", "intel")
    found = layers(two("SYS"), intel, ("transport", (0, 1, "P2P/CUMEM")), ("transport", (1, 0, "P2P/IPC")))
    assert (found["nccl_path"], found["chosen"]) == ("SHM", "P2P")
    assert layers(two("SYS"), intel, ("transport", (0, 1, "SHM/direct/direct")))["chosen"] == "SHM"
    assert (
        layers(two("SYS"), intel, ("transport", (0, 1, "P2P/IPC")), ("transport", (1, 0, "NET/IB/0")))["chosen"]
        == "unknown"
    )


def test_ranks_stand_for_the_gpus_they_may_see() -> None:
    four = Matrix(tuple(f"GPU{n}" for n in range(4)), links={("GPU2", "GPU3"): "PIX"})
    found = topology.pairs(facts(("env", ("CUDA_VISIBLE_DEVICES", "2,3")), ("transport", (0, 1, "P2P/IPC"))), four)
    assert found["GPU2-GPU3"]["chosen"] == "P2P"
    assert found["GPU0-GPU1"]["chosen"] == "unknown"


def test_data_that_arrived_over_host_memory_says_nothing_of_peer_to_peer() -> None:
    passed = ("nccl_test", "passed")
    assert layers(two("PIX"), passed, ("transport", (0, 1, "P2P/IPC")))["delivered"] == "yes"
    assert layers(two("PIX"), passed, ("transport", (0, 1, "SHM/direct/direct")))["delivered"] == "unknown"
    assert layers(two("PIX"), passed)["delivered"] == "unknown"


def test_a_test_of_one_pair_speaks_of_that_pair() -> None:
    four = Matrix(tuple(f"GPU{n}" for n in range(4)))
    told = facts(
        ("p2p_data_test", "passed"),
        ("peer_access", (0, 1, True)),
        ("peer_access", (1, 0, True)),
        ("peer_access", (0, 2, False)),
    )
    found = topology.pairs(told, four)
    assert found["GPU0-GPU1"]["delivered"] == "yes"
    assert found["GPU2-GPU3"]["delivered"] == "unknown"
    assert layers(two("PIX"), ("p2p_data_test", "failed"))["delivered"] == "no"


def test_a_link_that_is_not_told_is_said_to_be_so() -> None:
    found = topology.pairs(facts(), Matrix(("GPU0", "GPU1", "GPU2"), links={PAIR: "PIX"}, complete=False))
    assert set(found) == {"GPU0-GPU1", "GPU0-GPU2", "GPU1-GPU2"}
    assert "not told" in found["GPU1-GPU2"]["because"]["en"]


def test_every_reason_is_there_in_both_languages() -> None:
    settings = [
        Setting(v, c, n, p2p_level=level, mig=mig)
        for v in (OLD, NEW, None)
        for c in ("amd", "intel", "power", None)
        for n in (2, 4, None)
        for level in (None, "SYS", "NVL")
        for mig in (False, True)
    ]
    for setting in settings:
        for code in (*DISTANCE, "NV4", None, "??"):
            for status in (None, "OK", "NS"):
                because = topology.path(code, setting, status).because
                assert because["en"].endswith(".")
                assert because["zh-hans"].endswith("。")


def test_matrices_are_taken_in_the_order_found() -> None:
    known = facts(("topology_matrix", two("PIX")), ("topology_matrix", two("SYS")), ("topology_matrix", two("PIX")))
    topology.derive(known)
    assert [matrix.links[PAIR] for matrix in known.matrices] == ["PIX", "SYS"]
    assert two("NV4").is_nvlink_only
    assert not two("PIX").has_nvlink
