"""What RAS, Flight Recorder, vLLM's test script and the tools of a host say of the cause."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.diagnosis.judging import judged, known, rule_lines
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Fact, Facts

GIB = 1 << 30


def knowing(*facts: tuple[str, object]) -> Facts:
    return Facts([Fact(name, value, Line("a.txt", n, f"{name} {value}")) for n, (name, value) in enumerate(facts, 1)])


def recorded(*states: tuple[int, int, str]) -> Iterable[tuple[str, object]]:
    return [("flight_recorder", (rank, seq, state, "nccl:all_reduce")) for rank, seq, state in states]


HITS: list[tuple[str, list[tuple[str, object]]]] = [
    ("ranks-launched-different-operations", [("ras_status", ("RUNNING", "MISMATCH"))]),
    ("ranks-launched-different-operations", [("flight_recorder", (3, 9, "culprit", "COLLECTIVE_TYPE_MISMATCH"))]),
    ("ranks-missing-from-a-collective", [("ras_status", ("", "DEAD"))]),
    ("ranks-missing-from-a-collective", [("flight_recorder", (3, 9, "missing", ""))]),
    ("all-ranks-stand-in-one-collective", [*recorded((0, 6, "completed"), (0, 7, "started"), (1, 7, "started"))]),
    ("sanity-script-stops-after-nccl", [("sanity_stage", "nccl")]),
    ("sanity-script-stops-after-gloo", [("sanity_stage", "gloo")]),
    ("sanity-script-stops-before-graphs", [("sanity_stage", "vllm-nccl")]),
    ("sanity-script-passes", [("sanity_stage", "vllm-nccl"), ("sanity_stage", "vllm-nccl-graph")]),
    ("rdma-port-is-down", [("node_count", 2), ("ib_port", ("mlx5_0", 1, "down", "InfiniBand"))]),
    ("ray-has-too-few-gpus", [("ray_resources", (0.0, 4.0)), ("tensor_parallel_size", 8)]),
    ("host-memory-is-nearly-out", [("memory_available_bytes", 1 * GIB), ("memory_total_bytes", 256 * GIB)]),
    ("host-memory-is-nearly-out", [("memory_available_bytes", 8 * GIB), ("memory_total_bytes", 2000 * GIB)]),
    ("disk-has-no-room", [("disk_full", "/var/lib/docker")]),
    ("gpu-has-uncorrected-errors", [("ecc_errors", 1)]),
    (
        "fabric-manager-is-not-installed",
        [("fabric_manager", "not-installed"), ("gpu_model", "NVIDIA H100 80GB HBM3"), ("gpu_count", 8)],
    ),
    (
        "gpus-hold-memory-of-others",
        [
            ("named_cause", ("free-memory-less-than-desired", "gpu-oom")),
            ("gpu_load", (0, 0, 60, 70_000, 81_559)),
            ("gpu_process", (0, 4411, "python3", 69_000)),
        ],
    ),
]

NEAR_MISSES: list[tuple[str, list[tuple[str, object]]]] = [
    ("ranks-launched-different-operations", [("ras_status", ("RUNNING", "OK"))]),
    ("ranks-missing-from-a-collective", [("ras_status", ("RUNNING", "MISMATCH"))]),
    ("all-ranks-stand-in-one-collective", [*recorded((0, 7, "started"), (1, 6, "started"))]),
    ("all-ranks-stand-in-one-collective", [*recorded((0, 7, "started"), (1, 7, "scheduled"))]),
    ("all-ranks-stand-in-one-collective", [*recorded((0, 7, "started"))]),
    ("sanity-script-stops-after-nccl", [("sanity_stage", "nccl"), ("sanity_stage", "gloo")]),
    ("sanity-script-passes", [("sanity_stage", "vllm-nccl")]),
    ("rdma-port-is-down", [("node_count", 1), ("ib_port", ("mlx5_0", 1, "down", "InfiniBand"))]),
    (
        "rdma-port-is-down",
        [("node_count", 2), ("ib_port", ("mlx5_0", 1, "down", "IB")), ("ib_port", ("mlx5_1", 1, "active", "IB"))],
    ),
    ("ray-has-too-few-gpus", [("ray_resources", (8.0, 8.0)), ("tensor_parallel_size", 8)]),
    ("ray-has-too-few-gpus", [("ray_resources", (0.0, 4.0))]),
    ("ray-gpus-are-taken", [("ray_resources", (8.0, 8.0))]),
    ("host-memory-is-nearly-out", [("memory_available_bytes", 60 * GIB), ("memory_total_bytes", 256 * GIB)]),
    ("fabric-manager-is-not-installed", [("fabric_manager", "not-installed"), ("gpu_model", "NVIDIA L40S")]),
    (
        "gpus-hold-memory-of-others",
        [("gpu_load", (0, 0, 60, 70_000, 81_559)), ("gpu_process", (0, 4411, "python3", 69_000))],
    ),
]


@pytest.mark.parametrize(("rule", "facts"), HITS)
def test_what_a_tool_has_read_is_a_reason(rule: str, facts: list[tuple[str, object]]):
    assert rule_lines(rule, knowing(*facts))


@pytest.mark.parametrize(("rule", "facts"), NEAR_MISSES)
def test_what_looks_like_it_is_none(rule: str, facts: list[tuple[str, object]]):
    assert not rule_lines(rule, knowing(*facts))


def test_reserved_gpus_count_only_while_the_launch_waits_for_them():
    status = """
        INFO 03-02 10:00:01 [ray_utils.py:233] Waiting for creating a placement group of specs for 40 seconds. specs=[{'GPU': 1.0}]
        Usage:
         8.0/8.0 GPU (8.0 used of 8.0 reserved in placement groups)
        """

    assert rule_lines("ray-gpus-are-taken", known(status))


def test_a_full_disk_is_read_from_df_and_a_full_read_only_image_is_none():
    df = """
        Filesystem      Size  Used Avail Use% Mounted on
        overlay         1.8T  1.8T     0 100% /
        tmpfs            64M     0   64M   0% /dev/shm
        """
    snap = """
        Filesystem      Size  Used Avail Use% Mounted on
        /dev/loop3       64M   64M     0 100% /snap/core20/2318
        tmpfs           126G     0  126G   0% /dev/shm
        """

    assert rule_lines("disk-has-no-room", known(df))
    assert not rule_lines("disk-has-no-room", known(snap))


@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        (("PyTorch NCCL is successful!",), "socket-interface"),
        (("PyTorch NCCL is successful!", "PyTorch GLOO is successful!"), "nccl-library"),
    ],
)
def test_the_last_layer_that_works_names_the_one_that_does_not(printed: tuple[str, ...], cause: str):
    assert judged("\n".join(line for line in printed for _ in range(2))).findings[0].cause == cause
