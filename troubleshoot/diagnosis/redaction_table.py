"""The rule table as programs and the page in the browser read it: published at `/api/v1/redaction-rules`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from troubleshoot.diagnosis.redaction_patterns import REDACTIONS, Redaction


def for_javascript(pattern: str) -> str:
    """The same pattern where `\\s` and `.` mean more: blanks of ASCII, anything but a newline."""
    out, in_class = [], False
    for part in re.findall(r"\\.|[^\\]", pattern):
        if part == r"\s":
            part = r"\t-\r " if in_class else r"[\t-\r ]"
        elif part == r"\S" and not in_class:
            part = r"[^\t-\r ]"
        elif part == "." and not in_class:
            part = r"[^\n]"
        elif part in "[]":
            in_class = part == "["
        out.append(part)
    return "".join(out)


def as_json(extra: Iterable[Redaction] = ()) -> list[dict[str, object]]:
    """The published rule table; the page applies it before sending, in this order, line by line.

    A match of `pattern` (with `flags`, all matches in the line) is left alone when the secret matches `keep` from its
    start, the whole match holds `keep_match`, the 40 characters before it match `keep_before`, or what follows the
    secret matches `keep_after` from its start (`keep`, `keep_match`, `keep_after`, `after` ignore case). Group 0 with
    groups in the pattern: the group that took part. `until`/`body`: a block of lines. `after`: only on the line after
    one that matches it.
    """
    return [
        {
            "name": rule.name,
            "title": rule.title,
            "pattern": for_javascript(rule.pattern),
            "group": rule.group,
            "flags": rule.flags,
            "keep": f"^(?:{for_javascript(rule.keep)})" if rule.keep else "",
            "keep_match": for_javascript(rule.keep_match),
            "keep_before": for_javascript(rule.keep_before),
            "keep_after": f"^(?:{for_javascript(rule.keep_after)})" if rule.keep_after else "",
            "until": for_javascript(rule.until),
            "body": for_javascript(rule.body),
            "after": for_javascript(rule.after),
        }
        for rule in (*REDACTIONS, *extra)
    ]
