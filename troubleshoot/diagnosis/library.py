"""Everything Unhang knows, loaded once: causes, signatures, rules, remedies, install methods, formats, automaton."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from troubleshoot.diagnosis import content
from troubleshoot.diagnosis.causes import Cause, load_causes
from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.install_methods import InstallMethod, load_install_methods
from troubleshoot.diagnosis.next_steps import Step, load_steps
from troubleshoot.diagnosis.parsers import ALL_FORMATS
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.redaction_patterns import Redaction
from troubleshoot.diagnosis.remedy import Remedy, load_remedies
from troubleshoot.diagnosis.rules import Rule, load_rules
from troubleshoot.diagnosis.scan import Scanner
from troubleshoot.diagnosis.signatures import Signature, load_signatures
from troubleshoot.diagnosis.tables import Table, load_tables


@dataclass
class Library:
    """What the pipeline needs to know. Read-only once loaded; one per process."""

    causes: Mapping[str, Cause]
    families: Mapping[str, dict[str, Text]]
    signatures: Mapping[str, Signature]
    rules: tuple[Rule, ...]
    remedies: Mapping[str, Remedy]
    install_methods: Mapping[str, InstallMethod]
    steps: tuple[Step, ...]
    tables: Mapping[str, Table]
    formats: tuple[Format, ...]
    articles: Mapping[str, str]  # cause id → address of its article
    cache_dir: Path | None = None
    redactions: tuple[Redaction, ...] = ()  # a site's own

    def redactor(self, beyond: int = 0) -> Redactor:
        """A new one for each case: stand-ins are the case's own."""
        return Redactor(self.redactions, self.cache_dir, beyond=beyond)

    @cached_property
    def format_of(self) -> dict[str, Format]:
        return {form.kind: form for form in self.formats}

    @cached_property
    def patterns(self) -> dict[str, str]:
        """Every pattern of the automaton by its id (docs/decisions/0001)."""
        patterns = {
            f"{form.kind}#{n}": pattern for form in self.formats for n, pattern in enumerate((*form.heads, *form.lines))
        }
        for signature in self.signatures.values():
            patterns |= {f"{signature.id}#{n}": pattern for n, pattern in enumerate(signature.patterns)}
        return patterns

    @cached_property
    def scanner(self) -> Scanner:
        return Scanner(self.patterns, self.cache_dir)

    def missing(self, facts: Facts) -> dict[str, list[str]]:
        """For each cause, the facts by which a rule would speak for it and which nobody told: "why not?"."""
        wanted: dict[str, list[str]] = {}
        for rule in self.rules:
            absent = [name for name in rule.wants if not facts.all(name)]
            for cause, weight in {rule.cause: rule.weight, **rule.also}.items():
                if weight > 0:
                    known = wanted.setdefault(cause, [])
                    known += [name for name in absent if name not in known]
        return wanted

    @cached_property
    def telling_lines(self) -> dict[str, str]:
        """For each cause, an example of the line that speaks for it most strongly: what "why not?" looked for in vain."""
        lines: dict[str, str] = {}
        for signature in sorted(self.signatures.values(), key=lambda s: (s.role != "root", -s.weight)):
            if signature.cause and signature.weight > 0:
                lines.setdefault(signature.cause, signature.matches[0])
        return lines


def load_families(overlays: tuple[Path, ...] = ()) -> dict[str, dict[str, Text]]:
    return {
        entry.need("id"): {"title": entry.text("title"), "summary": entry.text("summary")}
        for entry in content.entries("families.toml", "family", overlays)
    }


def article_addresses(overlays: tuple[Path, ...] = ()) -> dict[str, str]:
    """Cause id → address, for every cause whose article exists. An article of a cause is named by the cause's id."""
    return {
        path.stem: f"/kb/{path.stem}/"
        for _, path in content.files("articles", overlays, ".md")
        if not path.stem.endswith(".zh-hans")
    }


def load_library(
    overlays: tuple[Path, ...] = (), cache_dir: Path | None = None, redactions: tuple[Redaction, ...] = ()
) -> Library:
    """Load and check all content. Raises ContentError, with file and line, for a fault in it."""
    with content.parsed_once(cache_dir):
        return Library(
            causes=load_causes(overlays),
            families=load_families(overlays),
            signatures=load_signatures(overlays),
            rules=load_rules(overlays),
            remedies=load_remedies(overlays),
            install_methods=load_install_methods(overlays),
            steps=load_steps(overlays),
            tables=load_tables(overlays),
            formats=ALL_FORMATS,
            articles=article_addresses(overlays),
            cache_dir=cache_dir,
            redactions=redactions,
        )
