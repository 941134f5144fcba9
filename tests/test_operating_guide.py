"""The operator's guide names every setting that there is, and its own example of rules works."""

from __future__ import annotations

import re
from pathlib import Path

from troubleshoot.diagnosis.redact import Redactor, site_rules

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
SETTING = re.compile(r"\b(?:UNHANG_[A-Z_]+|DATABASE_URL|REDIS_URL|SPOOL_URL)\b")
FOR_TESTS = {"UNHANG_CLOCK_AHEAD_SECONDS"}


def test_every_setting_is_in_the_table_and_every_row_is_a_setting():
    read = set(SETTING.findall((ROOT / "kbsite" / "settings.py").read_text(encoding="utf-8"))) - FOR_TESTS
    rows = {match[1] for match in re.finditer(r"^\| `([A-Z_]+)` \|", GUIDE, re.M)}

    assert rows == read


def test_the_example_of_a_sites_own_rules_hides_what_it_says():
    example = re.search(r"```\n(# ticket.*?)```", GUIDE, re.S)
    assert example
    redactor = Redactor(site_rules(example[1].splitlines()))

    assert redactor.line("see OPS-20451 on gpu07.dc1.corp.example") == "see OPS-<ticket-1> on <machine-1>"
