"""Reports of what is installed: versions that count, and words that tell nothing."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of

REPORT = """
PyTorch version: 2.6.0+cu124
Is debug build: False
CUDA used to build PyTorch: 12.4
GPU models and configuration:
GPU 0: NVIDIA RTX A6000
GPU 1: NVIDIA RTX A6000

Nvidia driver version: 550.54.15
Vendor ID:                          AuthenticAMD
Model name:                         AMD EPYC 7543 32-Core Processor
[pip3] nvidia-nccl-cu12==2.21.5
[pip3] torch==2.6.0
vLLM Version: 0.8.5
"""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("torch_version", "2.6.0"),
        ("cuda_version", "12.4"),
        ("driver_version", "550.54.15"),
        ("gpu_model", "NVIDIA RTX A6000"),
        ("gpu_count", 2),
        ("cpu_vendor", "amd"),
        ("nccl_version", "2.21.5"),
        ("engine_version", "0.8.5"),
    ],
)
def test_a_report_of_torch_tells(name: str, value: object) -> None:
    assert facts_of(REPORT).value(name) == value


def test_the_version_in_a_package_list_is_unsure() -> None:
    """The engine may load another library than the one that pip lists."""
    assert [fact.sure for fact in facts_of(REPORT).all("nccl_version")] == [False]


def test_several_indexes_of_one_model_are_counted_once_each() -> None:
    assert facts_of("GPU 0,1,2,3: NVIDIA H100 80GB HBM3").value("gpu_count") == 4


def test_a_report_cut_off_after_its_first_lines_is_read_so_far() -> None:
    facts = facts_of("\n".join(REPORT.strip().splitlines()[:5]))

    assert facts.value("torch_version") == "2.6.0"
    assert facts.value("gpu_count") == 1
    assert facts.value("driver_version") is None


@pytest.mark.parametrize(
    "line",
    [
        "Nvidia driver version: Could not collect",
        "CUDA runtime version: Could not collect",
        "PyTorch version: N/A",
        "Model name: unknown",
    ],
)
def test_what_could_not_be_collected_is_unknown(line: str) -> None:
    facts = facts_of(line)

    assert all(facts.all(n) == [] for n in ("driver_version", "cuda_version", "torch_version", "cpu_vendor"))


@pytest.mark.parametrize(
    ("line", "vendor"),
    [
        ("Vendor ID: GenuineIntel", "intel"),
        ("Model name: Intel(R) Xeon(R) Platinum 8480+", "intel"),
        ("Model name: AMD Ryzen Threadripper PRO 5975WX", "amd"),
        ("Model name: Neoverse-V2", "arm"),
        ("Vendor ID: CentaurHauls", "zhaoxin"),
    ],
)
def test_the_processors_maker_is_read(line: str, vendor: str) -> None:
    assert facts_of(line).value("cpu_vendor") == vendor


def test_condas_package_of_nccl_tells_the_version_without_its_build() -> None:
    facts = facts_of("nccl                      2.21.5.1             h6103f9b_0    conda-forge")

    assert facts.value("nccl_version") == "2.21.5"


def test_the_vllm_that_sglang_carries_is_not_the_engine() -> None:
    facts = facts_of("PyTorch: 2.5.1+cu124\nsglang: 0.4.3.post2\ntransformers: 4.48.3\nvllm: 0.6.4.post1\n")

    assert facts.value("engine_version") == "0.4.3.post2"


@pytest.mark.parametrize("line", ["nccl 3 tests", "nccl  2.x", "use nccl 2.21.5 or newer"])
def test_a_version_in_a_sentence_is_no_package(line: str) -> None:
    assert facts_of(line).all("nccl_version") == []


@pytest.mark.parametrize(
    ("name", "fact", "value"),
    [
        ("vllm", "engine_version", "0.8.5.post1"),
        ("torch", "torch_version", "2.6.0"),
        ("nvidia-nccl-cu12", "nccl_version", "2.21.5"),
    ],
)
def test_pip_show_tells_a_version(name: str, fact: str, value: str) -> None:
    assert facts_of(f"Name: {name}\nVersion: {value}\nSummary: something").value(fact) == value


@pytest.mark.parametrize(
    "text", ["Name: vllm\nSummary: x\nVersion: 0.8.5", "Name: vllm", "Name: vllm-x\nVersion: 0.8.5"]
)
def test_a_name_without_its_version_tells_none(text: str) -> None:
    assert facts_of(text).all("engine_version") == []
