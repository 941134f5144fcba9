"""What kind of machine it is, as far as the facts tell."""

from __future__ import annotations

from typing import Any

import pytest

from troubleshoot.diagnosis import platform
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.topology import Matrix


def facts(*told: tuple[str, Any]) -> Facts:
    return Facts([Fact(name, value) for name, value in told])


def all_to_all(gpus: int, code: str) -> Matrix:
    names = tuple(f"GPU{n}" for n in range(gpus))
    return Matrix(names, links={(a, b): code for i, a in enumerate(names) for b in names[i + 1 :]})


def test_no_sign_of_a_hypervisor_is_not_bare_metal() -> None:
    assert not platform.is_bare_metal(facts())
    assert not platform.is_virtual(facts())
    assert platform.is_bare_metal(facts(("virtualized", False)))
    assert platform.is_virtual(facts(("virtualized", True)))


def test_two_machines_that_disagree_are_neither() -> None:
    both = facts(("virtualized", True), ("virtualized", False))
    assert not platform.is_virtual(both)
    assert not platform.is_bare_metal(both)


def test_wsl_is_a_virtual_machine() -> None:
    known = facts(("virtualization", "wsl"))
    platform.derive(known)
    assert platform.is_wsl(known)
    assert platform.is_virtual(known)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ((("container", "docker"),), "docker"),
        ((("container", "kubernetes"),), "kubernetes"),
        ((("image", "vllm/vllm-openai:v0.8.5"),), "docker"),
        ((("container", "docker"), ("install_method", "compose")), "compose"),
        ((), None),
    ],
)
def test_the_install_method_is_guessed_only_when_nobody_tells_it(
    told: tuple[tuple[str, Any], ...], wanted: str | None
) -> None:
    known = facts(*told)
    platform.derive(known)
    assert known.value("install_method") == wanted


@pytest.mark.parametrize(
    ("matrix", "wanted"),
    [
        (all_to_all(8, "NV18"), True),
        (all_to_all(8, "NV12"), True),
        (all_to_all(8, "NV8"), True),
        (all_to_all(16, "NV6"), True),
        (all_to_all(4, "NV18"), True),
        (all_to_all(4, "NV6"), False),  # a board of four GPUs shares 18 links among three others
        (all_to_all(4, "NV4"), False),
        (all_to_all(2, "NV12"), False),  # a bridge joins two
        (all_to_all(8, "PIX"), False),
        (Matrix(tuple(f"GPU{n}" for n in range(8)), links={("GPU0", "GPU1"): "NV18"}, complete=False), False),
    ],
)
def test_nvlink_shows_whether_there_is_a_switch(matrix: Matrix, wanted: bool) -> None:
    known = facts()
    known.matrices.append(matrix)
    assert platform.has_nvswitch(known) is wanted


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ((("fabric_state", "In Progress"),), True),
        ((("fabric_state", "N/A"),), False),
        ((("fabric_manager", "running"),), True),
        ((("fabric_manager", "not-installed"),), False),
        ((("gpu_model", "NVIDIA H100 80GB HBM3"), ("gpu_count", 8)), True),
        ((("gpu_model", "NVIDIA A100-SXM4-80GB"), ("gpu_count", 4)), False),
        ((("gpu_model", "NVIDIA B200"),), True),
        ((("gpu_model", "NVIDIA H100 PCIe"), ("gpu_count", 8)), False),
        ((("gpu_model", "NVIDIA RTX A6000"), ("gpu_count", 8)), False),
    ],
)
def test_without_a_matrix_fabric_and_model_tell_of_a_switch(told: tuple[tuple[str, Any], ...], wanted: bool) -> None:
    assert platform.has_nvswitch(facts(*told)) is wanted
