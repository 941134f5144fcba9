"""Environment and unit files are read as systemd reads them."""

from __future__ import annotations

import pytest

from troubleshoot.diagnosis.env_file import read, read_unit


def pairs(text: str) -> list[tuple[str, str]]:
    """What systemd would set."""
    return [(a.name, a.value) for a in read(text) if not a.dropped]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("NCCL_P2P_DISABLE=1", [("NCCL_P2P_DISABLE", "1")]),
        ("A = 3", [("A", "3")]),
        ('A="x y"', [("A", "x y")]),
        ("A='x # y'", [("A", "x # y")]),
        ("A=1 # why", [("A", "1 # why")]),
        ("# A=1", []),
        ("; A=1", []),
        ("export A=1", []),
        ("1A=1", []),
        ("A-B=1", []),
        ("no assignment", []),
        ("A=", [("A", "")]),
        ("A=x\\\ny", [("A", "xy")]),
        ('A="a\\"b"', [("A", 'a"b')]),
        ("A=a\\ b  ", [("A", "a b")]),
        ('A="open', [("A", "open")]),
    ],
)
def test_a_line_gives_what_systemd_takes(line, kept):
    assert pairs(line) == kept


def test_a_dropped_export_still_tells_the_name_that_was_meant():
    [assignment] = read("  export NCCL_P2P_DISABLE=1\n")

    assert (assignment.name, assignment.value, assignment.dropped, assignment.exported) == (
        "NCCL_P2P_DISABLE",
        "1",
        True,
        True,
    )


def test_a_comment_within_quotes_is_no_trailing_comment():
    assert [a.trailing_comment for a in read("A=1 # x\nB='1 # x'\nC=a#b\n")] == [True, False, False]


def test_a_unit_without_faults_has_none():
    directives, faults = read_unit('[Service]\n# c\nEnvironment="A=1" B=2\nExecStart=/bin/x \\\n  --y\n')

    assert faults == []
    assert [(d.name, d.section) for d in directives] == [("Environment", "Service"), ("ExecStart", "Service")]


@pytest.mark.parametrize(
    "text",
    [
        "Environment=A=1\n",  # before any section
        "[Service]\nexport A=1\n",
        "[Service]\nEnvironment=export A=1\n",
        "[Service]\nEnvironment=A-B=1\n",
        "[Service]\nEnvironment=A=50%\n",
        '[Service]\nEnvironment="A=1\n',
        "[Service]\nnothing\n",
    ],
)
def test_what_systemd_would_ignore_is_a_fault(text):
    assert read_unit(text)[1]
