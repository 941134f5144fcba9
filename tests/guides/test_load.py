"""A guide that would strand its reader is refused, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from troubleshoot.diagnosis.content import ContentError
from troubleshoot.guides.load import MOST_ANSWERS, check, read

HEAD = """id = "made-up"
version = 1
start = "first"
title = { en = "Made up", zh-hans = "虚构" }
intro = { en = "For a test.", zh-hans = "测试用。" }
"""


def question(name: str, *leads: str, unknown: str = "report") -> str:
    rows = "".join(
        f'[[question.answer]]\nid = "a{n}"\nsays = {{ en = "A", zh-hans = "甲" }}\nthen = "{then}"\n'
        for n, then in enumerate(leads)
    )
    words = '{ en = "What?", zh-hans = "什么？" }'
    return f'\n[[question]]\nid = "{name}"\nasks = {words}\nwhy = {words}\nminutes = 1\nunknown = "{unknown}"\n{rows}'


def check_text(folder: Path, *questions: str) -> None:
    path = folder / "made-up.toml"
    path.write_text(HEAD + "".join(questions), encoding="utf-8")
    check(read("guides/made-up.toml", path), {"gpu-oom"})


def test_a_guide_whose_every_answer_leads_on_is_taken(tmp_path: Path):
    check_text(
        tmp_path, question("first", "second", "cause:gpu-oom", unknown="second"), question("second", *["report"] * 2)
    )


@pytest.mark.parametrize(
    ("questions", "complaint"),
    [
        ([question("first", "second", "report"), question("second", "first", "report")], "in a circle"),
        ([question("first", "report", "report"), question("second", "report", "report")], "no answer leads to second"),
        ([question("first", "nowhere", "report")], "which is nowhere"),
        ([question("first", "cause:bad-luck", "report")], "which is nowhere"),
        ([question("first", "report", "report", unknown="nowhere")], "which is nowhere"),
        ([question("first", "report")], "has 1 answers"),
        ([question("first", *["report"] * (MOST_ANSWERS + 1))], "has 8 answers"),
        ([question("second", "report", "report")], "start is 'first'"),
        ([question("first", "report", "report"), question("first", "report", "report")], "is there twice"),
    ],
)
def test_a_guide_that_strands_its_reader_is_refused(tmp_path: Path, questions: list[str], complaint: str):
    with pytest.raises(ContentError, match=complaint) as refused:
        check_text(tmp_path, *questions)

    assert "guides/made-up.toml:" in str(refused.value)
