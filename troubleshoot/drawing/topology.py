"""The GPUs of a report as a picture: sockets, GPUs, NICs, and the pairs in doubt; and as Mermaid."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from troubleshoot.drawing import svg

GPU = 46  # side of a GPU's square, pixels
GAP = 22
FRAME = 18  # between a socket's frame and its GPUs
PER_ROW = 4

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
    x = 10.0
    height = 0.0
    for node, members in sorted(groups.items()):
        columns = min(PER_ROW, len(members))
        rows = -(-len(members) // PER_ROW)
        width = columns * GPU + (columns - 1) * GAP + 2 * FRAME
        tall = rows * GPU + (rows - 1) * (GAP + 24) + 2 * FRAME + 22
        words = f"{WORDS['node'][lang]} {node}" if node else WORDS["unknown"][lang]
        parts.append(svg.rect(x, 10, width, tall, class_="frame", rx=6))
        parts.append(svg.text(x + 8, 27, words, class_="small soft"))
        for n, gpu in enumerate(members):
            at[gpu] = (x + FRAME + (n % PER_ROW) * (GPU + GAP), 10 + 26 + (n // PER_ROW) * (GPU + GAP + 24) + FRAME / 2)
        x += width + 24
        height = max(height, tall + 20)
    links, described = pair_links(matrix, at, lang, every_pair)
    parts += links
    for gpu, (left, top) in at.items():
        parts.append(svg.rect(left, top, GPU, GPU, svg.title(gpu), class_="box", rx=6))
        parts.append(
            svg.text(left + GPU / 2, top + GPU / 2 + 5, gpu.removeprefix("GPU"), class_="strong", text_anchor="middle")
        )
    height, nics = nic_row(matrix, height, lang)
    parts += nics
    return svg.picture(max(x - 14, 120), height + 10, parts, WORDS["label"][lang], described)


def pair_links(
    matrix: dict[str, Any], at: dict[str, tuple[float, float]], lang: str, every: bool
) -> tuple[list[str], str]:
    """The lines between pairs, bowed so that they pass other GPUs, with their code and verdict in words."""
    parts, described = [], []
    for name, pair in matrix.get("p2p", {}).items():
        a, _, b = name.partition("-")
        judged = verdict(pair)
        if a not in at or b not in at or (judged not in ("stuck", "doubt") and not every):
            continue
        (ax, ay), (bx, by) = at[a], at[b]
        ax, ay, bx, by = ax + GPU / 2, ay + GPU / 2, bx + GPU / 2, by + GPU / 2
        bow = 0.0 if abs(ax - bx) <= GPU + GAP + 1 or ay != by else 16 + abs(ax - bx) * 0.09
        middle_x, middle_y = (ax + bx) / 2, (ay + by) / 2 + bow + GPU * 0.2
        code = matrix["gpu_links"].get(name, "?")
        words = f"{name}: {code}, {VERDICTS[judged][lang]}. {pair.get('because') or ''}"
        described.append(words)
        dash = {"stuck": "2 4", "doubt": "7 4"}.get(judged)
        parts.append(
            svg.group(
                [
                    svg.title(words),
                    f'<path d="M{ax:.0f} {ay:.0f} Q{middle_x:.0f} {middle_y + bow:.0f} {bx:.0f} {by:.0f}"'
                    f"{svg.attributes(class_=f'edge {judged}', stroke_width=2, stroke_dasharray=dash)}/>",
                ],
                tabindex=0,
                class_="pair",
            )
        )
    return parts, " ".join(described) or WORDS["doubt_none"][lang]


def nic_row(matrix: dict[str, Any], top: float, lang: str) -> tuple[float, list[str]]:
    parts = []
    x = 18.0
    for nic in matrix.get("nics", []):
        name = (matrix.get("nic_names") or {}).get(nic, "")
        words = f"{nic} {name}".strip()
        parts.append(f'<circle cx="{x:.0f}" cy="{top + 8:.0f}" r="5" class="box"/>')
        parts.append(svg.text(x + 10, top + 12, words, class_="small soft"))
        x += svg.width_of(words, 11) + 34
        if x > 330:
            x, top = 18.0, top + 20
    return (top + 24 if matrix.get("nics") else top), parts


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
