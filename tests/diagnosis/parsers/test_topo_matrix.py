"""`nvidia-smi topo -m` as printed and as damaged on its way; what looks alike and is none."""

from __future__ import annotations

import csv
import html
import io
import json
import random
import re
from collections.abc import Callable

import pytest

from tests.diagnosis.reading import facts_of, values
from troubleshoot.diagnosis.topology import Matrix

TITLES = {
    "old": ["CPU Affinity"],
    "middle": ["CPU Affinity", "NUMA Affinity"],
    "new": ["CPU Affinity", "NUMA Affinity", "GPU NUMA ID"],
}
LEGEND = [
    "",
    "Legend:",
    "",
    "  X    = Self",
    "  SYS  = Connection traversing PCIe as well as the SMP interconnect between NUMA nodes (e.g., QPI/UPI)",
    "  NV#  = Connection traversing a bonded set of # NVLinks",
]


def matrices(*texts: str) -> list[Matrix]:
    return values(facts_of(*texts), "topology_matrix")


def table(age: str, gpus: int, nics: int, seed: int = 1) -> tuple[list[list[str]], Matrix]:
    """Cells of a made-up machine, the header first, and the matrix they make."""
    chance = random.Random(f"{age}{gpus}{nics}{seed}")
    gpu_names = [f"GPU{n}" for n in range(gpus)]
    nic_names = [f"NIC{n}" if age == "new" else f"mlx5_{n}" for n in range(nics)]
    names = gpu_names + nic_names
    codes: dict[tuple[str, str], str] = {}
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            codes[a, b] = codes[b, a] = chance.choice(
                ["NV4", "NV12", "PIX", "PXB", "PHB", "NODE", "SYS"] if b in gpu_names else ["PIX", "NODE", "SYS"]
            )
    cpu = {gpu: chance.choice(["0-31,64-95", "32-63,96-127", "0-15", "N/A"]) for gpu in gpu_names}
    numa = {gpu: chance.choice(["0", "1", "N/A"]) for gpu in gpu_names}
    rows = [["", *names, *TITLES[age]]]
    for a in names:
        tail = [cpu[a], numa[a], "N/A"][: len(TITLES[age])] if a in gpu_names else []
        rows.append([a, *(" X " if a == b else codes[a, b] for b in names), *tail])
    links = {(a, b): codes[a, b] for i, a in enumerate(gpu_names) for b in gpu_names[i + 1 :]}
    return rows, Matrix(
        tuple(gpu_names), tuple(nic_names), links, numa=numa if age != "old" else None, cpu_affinity=cpu
    )


def with_tabs(rows: list[list[str]]) -> list[str]:
    return ["\t".join(row) for row in rows]


def with_colours(rows: list[list[str]]) -> list[str]:
    first, *rest = with_tabs(rows)
    return [f"\t\x1b[4m{first[1:]}\x1b[0m", *rest]


def with_lost_escapes(rows: list[list[str]]) -> list[str]:
    first, *rest = with_tabs(rows)
    return [f"[4m{first}[0m", *rest]


def with_blanks(rows: list[list[str]]) -> list[str]:
    return ["".join(cell + " " * (8 - len(cell) % 8) for cell in row).rstrip() for row in rows]


def with_a_glued_header(rows: list[list[str]]) -> list[str]:
    return ["".join(rows[0]), *with_blanks(rows)[1:]]


def as_markdown(rows: list[list[str]]) -> list[str]:
    width = len(rows[0])
    lines = ["| " + " | ".join(cell.strip() for cell in row + [""] * (width - len(row))) + " |" for row in rows]
    return [lines[0], "|" + "---|" * width, *lines[1:]]


def with_boxes(rows: list[list[str]]) -> list[str]:
    return [line.replace("|", "│") for line in as_markdown(rows)]


def as_csv(rows: list[list[str]], mark: str = ",") -> list[str]:
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows([[cell.strip() for cell in row] for row in rows])
    return out.getvalue().splitlines()


def with_semicolons(rows: list[list[str]]) -> list[str]:
    return as_csv(rows, ";")


LAYOUTS = [
    as_csv,
    with_semicolons,
    with_tabs,
    with_colours,
    with_lost_escapes,
    with_blanks,
    with_a_glued_header,
    as_markdown,
    with_boxes,
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("age", TITLES)
@pytest.mark.parametrize(("gpus", "nics"), [(1, 0), (2, 0), (4, 2), (8, 12)])
def test_every_layout_gives_the_machine_back(
    layout: Callable[[list[list[str]]], list[str]], age: str, gpus: int, nics: int
) -> None:
    rows, wanted = table(age, gpus, nics)
    (found,) = matrices("\n".join(layout(rows) + LEGEND))
    assert (found.gpus, found.nics, found.links) == (wanted.gpus, wanted.nics, wanted.links)
    assert (found.cpu_affinity, found.numa) == (wanted.cpu_affinity, wanted.numa)
    assert found.complete


def wrapped(width: int) -> Callable[[list[str]], list[str]]:
    def wrap(lines: list[str]) -> list[str]:
        return [line[at : at + width].rstrip() for line in lines for at in range(0, max(len(line), 1), width)]

    return wrap


COATS: dict[str, Callable[[list[str]], list[str]]] = {
    "quote": lambda lines: [f"> {line}" for line in lines],
    "comment": lambda lines: [f"# {line}" for line in lines],
    "list": lambda lines: [f"    {line}" for line in lines],
    "diff": lambda lines: [f"+{line}" for line in lines],
    "compose": lambda lines: [f"vllm-1  | {line}" for line in lines],
    "kubernetes": lambda lines: [f"2025-05-16T13:12:16.612345Z stdout F {line}" for line in lines],
    "journald": lambda lines: [f"May 16 13:12:16 node-a launch[221]: {line}" for line in lines],
    "pdsh": lambda lines: [f"node-a: {line}" for line in lines],
    "line numbers": lambda lines: [f"{n:6}\t{line}" for n, line in enumerate(lines, 1)],
    "json": lambda lines: [
        json.dumps({"log": f"{line}\n", "stream": "stdout", "time": "2025-05-16T13:12:16Z"}) for line in lines
    ],
    "a string's constant": lambda lines: [repr("\n".join(lines))],
    "torchrun": lambda lines: [f"[default0]:{line}" for line in lines],
    "mpirun": lambda lines: [f"[1,0]<stdout>:{line}" for line in lines],
    "ray": lambda lines: [f"(RayWorkerWrapper pid=211, ip=10.0.0.2) {line}" for line in lines],
    "logger": lambda lines: [f"INFO 05-16 13:12:16 [collect.py:33] {line}" for line in lines],
    "in Chinese": lambda lines: ["以下是 topo -m 的输出：", *lines, "请问 GPU0 和 GPU1 之间是 PHB 吗？"],
    "wrapped at 72": wrapped(72),
    "worker": lambda lines: [f"(Worker pid=211) {line}" for line in lines],
    "entities": lambda lines: [html.escape(line).replace("  ", "&nbsp; ") for line in lines],
    "hard blanks": lambda lines: [line.replace(" ", "\u00a0") for line in lines],
    "double spaced": lambda lines: [part for line in lines for part in (line, "")],
    "windows": lambda lines: [f"{line}\r" for line in lines],
    "prompt in front": lambda lines: [f"root@node-a:~# nvidia-smi topo -m {lines[0].strip()}", *lines[1:]],
    "wrapped at 80": wrapped(80),
    "wrapped at 100": wrapped(100),
    "wrapped at 132": wrapped(132),
    "collect_env": lambda lines: ["GPU Topology:", *(f"  {line}" for line in lines)],
    "fence": lambda lines: ["```text", *lines, "```", "", "Thanks!"],
    "nothing after": lambda lines: [line for line in lines if line.startswith(("GPU", "NIC", "mlx", " " * 8))],
}


@pytest.mark.parametrize("coat", COATS)
@pytest.mark.parametrize("age", TITLES)
def test_no_coat_hides_it(coat: str, age: str) -> None:
    rows, wanted = table(age, 8, 6, seed=2)
    text = "\n".join(COATS[coat](with_blanks(rows) + LEGEND))
    (found,) = matrices(text)
    assert (found.gpus, found.nics, found.links) == (wanted.gpus, wanted.nics, wanted.links)
    assert (found.cpu_affinity, found.numa) == (wanted.cpu_affinity, wanted.numa)


def test_the_nic_legend_names_the_devices_and_the_prompt_the_host() -> None:
    rows, _ = table("new", 2, 2)
    (found,) = matrices(
        "\n".join(
            [
                "me@gpu-host-1:~$ nvidia-smi topo -m",
                *with_tabs(rows),
                *LEGEND,
                "",
                "NIC Legend:",
                "",
                "  NIC0: mlx5_0",
                "  NIC1: rocep49s0",
            ]
        )
    )
    assert found.nic_names == {"NIC0": "mlx5_0", "NIC1": "rocep49s0"}
    assert found.host == "gpu-host-1"


def test_two_machines_give_two_matrices_in_their_order() -> None:
    first, wanted_first = table("new", 2, 0, seed=3)
    second, wanted_second = table("middle", 4, 0, seed=4)
    found = matrices("\n".join([*with_blanks(first), "", *with_blanks(second)]))
    assert [m.links for m in found] == [wanted_first.links, wanted_second.links]


@pytest.mark.parametrize("rows_left", [2, 4, 7])
def test_cut_at_the_bottom_only_the_pairs_given_are_told(rows_left: int) -> None:
    rows, wanted = table("new", 8, 0)
    (found,) = matrices("\n".join(with_blanks(rows[: rows_left + 1])))
    given = {pair: code for pair, code in wanted.links.items() if int(pair[0][3:]) < rows_left}
    assert found.links == given
    assert found.gpus == wanted.gpus
    assert found.complete == (len(given) == len(wanted.links))


def test_cut_at_the_right_a_broken_code_is_not_taken_for_another() -> None:
    lines = [
        "        GPU0    GPU1    GPU2    GPU3",
        "GPU0     X      NV12    NV12    NV12",
        "GPU1    NV12     X      NV12    NV12",
        "GPU2    NV12    NV12     X      NV1",
    ]
    (found,) = matrices("\n".join(lines[:4]))
    assert found.links[("GPU0", "GPU3")] == "NV12"
    assert ("GPU2", "GPU3") not in found.links
    assert not found.complete


def test_a_row_that_lost_a_cell_is_told_by_its_mirror_only() -> None:
    text = """
            GPU0    GPU1    GPU2
    GPU0     X      PIX     SYS
    GPU1    PIX     SYS
    GPU2    SYS     NODE     X
    """
    (found,) = matrices(text)
    assert found.links == {("GPU0", "GPU1"): "PIX", ("GPU0", "GPU2"): "SYS", ("GPU1", "GPU2"): "NODE"}


def test_without_a_header_the_diagonal_says_which_column_is_whose() -> None:
    (found,) = matrices(
        "GPU0     X      PIX     SYS     0-31\nGPU1    PIX      X      SYS     0-31\nGPU2    SYS     SYS      X      32-63\n"
    )
    assert found.gpus == ("GPU0", "GPU1", "GPU2")
    assert found.links == {("GPU0", "GPU1"): "PIX", ("GPU0", "GPU2"): "SYS", ("GPU1", "GPU2"): "SYS"}
    assert found.cpu_affinity is None


def test_columns_may_stand_in_another_order_in_a_table() -> None:
    (found,) = matrices(
        "| CPU Affinity | | GPU0 | GPU1 |\n|---|---|---|---|\n| 0-7 | GPU0 | X | NV4 |\n| 8-15 | GPU1 | NV4 | X |\n"
    )
    assert found.links == {("GPU0", "GPU1"): "NV4"}
    assert found.cpu_affinity == {"GPU0": "0-7", "GPU1": "8-15"}


def test_a_processor_list_broken_by_the_terminal_is_joined() -> None:
    (found,) = matrices(
        "        GPU0    GPU1    CPU Affi         nity\nGPU0     X      PHB     0-17,36-         53\nGPU1    PHB      X      18-35,54         -71\n"
    )
    assert found.cpu_affinity == {"GPU0": "0-17,36-53", "GPU1": "18-35,54-71"}


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_lines_broken_at_the_terminals_width_are_whole_again_also_within_a_word(width: int) -> None:
    rows, wanted = table("new", 16, 2, seed=6)
    cells = [[cell.strip() for cell in row] for row in rows]
    columns = [max(len(row[at]) if at < len(row) else 0 for row in cells) for at in range(len(cells[0]))]
    lines = ["  ".join(cell.ljust(columns[at]) for at, cell in enumerate(row)).rstrip() for row in cells]
    (found,) = matrices(
        "\n".join([line[at : at + width] for line in lines for at in range(0, len(line), width)] + LEGEND)
    )
    assert (found.gpus, found.nics, found.links) == (wanted.gpus, wanted.nics, wanted.links)
    assert (found.cpu_affinity, found.numa) == (wanted.cpu_affinity, wanted.numa)


@pytest.mark.parametrize("layout", [with_tabs, with_blanks], ids=lambda f: f.__name__)
def test_wherever_the_text_ends_what_stands_there_is_told_and_no_more(
    layout: Callable[[list[list[str]]], list[str]],
) -> None:
    rows, wanted = table("new", 4, 1, seed=8)
    lines = layout(rows)
    text = "\n".join(lines)
    for end in range(len(lines[0]) + len(lines[1]) + 1, len(text), 3):
        (found,) = matrices(text[:end])
        assert (found.gpus, found.nics) == (wanted.gpus, wanted.nics)
        whole = text[:end].split("\n")[1:-1]
        given = {pair: code for pair, code in wanted.links.items() if int(pair[0][3:]) < len(whole)}
        assert set(given.items()) <= set(found.links.items()) <= set(wanted.links.items())
        assert found.cpu_affinity is not None
        assert set(found.cpu_affinity.items()) <= set(wanted.cpu_affinity.items())


def test_network_cards_may_stand_first() -> None:
    text = """
            mlx5_0  GPU0    GPU1    CPU Affinity
    mlx5_0   X      PIX     SYS
    GPU0    PIX      X      NODE    0-15
    GPU1    SYS     NODE     X      0-15
    """
    (found,) = matrices(text)
    assert (found.gpus, found.nics) == (("GPU0", "GPU1"), ("mlx5_0",))
    assert found.links == {("GPU0", "GPU1"): "NODE"}


def test_rows_whose_head_was_not_copied_still_tell_their_columns_by_the_diagonal() -> None:
    (found,) = matrices(
        "GPU2    PHB     PHB      X      SYS     0-15    0\nGPU3    SYS     SYS     SYS      X      16-31   1\n"
    )
    assert found.gpus == ("GPU0", "GPU1", "GPU2", "GPU3")
    assert found.links[("GPU2", "GPU3")] == "SYS"
    assert ("GPU0", "GPU1") not in found.links
    assert not found.complete


@pytest.mark.parametrize(
    ("tail", "cpu", "numa"),
    [
        ("0-31\t0\t\tN/A", "0-31", "0"),
        ("0-31\t\t\tN/A", "0-31", None),
        ("\t0\t\tN/A", None, "0"),
        ("\t\t\tN/A", None, None),
        ("N/A\tN/A\t\tN/A", "N/A", "N/A"),
        ("0-71\t0,2-17\t\t1", "0-71", "0,2-17"),
    ],
)
def test_an_empty_cell_is_told_from_its_neighbours_by_the_tab_stops(
    tail: str, cpu: str | None, numa: str | None
) -> None:
    tabs = "\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\n" + "".join(
        f"GPU{a}\t{' X ' if a == 0 else 'PHB'}\t{' X ' if a else 'PHB'}\t{tail}\n" for a in (0, 1)
    )
    for text in (tabs, tabs.expandtabs()):
        (found,) = matrices(text)
        assert found.cpu_affinity is not None
        assert found.numa is not None
        assert (found.cpu_affinity.get("GPU0"), found.numa.get("GPU0")) == (cpu, numa)
        assert (found.cpu_affinity.get("GPU1"), found.numa.get("GPU1")) == (cpu, numa)


def test_columns_of_a_switch_are_no_cards() -> None:
    (found,) = matrices(
        "        GPU0    GPU1    SW0     NIC0\nGPU0     X      NV18    NV18    PIX\nGPU1    NV18     X      NV18    SYS\n"
    )
    assert (found.gpus, found.nics, found.links) == (("GPU0", "GPU1"), ("NIC0",), {("GPU0", "GPU1"): "NV18"})


def test_a_command_that_asks_for_both_tables_gives_the_matrix_of_one() -> None:
    (found,) = matrices(
        "$ nvidia-smi topo -m && nvidia-smi topo -p2p r\n"
        "        GPU0    GPU1\nGPU0     X      PHB\nGPU1    PHB      X\n"
        " \tGPU0\tGPU1\t\n GPU0\tX\tNS\t\n GPU1\tNS\tX\t\n"
    )
    assert found.links == {("GPU0", "GPU1"): "PHB"}


NONE = {
    "topo -p2p": "$ nvidia-smi topo -p2p r\n        GPU0    GPU1\n GPU0   X       OK\n GPU1   OK      X\n",
    "topo -p2p, unknown": "$ nvidia-smi topo -p2p w\n        GPU0    GPU1\n GPU0   X       U\n GPU1   U       X\n",
    "rocm-smi": "       GPU0         GPU1\nGPU0   0            XGMI\nGPU1   XGMI         0\n",
    "rocm-smi hops": "       GPU0         GPU1\nGPU0   0            1\nGPU1   1            0\n",
    "npu-smi": "         NPU0       NPU1       CPU Affinity\nNPU0       X          HCCS       144-167\nNPU1       HCCS       X          144-167\n",
    "mthreads-gmi": "$ mthreads-gmi topo -m\n        GPU0    GPU1\nGPU0     X      MPB\nGPU1    MPB      X\n",
    "mthreads-gmi, command lost": "        GPU0    GPU1    GPU2\nGPU0     X      MPB     NODE\nGPU1    MPB      X      NODE\nGPU2    NODE    NODE     X\n",
    "mx-smi": "mx-smi topo -m\n        GPU0    GPU1    Node Affinity\nGPU0     X      MX      0\nGPU1    MX       X      0\n",
    "amd-smi": "LINK TYPE TABLE:\n         GPU0  GPU1\nGPU0   SELF XGMI\nGPU1   XGMI SELF\n",
    "xpu-smi": "xpu-smi topo -m\n         XPU0    XPU1    CPU Affinity\nXPU0     X      NODE    0-15\nXPU1    NODE     X      0-15\n",
    "a single row": "GPU1 PHB X SYS\n",
    "a table of results": "| GPU0 | GPU1 | result |\n|---|---|---|\n| X | PHB | hang |\n",
    "dcgm": "      GP0     GP1\nGP0   X       NV2\nGP1   NV2     X\n",
    "prose": "GPU0 and GPU1 are joined by PIX, GPU2 GPU3 by SYS.\n",
    "a header alone": "        GPU0    GPU1    CPU Affinity    NUMA Affinity\n",
    "NVML": "$ nvidia-smi topo -m\nFailed to initialize NVML: Driver/library version mismatch\n",
    "no device": "$ nvidia-smi topo -m\nNo devices were found\n",
    "lost device": "Unable to determine the device handle for GPU0: 0000:C1:00.0: Unknown Error\n",
    "a list with commas": "GPU0, GPU1, PIX, SYS\nwere seen, GPU0, GPU1, and, X\n",
    "a csv of results": "pair,GPU0,GPU1\nGPU0,11.2,780\nGPU1,780,11.2\n",
    "bandwidth": "Unidirectional P2P=Enabled Bandwidth (P2P Writes) Matrix (GB/s)\n   D\\D     0      1\n     0 780.12  11.94\n     1  11.94 780.12\n",
}


@pytest.mark.parametrize("what", NONE)
def test_what_looks_alike_is_no_matrix(what: str) -> None:
    assert matrices(NONE[what]) == []


@pytest.mark.parametrize(("layout", "between"), [(with_blanks, r"(\s+)"), (as_csv, "(,)")])
def test_no_damage_invents_a_link(layout: Callable[[list[list[str]]], list[str]], between: str) -> None:
    """Whatever is left out of the text, a link that is told is a link of the machine, or none is."""
    rows, wanted = table("new", 4, 2, seed=9)
    lines = layout(rows)
    chance = random.Random(5)
    for _ in range(60):
        cut = lines[:]
        for _ in range(chance.randint(1, 3)):
            row = chance.randrange(1, len(cut))
            words = re.split(between, cut[row])
            del words[chance.randrange(len(words))]
            cut[row] = "".join(words)
        for found in matrices("\n".join(cut)):
            assert set(found.links.items()) <= set(wanted.links.items())
