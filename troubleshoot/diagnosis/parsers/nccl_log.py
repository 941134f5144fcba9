"""NCCL's own lines, 2.7 … 2.30 (`NCCL_DEBUG=VERSION|WARN|INFO|TRACE`), and RCCL's, which are recognised and not read.

Grammar and order: domain/nccl.md §3. Sample:

    node-a:4242:4301 [1] NCCL INFO comm 0x55d0 rank 1 nranks 2 cudaDev 1 nvmlDev 1 busId 81000 commId 0x7f - Init START
    node-a:4242:4301 [1] NCCL INFO Channel 00/0 : 1[1] -> 0[0] via P2P/IPC
    node-a:4242:4301 [1] NCCL INFO Connected all rings
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.marks import is_news, phase_mark
from troubleshoot.diagnosis.peel import Peeled, peel
from troubleshoot.diagnosis.versions import compare

VERSION = lazy_re.compile(r"NCCL version (?P<version>2\.\d+\.\d+)(?:[\w.-]*)(?:\+cuda(?P<cuda>\d+\.\d+))?")
SPOKEN = lazy_re.compile(r"NCCL (?P<level>INFO|WARN|TRACE|CALL|ERROR) ?(?P<message>.*)")
WRITER = lazy_re.compile(r"(?P<host>[A-Za-z0-9][\w.-]*):(?P<pid>\d+):(?P<tid>\d+) (?:\[-?\d+\] )?(?:\S+ )*NCCL ")

COMM = lazy_re.compile(
    r"(?:comm (?P<comm>0x[0-9a-f]+) )?rank (?P<rank>\d+) n[rR]anks (?P<nranks>\d+) .{0,200}?- ?(?P<edge>Init START|Init COMPLETE|Abort COMPLETE|Destroy COMPLETE)"
)
NODES = lazy_re.compile(
    r"comm 0x[0-9a-f]+ rank (?P<rank>\d+) nRanks (?P<nranks>\d+) nNodes (?P<nodes>\d+) localRanks (?P<local>\d+)"
)
TIMINGS = lazy_re.compile(
    r"Init timings(?: - \w+)?:? rank (?P<rank>\d+) nranks (?P<nranks>\d+) total (?P<total>[\d.]+)"
)
CHANNEL = lazy_re.compile(
    r"(?:Channel|Ring) (?P<channel>\d+)(?:/\d+)? : (?P<from>\d+)\[[0-9a-fx]+\] -> (?P<to>\d+)\[[0-9a-fx]+\] (?:\[(?P<side>send|receive)\] )?via (?P<by>\S+(?: (?:pointer|shared memory)\S*)?)"
)
BOOTSTRAP = lazy_re.compile(r"Bootstrap ?: Using (?:\[\d+\])?(?P<name>[\w.@-]+):(?P<address>\S+?)<\d+>")
SOCKETS = lazy_re.compile(r"\[\d+\](?P<name>[\w.@-]+):(?P<address>\S+?)<\d+>")
NETWORK = lazy_re.compile(r"Using network (?P<network>[\w /.-]+?)\s*$")
RDMA_PORT = lazy_re.compile(r"\[\d+\](?P<device>[\w.-]+):(?P<port>\d+)/(?P<layer>IB|RoCE)\b")
LAYERS = {"IB": "InfiniBand", "RoCE": "Ethernet"}  # as ibv_devinfo calls them
VARIABLE = lazy_re.compile(r"(?P<name>NCCL_[A-Z0-9_]+) set (?:by environment )?to (?P<value>[^\s]+?)\.?$")
P2P_TYPE = lazy_re.compile(r"Check P2P Type (?:intraNodeP2pSupport|isAllDirectP2p) (?P<allowed>[01])")
DENIED = lazy_re.compile(r"P2P is disabled between connected GPUs (?P<a>\d+) and (?P<b>\d+)")
FAILED = lazy_re.compile(r"^\S+\.(?:cc|cpp|h|cu):\d+ (?:\(\w+\) )?-> [1-6]\b")  # codes: 0 ok, 7 in progress
IN_INIT = lazy_re.compile(r"^(?:\S*/)?(?:init|group|enqueue|bootstrap|collectives)\.cc:")
# Warnings after which a communicator is not made (domain/nccl.md §3.6); benign ones are not among them.
WARNED = lazy_re.compile(
    r"Cuda failure|Error while |Error: |Call to \S+ failed|[Cc]onnect to \S* ?failed|no socket interface|no interface found"
    r"|No IP interface found|Duplicate GPU|Multiple Ranks are using|[Mm]ismatch|already checked in|Message truncated|message truncated"
    r"|Failed to (?:CUDA|bind|execute|open lib)|Got completion |No transport found|no algorithm|exceeded (?:retries|timeouts|error retry)"
    r"|Driver version found is|Failed to find CUDA|not working on this system|nvml\w+ ?\(?\)? failed|UDS: |fatal error|No route"
)
AMD = lazy_re.compile(r"RCCL version|HIP version ?:|ROCm version ?:|librccl")

# What NCCL has reached when a line begins like this, the finer steps of L8 (domain/nccl.md §3.5).
STAGES = (
    (
        "bootstrap",
        (
            "Bootstrap",
            "NET/",
            "Using network",
            "cudaDriverVersion",
            "NCCL version",
            "DMA-BUF",
            "Initialized NET",
            "Assigned NET",
        ),
    ),
    ("topology", ("Setting affinity", "ncclTopoGetCpuAffinity", "NVLS multicast", "Bootstrap timings", "MNNVL")),
    ("connect", ("Channel ", "Trees ", "P2P Chunksize", "Check P2P Type", "Ring ", "NVLS ")),
    ("connected", ("Connected all", "Connected binomial", "Connected NVLS", "threadThresholds")),
)
LONGEST = 2048  # NCCL clips its lines at 1024 bytes; wrappers stand before them
ORDER = ("bootstrap", "init-start", "topology", "connect", "connected", "complete", "collective")
COLLECTIVES = lazy_re.compile(
    r"^(?:AllReduce|AllGather|Broadcast|ReduceScatter|Reduce|Send|Recv|AllToAll|Gather|Scatter): opCount "
)


@dataclass
class Told:
    """What was read so far: who is which rank, and what was said already."""

    ranks: dict[tuple[str, str, str], int] = field(default_factory=dict)  # (host, pid, tid) → rank
    of_process: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
    world: int = 0
    engine_says: bool = False  # the engine names the library it loaded; PyTorch may bring another
    version: str = ""
    seen: dict[str, set[str]] = field(default_factory=dict)
    stages: dict[int | None, tuple[str, Line]] = field(default_factory=dict)

    def rank_of(self, writer: tuple[str, str, str] | None) -> int | None:
        if writer is None:
            return None
        if writer in self.ranks:
            return self.ranks[writer]
        of_process = self.of_process.get(writer[:2], set())
        return next(iter(of_process)) if len(of_process) == 1 else None


def parse(section: Section) -> Iterator[Fact]:
    """Facts and phase marks of every NCCL line."""
    told = Told()
    told.engine_says = any("is using nccl==" in text for text in section.document.texts)
    for line in section.lines:
        who_is_who(line, told)
    latest: dict[int | None, Fact] = {}  # of thousands of channel lines the first and the last of a stage are enough
    for line in section.lines:
        peeled = peel(line.text)
        for name, value, sure in read(line, told):
            if is_news(name, value, told.seen):
                yield Fact(name, value, line, sure=sure, host=peeled.host if peeled.header.startswith("nccl") else "")
        stages = dict(told.stages)
        mark = mark_of(line, peeled, told)
        if mark is None:
            continue
        rank = mark.value.rank
        if (
            mark.value.edge not in ("progress", "warned")
            or stages.get(rank, ("",))[0] != told.stages.get(rank, ("",))[0]
        ):
            latest.pop(rank, None)
            yield mark
        else:
            latest[rank] = mark
    yield from latest.values()
    if len(told.hosts) > 1:  # the machines seen, of perhaps more
        yield Fact("node_count", len(told.hosts), section.lines[-1], sure=False)
    for rank, (stage, line) in told.stages.items():
        yield Fact("nccl_stage", (rank, stage), line)


def own_version_line(text: str) -> bool:
    return "NCCL INFO" in text or (
        bool(re.search(r"(?:^|[\s\])|])NCCL version 2\.[\d.]+\S*(?: compiled.*)?\s*$", text)) and "rror" not in text
    )


def writer_of(text: str) -> tuple[str, str, str] | None:
    match = WRITER.search(text)
    return (match["host"], match["pid"], match["tid"]) if match else None


def who_is_who(line: Line, told: Told) -> None:
    """Rank and process from lines that name both. Of several communicators the largest gives the rank."""
    text = line.text[:LONGEST]
    match = COMM.search(text) or NODES.search(text) or TIMINGS.search(text)
    if match is None or len(match["nranks"]) > 6:
        return
    world, rank, writer = int(match["nranks"]), int(match["rank"]), writer_of(text)
    if world > told.world:
        told.world = world
        told.ranks.clear()
        told.of_process.clear()
    if world == told.world and writer is not None and rank < world:
        told.ranks[writer] = rank
        told.of_process.setdefault(writer[:2], set()).add(rank)
        if writer[0] not in told.hosts:
            told.hosts.append(writer[0])


def read(line: Line, told: Told) -> Iterator[tuple[str, Any, bool]]:
    """(name, value, sure) of the facts on one line."""
    text = line.text[:LONGEST]
    if AMD.search(text):
        yield "not_covered", "amd", True
    if match := VERSION.search(text):
        told.version = match["version"]
        own = own_version_line(text)  # else an error of PyTorch's, which names the NCCL it was built with
        yield "nccl_version", match["version"], own and not told.engine_says
    spoken = SPOKEN.search(text)
    if spoken is None:
        return
    message = spoken["message"]
    if spoken["level"] in ("INFO", "TRACE"):
        yield "env", ("NCCL_DEBUG", spoken["level"]), False
    if match := COMM.search(message) or NODES.search(message):
        yield "world_size", int(match["nranks"]), True
        if "nodes" in match.groupdict():
            yield "node_count", int(match["nodes"]), True
    elif match := CHANNEL.search(message):
        yield "transport", (int(match["from"]), int(match["to"]), match["by"].rstrip(".,")), True
    elif match := BOOTSTRAP.search(message):
        yield "nccl_interface", (match["name"], match["address"]), True
    elif "NET/Socket" in message or "; OOB " in message:
        for found in SOCKETS.finditer(message):
            yield "nccl_interface", (found["name"], found["address"]), True
        for port in RDMA_PORT.finditer(message):
            yield "ib_port", (port["device"], int(port["port"]), "active", LAYERS[port["layer"]]), True
    elif match := NETWORK.search(message):
        yield "nccl_network", match["network"], True
    elif message.startswith("NVLS multicast support is available"):
        yield "nvls_available", True, True
    elif match := P2P_TYPE.search(message):
        yield "p2p_allowed_by_nccl", int(match["allowed"]), True
    if match := VARIABLE.search(message.rstrip()):
        yield "env", (match["name"], match["value"]), True
        # To 2.22 the switch is echoed as the level it stands for (domain/nccl.md §2.1)
        old = bool(told.version) and compare(told.version, "2.23") < 0
        if (match["name"], match["value"]) == ("NCCL_P2P_LEVEL", "LOC") and old:
            yield "env", ("NCCL_P2P_DISABLE", "1"), False


def mark_of(line: Line, peeled: Peeled, told: Told) -> Fact | None:
    """The phase mark of a line; the stage of the rank that wrote it is noted in `told`."""
    text = line.text[:LONGEST]
    spoken = SPOKEN.search(text)
    message = spoken["message"] if spoken else ""
    if spoken is None and not own_version_line(text):
        return None
    if FAILED.search(message):
        edge = "failed" if IN_INIT.search(message) else "warned"
        return phase_mark("L8", edge, line, peeled, told.rank_of(writer_of(text)))
    if spoken is not None and spoken["level"] in ("WARN", "ERROR"):
        rank = told.rank_of(writer_of(text))
        return phase_mark("L8", "warned", line, peeled, rank) if WARNED.search(message) else None
    if message.startswith(("[Service thread]", "[Proxy")):
        return None
    writer = writer_of(text)
    rank = told.rank_of(writer)
    stage, edge = "", "progress"
    if match := COMM.search(message):
        if int(match["nranks"]) == told.world:
            rank = int(match["rank"])
        if match["edge"] == "Init START":
            stage, edge = "init-start", "open"
        elif match["edge"] == "Init COMPLETE":
            stage = "complete"
        else:
            return None  # teardown
    elif COLLECTIVES.search(message):
        stage = "collective"
    else:
        stage = next(
            (name for name, starts in STAGES if message.startswith(starts)), "bootstrap" if spoken is None else ""
        )
    if stage and (rank not in told.stages or ORDER.index(stage) >= ORDER.index(told.stages[rank][0])):
        told.stages[rank] = (stage, line)
    return phase_mark("L8", edge, line, peeled, rank)


FORMATS = (
    Format(
        "nccl-log",
        {"en": "NCCL log", "zh-hans": "NCCL 日志"},
        parse,
        lines=(
            r"NCCL (?:INFO|WARN|TRACE|CALL|ERROR) ",
            r"NCCL version 2\.\d",
            r"RCCL version",
        ),
    ),
)
