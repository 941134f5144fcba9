"""The launch phases of a report as a picture: what is done, where it is stuck or failed, what was not reached."""

from __future__ import annotations

from typing import Any

from troubleshoot.diagnosis.phases import duration
from troubleshoot.diagnosis.rendering_words import WORDS
from troubleshoot.drawing import svg

LABEL = {"en": "Where the launch stands", "zh-hans": "启动走到了哪里"}
MARKS = {"done": "✓", "stuck": "■", "failed": "✕", "skipped": "–", "not-reached": "·"}
CLASSES = {"done": "works", "stuck": "stuck", "failed": "stuck", "skipped": "soft", "not-reached": "soft"}
STEP = 104
TALL = 64


def timeline_svg(timeline: dict[str, Any], lang: str = "en") -> str:
    """The timeline of a report (in one language), one column a phase."""
    parts = []
    described = []
    phases = timeline["phases"]
    for n, phase in enumerate(phases):
        x = 10 + n * STEP
        state = phase["state"]
        kind = CLASSES[state]
        words = WORDS[state][lang]
        took = phase["seconds"]
        if state == "stuck" and timeline.get("silent_for_seconds"):
            took = timeline["silent_for_seconds"]
        if took is not None:
            words = f"{words}, {duration(took)[lang]}" if lang == "en" else f"{words}，{duration(took)[lang]}"
        described.append(f"{phase['title']}: {words}")
        fill = f"box fill-{kind}" if kind in ("works", "stuck") and state != "done" else "box"
        parts.append(
            svg.rect(x, 8, STEP - 10, TALL - 16, svg.title(f"{phase['title']}: {words}"), class_=f"{fill} {kind}", rx=6)
        )
        parts.append(svg.text(x + 8, 28, f"{MARKS[state]} {phase['title']}", class_=f"small strong text-{kind}"))
        parts.append(svg.text(x + 8, 46, words, class_="small soft"))
    return svg.picture(20 + len(phases) * STEP, TALL, parts, LABEL[lang], "; ".join(described))
