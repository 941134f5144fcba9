"""Other engines and training programs: enough of their lines to place the launch.

TGI, LMDeploy, TensorRT-LLM, Triton, KTransformers; DeepSpeed, Megatron/NeMo, torchtitan, Hugging Face Trainer,
LLaMA-Factory, nccl-tests. For training, the first finished step is what "ready" is for a server. Samples:

    2024-05-01T01:17:02.618817Z  INFO shard-manager: text_generation_launcher: Waiting for shard to be ready... rank=1
    {'loss': 1.9341, 'grad_norm': 1.25, 'learning_rate': 2e-05, 'epoch': 0.01}
    [2025-02-01 10:00:00,000] [INFO] [config.py:733:__init__] Config mesh_device None world_size = 8
"""

from __future__ import annotations

import re

from troubleshoot.diagnosis.parsers.arguments import facts_of_print_out
from troubleshoot.diagnosis.parsers.marks import Mark, Told, table, whole

TGI = (("engine", "tgi"),)
LMDEPLOY = (("engine", "lmdeploy"),)
TRT = (("engine", "tensorrt-llm"),)
KT = (("engine", "ktransformers"),)
DEEPSPEED = (("engine", "deepspeed"),)
NEMO = (("engine", "nemo"),)
TORCHTITAN = (("engine", "torchtitan"),)
TRAINER = (("engine", "torch"),)
FACTORY = (("engine", "llama-factory"),)
NCCL_TESTS = (("engine", "nccl-tests"),)


def shards(match: re.Match[str]) -> Told:
    number = whole(match["shards"])
    if number:
        yield "tensor_parallel_size", number


def launcher_args(match: re.Match[str]) -> Told:
    yield from facts_of_print_out(match.string[match.end() :].replace("Some(", "").replace(")", ""), defaults_too=True)


def world(match: re.Match[str]) -> Told:
    number = whole(match["world"])
    if number:
        yield "world_size", number


def at_least(match: re.Match[str]) -> Told:
    number = whole(match["number"])
    if number is not None:
        yield "world_size", number + 1


def exit_code(match: re.Match[str]) -> Told:
    signal = match.groupdict().get("signal")
    yield (
        "exit_code",
        (
            f"rank {match['rank']}" if match.groupdict().get("rank") else "shard",
            -int(signal) if signal else int(match["code"]),
        ),
    )


TGI_MARKS = (
    Mark(r"text_generation_launcher: (?:Args|Runtime environment)", "L2", "launch", always=TGI),
    Mark(r"Args (?:\{|\()\s*model_id", "L2", "launch", always=TGI, tells=launcher_args),
    Mark(r"Sharding model on (?P<shards>\d+) processes", "L3", always=TGI, tells=shards),
    Mark(
        r"text_generation_launcher: (?:Download file|Starting (?:check and )?download|Downloaded )",
        "L0",
        "busy",
        always=TGI,
    ),
    Mark(r"Successfully downloaded weights|Files are already present on the host", "L0", "close", always=TGI),
    Mark(r"shard-manager: text_generation_launcher: Starting shard", "L5", "open", always=TGI),
    Mark(r"Waiting for shard to be ready\.\.\. rank=(?P<rank>\d+)", "L5", "heartbeat", always=TGI),
    Mark(r"Waiting for shard to be ready", "L5", "heartbeat", always=TGI),
    Mark(r"Shard ready in [\d.]+m?s rank=(?P<rank>\d+)", "L14", "close", always=TGI),
    Mark(r"Server started at unix", "L14", always=TGI),
    Mark(r"text_generation_launcher: Starting Webserver|Starting Webserver", "L20", "open", always=TGI),
    Mark(r"(?:Warming up model|Cuda Graphs are enabled)", "L18", "open", always=TGI),
    Mark(r"text_generation_router\S*: .{0,80}(?:Connected|Invalid hostname|Starting HTTP)", "L20", "ready", always=TGI),
    Mark(r"text_generation_launcher: Shard (?P<rank>\d+) (?:failed to start|crashed)", "", "failed", always=TGI),
    Mark(
        r"Shard process was signaled to shutdown with signal (?P<signal>\d+)", "", "failed", always=TGI, tells=exit_code
    ),
    Mark(r"Shard complete standard error output", "", "failed", always=TGI),
)

SERVER_MARKS = (
    Mark(r"\[TM\]\[(?:INFO|WARNING|ERROR|DEBUG)\]", "L3", always=LMDEPLOY),
    Mark(r"lmdeploy - (?:INFO|WARNING|ERROR) -|TurbomindEngineConfig\(|PytorchEngineConfig\(", "L2", always=LMDEPLOY),
    Mark(r"HINT:\s+Please open http://\S+ in a browser", "L20", "open", always=LMDEPLOY),
    Mark(r"\[TensorRT-LLM\] TensorRT-LLM version: (?P<version>[\w.]+)", "L2", "launch", always=TRT),
    Mark(r"\[TensorRT-LLM\]\[(?:INFO|WARNING|ERROR)\]", "L3", always=TRT),
    Mark(r"\[TRT-LLM\] \[[IWEVD]\]", "L3", always=TRT),
    Mark(
        r"\[TensorRT-LLM\]\[INFO\] Loaded engine size|Loading weights concurrently|Rank \d+ uses \d+ (?:GB|GiB)",
        "L13",
        always=TRT,
    ),
    Mark(r"Started HTTPService at|Started GRPCInferenceService at", "L20", "ready"),
    Mark(r"loading (?:blk\.\d+|token_embd|output)\.\S+ to (?:cuda|cpu)", "L13", "busy", always=KT),
    Mark(r"llama_model_load|llm_load_tensors|load_tensors: ", "L13", hints=(("engine", "llama.cpp"),)),
    Mark(r"main: server is listening on|HTTP server is listening", "L20", "ready"),
)

TRAINING_MARKS = (
    Mark(r"\[launch\.py:\d+:main\] (?:WORLD INFO DICT|nnodes=|dist_world_size=)", "L2", "launch", always=DEEPSPEED),
    Mark(r"Initializing TorchBackend in DeepSpeed|\[comm\.py:\d+:init_distributed\]", "L6", "open", always=DEEPSPEED),
    Mark(r"DeepSpeed info: version=|\[logging\.py:\d+:log_dist\]", "L11", always=DEEPSPEED),
    Mark(r"Killing subprocess \d+", "", "failed", always=DEEPSPEED),
    Mark(
        r"Initializing distributed: GLOBAL_RANK: (?P<rank>\d+), MEMBER: \d+/(?P<world>\d+)", "L6", "open", tells=world
    ),
    Mark(r"All distributed processes registered\. Starting with (?P<world>\d+) processes", "L7", "close", tells=world),
    Mark(r"\[NeMo [IWE] ", "L3", always=NEMO),
    Mark(r"> initializ(?:ing|ed) (?:torch distributed|tensor model parallel)|setting random seeds", "L6", hints=NEMO),
    Mark(r"\[titan\]|torchtitan", "L2", always=TORCHTITAN),
    Mark(r"Building \d+-D device mesh", "L6", "open", always=TORCHTITAN),
    Mark(r"llamafactory|LLaMA-?Factory", "L2", "", always=FACTORY),
    Mark(r"\*+ Running training \*+", "L15", "open", always=TRAINER),
    Mark(r"^\{'(?:loss|train_loss)': ", "L20", "ready", always=TRAINER),
    Mark(r"\biteration\s{1,12}\d{1,9}/\s{0,12}\d{1,9} \|", "L20", "ready"),
    Mark(r"\bstep:\s+\d+\s+loss:\s+[\d.]+", "L20", "ready"),
    Mark(r"^\d+\|\d+\|Loss: [\d.]+", "L20", "ready", hints=TRAINER),
    Mark(r"Epoch \d+.{0,40}\b(?:loss|train_loss)[=:]\s*[\d.]+", "L20", "ready"),
)

TEST_MARKS = (
    Mark(r"# nThread \d+ nGpus \d+ minBytes \d+", "L2", "launch", always=NCCL_TESTS),
    Mark(
        r"#\s+Rank\s+(?P<number>\d+)\s+(?:Group\s+\d+\s+)?Pid\s+\d+ on\s+\S+ device\s+\d+",
        "L5",
        always=NCCL_TESTS,
        tells=at_least,
    ),
    Mark(
        r"^\s*\d{1,12}\s+\d{1,12}\s+(?:float|half|bfloat16|int\d+|uint8|double|fp8\w*)\s+(?:sum|none|prod|min|max|avg)\s",
        "L20",
        "serving",
        always=NCCL_TESTS,
    ),
    Mark(r"# Avg bus bandwidth\s+:", "L20", "ready", always=NCCL_TESTS),
    Mark(r"Test NCCL failure \S+:\d+", "L8", "failed", always=NCCL_TESTS),
    Mark(r"Test (?:CUDA )?failure \S+:\d+", "", "failed", always=NCCL_TESTS),
    Mark(r"PyTorch NCCL is successful!", "L8", always=(("sanity_stage", "nccl"),)),
    Mark(r"PyTorch GLOO is successful!", "L8", always=(("sanity_stage", "gloo"),)),
    Mark(r"vLLM NCCL is successful!", "L8", always=(("sanity_stage", "vllm-nccl"),)),
    Mark(r"vLLM NCCL with cuda graph is successful!", "L20", "ready", always=(("sanity_stage", "vllm-nccl-graph"),)),
)

FORMATS = (
    table("tgi-log", {"en": "TGI log", "zh-hans": "TGI 日志"}, TGI_MARKS),
    table("inference-log", {"en": "inference server log", "zh-hans": "推理服务日志"}, SERVER_MARKS),
    table("training-log", {"en": "training log", "zh-hans": "训练日志"}, TRAINING_MARKS),
    table("test-run", {"en": "communication test", "zh-hans": "通信测试"}, TEST_MARKS),
)
