"""What templates need to show a report: words in the page's language, grouped lines, addresses with one value changed."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeData, SafeString, mark_safe
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from troubleshoot import shelf
from troubleshoot.diagnosis.confidence import in_figures
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.names import value_in_words
from troubleshoot.diagnosis.phases import duration as length_of_time
from troubleshoot.diagnosis.snippets import Change, fill, values_of
from troubleshoot.drawing import topology

register = template.Library()

LONGEST_SHOWN = 600
"""Characters of one cited line; the text viewer shows all of it."""

KINDS = {"workaround": _("workaround"), "fix": _("fix"), "check": _("check")}
WHO = {
    "deployer": _("whoever deploys the model"),
    "host-admin": _("the host's administrator"),
    "platform-admin": _("the platform's administrator"),
    "hardware": _("whoever can reach the hardware"),
}
STATES = {
    "done": _("done"),
    "stuck": _("stuck"),
    "failed": _("failed"),
    "skipped": _("not in the log"),
    "going-on": _("going on"),
    "not-reached": _("not reached"),
}
STEPS = {
    "queued": _("Received"),
    "unpack": _("Unpacking, and hiding secrets"),
    "recognise": _("Recognising what each part is"),
    "parse": _("Reading the lines"),
    "diagnose": _("Weighing what speaks for and against each cause"),
    "remedies": _("Choosing what to do"),
    "report": _("Writing the report"),
}
ANSWERS = {"yes": _("yes"), "no": _("no"), "unknown": _("not known")}
TICKS = re.compile(r"`([^`]+)`")
INLINE_STYLE = re.compile(r"<style>.*?</style>", re.S)


def content_language() -> str:
    """The page's language as content files call it: "en" or "zh-hans"."""
    return "zh-hans" if (get_language() or "en").startswith("zh") else "en"


@register.filter
def html_lang(code: str) -> str:
    """`zh-hans` as HTML writes it: `zh-Hans`."""
    return "zh-Hans" if str(code).lower().startswith("zh") else "en"


@register.tag
def part(parser: Parser, token: Token) -> PartNode:
    """`{% part "name.html" want=value … %}`: says the same whenever it is given the same, so it is made once in each
    language, from content and code alone, and then kept."""
    _, name, *wants = token.split_contents()
    return PartNode(name.strip("\"'"), token_kwargs(wants, parser))


class PartNode(template.Node):
    """A node of its own and no simple_tag, which takes three times as long; every page has a dozen."""

    def __init__(self, name: str, wants: dict[str, FilterExpression]) -> None:
        self.name, self.wants = name, tuple(wants.items())

    def render(self, context: template.Context) -> SafeString:
        wants = tuple([(want, value.resolve(context)) for want, value in self.wants])
        return made_part(self.name, get_language() or "en", wants)


@lru_cache(maxsize=2000)
def made_part(name: str, lang: str, wants: tuple[tuple[str, Any], ...]) -> SafeString:
    return mark_safe(render_to_string(name, dict(wants)).rstrip("\n"))  # noqa: S308  # a template's own


@register.simple_tag(takes_context=True)
def here(context: template.Context, **changes: str) -> str:
    """This page's address with query values changed (an empty value takes one out)."""
    request: HttpRequest | None = context.get("request")
    asked = request.GET.lists() if request else ()
    kept = [(name, value) for name, values in asked if name not in changes for value in values]
    query = urlencode([*kept, *((name, value) for name, value in changes.items() if value)])
    path = request.path if request else ""
    return f"{path}?{query}" if query else path or "/"


@register.filter
def ticks(words: str | None) -> SafeString:
    """Plain words in which `backticks` mark code; everything is escaped."""
    text = words if isinstance(words, SafeData) else html.escape(str(words or ""))
    return SafeString(TICKS.sub(r"<code>\1</code>", text))


@register.filter
def found(words: str, looked_for: Sequence[str]) -> SafeString:
    """An excerpt in which what was looked for is marked; everything is escaped."""
    pattern = "|".join(re.escape(one) for one in sorted(looked_for, key=len, reverse=True) if len(one) > 1)
    parts = re.split(rf"((?<![A-Za-z0-9])(?:{pattern}))", words, flags=re.IGNORECASE) if pattern else [words]
    marked = [f"<mark>{escape(one)}</mark>" if at % 2 else escape(one) for at, one in enumerate(parts)]
    return mark_safe("".join(marked))  # noqa: S308  # each part escaped


@register.filter
def shorten(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + " …"


@register.filter
def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


@register.filter
def duration(seconds: float | None) -> str:
    """40 s, 31 min, 2 h 5 min, in the page's language."""
    return "" if seconds is None else length_of_time(float(seconds))[content_language()]


@register.filter
def word(value: str, of: str) -> str:
    """A value of the report (`workaround`, `stuck`, `deployer`, `yes`) in words."""
    table = {"kind": KINDS, "state": STATES, "who": WHO, "answer": ANSWERS}[of]
    return str(table.get(value, value))


@register.filter
def pairs(matrix: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the table of GPU pairs, those in doubt first."""
    rank = {"stuck": 0, "doubt": 1, "works": 2, "none": 3}
    rows = []
    for name, code in matrix["gpu_links"].items():
        pair = matrix.get("p2p", {}).get(name, {})
        judged = topology.verdict(pair) if pair else "none"
        verdict = topology.VERDICTS[judged][content_language()] if pair else ""
        rows.append({**pair, "name": name.replace("-", " – "), "code": code, "judged": judged, "verdict": verdict})
    return sorted(rows, key=lambda row: rank[row["judged"]])


@register.filter
def pick(words: dict[str, str]) -> str:
    """Content's words in the page's language."""
    return words[content_language()]


@register.filter
def picture(matrix: dict[str, Any]) -> SafeString:
    """The matrix drawn. Its own style is left out: the page's sheet colours it, in both themes."""
    svg = topology.topology_svg(matrix, content_language())
    return mark_safe(INLINE_STYLE.sub("", svg))  # noqa: S308  # drawn by us, every text escaped in drawing/svg.py


@register.filter
def progress(case: Any, steps: Sequence[str]) -> list[dict[str, str]]:
    """The steps of a case that is being read: what is done, what is going on, what is to come."""
    at = steps.index(case.step) if case.step in steps else 0
    states = ["done" if n < at else "now" if n == at else "later" for n in range(len(steps))]
    return [{"words": str(STEPS.get(step, step)), "state": state} for step, state in zip(steps, states, strict=True)]


@register.simple_tag(takes_context=True)
def line_address(context: template.Context, file: str | None, line: int | None) -> str:
    """Where a line of this case can be read in its context; empty where there is no text (a guide's report)."""
    case, report = context.get("case"), context.get("report")
    if not case or not report or not file:
        return ""
    position = next((n for n, one in enumerate(report["inputs"]) if one["name"] == file), None)
    if position is None:
        return ""
    address = reverse("case_text", args=[case.pk, position])
    return f"{address}?line={line}#L{line}" if line else address


@register.simple_tag(takes_context=True)
def absolute(context: template.Context, name: str, *args: str) -> str:
    """The whole address of one of our pages, under the name the operator gave the site."""
    return site(context) + reverse(name, args=args)


@register.simple_tag(takes_context=True)
def site(context: template.Context) -> str:
    """Where this site is, without an address on it."""
    request: HttpRequest | None = context.get("request")
    return site_of(request) if request else str(settings.BASE_URL)


def site_of(request: HttpRequest) -> str:
    """Where this site is: as the operator says, else as asked for."""
    return settings.BASE_URL or f"{request.scheme}://{request.get_host()}"


@register.filter
def log_commands(method: Any) -> list[str]:
    """The commands that print the log with this install method, with plain names where ours are not known."""
    filled = [fill(command, values_of(Change(), Facts(), "text")) for command in method.logs_command.values()]
    return list(dict.fromkeys(filled))


@register.filter
def said(value: Any, name: str) -> str:
    """The value of the fact `name` as people write it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if name == "install_method" and value in shelf.library().install_methods:
        return shelf.library().install_methods[value].title[content_language()]
    return value_in_words(name, value, content_language())


@register.filter
def odds(probability: float) -> str:
    return in_figures(probability)


@register.filter
def percent(probability: float) -> int:
    """0.86 → 86."""
    return round(probability * 100)
