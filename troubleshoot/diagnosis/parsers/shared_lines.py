"""Lines that several engines print alike: progress bars, P2P cache, custom all-reduce, gloo, uvicorn.

SGLang and others carry code of vLLM's, so such a line places the launch without naming the engine. Samples:

    Loading safetensors checkpoint shards:  25% Completed | 1/4 [00:01<00:03,  1.20s/it]
    INFO:     Application startup complete.
    [Gloo] Rank 0 is connected to 3 peer ranks. Expected number of connected peer ranks is : 3
"""

from __future__ import annotations

import re

from troubleshoot.diagnosis.parsers.marks import Mark, Told, table

VLLM = (("engine", "vllm"),)

# ` 25% Completed | 1/4 [00:01<…`, ` 11%|█▏  | 4/35 [12:10<…`, `   3%|▎ | 143M/4.88G [10:02<…`: a bar on its way …
MOVED = r"\s*\d{1,2}%.{0,60}?\s[1-9][\d.]{0,9}[kMGT]?i?B?/\d"
# … and one that has not begun or is through.
STANDS = r"\s*(?:\d{1,2}%.{0,60}?\s0(?:\.0+)?/|100%)"


def own_all_reduce_off(_match: re.Match[str]) -> Told:
    yield "disable_custom_all_reduce", True


def probe(match: re.Match[str]) -> Told:
    yield "health_probe", (match["address"].rpartition(":")[0] or match["address"], int(match["status"]))


MARKS = (
    # old SGLang imports vLLM, which then says this once per process (domain/engines.md §1.4)
    Mark(r"Automatically detected platform (?:cuda|cpu|rocm)", "L1", hints=VLLM),
    Mark(r"\[Gloo\] Rank \d+ is connected to \d+ peer ranks", "L7"),
    Mark(r"SymmMemCommunicator: ", "L9"),
    Mark(r"generating GPU P2P access cache in ", "L9", "open"),
    Mark(r"reading GPU P2P access cache from ", "L9"),
    Mark(r"Skipping P2P check and trusting the driver", "L9"),
    Mark(r"Custom allreduce is disabled because", "L9", tells=own_all_reduce_off),
    Mark(r"Custom (?:quick allreduce is|collectives are) disabled", "L9"),
    Mark(r"Setup Custom allreduce failed", "L9", tells=own_all_reduce_off),
    Mark(r"FlashInfer (?:All ?Reduce|all ?reduce) ", "L9"),
    Mark(r"Registering \d+ cuda graph addresses", "L18"),
    # progress bars: one that has moved proves work; at 0 % nothing was done yet, at 100 % nothing moves any more
    Mark(rf"(?:Loading|loading) .{{0,60}}shards?(?: \S{{1,40}}){{0,4}}:{MOVED}", "L13", "busy"),
    Mark(rf"(?:Loading|loading) .{{0,60}}shards?(?: \S{{1,40}}){{0,4}}:{STANDS}", "L13"),
    Mark(rf"Fetching \d+ files:{MOVED}", "L0", "busy"),
    Mark(rf"Fetching \d+ files:{STANDS}", "L0"),
    Mark(rf"(?:Downloading .{{1,120}}|\.(?:safetensors|bin|gguf|pt)):{MOVED}", "L0", "busy"),
    Mark(rf"(?:Downloading .{{1,120}}|\.(?:safetensors|bin|gguf|pt)):{STANDS}", "L0"),
    Mark(rf"^{MOVED}", "", "busy"),  # without a word: whatever the launch was doing
    Mark(r"Downloading Model (?:to directory|from)", "L0", "open"),
    Mark(r"Still waiting to acquire lock on ", "L0", "heartbeat"),
    Mark(rf"Deep(?:GEMM|Gemm).{{0,80}}warmup.{{0,40}}:{MOVED}", "L17", "busy"),
    Mark(rf"Deep(?:GEMM|Gemm).{{0,80}}warmup.{{0,40}}:{STANDS}", "L17"),
    Mark(r"Warming up FlashInfer", "L17", "busy"),
    Mark(r"FlashInfer autotun", "L17", "busy"),
    Mark(r"TileLang begins to compile kernel", "L17", "busy"),
    Mark(rf"Captur(?:ing|e) (?:CUDA|cuda) graph.{{0,80}}:{MOVED}", "L18", "busy"),
    Mark(rf"Captur(?:ing|e) (?:CUDA|cuda) graph.{{0,80}}:{STANDS}", "L18"),
    # a wait notice of 60 s, not a fault (domain/engines.md §2.6)
    Mark(r"No available (?:shared memory broadcast )?block found ?in \d+ seco", "", "heartbeat", hints=VLLM),
    # From 0.11.0 only the engine core still says it, and during start it waits only once all weights are loaded
    Mark(r"block found in \d+ seconds\. This typically happens when", "L15", "waits-for-workers", hints=VLLM),
    # uvicorn
    Mark(r"Started server process \[\d+\]", "L20", "open"),
    Mark(r"Waiting for application startup", "L20", "open"),
    Mark(r"Application startup complete", "L20", "ready"),
    Mark(r"Uvicorn running on (?:http|unix|socket)", "L20", "ready"),
    Mark(
        r'(?P<address>[\w.:\[\]-]{1,60}) - "GET (?:/v1/models|/health|/info)\S* HTTP/[\d.]+" (?P<status>\d{3})',
        "",
        "",
        tells=probe,
    ),
    Mark(
        r'"(?:POST|GET) /v1/(?:models|chat/completions|completions|embeddings)\S* HTTP/\d[.\d]*" 200', "L20", "serving"
    ),
    # vLLM used as a library: no server follows, the first batch does
    Mark(r"Processed prompts:\s+0%", "L20", "open", hints=VLLM),
    Mark(r"Processed prompts:\s+[1-9]\d{0,2}%", "L20", "serving", hints=VLLM),
    # custom all-reduce ends the process without a traceback
    Mark(r"Failed: (?:Cuda error )?\S+\.cuh?:\d+ '", "", "failed"),
    # somebody gave up waiting, or the process was told to go
    Mark(r"^KeyboardInterrupt", "", "interrupted"),
    Mark(r"^\^C(?:Traceback|INFO|WARNING|ERROR|\(|$)", "", "interrupted"),
    Mark(r"Shutting down FastAPI HTTP server|^Shutting down\s*$", "", "stopped"),
    Mark(r"(?:[Rr]eceived|[Cc]aught) (?:signal )?(?:SIGTERM|SIGINT|15\b)|^SIGTERM", "", "stopped"),
    Mark(r"Application startup failed\. Exiting", "L20", "failed"),
)

FORMATS = (
    table(
        "launch-progress",
        {"en": "launch progress", "zh-hans": "启动进度"},
        MARKS,
    ),
)
