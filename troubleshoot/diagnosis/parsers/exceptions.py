"""Exceptions and the ends of processes, in any program's log.

The last line of a traceback says what failed; its frames say where in the launch. What only repeats another process's
failure (a wrapper, domain/engines.md §3.12) or follows from a peer's death is left out. Samples:

    (Worker_TP1 pid=12) ERROR 11-18 08:00:00 [multiproc_executor.py:597] torch.OutOfMemoryError: CUDA out of memory. Tried …
    [rank3]: torch.distributed.DistBackendError: NCCL error in: …/ProcessGroupNCCL.cpp:1970, unhandled system error …
    Bus error (core dumped)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.marks import phase_mark
from troubleshoot.diagnosis.peel import Peeled, peel

RAISED = (
    r"^(?:\[\w[\w|]{0,20}\]:)?\s*(?P<type>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Timeout|TimeoutExpired|Exit))"
    r"(?:\((?P<inner>\w+)\))?(?:: ?(?P<text>.*))?$"
)
EXCEPTION = lazy_re.compile(RAISED, re.DOTALL)

# Layers around a failure, and what the death of a peer looks like to the others (domain/engines.md §3.12, D4, N4).
WRAPPERS = lazy_re.compile(
    r"WorkerProc (?:failed to start|initialization failed)|EngineCore failed to start|Engine core initialization failed"
    r"|Engine process failed to start|died unexpectedly|MQEngineDeadError|EngineDeadError|EngineCore encountered an issue"
    r"|Ray workers have not started successfully|RayWorkerProc rank=|DP Coordinator process failed during startup"
    r"|scheduler is dead|Received sigquit from a child|Initialization failed\. Please see|ChildFailedError"
    r"|Inference server exited|Inference health check failed|[Cc]onnection (?:closed|reset) by (?:remote )?peer|Broken pipe"
    r"|recvValue failed|sendBytes failed|Failed to recv, got 0 bytes|remote process exited|ncclRemoteError"
    r"|worker died or was killed while executing|The actor died|Cancelled by cancel scope|cancelled$"
    r"|Rank \d+ scheduler died|Worker failed with error|ModelRunner\.\w+ failed"
)
WRAPPER_TYPES = ("ChildFailedError", "EngineDeadError", "MQEngineDeadError", "ProcessRaisedException", "ProcessExitedException",
                 "ActorDiedError", "RayActorError", "CancelledError", "CalledProcessError", "BrokenPipeError", "ConnectionResetError",
                 "EOFError", "RayChannelError", "SignalException")  # fmt: skip

# A traceback's frame names the step of the launch that failed (vLLM, SGLang and PyTorch; domain/engines.md §4.5).
FRAMES = (
    ("L6", r"in (?:init_distributed_environment|init_process_group|_tcp_rendezvous_handler|_create_c10d_store)\b"),
    ("L8", r"(?:pynccl(?:_wrapper)?\.py|in ncclCommInitRank)\b"),
    ("L9", r"(?:custom_all_reduce(?:_utils)?\.py|_symmetric_memory/__init__\.py)"),
    ("L13", r"in (?:load_model|load_weights|initialize_model|safetensors_weights_iterator)\b"),
    ("L15", r"in (?:determine_available_memory|determine_num_available_blocks|profile_run|init_memory_pool)\b"),
    ("L16", r"in (?:initialize_kv_cache|initialize_cache|check_enough_kv_cache_memory|get_kv_cache_configs?)\b"),
    ("L17", r"in (?:kernel_warmup|compile_or_warm_up_model)\b"),
    ("L18", r"in (?:capture_model|init_device_graphs|init_cuda_graphs|_capture_cudagraphs|capture_one_batch_size)\b"),
)
FRAME_PATTERNS = tuple((level, lazy_re.compile(pattern)) for level, pattern in FRAMES)

PACKAGE = lazy_re.compile(r'File "\S*/(?P<engine>vllm|sglang)/')

# … and so does what some exceptions say.
TEXTS = (
    ("L5", lazy_re.compile(r"placement group")),
    ("L6", lazy_re.compile(r"Gloo connectFullMesh|waiting for clients|client socket has")),
    ("L8", lazy_re.compile(r"NCCL error")),
    ("L9", lazy_re.compile(r"[Cc]ustom ?all_?reduce|gpu_p2p_access")),
    ("L16", lazy_re.compile(r"No available memory for the cache blocks|max seq len|KV cache")),
    ("L18", lazy_re.compile(r"Capture (?:cuda|CUDA) graph failed|cudagraph|CUDA graph")),
)

# What a shell, Python or an operating system says of a process that a signal ended: (pattern, exit code).
SIGNALS = (
    (r"Fatal Python error: Bus error|Bus error \(core dumped\)|^Bus error", -7),
    (r"Fatal Python error: Segmentation fault|Segmentation fault \(core dumped\)|Segfault encountered", -11),
    (r"Fatal Python error: Aborted|Aborted \(core dumped\)|terminate called after throwing an instance", -6),
    (r"^Killed$|\d+ Killed {5,}", -9),
)
SIGNAL_PATTERNS = tuple((lazy_re.compile(pattern), code) for pattern, code in SIGNALS)
BEGUN = r"Traceback \(most recent call last\)|thread terminated with exception: |^(?:\[\w[\w|]{0,20}\]:)?\s*nccl(?:Unhandled\w+|System|Internal|Invalid\w+)(?:Error|Usage|Argument):"
BEGUN_PATTERN = lazy_re.compile(BEGUN)
ENDED = lazy_re.compile(
    r"(?:FAILED: \[code=|[Ee]xit(?:ed with)? ?code:?|exitcode[:=]|return code =) ?(?P<code>-?\d{1,3})\b|terminated by signal (?P<signal>\d{1,2})\b"
)
# Launchers and engines whose lines have parsers of their own, which know whose code it is.
TOLD_ELSEWHERE = lazy_re.compile(
    r"Inference server exited|srun: |slurmstepd: |Ray exited|local_rank|\(pid: \d+\)|died unexpectedly|pid \d+ died|crashed with|exits with return"
)


def parse(section: Section) -> Iterator[Fact]:
    """`exception` facts that are nobody's echo, `exit_code` facts, and traces of where a failure happened."""
    seen: set[tuple[str, str, str]] = set()
    for line in section.lines:
        peeled = peel(line.text)
        body = peeled.body.strip().strip("`")
        if match := EXCEPTION.match(body):
            kind, text = (
                match["type"].rpartition(".")[2],
                (match["inner"] or "") + " " * bool(match["inner"]) + (match["text"] or ""),
            )
            who = process_of(peeled)
            if kind == "KeyboardInterrupt":
                yield phase_mark("", "interrupted", line, peeled)
            elif not is_wrapper(kind, body) and (who, kind, text) not in seen:
                seen.add((who, kind, text))
                for level, pattern in TEXTS:
                    if pattern.search(text):
                        yield phase_mark(level, "trace", line, peeled)
                yield Fact("exception", (who, kind, text.strip()), line, host=peeled.ip or peeled.host)
            continue
        if BEGUN_PATTERN.search(body):
            yield phase_mark("", "traceback", line, peeled)
        for level, pattern in FRAME_PATTERNS:
            if pattern.search(body):
                yield phase_mark(level, "trace", line, peeled)
                if match := PACKAGE.search(body):
                    yield Fact("engine", match["engine"], line, sure=False)
        for pattern, code in SIGNAL_PATTERNS:
            if pattern.search(body):
                yield Fact("exit_code", (process_of(peeled), code), line)
        if (match := ENDED.search(body)) and not TOLD_ELSEWHERE.search(body):
            code = int(match["code"]) if match["code"] else -int(match["signal"])
            yield Fact("exit_code", (process_of(peeled), code), line)


def process_of(peeled: Peeled) -> str:
    """Who wrote the line: a process name, else its rank, else nobody known."""
    return peeled.process or (f"rank {peeled.rank}" if peeled.rank is not None else "")


def is_wrapper(kind: str, body: str) -> bool:
    return kind in WRAPPER_TYPES or bool(WRAPPERS.search(body))


FORMATS = (
    Format(
        "traceback",
        {"en": "traceback", "zh-hans": "异常回溯"},
        parse,
        lines=(
            RAISED,
            *(
                r"File .{1,300}" + pattern if pattern.startswith("in ") else r"File \S{1,300}" + pattern
                for _, pattern in FRAMES
            ),
            *(pattern for pattern, _ in SIGNALS),
            BEGUN,
            r"FAILED: \[code=\d{1,3}\]",
            r"(?:[Ee]xit(?:ed with)? ?code:?|exitcode[:=]|return code =) ?-?\d{1,3}\b",
            r"terminated by signal \d{1,2}\b",
        ),
    ),
)
