"""The GPUs of a report as a picture: sockets, GPUs, NICs, and the pairs in doubt; and as Mermaid."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from troubleshoot.drawing import svg

GPU = 46  # side of a GPU's square, pixels
GAP = 22
FRAME = 18  # between a socket's frame and its GPUs
PER_ROW = 4  # where all stand in one frame; with several frames, half, so that two stand side by side on a phone
MOST_LABELS = 12  # codes written on the lines themselves; with more they hide each other
NARROWEST = 340  # frames and NICs may take this much, even where one row is shorter
ASIDE = 64  # how far a line along a column is pulled aside to pass the GPUs between its ends

VERDICTS: dict[str, dict[str, str]] = {
    "stuck": {"en": "data does not arrive", "zh-hans": "数据到不了"},
    "doubt": {"en": "in doubt", "zh-hans": "存疑"},
    "works": {"en": "works", "zh-hans": "可用"},
    "none": {"en": "not used", "zh-hans": "不使用"},
}
WORDS = {
    "label": {"en": "GPU topology", "zh-hans": "GPU 拓扑"},
    "node": {"en": "NUMA node", "zh-hans": "NUMA 节点"},
    "unknown": {"en": "NUMA not told", "zh-hans": "NUMA 未知"},
    "doubt_none": {"en": "No pair is in doubt.", "zh-hans": "没有存疑的 GPU 对。"},
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands on one line of the picture, and where."""

    x: float
    y: float
    code: str
    judged: str
    says: str


def verdict(pair: dict[str, Any]) -> str:
    """What is to be thought of this pair's direct path: stuck, doubt, works, or none (NCCL would not use it)."""
    if pair.get("delivered") == "no":
        return "stuck"
    if pair.get("delivered") == "yes":
        return "works"
    chosen = pair.get("chosen") if pair.get("chosen") in ("P2P", "SHM", "NET") else pair.get("nccl_path")
    if chosen != "P2P":
        return "none"
    return "works" if pair.get("nvlink") else "doubt"


def topology_svg(matrix: dict[str, Any], lang: str = "en", every_pair: bool = False) -> str:
    """One matrix of the report (in one language). GPUs stand in their NUMA node; by default only doubtful pairs are drawn."""
    gpus: list[str] = matrix["gpus"]
    numa: dict[str, str] = matrix.get("numa") or {}
    groups: dict[str, list[str]] = defaultdict(list)
    for gpu in gpus:
        node = numa.get(gpu, "")
        groups[node if node not in ("", "N/A") else ""].append(gpu)
    at: dict[str, tuple[float, float]] = {}
    parts: list[str] = []
    per_row = PER_ROW if len(groups) == 1 else PER_ROW // 2
    x, y, across, height = 10.0, 10.0, 120.0, 0.0
    for node, members in sorted(groups.items()):
        columns = min(per_row, len(members))
        rows = -(-len(members) // per_row)
        width = columns * GPU + (columns - 1) * GAP + 2 * FRAME
        tall = rows * GPU + (rows - 1) * (GAP + 24) + 2 * FRAME + 22
        words = f"{WORDS['node'][lang]} {node}" if node else WORDS["unknown"][lang]
        if x > 10 and x + width > NARROWEST:
            x, y = 10.0, height + 10
        parts.append(svg.rect(x, y, width, tall, class_="frame", rx=6))
        parts.append(svg.text(x + 8, y + 17, words, class_="small soft"))
        for n, gpu in enumerate(members):
            at[gpu] = (x + FRAME + (n % per_row) * (GPU + GAP), y + 26 + (n // per_row) * (GPU + GAP + 24) + FRAME / 2)
        across = max(across, x + width + 10)
        x += width + 20
        height = max(height, y + tall + 10)
    links, drawn, described = pair_links(matrix, at, lang, every_pair)
    parts += links
    for gpu, (left, top) in at.items():
        parts.append(svg.rect(left, top, GPU, GPU, svg.title(gpu), class_="box", rx=6))
        parts.append(
            svg.text(left + GPU / 2, top + GPU / 2 + 5, gpu.removeprefix("GPU"), class_="strong", text_anchor="middle")
        )
    labels, lowest = link_labels(drawn, height, lang)
    parts += labels
    height, nics, nic_width = nic_row(matrix, max(height, lowest), max(across, NARROWEST))
    parts += nics
    across = max(across, nic_width)
    return svg.picture(across, height + 10, parts, WORDS["label"][lang], described)


def pair_links(
    matrix: dict[str, Any], at: dict[str, tuple[float, float]], lang: str, every: bool
) -> tuple[list[str], list[Drawn], str]:
    """The lines between pairs, bowed so that they pass other GPUs; what stands on each; and all of it in words."""
    parts: list[str] = []
    drawn: list[Drawn] = []
    described: list[str] = []
    shown = [
        (name, pair, verdict(pair))
        for name, pair in matrix.get("p2p", {}).items()
        if set(name.split("-")) <= at.keys() and (every or verdict(pair) in ("stuck", "doubt"))
    ]
    for name, pair, judged in shown:
        a, _, b = name.partition("-")
        (ax, ay), (bx, by) = at[a], at[b]
        ax, ay, bx, by = ax + GPU / 2, ay + GPU / 2, bx + GPU / 2, by + GPU / 2
        bow = 0.0 if abs(ax - bx) <= GPU + GAP + 1 or ay != by else 16 + abs(ax - bx) * 0.09
        aside = 0.0 if ax != bx or abs(ay - by) <= 2 * (GPU + GAP) else ASIDE
        is_left = not any(y == at[a][1] and at[a][0] - 2 * GPU < x < at[a][0] for x, y in at.values())
        middle_x, middle_y = (ax + bx) / 2 + (-aside if is_left else aside), (ay + by) / 2 + bow + GPU * 0.2
        code = matrix["gpu_links"].get(name, "?")
        words = f"{name}: {code}, {VERDICTS[judged][lang]}. {pair.get('because') or ''}"
        described.append(words)
        # Where the curve is at its middle: half way between its ends' middle and its control point.
        on_curve = (((ax + bx) / 2 + middle_x) / 2, ((ay + by) / 2 + middle_y + bow) / 2)
        drawn.append(Drawn(*on_curve, code, judged, VERDICTS[judged][lang]))
        dash = {"stuck": "2 4", "doubt": "7 4"}.get(judged)
        parts.append(
            svg.group(
                [
                    svg.title(words),
                    f'<path d="M{ax:.0f} {ay:.0f} Q{middle_x:.0f} {middle_y + bow:.0f} {bx:.0f} {by:.0f}"'
                    f"{svg.attributes(class_=f'edge {judged}', stroke_width=2, stroke_dasharray=dash)}/>",
                ],
                # A hundred stops of the Tab key are no help; the table beside the picture says the same.
                tabindex=0 if len(shown) <= MOST_LABELS else None,
                class_="pair",
            )
        )
    return parts, drawn, " ".join(described) or WORDS["doubt_none"][lang]


def link_labels(drawn: list[Drawn], below: float, lang: str) -> tuple[list[str], float]:
    """The code on each line while there is room, and below the frames one line for each code and verdict, with its count.

    Gives the parts and how far down they reach. A label that would lie on another one is left to the lines below.
    """
    parts: list[str] = []
    taken: list[tuple[float, float]] = []
    for one in drawn:
        if len(drawn) > MOST_LABELS or any(abs(one.x - x) < 34 and abs(one.y - y) < 16 for x, y in taken):
            continue
        taken.append((one.x, one.y))
        wide = svg.width_of(one.code, 11) + 6
        parts.append(svg.rect(one.x - wide / 2, one.y - 8, wide, 15, class_="box", rx=3))
        parts.append(svg.text(one.x, one.y + 3.5, one.code, class_=f"small text-{one.judged}", text_anchor="middle"))
    lowest = max([below, *(one.y + 14 for one in drawn)])
    colon = ": " if lang == "en" else "："
    counted = Counter((one.judged, one.code, one.says) for one in drawn)
    for (judged, code, says), n in sorted(counted.items(), key=lambda item: (item[0][0] != "stuck", -item[1])):
        lowest += 18
        dash = {"stuck": "2 4", "doubt": "7 4"}.get(judged)
        parts.append(
            f'<path d="M12 {lowest - 4:.0f} H40"'
            f"{svg.attributes(class_=f'edge {judged}', stroke_width=2, stroke_dasharray=dash)}/>"
        )
        parts.append(svg.text(48, lowest, f"{code} × {n}{colon}{says}", class_=f"small text-{judged}"))
    return parts, lowest + 10 if drawn else 0.0


def nic_row(matrix: dict[str, Any], top: float, width: float) -> tuple[float, list[str], float]:
    """The NICs with their names, in rows no wider than `width`; how far down and how far right they reach."""
    parts: list[str] = []
    x, furthest = 18.0, 0.0
    for nic in matrix.get("nics", []):
        name = (matrix.get("nic_names") or {}).get(nic, "")
        words = f"{nic} {name}".strip()
        wide = svg.width_of(words, 11) + 14
        if x > 18 and x + wide > width:
            x, top = 18.0, top + 20
        parts.append(f'<circle cx="{x:.0f}" cy="{top + 8:.0f}" r="5" class="box"/>')
        parts.append(svg.text(x + 10, top + 12, words, class_="small soft"))
        furthest = max(furthest, x + wide)
        x += wide + 20
    return (top + 24 if matrix.get("nics") else top), parts, furthest


def topology_mermaid(matrix: dict[str, Any], lang: str = "en") -> str:
    """The same picture as Mermaid text, every pair with its code and verdict."""
    out = ["graph LR"]
    numa: dict[str, str] = matrix.get("numa") or {}
    for node in sorted({numa.get(gpu, "") for gpu in matrix["gpus"]}):
        members = [gpu for gpu in matrix["gpus"] if numa.get(gpu, "") == node]
        label = f"{WORDS['node'][lang]} {node}" if node not in ("", "N/A") else WORDS["unknown"][lang]
        out += [f'  subgraph n{node or "x"}["{label}"]', *(f"    {gpu}" for gpu in members), "  end"]
    for name, code in matrix["gpu_links"].items():
        a, _, b = name.partition("-")
        pair = matrix.get("p2p", {}).get(name, {})
        out.append(f'  {a} ---|"{code}, {VERDICTS[verdict(pair)][lang]}"| {b}')
    return "\n".join(out) + "\n"
