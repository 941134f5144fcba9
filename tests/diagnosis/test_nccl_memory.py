"""How ranks open each other's memory: CUDA IPC or cuMem, by NCCL's version and NCCL_CUMEM_ENABLE (domain/nccl.md §2.1)."""

from __future__ import annotations

import itertools

import pytest

from troubleshoot.diagnosis import topology
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.nccl_memory import opened_by, room
from troubleshoot.diagnosis.topology import APART, SHARED, SMALL, Setting


@pytest.mark.parametrize(
    ("version", "cumem", "wanted"),
    [
        ("2.17.1", None, "IPC"),
        ("2.17.1", "1", "IPC"),  # it does not know the variable
        ("2.18.3", None, "IPC"),
        ("2.18.3", "1", "CUMEM"),
        ("2.19.3", None, ""),  # GeForce stays on IPC
        ("2.23.4", None, ""),
        ("2.24.3", None, "CUMEM"),
        ("2.24.3", "0", "IPC"),
        (None, None, ""),
        (None, "0", "IPC"),
    ],
)
def test_version_and_variable_decide(version: str | None, cumem: str | None, wanted: str) -> None:
    assert opened_by(Setting(nccl_version=version, cumem=cumem))[0] == wanted


def test_the_variable_is_read_from_the_case_and_nonsense_is_not() -> None:
    def told(value: str) -> str | None:
        return topology.setting_of(Facts([Fact("env", ("NCCL_CUMEM_ENABLE", value))])).cumem

    assert [told("0"), told("1"), told("yes")] == ["0", "1", None]


def test_a_dev_shm_of_its_own_leaves_a_rank_the_network_also_beside_nvlink() -> None:
    assert topology.path("NV18", Setting(shm=APART)).transport == "NET"
    assert topology.path("NV18", Setting(shm=SMALL)).transport == "P2P"


def test_only_a_small_dev_shm_is_told() -> None:
    assert [room(Setting(shm=shm)) is not None for shm in (SHARED, SMALL, APART)] == [False, True, False]


def test_every_sentence_is_there_in_both_languages() -> None:
    for version, cumem in itertools.product((None, "2.17.1", "2.18.3", "2.23.4", "2.30.7"), (None, "0", "1")):
        why = opened_by(Setting(nccl_version=version, cumem=cumem))[1]
        assert why["en"].endswith(".")
        assert why["zh-hans"].endswith("。")
