"""Writes the large launch log that is measured: eight ranks interleaved, colours, progress bars, secrets, NCCL channels."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

RANKS = 8
BLOCK_LINES = 20_000
HITS, SECRETS, CHANNELS, BARS, COLOURED = 0.05, 0.01, 0.30, 0.04, 0.15  # shares of the lines


def quiet_line(rng: random.Random, rank: int) -> str:
    """What an engine says all day, and no pattern asks for."""
    return rng.choice(
        (
            f"(Worker_TP{rank} pid={4000 + rank}) INFO 11-25 09:{rng.randrange(60):02}:{rng.randrange(60):02} [scheduler.py:{rng.randrange(999)}] step {rng.randrange(10**6)} took {rng.random():.3f} ms, {rng.randrange(64)} sequences",
            f"INFO 11-25 09:{rng.randrange(60):02}:{rng.randrange(60):02} [metrics.py:{rng.randrange(999)}] Avg prompt throughput: {rng.random() * 900:.1f} tokens/s, Running: {rng.randrange(64)} reqs, Waiting: 0 reqs",
            f'10.20.{rng.randrange(256)}.{rng.randrange(256)}:{rng.randrange(65536)} - "POST /v1/chat/completions HTTP/1.1" 200 OK',
            f"DEBUG 11-25 09:{rng.randrange(60):02}:{rng.randrange(60):02} [block_manager.py:{rng.randrange(999)}] layer {rng.randrange(80)} shape=({rng.randrange(8192)}, 8192) dtype=torch.bfloat16",
        )
    )


def channel_line(rng: random.Random, rank: int) -> str:
    pid = 4000 + rank
    return (
        f"gpu-box-7:{pid}:{pid + 600} [{rank}] NCCL INFO Channel {rng.randrange(32):02}/{rng.randrange(2)} : "
        f"{rank}[{rank}] -> {(rank + 1) % RANKS}[{(rank + 1) % RANKS}] via P2P/CUMEM/read"
    )


def telling_line(rng: random.Random, rank: int) -> str:
    """Lines that a pattern hits."""
    pid = 4000 + rank
    return rng.choice(
        (
            f"gpu-box-7:{pid}:{pid + 600} [{rank}] NCCL INFO NCCL_P2P_DISABLE set by environment to {rng.randrange(2)}.",
            f"WARNING 11-25 09:{rng.randrange(60):02}:{rng.randrange(60):02} [custom_all_reduce.py:{rng.randrange(200)}] Custom allreduce is disabled because it's not supported on more than two PCIe-only GPUs.",
            f"INFO 11-25 09:{rng.randrange(60):02}:{rng.randrange(60):02} [gpu_model_runner.py:1204] Model loading took {rng.random() * 40:.2f} GiB and {rng.random() * 90:.2f} seconds",
            f"[rank{rank}]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate {rng.randrange(900)}.00 MiB. GPU {rank} has a total capacity of 79.15 GiB",
            f"INFO 11-25 09:{rng.randrange(60):02}:{rng.randrange(60):02} [shm_broadcast.py:{rng.randrange(700)}] No available shared memory broadcast block found in 60 seconds.",
        )
    )


def secret_line(rng: random.Random, rank: int) -> str:
    word = "".join(rng.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=34))
    return rng.choice(
        (
            f"(Worker_TP{rank} pid={4000 + rank}) DEBUG environment HF_TOKEN=hf_{word}",
            f"INFO request header Authorization: Bearer {word}",
            f"DEBUG connecting to postgres://svc:{word[:16]}@db-{rank}.internal:5432/kb",
        )
    )


def bar(rng: random.Random, rank: int) -> str:
    done = rng.randrange(20)
    states = (
        f"Loading safetensors checkpoint shards: {n * 5:3}% Completed | {n}/20 [00:{n:02}<00:{20 - n:02},  1.0{rng.randrange(10)}it/s]"
        for n in range(done, done + rng.randrange(1, 5))
    )
    return "\r".join(states)


def line(rng: random.Random) -> str:
    rank, kind = rng.randrange(RANKS), rng.random()
    if kind < HITS:
        text = telling_line(rng, rank)
    elif kind < HITS + SECRETS:
        text = secret_line(rng, rank)
    elif kind < HITS + SECRETS + CHANNELS:
        text = channel_line(rng, rank)
    elif kind < HITS + SECRETS + CHANNELS + BARS:
        text = bar(rng, rank)
    else:
        text = quiet_line(rng, rank)
    return f"\x1b[3{1 + rank % 7}m{text}\x1b[0m" if rng.random() < COLOURED else text


def blocks(seed: int = 7) -> Iterator[bytes]:
    """Endless blocks of lines; each differs from the others by its seed."""
    number = 0
    while True:
        rng = random.Random(seed + number % 16)  # sixteen different ones: writing must not take longer than reading
        yield "".join(f"{line(rng)}\n" for _ in range(BLOCK_LINES)).encode()
        number += 1


def write(path: Path, size: int) -> Path:
    """A log of about `size` bytes; made once, found again."""
    if path.exists() and path.stat().st_size >= size:
        return path
    made: list[bytes] = []
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        for number, block in enumerate(blocks()):
            made.append(block)
            out.write(block)
            if number == 15 or out.tell() >= size:
                break
        number = 0
        while out.tell() < size:
            out.write(made[number % len(made)])
            number += 1
    part.rename(path)
    return path
