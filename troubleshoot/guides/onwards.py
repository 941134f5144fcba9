"""Which guides go on from a report: those that fit what it found, the others after them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NCCL_PHASES = ("nccl-init", "all-reduce-setup")


def fitting(report: dict[str, Any]) -> list[str]:
    """Ids of the guides that fit the report, the best first. `report` is the stored one or one in a language."""
    timeline = report["timeline"]
    facts = {fact["name"]: fact["value"] for fact in report["facts"]}
    failed = next((phase["id"] for phase in timeline["phases"] if phase["state"] == "failed"), None)
    if report["verdict"] == "healthy":
        return ["slow-but-runs", "did-the-fix-take"]
    ids = ["did-the-fix-take"] if report["verdict"] == "cause" else []
    if failed in NCCL_PHASES:
        ids.insert(0, "nccl-error")
    elif failed is None and timeline.get("outcome") != "crashed":
        ids.insert(0, "stuck-in-starting")
    if (facts.get("node_count") or 1) > 1:
        ids.insert(0, "multi-node-hang")
    return ids


def in_order(ids: Iterable[str], first: Iterable[str]) -> tuple[list[str], list[str]]:
    """(the ids of `first` that there are, the other ids)."""
    known = list(ids)
    chosen = [one for one in first if one in known]
    return chosen, [one for one in known if one not in chosen]
