"""Every coat that a log line comes in, alone and one over another; and text that only looks like a coat."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pytest

from troubleshoot.diagnosis.peel import peel, without_colour

LINES = {
    "INFO 05-16 13:12:16 [pynccl.py:69] vLLM is using nccl==2.21.5": "vLLM is using nccl==2.21.5",
    "INFO 02-25 17:41:25 api_server.py:840] vLLM API server version 0.7.2": "vLLM API server version 0.7.2",
    "(VllmWorker rank=1 pid=99) INFO 05-16 13:12:16 [parallel_state.py:957] rank 1 in world size 2": "rank 1 in world size 2",
    "(EngineCore_DP0 pid=77) ERROR 05-16 13:12:16 [core.py:708] EngineCore failed to start.": "EngineCore failed to start.",
    "[2025-05-16 13:12:16 TP1] Init torch distributed begin.": "Init torch distributed begin.",
    "node-a:123:456 [0] NCCL INFO Bootstrap : Using eth0:10.0.0.2<0>": "Bootstrap : Using eth0:10.0.0.2<0>",
    "[2025-05-16 13:12:16] node-a:123:456 [0] p2p.cc:281 NCCL WARN Cuda failure 'x'": "Cuda failure 'x'",
    "[  812.481234] NVRM: Xid (PCI:0000:41:00): 79, pid=1": "NVRM: Xid (PCI:0000:41:00): 79, pid=1",
    "2025-05-16T13:12:16+08:00 - gpustack.worker.serve_manager - INFO - Start serving": "Start serving",
    "[rank0]:[W516 13:12:16.123456789 ProcessGroupNCCL.cpp:4561] using GPU 0": "using GPU 0",
    "Traceback (most recent call last):": "Traceback (most recent call last):",
}

Coat = Callable[[str], str]


def before(prefix: str) -> Coat:
    return lambda line: prefix + line


COATS: dict[str, Coat] = {
    "colour": lambda line: f"\x1b[36m{line}\x1b[0m",
    "256 colours": lambda line: f"\x1b[38;5;208m{line}\x1b[0m",
    "colour without ESC": lambda line: f"[1;36m{line}[0m",
    "colour as ^[": lambda line: f"^[[36m{line}^[[0m",
    "colour as #033": lambda line: f"#033[36m{line}#033[0m",
    "colour as \\x1b": lambda line: f"\\x1b[36m{line}\\x1b[0m",
    "cursor": before("\x1b[2K\x1b[1G"),
    "title": before("\x1b]0;a title\x07"),
    "docker -t": before("2025-05-16T13:12:16.612345678Z "),
    "docker json-file": lambda line: json.dumps(
        {"log": f"{line}\n", "stream": "stderr", "time": "2025-05-16T13:12:16Z"}
    ),
    "compose": before("vllm-1  | "),
    "compose -t": before("vllm-1  | 2025-05-16T13:12:16.612345678Z "),
    "CRI": before("2025-05-16T13:12:16.612345678+08:00 stdout F "),
    "kubectl --prefix": before("[pod/vllm-0/vllm] "),
    "stern": before("vllm-0 vllm "),
    "journald": before("May 16 13:12:16 node-a vllm[221]: "),
    "journald -o short-iso": before("2025-05-16T13:12:16+0800 node-a vllm[221]: "),
    "journald -o short-full": before("Fri 2025-05-16 13:12:16 CST node-a vllm[221]: "),
    "journald -o json": lambda line: json.dumps({"MESSAGE": line, "_HOSTNAME": "node-a", "_PID": "221"}),
    "syslog with a priority": before("<14>May 16 13:12:16 node-a vllm[221]: "),
    "ray": before("(RayWorkerWrapper pid=123, ip=10.0.0.2) "),
    "ray in colour": before("\x1b[36m(RayWorkerWrapper pid=123)\x1b[0m "),
    "torchrun": before("[default0]:"),
    "torch's rank": before("[rank0]: "),
    "mpirun": before("[1,0]<stdout>:"),
    "mpirun with a host": before("[node-a:00123] "),
    "horovodrun": before("[0]<stdout>:"),
    "srun": before("0: "),
    "pdsh": before("node-a: "),
    "a log store": before("2025-05-16 13:12:16.612\t"),
    "quote": before("> "),
    "quote of a quote": before("> > "),
    "code": lambda line: f"`{line}`",
    "diff": before("+"),
    "comment": before("# "),
    "list": before("* "),
    "indent": before("        "),
    "hard blanks": before("\u00a0\u00a0"),
    "entities": html.escape,
    "paragraph": lambda line: f"<p>{html.escape(line)}</p>",
    "line number": before("    12\t"),
    "grep": before("worker.log:12:"),
    "byte order mark": before("\ufeff"),
    "windows": lambda line: f"{line}\r\n",
}


@pytest.mark.parametrize("coat", COATS)
def test_every_coat_comes_off_every_line(coat: str) -> None:
    for line, body in LINES.items():
        assert peel(COATS[coat](line)).body == body


@pytest.mark.parametrize(
    "outer",
    [
        "compose -t",
        "CRI",
        "kubectl --prefix",
        "journald",
        "quote",
        "entities",
        "colour without ESC",
        "docker json-file",
    ],
)
@pytest.mark.parametrize(
    "inner", ["colour", "ray", "torchrun", "torch's rank", "mpirun", "srun", "indent", "pdsh", "docker -t"]
)
def test_coats_come_off_one_after_the_other(outer: str, inner: str) -> None:
    for line, body in LINES.items():
        assert peel(COATS[outer](COATS[inner](line))).body == body


@pytest.mark.parametrize(
    "text",
    [
        "> the log says: nothing",
        "# a heading",
        "- an item of a list",
        "value: 12",
        "[multiproc_executor.py:12] text",
        "array[12m3]",
        "1: one",
        "x = a[36] + b",
        '{"message": "a dialogue", "to": "somebody"}',
        "the node-a: it hangs",
    ],
)
def test_ordinary_text_loses_nothing_but_its_quote_mark_or_number(text: str) -> None:
    assert text.lstrip("> ").removeprefix("1: ").endswith(peel(text).body)
    assert len(peel(text).body) >= len(text) - 3


def test_what_the_coats_say_is_kept() -> None:
    peeled = peel(
        "2025-05-16T13:12:20.5Z stdout F \x1b[36m(RayWorkerWrapper pid=123, ip=10.0.0.2)\x1b[0m INFO 05-16 13:12:16 [a.py:9] text"
    )

    assert (peeled.pid, peeled.ip, peeled.process) == (123, "10.0.0.2", "RayWorkerWrapper")
    assert (peeled.level, peeled.source, peeled.stamp) == ("INFO", "a.py:9", "05-16 13:12:16")
    assert peeled.outer_stamp.startswith("2025-05-16T13:12:20")


@pytest.mark.parametrize(
    ("line", "rank"),
    [
        ("[default3]: text", 3),
        ("[rank7]: text", 7),
        ("[1,5]<stdout>: text", 5),
        ("[2]<stderr>: text", 2),
        ("(VllmWorker rank=1 pid=99) INFO 05-16 13:12:16 [a.py:9] text", 1),
        ("(Worker_TP2 pid=4) INFO 05-16 13:12:16 [a.py:9] text", 2),
        ("[2025-05-16 13:12:16 TP3] text", 3),
        ("node-a:1:2 [6] NCCL INFO text", None),  # the device, not the rank
        ("INFO 05-16 13:12:16 [a.py:9] text", None),
    ],
)
def test_the_rank_is_read_where_the_line_names_it(line: str, rank: int | None) -> None:
    assert peel(line).rank == rank


def test_ray_tells_how_often_a_line_came() -> None:
    peeled = peel(
        "(RayWorkerWrapper pid=123) INFO 05-16 13:12:16 [a.py:9] text [repeated 7x across cluster] (Ray deduplicates logs by default.)"
    )

    assert (peeled.body, peeled.repeated) == ("text", 7)


@pytest.mark.parametrize(
    ("earlier", "later", "seconds"),
    [
        ("INFO 05-16 23:59:50 [a.py:9] x", "INFO 05-17 00:00:10 [a.py:9] x", 20),
        ("[2025-05-16 13:12:16] x", "[2025-05-16 13:12:18] x", 2),
        ("May 16 13:12:16 node-a a[1]: x", "May 16 13:13:16 node-a a[1]: x", 60),
        ("2025-05-16T13:12:16Z x", "2025-05-16T21:12:17+08:00 x", 1),
        ("[  812.500000] x", "[  815.000000] x", 2.5),
        ("[rank0]:[W516 13:12:16.250000000 a.cpp:1] x", "[rank0]:[W516 13:12:17.750000000 a.cpp:1] x", 1.5),
    ],
)
def test_times_of_every_style_are_measured(earlier: str, later: str, seconds: float) -> None:
    first, second = peel(earlier).seconds, peel(later).seconds
    assert first is not None
    assert second is not None
    assert second - first == pytest.approx(seconds)


@pytest.mark.parametrize("line", ["INFO 13-45 99:99:99 [a.py:9] x", "[2025-02-31 13:12:16] x", "no time at all"])
def test_a_time_that_does_not_exist_is_none(line: str) -> None:
    assert peel(line).seconds is None


@pytest.mark.parametrize(
    "line",
    [
        "> " * 9000,
        "[rank0]: " * 3000,
        "(" * 20_000,
        "{" * 20_000,
        "\x1b[" * 9000,
        "[36m" * 9000,
        "a-1 | " * 4000,
        "x " * 30_000,
    ],
)
def test_a_line_of_nothing_but_coats_is_peeled_in_no_time(line: str) -> None:
    assert len(peel(line).body) <= len(line)
    assert len(without_colour(line)) <= len(line)
