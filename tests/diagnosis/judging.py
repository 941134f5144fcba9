"""Takes texts the whole way to the diagnosis; for the tests of signatures and rules."""

from __future__ import annotations

import io
import textwrap
from functools import cache

from troubleshoot.diagnosis import pipeline
from troubleshoot.diagnosis.diagnose import Diagnosis, diagnose
from troubleshoot.diagnosis.evidence import Document
from troubleshoot.diagnosis.facts import Fact, Facts
from troubleshoot.diagnosis.library import Library, load_library


@cache
def library() -> Library:
    return load_library()


def documents_of(*texts: str) -> list[Document]:
    files = [
        (f"{n}.log", io.BytesIO((textwrap.dedent(text).strip("\n") + "\n").encode())) for n, text in enumerate(texts, 1)
    ]
    return pipeline.take_in(files, library())


def known(*texts: str, answers: tuple[Fact, ...] = ()) -> Facts:
    """The facts of these texts with the signatures' hits and the timeline."""
    return pipeline.know(documents_of(*texts), library(), answers)[0]


def judged(*texts: str, answers: tuple[Fact, ...] = ()) -> Diagnosis:
    return diagnose(known(*texts, answers=answers), library())


def reasons_for(cause: str, *texts: str) -> set[str]:
    """The ids of all that speaks about `cause`, for or against."""
    return {reason.id for reason in judged(*texts).every[cause].reasons}


def rule_lines(rule_id: str, facts: Facts) -> list[str] | bool:
    """What a rule finds: the texts of its lines, or True or False."""
    rule = next(rule for rule in library().rules if rule.id == rule_id)
    found = rule.find(facts)
    return found if isinstance(found, bool) else [line.text for line in found]
