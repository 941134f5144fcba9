"""What the kind of an exception says of its cause, whatever the wording: the net under the signatures.

Wordings change with every release; what an exception is about changes seldom. These rules read only exceptions that
the parser holds for a process's own (no wrapper, no echo of a peer's death).
"""

from __future__ import annotations

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts

GPU_MEMORY = lazy_re.compile(
    r"(?i)\bout of memory\b|(?:memory|kv cache).{0,60}(?:not enough|insufficient|less than|larger than|exceed|too small|needed)"
    r"|(?:not enough|insufficient|no available|no space in|lack of) (?:\w+ ){0,2}(?:memory|kv cache)|stored in kv cache"
)
HOST_MEMORY = lazy_re.compile(
    r"(?i)cannot allocate memory|\b(?:host|cpu|system|node)\b.{0,30}(?:out of|low on) memory|DefaultCPUAllocator"
)
NETWORK_TYPES = (
    "DistNetworkError",
    "DistStoreError",
    "RendezvousConnectionError",
    "RendezvousTimeoutError",
    "ConnectionRefusedError",
)
NETWORK = lazy_re.compile(
    r"(?i)socket ?timeout|no route to host|connection refused|network is unreachable|connectfullmesh|name or service not known"
    r"|(?:connect|rendezvous|store|clients|master|handshake).{0,60}timed? ?out|timed? ?out.{0,60}(?:connect|rendezvous|store|clients|master|handshake)"
)
HUB = lazy_re.compile(r"(?i)hugging|modelscope|https?://|hf-mirror|pypi")
LIBRARY = lazy_re.compile(
    r"undefined symbol|version `\w+_[\d.]+' not found|cannot open shared object|incompatible .{0,40}version"
)
ARGUMENT_TYPES = (
    "ValueError",
    "AssertionError",
    "ValidationError",
    "KeyError",
    "TypeError",
    "NotImplementedError",
    "ArgumentError",
)
ARGUMENT = lazy_re.compile(
    r"(?i)\bmust\b|divisible|not support|unsupported|invalid|should be|requires?\b|expected|unrecognized|unknown|cannot be"
    r"|(?:larger|greater|less|smaller|more) than|does not (?:match|exist)|not found|exceeds"
)
# Python's own complaints about a program that is wrong; no argument, no host and no network makes them.
PROGRAM_TYPES = (
    "AttributeError",
    "NameError",
    "UnboundLocalError",
    "IndexError",
    "ZeroDivisionError",
    "RecursionError",
)
PROGRAM = lazy_re.compile(
    r"unexpected keyword argument|missing \d+ required (?:positional|keyword)|takes \d+ positional|'NoneType' object (?:is not|has no)"
)
CONFIG_OBJECT = lazy_re.compile(r"'\w*Config' object has no attribute|^module '")  # versions that do not fit each other
DRIVER = lazy_re.compile(
    r"(?i)\bdriver\b|cudaGetDeviceCount|\bNVML\b|no kernel image|CUDA (?:initialization|unknown error)|no CUDA|No HIP GPUs"
)
RAY = lazy_re.compile(r"(?i)placement group|\bray (?:cluster|head|status|start|instance)\b|\bGCS\b|raylet")
NCCL_ARGUMENT = lazy_re.compile(
    r"NCCL.{0,200}(?:invalid argument|invalid usage)|ncclInvalid(?:Argument|Usage)|invalid config"
)


def exception_of_gpu_memory(facts: Facts) -> list[Line]:
    return [
        line
        for kind, text, line in _exceptions(facts)
        if not HOST_MEMORY.search(text) and "Task was killed" not in text and "cudaHost" not in text  # pinned, not the GPU's
        and (kind == "OutOfMemoryError" or GPU_MEMORY.search(text))
    ]  # fmt: skip


def exception_of_host_memory(facts: Facts) -> list[Line]:
    return [line for kind, text, line in _exceptions(facts) if kind == "MemoryError" or HOST_MEMORY.search(text)]


def exception_of_the_network(facts: Facts) -> list[Line]:
    return [
        line
        for kind, text, line in _exceptions(facts)
        if kind in NETWORK_TYPES or (NETWORK.search(text) and not HUB.search(text) and not RAY.search(text))
    ]


def exception_of_a_library(facts: Facts) -> list[Line]:
    return [line for _, text, line in _exceptions(facts) if LIBRARY.search(text)]


def exception_of_an_argument(facts: Facts) -> list[Line]:
    """A value was refused. What is about memory, network or driver is not the argument's fault alone."""
    others = (GPU_MEMORY, HOST_MEMORY, NETWORK, DRIVER, RAY, NCCL_ARGUMENT, LIBRARY)
    return [
        line
        for kind, text, line in _exceptions(facts)
        if kind in ARGUMENT_TYPES and ARGUMENT.search(text) and not any(other.search(text) for other in others)
    ]


def exception_of_the_program(facts: Facts) -> list[Line]:
    return [
        line
        for kind, text, line in _exceptions(facts)
        if (kind in PROGRAM_TYPES or (kind == "TypeError" and PROGRAM.search(text))) and not CONFIG_OBJECT.search(text)
    ]


def exception_of_the_driver(facts: Facts) -> list[Line]:
    return [line for _, text, line in _exceptions(facts) if DRIVER.search(text)]


def exception_of_ray(facts: Facts) -> list[Line]:
    return [line for _, text, line in _exceptions(facts) if RAY.search(text)]


def exception_of_nccl_arguments(facts: Facts) -> list[Line]:
    return [line for _, text, line in _exceptions(facts) if NCCL_ARGUMENT.search(text)]


def _exceptions(facts: Facts) -> list[tuple[str, str, Line]]:
    return [(f.value[1], f.value[2], f.line) for f in facts.all("exception") if f.line]
