"""Patterns that are compiled later answer as patterns do, and none is broken."""

import gc
import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

import troubleshoot.diagnosis
from troubleshoot.diagnosis import lazy_re


def test_a_pattern_answers_as_one_that_was_compiled_at_once():
    now, later = re.compile(r"(?P<rank>\d+)/(\d+)", re.I), lazy_re.compile(r"(?P<rank>\d+)/(\d+)", re.I)
    assert later.search("rank 3/8")["rank"] == now.search("rank 3/8")["rank"] == "3"
    assert later.fullmatch("3/8 ") is now.fullmatch("3/8 ") is None
    assert later.sub("x", "3/8 4/8") == "x x"
    assert (later.pattern, later.groups, later.groupindex, later.flags) == (
        now.pattern,
        now.groups,
        now.groupindex,
        now.flags,
    )
    assert lazy_re.compile(rb"\d").findall(b"a1b2") == [b"1", b"2"]


def test_a_broken_pattern_is_found_at_its_first_use():
    broken = lazy_re.compile("(")
    with pytest.raises(re.error):
        broken.match("(")


def test_every_pattern_of_the_core_compiles():
    for module in pkgutil.walk_packages(troubleshoot.diagnosis.__path__, "troubleshoot.diagnosis."):
        importlib.import_module(module.name)
    gc.collect()  # of what other tests left behind
    patterns = [thing for thing in gc.get_objects() if type(thing) is lazy_re.LazyPattern]
    assert len(patterns) > 400
    broken = []
    for pattern in patterns:
        try:
            _ = pattern.groups
        except re.error as error:
            broken.append(f"{pattern.pattern!r}: {error}")
    assert broken == []


def test_the_core_is_imported_without_compiling_its_patterns():
    script = "import re, troubleshoot.diagnosis.pipeline as p, troubleshoot.diagnosis.peel as peel; print(sorted(vars(peel.ANSI)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['_flags', 'pattern']"
