"""What stands for something hidden: how it looks, and finding those that a text brings along.

A text may come redacted: by the page in the sender's browser, by the collector, by hand with an earlier report's text. Its
stand-ins are counted under the rule that made them, so the report says how much is hidden, whoever hid it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from troubleshoot.diagnosis.redaction_patterns import Redaction

ARRIVED = "arrived"  # the name of the rule that only counts
# Documentation and benchmark ranges (RFC 5737, RFC 2544): nobody's addresses, and still addresses to every parser.
NETS = ("203.0.113", "198.51.100", "192.0.2", *(f"198.{a}.{b}" for a in (18, 19) for b in range(256)))
IPV4 = r"\b(?:203\.0\.113|198\.51\.100|192\.0\.2|198\.1[89]\.[0-9]{1,3})\.[0-9]{1,3}\b"
IPV6 = r"\b2001:db8:[0-9a-f]{1,6}::[0-9a-f]{1,6}\b"


def arriving(rules: Iterable[Redaction]) -> Redaction:
    """A rule that hides nothing and finds the stand-ins of `rules`."""
    rules = tuple(rules)
    named = "|".join(sorted({rule.name for rule in rules if rule.name not in ("ipv4", "ipv6")}))
    blocks = "|".join(sorted({rule.name for rule in rules if rule.until}))  # their stand-ins have no number
    title = {"en": "what is hidden already", "zh-hans": "已经隐藏的内容"}
    found = [rf"<(?:{named})-[0-9]{{1,7}}>", *([f"<(?:{blocks})>"] if blocks else []), IPV4, IPV6]
    return Redaction(ARRIVED, title, "|".join(found))


def count_arrived(found: Iterable[str], blocks: Iterable[str], counts: Counter[str]) -> None:
    """Add the stand-ins `found` in a line to `counts`. A block has one on each of its lines: it counts once a text."""
    for made in found:
        name = re.sub(r"-\d+$", "", made.strip("<>")) if made[0] == "<" else "ipv6" if ":" in made else "ipv4"
        if name in blocks:
            counts[name] = max(counts[name], 1)
        else:
            counts[name] += 1
