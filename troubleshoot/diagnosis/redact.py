"""Hides secrets in a line: the same value gets the same stand-in over the whole case, line numbers stay.

Kept because diagnosis needs them: private and loopback addresses, PCI bus ids, versions, link codes, interface and
host names, NCCL and engine variables. A public address becomes one of the documentation ranges, addresses of one
subnet staying in one subnet.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.redaction_patterns import REDACTIONS, Redaction
from troubleshoot.diagnosis.scan import PatternError, Scanner, check_patterns
from troubleshoot.diagnosis.stand_ins import ARRIVED, NETS, arriving, count_arrived

BEFORE = 40  # characters before a match that `keep_before` sees
KEY_LINES = 400  # a key has fewer lines; a block that goes on is none
# A secret at the very end of a line as wide as a terminal goes on in the next one, when that holds nothing else.
WRAPPED_FROM = 60
CONTINUATION = lazy_re.compile(r"^\s*([A-Za-z0-9_\-./+=]{4,})([\"',;]?)\s*$")


@dataclass(frozen=True)
class Compiled:
    """One rule with its patterns compiled."""

    rule: Redaction
    pattern: re.Pattern[str]
    keep: re.Pattern[str] | None
    keep_match: re.Pattern[str] | None
    keep_before: re.Pattern[str] | None
    keep_after: re.Pattern[str] | None
    after: re.Pattern[str] | None

    def keeps(self, match: re.Match[str], secret: str, end: int) -> bool:
        """Whether what was found is no secret."""
        return bool(
            (self.keep and self.keep.match(secret))
            or (self.keep_after and self.keep_after.match(match.string, end))
            or (
                self.keep_before
                and self.keep_before.search(match.string[max(0, match.start() - BEFORE) : match.start()])
            )
            or (self.keep_match and self.keep_match.search(match[0]))
        )


@lru_cache(maxsize=256)
def compile_rule(rule: Redaction) -> Compiled:
    # ASCII, so that \b and \w mean what they mean in JavaScript and Hyperscan.
    flags = re.ASCII | (re.IGNORECASE if "i" in rule.flags else 0)

    def optional(pattern: str) -> re.Pattern[str] | None:
        return lazy_re.compile(pattern, re.ASCII | re.IGNORECASE) if pattern else None

    return Compiled(
        rule,
        lazy_re.compile(rule.pattern, flags),
        optional(rule.keep),
        optional(rule.keep_match),
        lazy_re.compile(rule.keep_before, re.ASCII) if rule.keep_before else None,
        optional(rule.keep_after),
        optional(rule.after),
    )


@dataclass
class Subnet:
    """The stand-in of one public subnet, and how many of its addresses have one."""

    stand_in: str
    hosts: int = 0

    def next_host(self) -> int:
        self.hosts += 1
        return self.hosts - 1


class Redactor:
    """Hides secrets of one case. `counts` says how often each rule hid something in the current document, here or before."""

    def __init__(
        self,
        extra: Iterable[Redaction] = (),
        cache_dir: Path | None = None,
        table: tuple[Redaction, ...] = REDACTIONS,
        beyond: int = 0,
    ) -> None:
        rules = (*table, *extra)
        self.block_names = frozenset(rule.name for rule in rules if rule.until)
        self.table = (arriving(rules), *rules)  # first, before there are stand-ins of ours
        self.after_rules = [n for n, rule in enumerate(self.table) if rule.after]
        self.reaching = {n for n, rule in enumerate(self.table) if rule.after or rule.until}  # beyond their line
        self.cache_dir = cache_dir
        self.stand_ins: dict[str, str] = {}
        self.beyond = beyond  # stand-ins up to this number are somebody else's
        self.numbers: Counter[str] = Counter()
        self.subnets: dict[str, Subnet] = {}
        self.start_document()

    def start_document(self) -> None:
        self.counts: Counter[str] = Counter()
        self.block: tuple[Compiled, re.Pattern[str], re.Pattern[str], int] | None = None
        self.above = ""  # the line above, when a rule speaks only after it
        self.wrapped = ""  # the stand-in of a secret that may go on in the next line

    @cached_property
    def scanner(self) -> Scanner:
        """Finds the lines that some rule may speak on; the others need not be looked at."""
        return automaton(self.table, self.cache_dir)

    @property
    def wants_next(self) -> bool:
        """Whether the next line must be given to `line` even when no rule's pattern is in it."""
        return bool(self.block or self.above or self.wrapped)

    def gap(self) -> None:
        """Lines are left out here: what the line before began does not go on."""
        self.block = None
        self.above = self.wrapped = ""

    def line(self, text: str, rules: Iterable[int] | None = None) -> str:
        """`text` without secrets. Lines are given in the order in which they stand.

        `rules`: the only ones that may speak here, by their place in the table, as `scanner` found them; None: all.
        """
        if self.block is not None:
            hidden = self.inside_block(text)
            if hidden is not None:
                return hidden
        above, self.above = self.above, ""
        wrapped, self.wrapped = self.wrapped, ""
        if wrapped and (match := CONTINUATION.match(text)):
            return text[: match.start(1)] + wrapped + text[match.end(1) :]
        chosen = range(len(self.table)) if rules is None else sorted({*rules, *self.after_rules})
        for rule in (compile_rule(self.table[n]) for n in chosen):
            if rule.rule.name == ARRIVED:
                count_arrived(rule.pattern.findall(text), self.block_names, self.counts)
            elif rule.rule.until:
                text = self.open_block(rule, text)
            elif rule.after:
                if rule.after.search(text):
                    self.above = text
                if above and rule.after.search(above):
                    text = self.apply(rule, text)
            else:
                text = self.apply(rule, text)
        return text

    def apply(self, rule: Compiled, text: str) -> str:
        parts: list[str] = []
        at = 0
        for match in rule.pattern.finditer(text):
            start, end = self.span(rule, match)
            secret = text[start:end]
            if start < at or not secret or rule.keeps(match, secret, end):
                continue
            self.counts[rule.rule.name] += 1
            made = self.stand_in(rule.rule.name, secret)
            if end == len(text) and end >= WRAPPED_FROM:
                self.wrapped = made
            parts += (text[at:start], made)
            at = end
        return "".join(parts) + text[at:] if parts else text

    def span(self, rule: Compiled, match: re.Match[str]) -> tuple[int, int]:
        """Where the secret stands: the rule's group, or of a rule without one the group that took part, or all."""
        if rule.rule.group:
            return match.span(rule.rule.group)
        return match.span(match.lastindex or 0)

    def open_block(self, rule: Compiled, text: str) -> str:
        match = rule.pattern.search(text)
        if not match:
            return text
        self.counts[rule.rule.name] += 1
        until = re.compile(rule.rule.until, re.ASCII)
        end = until.search(text, match.end())
        if end is None:
            self.block = (rule, until, re.compile(rule.rule.body, re.ASCII), 0)
        return text[: match.start()] + f"<{rule.rule.name}>" + (text[end.end() :] if end else "")

    def inside_block(self, text: str) -> str | None:
        """The stand-in for a line of a block; None when the block is over and the line a common one."""
        assert self.block is not None
        rule, until, body, taken = self.block
        self.block = None
        if end := until.search(text):
            return f"<{rule.rule.name}>" + text[end.end() :]
        if taken >= KEY_LINES or not body.search(text):
            return None
        self.block = (rule, until, body, taken + 1)
        return f"<{rule.rule.name}>"

    def stand_in(self, name: str, secret: str) -> str:
        known = self.stand_ins.get(secret)
        if known is None:
            if name == "ipv4":
                known = self.public_ipv4(secret)
            elif name == "ipv6":
                known = self.public_ipv6(secret)
            else:
                self.numbers[name] += 1
                known = f"<{name}-{self.beyond + self.numbers[name]}>"
            self.stand_ins[secret] = known
        return known

    def public_ipv4(self, address: str) -> str:
        net = self.subnet(address.rpartition(".")[0], NETS)
        return f"{net.stand_in}.{net.next_host() % 254 + 1}"

    def public_ipv6(self, address: str) -> str:
        prefix = ":".join((address.split("::")[0].split(":") + ["0"] * 4)[:4])  # the /64
        net = self.subnet(prefix, None)
        return f"2001:db8:{net.stand_in}::{net.next_host() + 1:x}"

    def subnet(self, prefix: str, stand_ins: Sequence[str] | None) -> Subnet:
        if prefix not in self.subnets:
            at = self.beyond + sum(1 for known in self.subnets if (":" in known) == (":" in prefix))
            self.subnets[prefix] = Subnet(stand_ins[at % len(stand_ins)] if stand_ins else f"{at + 1:x}")
        return self.subnets[prefix]

    def private_map(self) -> dict[str, str]:
        """Stand-in → what it stands for; for the person who uploads, never stored in the clear."""
        return {made: secret for secret, made in self.stand_ins.items()}


@lru_cache(maxsize=4)
def automaton(table: tuple[Redaction, ...], cache_dir: Path | None) -> Scanner:
    """One for all cases of a process: it takes longer to make than most cases take."""
    return Scanner(scanned(table), cache_dir)


def scanned(table: Iterable[Redaction]) -> dict[str, str]:
    """The patterns that lead to a line, by an id; a rule that speaks after another line is led there by that line."""
    return {
        f"{rule.name}#{n}": ("(?i)" if "i" in rule.flags or rule.after else "") + (rule.after or rule.pattern)
        for n, rule in enumerate(table)
    }


def site_rules(lines: Iterable[str]) -> list[Redaction]:
    """A site's own rules, one a line: `name: pattern` (empty lines and lines that begin with # aside).

    The pattern's first group, if it has one, is what is hidden. Raises PatternError for one that cannot be used.
    """
    rules = []
    for line in lines:
        name, colon, pattern = (part.strip() for part in line.partition(":"))
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not colon or not re.fullmatch(r"[a-z][a-z0-9-]*", name) or not pattern:
            raise PatternError(
                f"{line.strip()!r} is no rule; it must be `name: pattern`, the name of small letters, digits and -"
            )
        if faults := check_patterns({name: pattern}):
            raise PatternError(faults[0])
        rules.append(
            Redaction(
                name,
                {"en": f"this site's rule {name}", "zh-hans": f"本站规则 {name}"},
                pattern,
                min(1, re.compile(pattern).groups),
            )
        )
    return rules


def rules_in(path: Path) -> tuple[Redaction, ...]:
    """A site's own rules in a file. Raises PatternError, OSError or UnicodeDecodeError."""
    return tuple(site_rules(path.read_text(encoding="utf-8").splitlines()))
