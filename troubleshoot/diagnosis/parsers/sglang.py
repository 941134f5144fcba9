"""SGLang's lines, 0.4 … 0.5.23, on the same phases as vLLM's (domain/engines.md §2.5). Samples:

[2025-09-10 09:08:07] server_args=ServerArgs(model_path='m', tp_size=2, …)
[2025-09-10 09:08:07 TP1] Init torch distributed begin.
[2025-09-10 09:08:30 TP0] Load weight end. type=LlamaForCausalLM, dtype=torch.bfloat16, avail mem=20.10 GB, mem usage=14.99 GB.
[2025-09-10 09:09:02] The server is fired up and ready to roll!
"""

from __future__ import annotations

import re

from troubleshoot.diagnosis.parsers.arguments import facts_of_print_out
from troubleshoot.diagnosis.parsers.marks import Mark, Told, table
from troubleshoot.diagnosis.parsers.shared_lines import MOVED, STANDS


def server_args(match: re.Match[str]) -> Told:
    """`ServerArgs(…)` holds every argument with its default."""
    yield from facts_of_print_out(match.string[match.end() :], defaults_too=True)


def loaded_nccl(match: re.Match[str]) -> Told:
    yield "nccl_version", match["nccl"].rstrip(".,")


def version(match: re.Match[str]) -> Told:
    yield "engine_version", match["version"]


def backend(match: re.Match[str]) -> Told:
    yield "engine_argument", ("attention-backend", match["backend"])


def exit_code(match: re.Match[str]) -> Told:
    yield "exit_code", (match.groupdict().get("name") or "scheduler", int(match["code"]))


MARKS = (
    Mark(r"server_args=ServerArgs\(", "L2", "launch", tells=server_args),
    Mark(r"\bServerArgs\(", "L2", "", tells=server_args),
    Mark(r"sglang(?:\[\w+\])?==(?P<version>\d+\.\d+[\w.]*)", "", "", tells=version),
    Mark(
        r"Attention backend not (?:explicitly )?(?:specified|set)\. Use (?P<backend>\w+) backend", "L3", tells=backend
    ),
    Mark(r"MLA optimization is turned on", "L3"),
    Mark(r"Using default HuggingFace chat template", "L3"),
    Mark(r"Init torch distributed begin|Init nccl begin|Init parallel begin", "L6", "open"),
    Mark(r"sglang is using nccl==(?P<nccl>[\w.+-]+)", "L8", "open", tells=loaded_nccl),
    Mark(r"Init torch distributed ends|Init parallel ends|Memory baseline taken", "L10", "close"),
    Mark(r"Load weight begin", "L11", "open"),
    Mark(r"Found local HF snapshot for ", "L13"),
    Mark(r"Load weight end", "L14", "close"),
    Mark(r"Using KV cache dtype", "L16"),
    Mark(r"KV Cache is allocated", "L16"),
    Mark(r"Memory pool end", "L16"),
    Mark(r"Entering DeepGEMM JIT Pre-?Compile session", "L17", "busy"),
    Mark(r"Try DeepGEMM JIT Compiling", "L17", "busy"),
    Mark(r"compile_deep_gemm|WarmupExecutor", "L17", "busy"),
    Mark(r"Capture (?:\w+ ){0,3}(?:cuda|CUDA) graph begin", "L18", "open"),
    Mark(r"Capture cuda graph bs \[", "L18"),
    Mark(rf"Capturing batches .{{0,80}}:{MOVED}", "L18", "busy"),
    Mark(rf"Capturing batches .{{0,80}}:{STANDS}", "L18"),
    Mark(r"Capture (?:\w+ ){0,3}(?:cuda|CUDA) graph end", "L18", "close"),
    Mark(r"max_total_num_tokens=\d+, ", "L19", "close"),
    Mark(r"The server is fired up and ready to roll", "L20", "ready"),
    Mark(r"(?:Prefill|Decode) batch[. ].{0,40}(?:#new-seq|#running-req)", "L20", "serving"),
    # failures
    Mark(r"Rank (?P<rank>\d+) scheduler is dead", "", "failed"),
    Mark(r"Subprocess (?P<name>\S+) \(pid=\d+\) crashed with exit code (?P<code>-?\d+)", "", "failed", tells=exit_code),
    Mark(r"Scheduler hit an exception", "", "failed"),
    Mark(r"Received sigquit from a child process", "", "failed"),
    Mark(r"Initialization failed\. (?:warmup error|Please see)", "", "failed"),
    Mark(r"Capture (?:cuda|CUDA) graph failed", "L18", "failed"),
    Mark(r"[Ww]atchdog timeout \(self\.watchdog_timeout=", "", "failed"),
    Mark(r"The memory capacity is unbalanced", "L10", "failed"),
)

FORMATS = (table("sglang-log", {"en": "SGLang log", "zh-hans": "SGLang 日志"}, MARKS, settled=(("engine", "sglang"),)),)
