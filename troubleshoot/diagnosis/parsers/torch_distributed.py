"""PyTorch distributed (c10d, elastic, ProcessGroupNCCL) and other launchers' last words.

Which line means what: domain/engines.md §2.6, §3.8, domain/nccl.md §3.7. Samples:

    [rank0]:[E822 16:31:16.131931664 ProcessGroupNCCL.cpp:632] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1,
    [Rank 1] [PG ID 0 PG GUID 0(default_pg) Rank 1] failure detected by watchdog at work sequence id: 4 PG status: last enqueued work: 5, …
      rank      : 1 (local_rank: 1)
      exitcode  : -9 (pid: 812)
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.marks import is_news, phase_mark, whole
from troubleshoot.diagnosis.peel import LONGEST, Peeled, peel

TIMEOUT = lazy_re.compile(
    r"collective operation timeout: WorkNCCL\((?:SeqNum=(?P<seq>\d+), )?OpType=(?P<operation>\w+)"
    r"(?:, (?:TensorShape=\[[^\]]*\]|NumelIn=(?P<numel>\d+), NumelOut=\d+))?"
)
STATUS = lazy_re.compile(
    r"(?:at work sequence id: |at (?:NCCL )?work: )(?P<seq>-?\d+)(?: PG status:|,) last enqueued (?:NCCL )?work: (?P<enqueued>-?\d+),"
    r" last completed (?:NCCL )?work: (?P<completed>-?\d+)"
)
RANK = lazy_re.compile(r"\[?[Rr]ank (?P<rank>\d+)\]")
CLIENTS = lazy_re.compile(
    r"Timed out after (?P<seconds>\d+) seconds waiting for clients\. (?P<here>\d+)/(?P<world>\d+) clients joined"
)
CLIENT = lazy_re.compile(r"client socket has (?:timed out|failed)")
SERVER = lazy_re.compile(r"server socket has failed to listen")
STORE = lazy_re.compile(
    r"wait timeout after \d+ms, keys: |Timed out waiting \d+ms for recv operation|waitForInput: .{0,200}timed out after"
)
GLOO = lazy_re.compile(r"Gloo connectFullMesh failed")
RENDEZVOUS_AT = lazy_re.compile(r"RendezvousTimeoutError|RendezvousConnectionError|rendezvous (?:timed out|failed)")
ELASTIC = lazy_re.compile(
    r"torch/distributed/(?:run|launch|elastic/\S+)\.py|torch\.distributed\.(?:elastic|launcher|run)\b|OMP_NUM_THREADS environment variable for each process"
)
ROOT = lazy_re.compile(r"Root Cause \(first observed failure\)")
TABLE_RANK = lazy_re.compile(r"^\s*rank\s+: (?P<rank>\d+) \(local_rank: \d+\)")
TABLE_HOST = lazy_re.compile(r"^\s*host\s+: (?P<host>\S+)")
TABLE_CODE = lazy_re.compile(r"^\s*exitcode\s+: (?P<code>-?\d+)\s+\(pid: \d+\)")
BINARY = lazy_re.compile(r"failed \(exitcode: (?P<code>-?\d+)\) local_rank: (?P<rank>\d+) \(pid: \d+\) of binary")
MPI = lazy_re.compile(
    r"(?:mpirun|mpiexec|prterun|PRTE)\b.{0,80}process rank (?P<rank>\d+) with PID \d+ on node (?P<host>\S+) exited on signal (?P<signal>\d+)"
)
SLURM = lazy_re.compile(
    r"(?:srun|slurmstepd): error: .{0,80}(?:task|tasks) (?P<rank>\d+)\S*: (?:Exited with exit code (?P<code>\d+)|(?P<words>Killed|Segmentation fault|Bus error|Out Of Memory|Aborted|Terminated))"
)
SIGNAL_WORDS = {
    "Killed": -9,
    "Segmentation fault": -11,
    "Bus error": -7,
    "Out Of Memory": -9,
    "Aborted": -6,
    "Terminated": -15,
}
DEEPSPEED = lazy_re.compile(r"exits with return code = (?P<code>-?\d+)")
GROUP_READY = lazy_re.compile(
    r"Finished initializing process group|distributed init \(rank \d+\)|initialized (?:host|the distributed environment)|> initializing torch distributed"
)


def parse(section: Section) -> Iterator[Fact]:
    seen: dict[str, set[str]] = {}
    in_root = False
    for line in section.lines:
        peeled = peel(line.text)
        text = line.text[:LONGEST]
        in_root = in_root or bool(ROOT.search(text))
        for fact in (*collectives(text, peeled), *rendezvous(text), *ends(text, in_root)):
            name, value = fact
            if is_news(name, value, seen):
                yield Fact(name, value, line)
        if TIMEOUT.search(text) or STATUS.search(text):
            match = TIMEOUT.search(text) or STATUS.search(text)
            early = match is not None and (whole(match["seq"]) or 0) <= 2
            yield phase_mark("L8" if early else "", "failed", line, peeled, rank_of(text, peeled))
        elif any(p.search(text) for p in (CLIENTS, CLIENT, SERVER, STORE, GLOO, RENDEZVOUS_AT)):
            yield phase_mark("L6", "failed", line, peeled, rank_of(text, peeled))
        elif ELASTIC.search(text) and (peeled.header == "torch" or "OMP_NUM_THREADS" in text):
            yield phase_mark("L1", "progress", line, peeled)
        elif GROUP_READY.search(text):
            yield phase_mark("L7", "progress", line, peeled)


def rank_of(text: str, peeled: Peeled) -> int | None:
    match = RANK.search(text)
    return int(match["rank"]) if match and len(match["rank"]) < 7 else peeled.rank


def collectives(text: str, peeled: Peeled) -> Iterator[tuple[str, object]]:
    """`collective_timeout`: (rank, sequence number, operation, numel, last enqueued, last completed)."""
    rank = rank_of(text, peeled)
    if match := TIMEOUT.search(text):
        yield "collective_timeout", (rank, whole(match["seq"]), match["operation"], whole(match["numel"]), None, None)
    elif match := STATUS.search(text):
        yield (
            "collective_timeout",
            (rank, whole(match["seq"]), None, None, whole(match["enqueued"]), whole(match["completed"])),
        )


def rendezvous(text: str) -> Iterator[tuple[str, object]]:
    if match := CLIENTS.search(text):
        world = whole(match["world"])
        if world:
            yield "world_size", world
    if ELASTIC.search(text):
        yield "launcher", "torchrun"


def ends(text: str, in_root: bool) -> Iterator[tuple[str, object]]:
    """Who ended how, as the launchers tell it. The elastic agent's "Root Cause" names the first to fail."""
    if match := TABLE_RANK.search(text):
        if in_root:
            yield "failed_rank", int(match["rank"])
    elif match := TABLE_CODE.search(text):
        yield "exit_code", ("", int(match["code"]))
    elif match := BINARY.search(text):
        yield "exit_code", (f"local rank {match['rank']}", int(match["code"]))
    elif match := MPI.search(text):
        yield "launcher", "mpirun"
        yield "failed_rank", int(match["rank"])
        yield "exit_code", (f"rank {match['rank']}", -int(match["signal"]))
    elif match := SLURM.search(text):
        yield "launcher", "slurm"
        code = int(match["code"]) if match["code"] else SIGNAL_WORDS[match["words"]]
        yield "exit_code", (f"rank {match['rank']}", code)
    elif match := DEEPSPEED.search(text):
        yield "exit_code", ("", int(match["code"]))


FORMATS = (
    Format(
        "torch-distributed",
        {"en": "PyTorch distributed", "zh-hans": "PyTorch 分布式"},
        parse,
        lines=(
            TIMEOUT.pattern,
            r"last enqueued (?:NCCL )?work: -?\d+, last completed (?:NCCL )?work: -?\d+",
            CLIENTS.pattern,
            CLIENT.pattern,
            SERVER.pattern,
            STORE.pattern,
            GLOO.pattern,
            RENDEZVOUS_AT.pattern,
            ELASTIC.pattern,
            ROOT.pattern,
            r"rank\s+: \d+ \(local_rank: \d+\)",
            r"exitcode\s+: -?\d+\s+\(pid: \d+\)",
            BINARY.pattern,
            MPI.pattern,
            SLURM.pattern,
            DEEPSPEED.pattern,
            GROUP_READY.pattern,
        ),
    ),
)
