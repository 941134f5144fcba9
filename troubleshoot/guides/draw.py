"""A guide drawn as a labelled graph: Mermaid and DOT text, and an SVG where each answer is a row of its question's box."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from troubleshoot.diagnosis.causes import Cause
from troubleshoot.drawing import svg
from troubleshoot.guides.load import REPORT
from troubleshoot.guides.tree import OUTCOME, Guide

WORDS = {
    "unknown": {"en": "I don't know", "zh-hans": "不知道"},
    "report": {"en": "Report: what the answers tell", "zh-hans": "报告：由回答得出"},
}
BOX = 270
ROW = 20
COLUMN = 330


def answer_words(guide: Guide, question_id: str, answer_id: str, lang: str) -> str:
    answer = guide.questions[question_id].answer(answer_id)
    return answer.says[lang] if answer else WORDS["unknown"][lang]


def node_words(guide: Guide, node: str, causes: Mapping[str, Cause], lang: str) -> str:
    if node in guide.questions:
        return guide.questions[node].asks[lang]
    if node == REPORT:
        return WORDS["report"][lang]
    return causes[node.removeprefix(OUTCOME)].title[lang]


def taken_edges(guide: Guide, state: Mapping[str, str]) -> set[tuple[str, str]]:
    """The (question, answer) edges of the written way that these answers take."""
    node, edges = guide.start, set()
    while node in state and node in guide.questions and (node, state[node]) not in edges:
        edges.add((node, state[node]))
        answer = guide.questions[node].answer(state[node])
        node = answer.then if answer else guide.questions[node].unknown_then
    return edges


def mermaid_words(words: str) -> str:
    """Mermaid has no way to quote a quotation mark."""
    return words.replace('"', "'")


def mermaid(guide: Guide, causes: Mapping[str, Cause], lang: str = "en") -> str:
    ids = {node: f"n{n}" for n, node in enumerate(nodes(guide))}
    out = ["graph TD"]
    for node, short in ids.items():
        left, right = ("{{", "}}") if node in guide.questions else ("([", "])")
        out.append(f'  {short}{left}"{mermaid_words(node_words(guide, node, causes, lang))}"{right}')
    for source, answer, target in guide.leads():
        out.append(f'  {ids[source]} -->|"{mermaid_words(answer_words(guide, source, answer, lang))}"| {ids[target]}')
    return "\n".join(out) + "\n"


def dot_words(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dot(guide: Guide, causes: Mapping[str, Cause], lang: str = "en") -> str:
    out = [f"digraph {dot_words(guide.id)} {{", "  rankdir=LR; node [shape=box];"]
    out += [f"  {dot_words(n)} [label={dot_words(node_words(guide, n, causes, lang))}];" for n in nodes(guide)]
    for source, answer, target in guide.leads():
        out.append(
            f"  {dot_words(source)} -> {dot_words(target)} [label={dot_words(answer_words(guide, source, answer, lang))}];"
        )
    return "\n".join([*out, "}"]) + "\n"


def nodes(guide: Guide) -> list[str]:
    return list(dict.fromkeys([*guide.questions, *(target for _, _, target in guide.leads())]))


def depths(guide: Guide) -> dict[str, int]:
    """The column of each node: the longest way from the start (the guide has no circle)."""
    onward: dict[str, list[str]] = defaultdict(list)
    for source, _, target in guide.leads():
        onward[source].append(target)
    depth = {guide.start: 0}
    for _ in guide.questions:  # a longest path has at most as many steps as there are questions
        for source, targets in onward.items():
            for target in targets:
                if source in depth and depth.get(target, -1) < depth[source] + 1:
                    depth[target] = depth[source] + 1
    return depth


def guide_svg(
    guide: Guide, causes: Mapping[str, Cause], lang: str = "en", state: Mapping[str, str] | None = None
) -> str:
    """The whole guide; the way that `state` takes is highlighted."""
    taken = taken_edges(guide, state or {})
    depth = depths(guide)
    columns: dict[int, list[str]] = defaultdict(list)
    for node in nodes(guide):
        columns[depth[node]].append(node)
    top: dict[str, float] = {}
    port: dict[tuple[str, str], float] = {}
    boxes: list[str] = []
    tallest = 0.0
    for column, members in sorted(columns.items()):
        y = 10.0
        for node in members:
            x = 10 + column * COLUMN
            lines = svg.wrap(node_words(guide, node, causes, lang), BOX - 36)  # bold takes more than is reckoned with
            answers = [(a, t) for s, a, t in guide.leads() if s == node]
            height = len(lines) * svg.LINE_HEIGHT + len(answers) * ROW + 14
            top[node] = y + 16
            kind = "box" if node in guide.questions else "box fill-works"
            boxes.append(svg.rect(x, y, BOX, height, class_=kind, rx=6))
            boxes += [
                svg.text(x + 8, y + 18 + n * svg.LINE_HEIGHT, row, class_="strong") for n, row in enumerate(lines)
            ]
            for n, (answer, _) in enumerate(answers):
                row_y = y + 14 + len(lines) * svg.LINE_HEIGHT + n * ROW + 10
                port[node, answer] = row_y - 4
                words = svg.wrap(answer_words(guide, node, answer, lang), BOX - 24, 11)
                mark = "strong " if (node, answer) in taken else ""
                boxes.append(
                    svg.text(x + 14, row_y, words[0] + ("…" if len(words) > 1 else ""), class_=f"{mark}small soft")
                )
            y += height + 18
        tallest = max(tallest, y)
    edges = []
    for source, answer, target in guide.leads():
        x1, y1 = 10 + depth[source] * COLUMN + BOX, port[source, answer]
        x2, y2 = 10 + depth[target] * COLUMN, top[target]
        bend = (x1 + x2) / 2
        kind = "edge taken" if (source, answer) in taken else "edge"
        label = f"{answer_words(guide, source, answer, lang)} → {node_words(guide, target, causes, lang)}"
        edges.append(
            f'<path d="M{x1:.0f} {y1:.0f} C{bend:.0f} {y1:.0f} {bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}" class="{kind}" '
            f'stroke-opacity="{1 if "taken" in kind else 0.45}">{svg.title(label)}</path>'
        )
    width = 20 + (max(columns) + 1) * COLUMN - (COLUMN - BOX)
    return svg.picture(width, tallest, [*edges, *boxes], guide.title[lang])
