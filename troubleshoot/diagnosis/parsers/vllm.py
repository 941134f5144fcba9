"""vLLM's own lines, V0 and V1, 0.3 … 0.33: where the launch stands, which version, which shape.

Spans and meaning of each line: domain/engines.md §2.1–2.4. Samples:

    INFO 02-25 17:41:37 llm_engine.py:234] Initializing a V0 LLM engine (v0.7.2) with config: model='m', …
    (VllmWorker rank=1 pid=211) INFO 05-16 13:12:16 [pynccl.py:69] vLLM is using nccl==2.21.5
    (Worker_TP0 pid=310) INFO 11-18 08:00:00 [gpu_model_runner.py:2602] Starting to load model m...
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from troubleshoot.diagnosis.parsers.arguments import facts_of_print_out
from troubleshoot.diagnosis.parsers.marks import Mark, Told, table, whole

VERSION = r"v?(?P<version>\d+\.\d+[\w.+-]*)"


def version(match: re.Match[str]) -> Told:
    found = match.groupdict().get("version")
    if found:
        yield "engine_version", found.split("+")[0].rstrip(".")


def engine_config(match: re.Match[str]) -> Told:
    """The `Initializing … engine` line: generation, version and the configuration as the engine took it."""
    generation = match["generation"]
    told = match["version"]
    if told:
        yield from version(match)
    if generation:
        yield "engine_generation", generation
    elif told and told.startswith(("0.2", "0.3", "0.4", "0.5", "0.6")) and told[3:4] == ".":
        yield "engine_generation", "V0"  # until 0.7.0 there was one engine, and its line did not name it
    before, colon, config = match.string[match.end() :].partition("config:")
    if colon and len(before) < 20:
        yield from facts_of_print_out(config, defaults_too=True)


def namespace(match: re.Match[str]) -> Told:
    """`args: Namespace(…)`, to 0.8.5: every argument with its default."""
    yield from facts_of_print_out(match.string[match.end() :], defaults_too=True)


def non_default(match: re.Match[str]) -> Told:
    """`non-default args: {…}`, from 0.9.0: only what was asked for."""
    yield from facts_of_print_out(match.string[match.end() :], defaults_too=False)


def served_model(match: re.Match[str]) -> Told:
    yield from version(match)
    yield "model", match["model"]


def executor(match: re.Match[str]) -> Told:
    yield "launcher", match["backend"]


def loaded_nccl(match: re.Match[str]) -> Told:
    yield "nccl_version", match["nccl"].rstrip(".,")


def ranks_meet(match: re.Match[str]) -> Told:
    world = whole(match["world"])
    if world:
        yield "world_size", world
    rest = match.string[match.end() :]
    if nodes := re.search(r"distributed_init_method=(?P<url>\S+)", rest):
        yield "engine_argument", ("distributed_init_method", nodes["url"])


def node_group(match: re.Match[str]) -> Told:
    world, local = whole(match["world"]), whole(match["local"])
    if world:
        yield "world_size", world
    if world and local and world % local == 0:
        yield "node_count", world // local


def assigned(match: re.Match[str]) -> Told:
    world = whole(match["world"])
    if world:
        yield "world_size", world


def backend(match: re.Match[str]) -> Told:
    yield "engine_argument", ("attention-backend", match["backend"].strip())


def failed_processes(match: re.Match[str]) -> Iterator[tuple[str, Any]]:
    """`Failed core proc(s): {'EngineCore_DP0': -9}`: who died, with which code."""
    for name, code in re.findall(r"'(?P<name>[\w.-]+)':\s*(?P<code>-?\d{1,4})", match.string[match.end() :]):
        yield "exit_code", (name, int(code))


def died(match: re.Match[str]) -> Iterator[tuple[str, Any]]:
    code = match.groupdict().get("code")
    if code:
        yield "exit_code", (match["name"], int(code))


def generation_of(process: str) -> Told:
    """V0's workers and V1's engine core and workers have names of their own (domain/engines.md §1.2)."""
    if process.startswith("VllmWorkerProcess"):
        yield "engine_generation", "V0"
    elif process.startswith(("EngineCore", "VllmWorker", "Worker_")):
        yield "engine_generation", "V1"


MARKS = (
    # L1–L5: imports, arguments, configuration, engine process, workers
    Mark(rf"vLLM API server version {VERSION}", "L2", "launch", tells=version),
    Mark(rf"vLLM server version {VERSION}, serving model (?P<model>\S+)", "L2", "launch", tells=served_model),
    Mark(rf"(?:█|▀|▄|▌|▐)\s+version {VERSION}", "L2", "launch", tells=version),
    Mark(r"args: Namespace\(", "L2", tells=namespace),
    Mark(r"non-default args: \{", "L2", tells=non_default),
    Mark(r"Resolved architectures?: ", "L3"),
    Mark(r"This model supports multiple tasks", "L3"),
    Mark(r"Using max model len \d+", "L3"),
    Mark(r"Defaulting to use (?P<backend>mp|ray) for distributed inference", "L3", tells=executor),
    Mark(r"Chunked prefill is enabled with max_num_batched_tokens", "L3"),
    Mark(r"Started engine process with PID \d+", "L4", always=(("engine_generation", "V0"),)),
    Mark(r"Waiting for init message from front-end", "L4", always=(("engine_generation", "V1"),)),
    Mark(
        r"Initializing an? (?:(?P<generation>V[01]) )?LLM engine(?: \(v(?P<version>[^)\s]{1,60})\))?",
        "L4",
        tells=engine_config,
    ),
    Mark(rf"Launching vLLM \({VERSION}\) headless", "L4", "launch", tells=version),
    Mark(r"Launching \d+ data parallel engine\(s\) in headless mode", "L4", "launch"),
    Mark(r"Waiting for READY message from DP Coordinator", "L4"),
    Mark(r"Worker ready; awaiting tasks", "L5", always=(("launcher", "mp"),)),
    Mark(r"vLLM message queue communication handle:", "L5"),
    Mark(
        r"DP group leader: node_rank=\d+.{0,200}world_size=(?P<world>\d+), local_world_size=(?P<local>\d+)",
        "L5",
        tells=node_group,
    ),
    Mark(r"Reducing Torch (?:parallelism|threads)", "L5"),
    # L6–L7: the ranks meet
    Mark(r"world_size=(?P<world>\d+) rank=(?P<rank>\d+) local_rank=\d+", "L6", "open", tells=ranks_meet),
    Mark(r"Detected \d+ nodes in the distributed environment", "L7"),
    Mark(r"Adjusting world_size=\d+", "L7"),
    # L8: the line is printed before the communicator is made, so it opens and never closes
    Mark(r"Found nccl from (?:library|environment variable)", "L8", "open"),
    Mark(r"vLLM is using nccl==(?P<nccl>[\w.+-]+)", "L8", "open", tells=loaded_nccl),
    # L9–L10
    Mark(r"Using .{1,300}all-reduce", "L9"),
    Mark(r"rank (?P<rank>\d+) in world size (?P<world>\d+) is assigned as DP rank", "L10", "close", tells=assigned),
    # L11–L14: weights
    Mark(r"Starting to load model ", "L11", "open"),
    Mark(r"Using V2 Model Runner", "L11"),
    Mark(r"Loading model from scratch", "L11"),
    # V0 prints it before the ranks meet, so it tells nothing of the order
    Mark(r"Using (?P<backend>[\w -]{2,40}?) backend(?: on V1 engine)?\.", "L12", "note", tells=backend),
    Mark(r"Using (?P<backend>\w+) attention backend out of potential backends", "L12", tells=backend),
    Mark(r"Using FlashAttention version \d", "L12", "note"),
    Mark(r"Using model weights format \[", "L13", "open"),
    Mark(r"Time spent downloading weights for ", "L13"),
    Mark(r"Filesystem type for checkpoints: ", "L13", "open"),
    Mark(r"Loading weights took [\d.]+ seconds", "L13"),
    Mark(r"Loading model weights took [\d.]+ ?G", "L14", "close"),
    Mark(r"Model loading took [\d.]+ Gi?B", "L14", "close"),
    # L15–L17: compile, KV cache, kernels
    Mark(r"Encoder cache will be initialized with a budget", "L15", "open"),
    Mark(r"Starting torch\.compile", "L15", "busy"),
    Mark(r"Using cache directory: \S+ for vLLM's torch\.compile", "L15", "busy"),
    Mark(r"vLLM's torch\.compile cache is disabled", "L15", "busy"),
    Mark(r"Dynamo bytecode transform time: ", "L15", "busy"),
    Mark(r"Compiling a graph for ", "L15", "busy"),
    Mark(r"Cache the graph (?:of shape|for)", "L15", "busy"),
    Mark(r"Directly load (?:the compiled graph|AOT compilation)", "L15"),
    Mark(r"torch\.compile (?:takes|took|and initial profiling)", "L15"),
    Mark(r"Initial profiling/warmup run took ", "L15", "close"),
    Mark(r"Profiling CUDA graph memory", "L15", "busy"),
    Mark(r"Memory profiling takes ", "L16", "close"),
    Mark(r"# (?:GPU|cuda|CUDA) blocks: \d+", "L16", "close"),
    Mark(r"Available KV cache memory: ", "L16", "close"),
    Mark(r"KV cache size: [\d,]+ tokens", "L16", "close"),
    Mark(r"Maximum concurrency for [\d,]+ tokens", "L16", "close"),
    Mark(r"Applying persisted startup plan", "L16"),
    Mark(r"JIT kernel warmup (?:starting|finished)", "L17", "busy"),
    # L18: graphs
    Mark(r"Capturing the model for CUDA graphs", "L18", "open", always=(("engine_generation", "V0"),)),
    Mark(r"Capturing cudagraphs for decoding", "L18", "open", always=(("engine_generation", "V0"),)),
    Mark(r"Graph capturing finished in \d+ sec", "L18", "close"),
    # L19–L20
    Mark(r"init engine \(profile, create kv cache, warmup model\)", "L19", "close"),
    Mark(r"Supported[_ ]tasks: ", "L20", "open"),
    Mark(r"Starting vLLM (?:API )?server ", "L20", "open"),
    # the server is bound and its routes are listed: what follows is uvicorn's own start
    Mark(r"Available routes are:", "L20", "ready"),
    Mark(r"Route: /(?:health|v1/models|openapi\.json)", "L20", "ready"),
    Mark(r"Avg prompt throughput: ", "L20", "serving"),
    # waiting
    Mark(r"Waiting for \d+ (?:local, \d+ remote )?core engine proc", "L4", "heartbeat"),
    Mark(r"Waiting for output from MQLLMEngine", "L4", "heartbeat"),
    # layers of one failure; none of them is its cause (domain/engines.md §3.12)
    Mark(r"WorkerProc failed to start\.", "", "failed"),
    Mark(r"WorkerProc initialization failed due to an exception", "", "failed"),
    Mark(r"EngineCore failed to start\.", "", "failed"),
    Mark(r"Engine core initialization failed\.", "", "failed", tells=failed_processes),
    Mark(r"Engine process failed to start", "", "failed"),
    Mark(r"Error executing method '?\w+'?\. This might cause deadlock", "", "failed"),
    Mark(
        r"(?:Worker|Engine core) proc (?P<name>VllmWorker-(?P<rank>\d+)|\S+) died unexpectedly(?: \(exit code: (?P<code>-?\d+)\))?",
        "",
        "failed",
        tells=died,
    ),
    Mark(r"Worker (?P<name>\w+) pid \d+ died, exit code: (?P<code>-?\d+)", "", "failed", tells=died),
    Mark(r"EngineCore encountered a fatal error", "", "failed"),
    Mark(r"DP Coordinator process failed during startup", "", "failed"),
    Mark(r"Timed out waiting for engine(?:s to send|s tosend| core processes to start)", "", "failed"),
)

FORMATS = (
    table(
        "vllm-log",
        {"en": "vLLM log", "zh-hans": "vLLM 日志"},
        MARKS,
        settled=(("engine", "vllm"),),
        of_process=generation_of,
    ),
)
