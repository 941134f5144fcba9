"""What an engine's arguments tell, however they are written: flags of a command, `Namespace(…)`, `{'name': value}`.

The readers here never evaluate text; values are taken as printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from troubleshoot.diagnosis import lazy_re

# Flags that mean the same fact, in every engine that has them (vLLM, SGLang, TGI, LMDeploy, TensorRT-LLM).
SIZES = {
    "tensor-parallel-size": "tensor_parallel_size",
    "tp": "tensor_parallel_size",
    "tp-size": "tensor_parallel_size",
    "num-shard": "tensor_parallel_size",
    "pipeline-parallel-size": "pipeline_parallel_size",
    "pp": "pipeline_parallel_size",
    "pp-size": "pipeline_parallel_size",
    "data-parallel-size": "data_parallel_size",
    "dp": "data_parallel_size",
    "dp-size": "data_parallel_size",
    "nnodes": "node_count",
}
SWITCHES = {
    "enforce-eager": "enforce_eager",
    "disable-cuda-graph": "enforce_eager",
    "disable-custom-all-reduce": "disable_custom_all_reduce",
}
MODELS = ("model", "model-path", "model-tag", "model-id", "pretrained-model-name-or-path", "model-name-or-path")
# Of a print-out that holds every default, only these are worth keeping as arguments.
TELLING = (
    *SIZES,
    *SWITCHES,
    "distributed-executor-backend",
    "gpu-memory-utilization",
    "max-model-len",
    "max-num-seqs",
    "max-num-batched-tokens",
    "load-format",
    "quantization",
    "dtype",
    "node-rank",
    "master-addr",
    "dist-init-addr",
    "mem-fraction-static",
    "attention-backend",
    "enable-dp-attention",
    "swap-space",
    "cpu-offload-gb",
)
NOTHING = ("", "None", "null", "False", "false", "[]", "{}", "''")

PAIR = lazy_re.compile(
    r"""['"]?(?P<name>[A-Za-z_]\w{1,60})['"]?\s*[=:]\s*
        (?P<value>'[^']{0,400}'|"[^"]{0,400}"|[^\s,(){}\[\]'"]{1,200}|\[[^\]]{0,200}\])""",
    re.VERBOSE,
)
LONGEST = 20_000  # configuration lines reach 100 kB; what matters stands in front (domain/engines.md §7.6)


def kebab(name: str) -> str:
    return name.strip().lstrip("-").replace("_", "-")


def unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def pairs(text: str) -> list[tuple[str, str]]:
    """(name, value) of each `name=value` or `'name': value` in a print-out; nested objects are read flat."""
    return [(kebab(m["name"]), unquoted(m["value"])) for m in PAIR.finditer(text[:LONGEST])]


def facts_of(name: str, value: str | None) -> Iterator[tuple[str, Any]]:
    """The facts, beside `engine_argument`, of one argument; `value` None for a switch that stands alone."""
    name = kebab(name)
    if name in SIZES and value is not None and value.isdigit() and 0 < int(value) < 100_000:
        yield SIZES[name], int(value)
    elif name in SWITCHES:
        if value is None or value in ("True", "true", "1"):
            yield SWITCHES[name], True
        elif value in ("False", "false", "0"):
            yield SWITCHES[name], False
    elif name in MODELS and value and value not in NOTHING:
        yield "model", value
    elif name == "distributed-executor-backend" and value in ("ray", "mp", "external_launcher"):
        yield "launcher", "torchrun" if value == "external_launcher" else value


def facts_of_print_out(text: str, defaults_too: bool) -> Iterator[tuple[str, Any]]:
    """Facts of a printed set of arguments. `defaults_too`: it holds every default, so little of it was asked for."""
    for name, value in pairs(text):
        yield from facts_of(name, value)
        wanted = name in TELLING if defaults_too else True
        if wanted and value not in NOTHING and name not in MODELS:
            yield "engine_argument", (f"--{name}", "" if value in ("True", "true") else value)


def facts_of_command(words: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Facts of the flags in the words of a command: `--flag value`, `--flag=value`, `-tp 4`, `-tp=4`."""
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if not re.fullmatch(r"--?[A-Za-z][\w.-]*(=.*)?", word, re.DOTALL):
            continue
        flag, equals, value = word.partition("=")
        given: str | None = value if equals else None
        if given is None and at < len(words) and not re.match(r"--?[A-Za-z]", words[at]):
            given, at = words[at], at + 1
        if kebab(flag) in SWITCHES and given not in (None, "True", "true", "False", "false", "0", "1"):
            given, at = None, at - 1  # `--enforce-eager MODEL`: the word after a switch is not its value
        yield from facts_of(flag, given)
        if flag.startswith("--"):
            yield "engine_argument", ("--" + kebab(flag), given or "")
        elif kebab(flag) in SIZES or kebab(flag) in ("q",):
            yield "engine_argument", ("-" + kebab(flag), given or "")
