"""`python -m tests.guides.corpus INCIDENTS [--record]`: where the guides end when incidents are answered truthfully.

`answers.toml` says by incident's name which guide its person would open and what they would answer; whatever it does
not say is answered "I don't know". `recorded.toml` keeps how many questions each incident took; a run that takes more,
or ends elsewhere than recorded, fails. `--record` writes it anew.
"""

from __future__ import annotations

import sys
import tempfile
import tomllib
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from troubleshoot.diagnosis.diagnose import HEALTHY, Diagnosis
from troubleshoot.diagnosis.evaluate import INSUFFICIENT, Incident, load
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.library import Library, load_library
from troubleshoot.guides.load import load_guides
from troubleshoot.guides.tree import UNKNOWN, Guide
from troubleshoot.guides.walk import walk

HERE = Path(__file__).parent
ANSWERS = HERE / "answers.toml"
RECORDED = HERE / "recorded.toml"
MOST_ALONE = 5  # median questions to the right cause without an upload
MOST_AFTER = 2  # and after one


@dataclass(frozen=True, slots=True)
class Walked:
    """One incident taken through its guide: what was asked, and what the report at the end says."""

    incident: Incident
    asked: tuple[str, ...]
    answer: str

    @property
    def is_right(self) -> bool:
        return self.answer in self.incident.right


def said(diagnosis: Diagnosis) -> str:
    if diagnosis.verdict == "cause":
        return diagnosis.findings[0].cause
    return HEALTHY if diagnosis.verdict == "healthy" else INSUFFICIENT


def taken(
    incident: Incident, guide: Guide, answers: Mapping[str, str], library: Library, known: Facts | None = None
) -> Walked:
    """The whole way: each question answered from `answers`, the others "I don't know"."""
    state: dict[str, str] = {}
    while (step := walk(guide, state, library, known)).question is not None:
        state[step.question.id] = answers.get(step.question.id, UNKNOWN)
    return Walked(incident, tuple(state), said(step.diagnosis))


def figures(walks: list[Walked]) -> tuple[float, float]:
    """The share that ends right, and the median number of questions of those."""
    right = [len(w.asked) for w in walks if w.is_right]
    return len(right) / len(walks), float(median(right))


def worse(name: str, walked: Walked, before: Mapping[str, Any] | None) -> str:
    """What became worse since it was recorded, or nothing."""
    if before is None:
        return f"{name}: not recorded yet"
    if before["right"] and not walked.is_right:
        return f"{name}: ended right before, now at {walked.answer} (wanted {walked.incident.primary})"
    if before["right"] and len(walked.asked) > before["questions"]:
        return f"{name}: {before['questions']} questions before, {len(walked.asked)} now ({', '.join(walked.asked)})"
    return ""


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("incidents", type=Path)
    parser.add_argument("--record", action="store_true", help="write the numbers that later runs are compared with")
    parser.add_argument("--verbose", action="store_true", help="every incident's way")
    options = parser.parse_args()
    answers = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))
    recorded = tomllib.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    with tempfile.TemporaryDirectory() as cache:
        library = load_library((), Path(cache))
        incidents = {incident.name: incident for incident in load(options.incidents, library)}
    guides = load_guides((), library.causes)
    complaints = [f"{name}: no answers are written for it" for name in incidents if name not in answers]
    complaints += [f"{name}: answers for no incident" for name in answers if name not in incidents]
    out = []
    for way, is_after in (("alone", False), ("after-upload", True)):
        walks = []
        for name, incident in incidents.items():
            if name not in answers:
                continue
            known = incident.facts if is_after else None
            walked = taken(incident, guides[answers[name]["guide"]], answers[name]["answers"], library, known)
            walks.append(walked)
            if complaint := worse(name, walked, recorded.get(way, {}).get(name)):
                complaints.append(f"{way}: {complaint}")
            if options.verbose or not walked.is_right:
                mark = "ok  " if walked.is_right else "miss"
                print(
                    f"{mark} {way:12} {name}: {walked.incident.primary} → {walked.answer} ({', '.join(walked.asked)})"
                )
        share, questions = figures(walks)
        most = MOST_AFTER if is_after else MOST_ALONE
        print(f"guides {way}: n={len(walks)} right={share:.3f} median_questions={questions:g}")
        if questions > most:
            complaints.append(f"{way}: a median of {questions:g} questions; {most} are allowed")
        rows = [
            f"{w.incident.name} = {{ questions = {len(w.asked)}, right = {str(w.is_right).lower()} }}" for w in walks
        ]
        out += [f"[{way}]", *rows, ""]
    if options.record:
        RECORDED.write_text("\n".join(out), encoding="utf-8")
        return 0
    print("\n".join(complaints), file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
