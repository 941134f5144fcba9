"""What an exception is about, told from its kind and words: each rule with a hit in wording of its own, and near misses."""

from __future__ import annotations

import pytest

from tests.diagnosis.judging import rule_lines
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Fact, Facts

HITS = [
    ("exception-of-gpu-memory", "OutOfMemoryError", "Tried to allocate 2.50 GiB"),
    ("exception-of-gpu-memory", "ValueError", "The KV cache needs 9.1 GiB, available KV cache memory is not enough"),
    ("exception-of-host-memory", "OSError", "[Errno 12] Cannot allocate memory"),
    ("exception-of-host-memory", "MemoryError", ""),
    ("exception-of-the-network", "DistNetworkError", "store at alpha:29500 does not answer"),
    ("exception-of-the-network", "RuntimeError", "[enforce fail] no route to host"),
    ("exception-of-a-library", "ImportError", "/opt/x/_C.so: undefined symbol: _ZN3c105Error"),
    ("exception-of-a-library", "OSError", "libcudart.so.13: cannot open shared object file"),
    ("exception-of-an-argument", "ValueError", "head size 80 is not supported by this backend"),
    ("exception-of-an-argument", "AssertionError", "number of experts must be divisible by the expert parallel size"),
    ("exception-of-the-program", "AttributeError", "'MissingLayer' object has no attribute 'gate'"),
    ("exception-of-the-program", "TypeError", "forward() got an unexpected keyword argument 'positions'"),
    ("exception-of-the-program", "UnboundLocalError", "local variable 'scale' referenced before assignment"),
    ("exception-of-the-driver", "RuntimeError", "The NVIDIA driver on your system is too old"),
    ("exception-of-ray", "RuntimeError", "Cannot provide a placement group of 8 GPUs"),
    (
        "exception-of-nccl-arguments",
        "DistBackendError",
        "NCCL error in: Foo.cpp:12, invalid usage, NCCL version 2.21.5",
    ),
]

NEAR_MISSES = [
    ("exception-of-gpu-memory", "RuntimeError", "Task was killed due to the node running low on memory, out of memory"),
    ("exception-of-gpu-memory", "OSError", "[Errno 12] Cannot allocate memory"),
    ("exception-of-host-memory", "OutOfMemoryError", "CUDA out of memory"),
    ("exception-of-the-network", "ConnectionError", "https://huggingface.example/api: connection refused"),
    ("exception-of-a-library", "FileNotFoundError", "config.json not found"),
    ("exception-of-an-argument", "ValueError", "Free memory 3 GiB is less than needed memory"),
    ("exception-of-an-argument", "RuntimeError", "this must not happen"),
    ("exception-of-the-program", "AttributeError", "module 'torch' has no attribute 'float4'"),
    ("exception-of-the-program", "AttributeError", "'GlmConfig' object has no attribute 'rope_theta'"),
    ("exception-of-the-program", "TypeError", "unsupported operand type for +"),
    ("exception-of-the-driver", "ValueError", "executor backend unknown"),
    ("exception-of-ray", "ValueError", "array has the wrong shape"),
    ("exception-of-nccl-arguments", "ValueError", "invalid argument for --dtype"),
]  # fmt: skip


def failed_with(kind: str, text: str) -> Facts:
    return Facts([Fact("exception", ("Worker_TP0", kind, text), Line("a.log", 1, f"{kind}: {text}"))])


@pytest.mark.parametrize(("rule", "kind", "text"), HITS)
def test_what_an_exception_is_about_is_known_in_any_wording(rule: str, kind: str, text: str):
    assert rule_lines(rule, failed_with(kind, text)) == [f"{kind}: {text}"]


@pytest.mark.parametrize(("rule", "kind", "text"), NEAR_MISSES)
def test_an_exception_about_something_else_is_left_alone(rule: str, kind: str, text: str):
    assert rule_lines(rule, failed_with(kind, text)) == []
