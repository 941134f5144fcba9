"""Compares dotted versions ("0.7.1", "v2.0.3rc1") with ranges like ">=0.4,<2.0"; an unknown version fits every range."""

from __future__ import annotations

import re
from itertools import zip_longest

from troubleshoot.diagnosis import lazy_re

CONDITION = lazy_re.compile(r"\s*(>=|<=|==|<|>)\s*v?(\d+(?:\.\d+)*)\s*")


def numbers(version: str) -> tuple[int, ...]:
    """The leading dotted numbers: (0, 7, 1) for "v0.7.1.post2"; () when there are none."""
    match = re.match(r"\s*v?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def compare(left: str, right: str) -> int:
    """-1, 0 or 1; missing parts count as 0 ("0.7" equals "0.7.0")."""
    for a, b in zip_longest(numbers(left), numbers(right), fillvalue=0):
        if a != b:
            return -1 if a < b else 1
    return 0


def is_range(text: str) -> bool:
    return all(CONDITION.fullmatch(part) for part in text.split(","))


def fits(version: str | None, wanted: str) -> bool:
    """Whether `version` lies in `wanted`. Development builds call themselves 0.0.0 and tell nothing."""
    if not wanted or not version or not any(numbers(version)):
        return True
    for part in wanted.split(","):
        match = CONDITION.fullmatch(part)
        assert match, f"{wanted!r} is no range of versions"
        order = compare(version, match[2])
        if not {">=": order >= 0, "<=": order <= 0, "==": order == 0, "<": order < 0, ">": order > 0}[match[1]]:
            return False
    return True
