"""What the report's templates need: its parts in the order in which they are read (`diagnosis/shown.py`), in the page's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from troubleshoot import shelf
from troubleshoot.diagnosis import names, shown
from troubleshoot.diagnosis.confidence import in_words
from troubleshoot.diagnosis.fact_words import named
from troubleshoot.templatetags.unhang import content_language

register = template.Library()

LINES_AT_FIRST = 4
"""Reasons shown before the rest is folded away."""


@register.filter
def by_reason(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Evidence as reasons, each with its sentences and lines."""
    return shown.reasons(items)


@register.filter
def harmless(items: Iterable[dict[str, Any]], are: bool) -> list[dict[str, Any]]:
    """Of what was also noticed: what only looks alarming (`are` True), or the rest."""
    return [item for item in items if bool(item.get("harmless")) is are]


@register.filter
def telling(facts: Iterable[str]) -> list[str]:
    """Facts by the names that people know; those that nobody could send are left out."""
    return [words[content_language()] for words in named(facts)]


@register.filter
def kind_title(kind: str) -> str:
    """What an input format is called."""
    return names.kind_title(kind, content_language())


@register.filter
def any_hidden(inputs: Iterable[dict[str, Any]]) -> bool:
    return any(one["redactions"] for one in inputs)


@register.filter
def fact_title(name: str) -> str:
    return names.fact_title(name, content_language())


@register.filter
def fact_count(report: dict[str, Any]) -> int:
    """How many rows the table of facts has; an older report lists no observations."""
    return len(report["facts"]) + len(report.get("observations", ()))


@register.filter
def kin(report: dict[str, Any]) -> list[dict[str, Any]]:
    return shown.kin(report)


@register.filter
def other_causes(report: dict[str, Any]) -> list[dict[str, Any]]:
    return shown.others(report)


@register.filter
def speaks_for_its_family(report: dict[str, Any]) -> bool:
    return shown.speaks_for_its_family(report)


@register.filter
def is_seen(timeline: dict[str, Any]) -> bool:
    return shown.is_seen(timeline)


@register.filter
def is_going_on(report: dict[str, Any]) -> bool:
    return shown.is_going_on(report)


@register.filter
def nothing_said(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Causes that are neither likely nor ruled out, with the facts that would have told: why a rule kept silent."""
    spoken = {item["id"] for item in report["ruled_out"]}
    return [item for item in report.get("why_not", []) if item["id"] not in spoken]


@register.filter
def first_few(items: list[Any]) -> list[Any]:
    return items[:LINES_AT_FIRST]


@register.filter
def the_rest(items: list[Any]) -> list[Any]:
    return items[LINES_AT_FIRST:]


@register.filter
def methods_of(report: dict[str, Any]) -> list[dict[str, str]]:
    """The install methods that the shown remedies have snippets for, in their order."""
    leading = report["causes"][0]["remedies"] if report["causes"] else []
    ids = dict.fromkeys(s["method"] for remedy in leading for s in remedy["snippets"] if s["method"] != "host")
    return [{"id": one, "title": method_title(one)} for one in ids]


def method_title(method: str) -> str:
    known = shelf.library().install_methods
    return known[method].title[content_language()] if method in known else method


@register.filter
def likeliest(report: dict[str, Any]) -> dict[str, Any]:
    """The install method whose snippets are shown when none was chosen: its title, and whether the upload tells it or
    only lets it be guessed."""
    method = shown.likeliest_method(report)
    is_seen = report.get("installation") == method
    is_sure = all(fact["sure"] for fact in report["facts"] if fact["name"] == "install_method")
    return {"title": method_title(method), "is_told": is_seen and is_sure, "is_likely": is_seen and not is_sure}


@register.filter
def snippets_for(remedy: dict[str, Any], method: str | None) -> dict[str, list[dict[str, Any]]]:
    """The user's own files changed, the snippets to show first, and the others, the same install method's before the rest."""
    own = shown.own_files(remedy, method)
    first, others = shown.snippets(remedy, method)
    main = shown.main_snippet(remedy, method)
    if own and main:
        # The change stands in the user's own words; what was made from what we know of them is one of the others then.
        first, others = [one for one in first if one is not main], [main, *others]
    return {
        "own": [{**file, "verify": main["verify"], "undo": main["undo"]} for file in own if main],
        "shown": first,
        "others": sorted(others, key=lambda one: main is None or one["method"] != main["method"]),
    }


@register.filter
def needs_root(remedy: dict[str, Any], method: str | None) -> bool:
    """Whether who follows what is shown for this install method needs root: by nature, or for where a file lies there."""
    return remedy["root"] or any("sudo " in snippet["text"] for snippet in shown.snippets(remedy, method)[0])


@register.filter
def is_settled(probability: float | None) -> bool:
    """The cause is almost certain: what to send next matters only where its remedy did not help."""
    return in_words(probability or 0.0) == in_words(1.0)
