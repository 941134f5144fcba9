"""Commands people paste: what they set and start, and what a sentence does not."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values


def test_a_vllm_command_over_several_lines_tells_everything() -> None:
    facts = facts_of(
        r"""
        $ NCCL_P2P_DISABLE=1 CUDA_VISIBLE_DEVICES=0,1 vllm serve org/model \
            --tensor-parallel-size 2 \
            --enforce-eager \
            --gpu-memory-utilization=0.9
        """
    )
    assert facts.value("engine") == "vllm"
    assert facts.value("model") == "org/model"
    assert facts.value("tensor_parallel_size") == 2
    assert facts.value("enforce_eager") is True
    assert facts.env("NCCL_P2P_DISABLE") == "1"
    assert facts.env("CUDA_VISIBLE_DEVICES") == "0,1"
    assert ("--gpu-memory-utilization", "0.9") in values(facts, "engine_argument")


@pytest.mark.parametrize(
    ("command", "engine", "size"),
    [
        ("vllm serve m -tp 4", "vllm", 4),
        ("python -m vllm.entrypoints.openai.api_server --model m --tensor-parallel-size=8", "vllm", 8),
        ("python3 -m sglang.launch_server --model-path m --tp 4", "sglang", 4),
        ("lmdeploy serve api_server m --tp 2", "lmdeploy", 2),
        ("text-generation-launcher --model-id m --num-shard 2", "tgi", 2),
        ("trtllm-serve m --tp_size 2", "tensorrt-llm", 2),
        ("docker run --gpus all --shm-size 1g vllm/vllm-openai:v0.8.5 --model m --tensor-parallel-size 2", "vllm", 2),
    ],
)
def test_every_engines_command_tells_engine_and_size(command: str, engine: str, size: int) -> None:
    facts = facts_of(command)
    assert facts.value("engine") == engine
    assert facts.value("tensor_parallel_size") == size


def test_a_container_command_tells_image_and_versions() -> None:
    facts = facts_of("docker run -d --name m --gpus all -e NCCL_DEBUG=INFO vllm/vllm-openai:v0.8.5.post1 --model org/m")
    assert facts.value("image") == "vllm/vllm-openai:v0.8.5.post1"
    assert facts.value("engine_version") == "0.8.5.post1"
    assert facts.value("install_method") == "docker"
    assert facts.env("NCCL_DEBUG") == "INFO"
    gpustack = facts_of("sudo docker run -d --name gpustack --gpus all gpustack/gpustack:v0.6.2")
    assert gpustack.value("gpustack_version") == "0.6.2"


@pytest.mark.parametrize(
    ("command", "launcher", "world", "nodes"),
    [
        ("torchrun --nproc-per-node=4 --nnodes 2 train.py", "torchrun", 8, 2),
        ("python -m torch.distributed.run --nproc_per_node 4 train.py", "torchrun", 4, None),
        ("mpirun -np 16 -x NCCL_DEBUG=INFO ./build/all_reduce_perf -b 8 -e 1G -f 2 -g 1", "mpirun", 16, None),
        ("srun --nodes 2 --ntasks 16 python train.py", "slurm", 16, 2),
    ],
)
def test_launchers_tell_ranks_and_machines(command: str, launcher: str, world: int, nodes: int | None) -> None:
    facts = facts_of(command)
    assert facts.value("launcher") == launcher
    assert facts.value("world_size") == world
    assert facts.value("node_count") == nodes


def test_mpirun_passes_variables_with_x() -> None:
    assert facts_of("mpirun -np 2 -x NCCL_IB_DISABLE=1 ./all_reduce_perf -g 1").env("NCCL_IB_DISABLE") == "1"


@pytest.mark.parametrize(
    "sentence",
    [
        "Please try NCCL_P2P_DISABLE=1 vllm serve org/model instead.",
        "I would set NCCL_P2P_DISABLE=1 and see.",
        "You can run `export NCCL_DEBUG=INFO` before starting.",
        "Set NCCL_DEBUG=INFO for details",
    ],
)
def test_advice_sets_nothing(sentence: str) -> None:
    facts = facts_of(sentence)
    assert facts.all("env") == []
    assert facts.value("engine") is None


def test_an_export_on_its_own_line_is_set() -> None:
    assert facts_of("export NCCL_SOCKET_IFNAME=eth0\nexport FOO").env("NCCL_SOCKET_IFNAME") == "eth0"


def test_what_stands_behind_a_pipe_is_no_argument() -> None:
    facts = facts_of("vllm serve m --enable-metrics 2>&1 | tee --append out.log")
    assert ("--append", "out.log") not in values(facts, "engine_argument")
    assert ("--enable-metrics", "") in values(facts, "engine_argument")


def test_quotes_that_never_close_do_no_harm() -> None:
    assert facts_of('vllm serve "m --tensor-parallel-size 2').value("tensor_parallel_size") == 2


def test_accelerate_counts_all_processes_together() -> None:
    facts = facts_of("accelerate launch --num_processes 8 --num_machines 2 train.py")
    assert facts.value("world_size") == 8
    assert facts.value("node_count") == 2
