"""Hides secrets in a line: the same value gets the same stand-in over the whole case, line numbers stay.

Kept because diagnosis needs them: private and loopback addresses, PCI bus ids, versions, link codes, interface names,
NCCL and engine variables.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable

from troubleshoot.diagnosis.redaction_patterns import REDACTIONS, Redaction

# Values that stand after …_KEY= or token: and are no secrets.
HARMLESS = re.compile(r"^(?:None|null|true|false|\*+|<[^>]*>|\$\{?\w+\}?|\d{1,6}|x{3,}|redacted|\[.*|auto|\(.*|nccl.*|cuda.*|\w+\.\w+\(.*)$", re.I)
# A keyword of an engine's settings that ends like a secret's name and is none.
NOT_SECRET = re.compile(
    r"(?i)(?:max_?(?:new_?)?|num_|total_|pad_|eos_|bos_|unk_|stop_|prompt_|cache_|sort_|primary_|foreign_|hash_|dict_|partition_|layer_|mask_|image_|per_|head_|query_|group_|skip_|"
    r"batched_|_num|reasoning_|tool_|special_|chunk_|comm_|rank_)(?:token|key|pass)"
)
END_KEY = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


class Redactor:
    """Hides secrets of one case. `counts` says how often each rule hid something in the current document."""

    def __init__(self, extra: Iterable[Redaction] = ()) -> None:
        self.rules = [(r, re.compile(r.pattern)) for r in (*REDACTIONS, *extra)]
        self.stand_ins: dict[str, str] = {}
        self.numbers: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.in_key = False
        self.nets: dict[str, int] = {}

    def start_document(self) -> None:
        self.counts = Counter()
        self.in_key = False

    def line(self, text: str) -> str:
        """`text` without secrets."""
        if self.in_key:
            if match := END_KEY.search(text):
                self.in_key = False
                return "<private-key>" + text[match.end() :]
            return "<private-key>"
        for rule, pattern in self.rules:
            if rule.name == "private-key":
                if match := pattern.search(text):
                    self.counts[rule.name] += 1
                    end = END_KEY.search(text, match.end())
                    self.in_key = end is None
                    text = text[: match.start()] + "<private-key>" + (text[end.end() :] if end else "")
                continue
            text = pattern.sub(lambda m, r=rule: self.replace(r, m), text)  # type: ignore[misc]
        return text

    def replace(self, rule: Redaction, match: re.Match[str]) -> str:
        found, group = match.group(0), rule.group
        secret = match.group(group)
        if secret.startswith("<") or (rule.name == "ipv4" and not is_public(secret, match)) or (rule.name == "ipv6" and not is_public(secret, match)):
            return found
        if rule.name == "secret" and (HARMLESS.match(secret) or NOT_SECRET.search(found)):
            return found
        self.counts[rule.name] += 1
        at = match.start(group) - match.start(0)
        return found[:at] + self.stand_in(rule.name, secret) + found[at + len(secret) :]

    def stand_in(self, name: str, secret: str) -> str:
        """The stand-in of this value; public addresses keep their /24, so two of one subnet still look so."""
        known = self.stand_ins.get(secret)
        if known:
            return known
        if name == "ipv4":
            net, _, host = secret.rpartition(".")
            number = self.nets.setdefault(net, len(self.nets) + 1)
            made = f"<public-{number}.{host}>"
        else:
            self.numbers[name] += 1
            made = f"<{name}-{self.numbers[name]}>"
        self.stand_ins[secret] = made
        return made

    def private_map(self) -> dict[str, str]:
        """Stand-in → what it stands for; for the person who uploads, never stored in the clear."""
        return {made: secret for secret, made in self.stand_ins.items()}


def is_public(address: str, match: re.Match[str]) -> bool:
    """Whether this is a public address, and not a version (12.4.1.0) or a part of something longer."""
    text, start, end = match.string, match.start(), match.end()
    before, after = text[max(0, start - 12) : start], text[end : end + 1]
    if before[-1:] in ("=", "v", "-", "_", "+") and not re.search(r"(?i)(?:ip|addr|host|server|url)\w*=$", before) or after in ("-", "_", "+") or re.search(r"(?i)version\W*$", before):
        return False
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast


def as_json() -> list[dict[str, object]]:
    """The published rule table; the page applies it before sending."""
    return [{"name": r.name, "title": r.title, "pattern": r.pattern, "group": r.group} for r in REDACTIONS]
