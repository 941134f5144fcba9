"""Inputs of 1 MB that are meant to be slow, against a common log of 1 MB. `python -m benchmarks.odd_inputs`"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import launch_log
from benchmarks.measure import DIAGNOSE, WORK, best, run, say

SIZE = 1_000_000
MATRIX = "\tGPU0\tGPU1\nGPU0\t X \tPHB\nGPU1\tPHB\t X \n"


def odd_inputs() -> Iterator[tuple[str, str]]:
    yield "one line", "x" * SIZE
    yield "one line of words that begin like secrets", "password_token_secret" * (SIZE // 21)
    yield "only prefixes of wrappers", "(Worker_TP0 pid=1) [rank0]: INFO 11-25 09:00:00 \n" * (SIZE // 50)
    yield "only near misses", "NCCL INFX NCCL_P2P DISABLE CUDA out of memoir torch.OutOfMemor\n" * (SIZE // 63)
    yield "nothing but newlines", "\n" * SIZE
    yield "sections", "".join(f"{MATRIX}$ nvidia-smi topo -m\n" for _ in range(SIZE // 63))
    yield "sections of one line", "00:01.0 PCI bridge: a\n\n" * (SIZE // 23)
    yield (
        "tracebacks",
        'Traceback (most recent call last):\n  File "a.py", line 1, in b\nValueError: c\n' * (SIZE // 78),
    )
    yield "colours", "\x1b[31mx\x1b[0m" * (SIZE // 10)
    yield "addresses", "8.8.4.4 " * (SIZE // 8)
    yield "quotes and brackets", '> > > [[[[{{{{"""' * (SIZE // 17)
    yield "carriage returns", "10%\r" * (SIZE // 4)


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    common = launch_log.write(WORK / "launch-1.log", SIZE)
    run([*DIAGNOSE, str(common)])
    usual = best([run([*DIAGNOSE, str(common)]) for _ in range(2)])
    for name, text in odd_inputs():
        path = WORK / "odd.txt"
        path.write_text(text)
        taken = run([*DIAGNOSE, str(path)])
        detail = f"{taken.seconds:.1f} s : {usual.seconds:.1f} s, {taken.megabytes:.0f} MB"
        say(f"1 MB, {name} : a common log", taken.seconds / usual.seconds, "≤ 10", detail)


if __name__ == "__main__":
    main()
