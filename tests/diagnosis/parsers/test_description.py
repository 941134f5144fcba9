"""A machine described in words: unsure facts, and advice that is none."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values

WORDS = """
* GPUs: 2x NVIDIA RTX A6000
* NVLink: None
* **NCCL**: 2.25.1
* Driver: 565.57.01
AMD host with the AMD-Vi IOMMU in its default translated mode
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gpu_count", 2),
        ("gpu_model", "RTX A6000"),
        ("nvlink_present", False),
        ("nccl_version", "2.25.1"),
        ("driver_version", "565.57.01"),
        ("iommu", "translated"),
        ("cpu_vendor", "amd"),
    ],
)
def test_a_list_of_hardware_is_read(name: str, value: object) -> None:
    assert facts_of(WORDS).value(name) == value


def test_all_of_it_is_unsure() -> None:
    facts = facts_of(WORDS)

    assert [fact.name for fact in facts.facts if fact.sure] == []


def test_what_a_tool_prints_outweighs_it() -> None:
    facts = facts_of(WORDS, "[ 0.4] iommu: Default domain type: Passthrough")

    assert facts.value("iommu") == "passthrough"


def test_number_words_count() -> None:
    assert facts_of("I have Four RTX 3090 in one box").value("gpu_count") == 4


def test_load_and_power_together_make_two_loaded_gpus() -> None:
    facts = facts_of("GPU utilization: 100%\nPower: approximately 120 W per GPU")

    assert values(facts, "gpu_load") == [(0, 100, 120, None, None), (1, 100, 120, None, None)]


@pytest.mark.parametrize(
    "sentence",
    [
        "You should disable the IOMMU: IOMMU off helps.",
        "Try a virtual machine with IOMMU enabled",
        "please set IOMMU to passthrough",
    ],
)
def test_advice_describes_no_machine(sentence: str) -> None:
    facts = facts_of(sentence)

    assert facts.all("iommu") == []
    assert facts.all("virtualized") == []


@pytest.mark.parametrize(
    "line", ["Power: high", "GPU utilization is fine", "2 x as fast", "NCCL is great", "version 2.25.1"]
)
def test_near_misses_tell_nothing(line: str) -> None:
    facts = facts_of(line)

    assert all(facts.all(name) == [] for name in ("gpu_load", "gpu_count", "gpu_model", "nccl_version"))
