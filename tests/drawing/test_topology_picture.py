"""The picture of a GPU matrix: nothing is cut off, and every pair in doubt is named by more than a colour."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from troubleshoot.drawing import svg
from troubleshoot.drawing.topology import topology_svg


def matrix(gpus: int, nics: int, **pair) -> dict:
    names = [f"GPU{n}" for n in range(gpus)]
    pairs = [f"{a}-{b}" for a, b in combinations(names, 2)]
    layers = {"nccl_path": "P2P", "delivered": "unknown", "nvlink": False, "because": "", **pair}
    return {
        "gpus": names,
        "nics": [f"NIC{n}" for n in range(nics)],
        "nic_names": {f"NIC{n}": f"mlx5_bond_{n}" for n in range(nics)},
        "gpu_links": dict.fromkeys(pairs, "PHB"),
        "numa": {gpu: str(n * 2 // gpus) for n, gpu in enumerate(names)},
        "p2p": dict.fromkeys(pairs, layers),
    }


def size(drawn: str) -> tuple[float, float]:
    wide, high = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn).groups()
    return float(wide), float(high)


@pytest.mark.parametrize(("gpus", "nics"), [(1, 1), (2, 4), (4, 8), (8, 10), (16, 12)])
@pytest.mark.parametrize("lang", ["en", "zh-hans"])
def test_every_text_lies_inside_the_picture(gpus, nics, lang):
    drawn = topology_svg(matrix(gpus, nics), lang)
    wide, high = size(drawn)

    for x, y, class_, words in re.findall(r'<text x="([\d.-]+)" y="([\d.-]+)" class="([^"]*)"[^>]*>([^<]*)', drawn):
        if "strong" in class_ or "text-anchor" in words:
            continue
        assert float(x) + svg.width_of(words, 11) <= wide + 1, words
        assert float(y) <= high, words


def test_pairs_in_doubt_carry_code_and_verdict_in_words():
    drawn = topology_svg(matrix(4, 0))

    assert drawn.count(">PHB</text>") >= 3
    assert "PHB × 6: in doubt" in drawn


def test_a_pair_that_loses_data_says_so():
    assert "PHB × 1: data does not arrive" in topology_svg(matrix(2, 0, delivered="no"))


def test_pairs_that_work_are_not_drawn_unless_asked_for():
    works = matrix(4, 0, delivered="yes")

    assert "PHB ×" not in topology_svg(works)
    assert "PHB × 6: works" in topology_svg(works, every_pair=True)


def test_eight_gpus_are_counted_rather_than_written_over_each_other():
    drawn = topology_svg(matrix(8, 0))

    assert "PHB × 28: in doubt" in drawn
    assert ">PHB</text>" not in drawn


@pytest.mark.parametrize("count", [4, 8, 16])
def test_two_sockets_stand_side_by_side_within_a_phones_width(count: int):
    gpus = [f"GPU{n}" for n in range(count)]
    numa = {gpu: str(2 * n // count) for n, gpu in enumerate(gpus)}

    picture = topology_svg({"gpus": gpus, "numa": numa, "gpu_links": {}, "p2p": {}})

    assert float(re.search(r'width="(\d+)"', picture)[1]) <= 350


def test_a_line_along_a_column_passes_the_gpus_between_its_ends():
    gpus = [f"GPU{n}" for n in range(8)]
    numa = dict.fromkeys(gpus, "0") | {"GPU6": "1", "GPU7": "1"}
    matrix = {"gpus": gpus, "numa": numa, "gpu_links": {"GPU0-GPU4": "PHB"}, "p2p": {"GPU0-GPU4": {"nccl_path": "P2P"}}}

    x1, control, x2 = (float(x) for x in re.search(r"M(\d+) \d+ Q(-?\d+) \d+ (\d+) ", topology_svg(matrix)).groups())

    assert x1 == x2
    assert abs((x1 + control) / 2 - x1) > 46 / 2


@pytest.mark.parametrize(("gpus", "stops"), [(4, 6), (16, 0)])
def test_a_few_pairs_can_be_reached_by_keyboard_and_a_hundred_are_left_to_the_table(gpus, stops):
    assert topology_svg(matrix(gpus, 0)).count('tabindex="0"') == stops
