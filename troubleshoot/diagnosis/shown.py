"""What of a report stands first, and what is told once: the choices that page, text and Markdown share.

All take a report, or parts of one, as `renderings.in_language` gives it. A report that an earlier version stored may
lack newer fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

Table = dict[str, Any]

NET = "exception-of-"  # the rules under the signatures (rules/exceptions.py)
FAINT = 0.3  # of the strongest reason's weight

# Which install method a changed file of the user's belongs to (patch.Patchable.kind).
METHOD_OF_FILE = {"docker-run": "docker", "compose": "compose", "env-file": "script", "unit": "systemd"}
METHOD_OF_FILE |= {"manifest": "kubernetes"}


def snippets(remedy: Table, method: str | None = None) -> tuple[list[Table], list[Table]]:
    """(the snippets to show, the others): what comes before the change, then the change for one install method.

    Without a method the first that is likely counts; what is made on the host itself is shown whole.
    """
    first = [snippet for snippet in remedy["snippets"] if snippet.get("before")]
    rest = [snippet for snippet in remedy["snippets"] if not snippet.get("before")]
    likely = [snippet for snippet in rest if not snippet.get("unlikely")] or ([] if first else rest)
    main = [snippet for snippet in rest if method and snippet["method"] == method][:1] or likely[:1]
    if main and main[0]["method"] == "host":
        main = [snippet for snippet in rest if snippet["method"] == "host"]
    shown = [*first, *main]
    return shown, [snippet for snippet in remedy["snippets"] if snippet not in shown]


def main_snippet(remedy: Table, method: str | None = None) -> Table | None:
    """The one snippet that makes the change in the shown install method; None where all of it is the host's."""
    shown, _ = snippets(remedy, method)
    return next((snippet for snippet in shown if snippet["method"] != "host"), None)


def own_files(remedy: Table, method: str | None = None) -> list[Table]:
    """The user's own commands and files with the change made, where they are of the shown install method."""
    main = main_snippet(remedy, method)
    return [file for file in remedy.get("patched", []) if main and METHOD_OF_FILE.get(file["kind"]) == main["method"]]


def likeliest_method(report: Table) -> str:
    """The install method whose snippets are shown when nobody chose one; "" where all is done on the host."""
    remedies = report["causes"][0]["remedies"] if report["causes"] else []
    return next((main["method"] for remedy in remedies if (main := main_snippet(remedy))), "")


def reasons(items: Iterable[Table]) -> list[Table]:
    """Evidence as reasons, each with its lines. What is said of the very same lines stands over them together; a line
    that stood above already is marked `seen`, so that nobody reads it twice."""
    of_lines: dict[tuple[tuple[str, int], ...], Table] = {}
    order: list[Table] = []
    for _, members in groupby(items, key=lambda item: item.get("reason") or item["says"]):
        first, *more = members
        lines = [item for item in (first, *more) if item.get("file")]
        key = tuple(sorted({(item["file"], item["line"]) for item in lines}))
        if (same := of_lines.get(key)) is None:
            order.append({**first, "sentences": [first["says"]], "lines": lines})
            if key:
                of_lines[key] = order[-1]
        elif first["says"] not in same["sentences"] and adds(first, same):
            same["sentences"].append(first["says"])
    above: set[tuple[str, int]] = set()
    for reason in order:
        reason["lines"] = [{**line, "seen": (line["file"], line["line"]) in above} for line in reason["lines"]]
        above |= {(line["file"], line["line"]) for line in reason["lines"]}
    return order


def adds(reason: Table, stronger: Table) -> bool:
    """Whether a further sentence about the same lines tells more: a faint one, or one of the net that reads only what
    kind of exception it is, says the same in vaguer words."""
    if str(reason.get("reason", "")).startswith(NET):
        return False
    return bool(abs(reason.get("weight", 1.0)) >= FAINT * abs(stronger.get("weight", 1.0)))


def kin(report: Table) -> list[Table]:
    """The other causes of the leading one's family, each with the evidence that the leading one has not."""
    leading = report["causes"][0]
    known = {item.get("reason") for item in leading["evidence"]}
    return [
        {**cause, "evidence": [item for item in cause["evidence"] if item.get("reason") not in known]}
        for cause in report["causes"][1:]
        if cause["family"] == leading["family"]
    ]


def others(report: Table) -> list[Table]:
    """The causes of other families than the leading one's."""
    return [cause for cause in report["causes"][1:] if cause["family"] != report["causes"][0]["family"]]


def speaks_for_its_family(report: Table) -> bool:
    """The headline is the family's: which of its members it is stands open."""
    return bool(report["verdict"] == "cause" and report["headline"] != report["causes"][0]["title"])


def is_seen(timeline: Table) -> bool:
    """What was sent shows at least one phase of the launch."""
    return any(phase["state"] != "not-reached" for phase in timeline["phases"])


def is_going_on(report: Table) -> bool:
    """The launch is slow, not stuck: the phase where it stands is still at work."""
    return bool(
        report["timeline"].get("outcome") == "slow"
        or (report["verdict"] == "cause" and report["causes"] and report["causes"][0]["family"] == "not-stuck")
    )
