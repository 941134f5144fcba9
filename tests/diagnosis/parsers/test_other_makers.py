"""Tools of other makers are named, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of


@pytest.mark.parametrize(
    ("line", "maker"),
    [
        ("$ rocm-smi --showtopo", "amd"),
        ("============ ROCm System Management Interface ============", "amd"),
        ("node-a:12:34 [0] NCCL INFO RCCL version 2.21.5", "amd"),
        ("| npu-smi 24.1.rc2                 Version: 24.1.rc2 |", "ascend"),
        ("NPU0       X          HCCS       HCCS", "ascend"),
        ("mthreads-gmi:1.14.0", "moore-threads"),
        ("ixsmi -L", "iluvatar"),
        ("hy-smi", "hygon"),
        ("mx-smi  version: 2.1", "metax"),
    ],
)
def test_another_makers_tool_is_named(line: str, maker: str) -> None:
    assert facts_of(line).value("not_covered") == [maker]


@pytest.mark.parametrize(
    "line", ["nvidia-smi topo -m", "NCCL version 2.21.5+cuda12.4", "AMD EPYC 7543", "the ascending order", "hiccs"]
)
def test_what_only_sounds_like_one_is_not(line: str) -> None:
    assert facts_of(line).all("not_covered") == []
