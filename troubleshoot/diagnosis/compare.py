"""What changed between two reports of the same machine, and whether the fix took. Stored reports in, words out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troubleshoot.diagnosis.confidence import in_figures
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.fact_words import FACT_WORDS
from troubleshoot.diagnosis.rendering_words import WORDS

Report = dict[str, Any]

VERDICTS: dict[str, Text] = {
    "cause": {"en": "a cause was found", "zh-hans": "找到了原因"},
    "healthy": {"en": "it started", "zh-hans": "启动成功"},
    "insufficient-evidence": {"en": "not enough to name a cause", "zh-hans": "不足以判断原因"},
}
FACTS = (
    "acs_redirect",
    "iommu",
    "nccl_bus_bandwidth",
    "nccl_test",
    "p2p_data_test",
    "shm_bytes",
    "disable_custom_all_reduce",
    "nccl_version",
    "driver_version",
    "engine_version",
    "gpustack_version",
)
SETTINGS = ("acs_redirect", "iommu", "shm_bytes", "disable_custom_all_reduce", "nccl_version", "driver_version")
"""Facts that a remedy changes; the others tell what came of it."""

NOTHING: Text = {"en": "not told", "zh-hans": "未提供"}
YES: Text = {"en": "yes", "zh-hans": "是"}
NO: Text = {"en": "no", "zh-hans": "否"}
SAME_CLOSENESS = 0.05  # confidences nearer than this are the same


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: what it is, how it was, how it is. `kind` groups them (verdict, cause, phase, …)."""

    kind: str
    what: Text
    before: Text
    after: Text


@dataclass(frozen=True, slots=True)
class Comparison:
    """`took`: yes (it starts), further (the old cause is gone), no (the same cause), unknown."""

    took: str
    says: Text
    changes: tuple[Change, ...]


def compare(
    before: Report,
    after: Report,
    env_before: Mapping[str, str] | None = None,
    env_after: Mapping[str, str] | None = None,
) -> Comparison:
    """What changed from the earlier report to the later one; the variables as the cases' texts set them."""
    changes = [
        *verdict_changes(before, after),
        *phase_changes(before, after),
        *fact_changes(before, after),
        *transport_changes(before, after),
        *env_changes(env_before or {}, env_after or {}),
    ]
    took, says = fix_took(before, after, changes)
    return Comparison(took, says, tuple(changes))


def same(words: Any) -> Text:
    """A value that reads the same in every language."""
    if words is None:
        return NOTHING
    if isinstance(words, bool):
        return YES if words else NO
    return {"en": str(words), "zh-hans": str(words)}


def leading(report: Report) -> dict[str, Any] | None:
    """What the report's headline says, with its confidence, and the id of the cause that leads."""
    causes = report.get("causes") or []
    if not causes or report.get("verdict") != "cause":
        return None
    return {"id": causes[0]["id"], "title": report["headline"], "confidence": report["confidence"]}


def named(cause: dict[str, Any] | None) -> Text:
    if cause is None:
        return {"en": "none", "zh-hans": "无"}
    figures = in_figures(cause["confidence"])
    return {"en": f"{cause['title']['en']} ({figures})", "zh-hans": f"{cause['title']['zh-hans']}（{figures}）"}


def verdict_changes(before: Report, after: Report) -> list[Change]:
    changes = []
    was, now = str(before.get("verdict")), str(after.get("verdict"))
    if was != now:
        what = {"en": "Verdict", "zh-hans": "结论"}
        changes.append(Change("verdict", what, VERDICTS.get(was, NOTHING), VERDICTS.get(now, NOTHING)))
    a, b = leading(before), leading(after)
    differ = (a and a["title"]) != (b and b["title"])
    if differ or (a and b and abs(a["confidence"] - b["confidence"]) >= SAME_CLOSENESS):
        changes.append(Change("cause", {"en": "Leading cause", "zh-hans": "首要原因"}, named(a), named(b)))
    return changes


def phases(report: Report) -> dict[str, dict[str, Any]]:
    return {phase["id"]: phase for phase in (report.get("timeline") or {}).get("phases", [])}


def phase_changes(before: Report, after: Report) -> list[Change]:
    """Phases whose state differs; those that only one report knows are told as not told."""
    a, b = phases(before), phases(after)
    changes = []
    for phase in dict.fromkeys([*a, *b]):
        was, now = a.get(phase), b.get(phase)
        if (was and was["state"]) == (now and now["state"]):
            continue
        title = (was or now or {})["title"]
        changes.append(
            Change(
                "phase",
                title,
                WORDS.get(was["state"], NOTHING) if was else NOTHING,
                WORDS.get(now["state"], NOTHING) if now else NOTHING,
            )
        )
    return changes


def values(report: Report) -> dict[str, Any]:
    return {fact["name"]: fact["value"] for fact in report.get("facts", [])}


def fact_changes(before: Report, after: Report) -> list[Change]:
    a, b = values(before), values(after)
    return [
        Change("fact" if name not in SETTINGS else "setting", FACT_WORDS[name], same(a.get(name)), same(b.get(name)))
        for name in FACTS
        if a.get(name) != b.get(name)
    ]


def transports(report: Report) -> dict[str, str]:
    """Pair → the transport that NCCL said it chose, else the one that its rules give (marked by the layer's name)."""
    told = {}
    for matrix in report.get("topology") or []:
        for pair, layers in (matrix.get("p2p") or {}).items():
            chosen = layers.get("chosen")
            told[pair] = chosen if chosen in ("P2P", "SHM", "NET") else str(layers.get("nccl_path", ""))
    return told


def transport_changes(before: Report, after: Report) -> list[Change]:
    """Pairs that moved in the same way stand in one line: P2P → SHM, 6 pairs."""
    a, b = transports(before), transports(after)
    moved = Counter((a[pair], b[pair]) for pair in a.keys() & b.keys() if a[pair] != b[pair])
    return [
        Change(
            "transport",
            {"en": f"Transport of {n} GPU pair{'' if n == 1 else 's'}", "zh-hans": f"{n} 对 GPU 的传输方式"},
            same(was),
            same(now),
        )
        for (was, now), n in sorted(moved.items())
    ]


def env_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    return [
        Change("env", same(name), same(before.get(name)), same(after.get(name)))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def reached(report: Report) -> int:
    return sum(1 for phase in phases(report).values() if phase["state"] == "done")


def fix_took(before: Report, after: Report, changes: list[Change]) -> tuple[str, Text]:
    """Whether what was wrong before is gone, and what was done shows in the later report."""
    was, now = leading(before), leading(after)
    shows = any(change.kind in ("transport", "env", "setting") for change in changes)
    if before.get("verdict") == "healthy":
        if after.get("verdict") == "healthy":
            return "unknown", {
                "en": "Both started; there was nothing to fix.",
                "zh-hans": "两次都启动成功，没有需要修复的问题。",
            }
        return "no", {"en": "It started before and does not now.", "zh-hans": "之前能启动，现在不能。"}
    if after.get("verdict") == "healthy":
        return "yes", {"en": "The fix took: it starts now.", "zh-hans": "修复生效了：现在可以启动。"}
    if was and now and was["id"] == now["id"]:
        if shows:
            return "no", {
                "en": "Something was changed, but the same cause still leads.",
                "zh-hans": "有改动，但首要原因没有变。",
            }
        return "no", {
            "en": "The fix did not take: the same cause leads and no setting differs.",
            "zh-hans": "修复没有生效：首要原因没变，设置也没有变化。",
        }
    if was and (now or reached(after) > reached(before)):
        return "further", {
            "en": "What led before leads no longer, but it does not start yet.",
            "zh-hans": "原来的首要原因不再领先，但还没有启动成功。",
        }
    return "unknown", {
        "en": "Whether the fix took cannot be told from these two.",
        "zh-hans": "从这两次还看不出修复是否生效。",
    }
