"""The page that says how often the diagnosis is right, and the measures behind it."""

from __future__ import annotations

import pytest

from troubleshoot.diagnosis.evaluate import Incident, Judged, figures, reliability
from troubleshoot.diagnosis.facts import Facts

pytestmark = pytest.mark.django_db


def judged(truth: str, answer: str, confidence: float, acceptable: tuple[str, ...] = ()) -> Judged:
    verdict = answer if answer in ("healthy", "insufficient-evidence") else "cause"
    return Judged(
        Incident(truth, truth, frozenset(acceptable), Facts()),
        verdict,
        (answer,) if verdict == "cause" else (),
        confidence,
    )


def test_an_acceptable_cause_counts_as_right_but_not_as_strict():
    told = figures([judged("gpu-oom", "host-oom", 0.9, acceptable=("host-oom",)), judged("nvls", "gpu-oom", 0.9)])

    assert (told["top1"], told["strict1"]) == (0.5, 0.0)


def test_abstaining_is_no_right_answer_unless_the_truth_accepts_it():
    told = figures(
        [
            judged("nvls", "insufficient-evidence", 0.4),
            judged("p2p-topology", "insufficient-evidence", 0.4, acceptable=("insufficient-evidence",)),
        ]
    )

    assert (told["top1"], told["abstained"]) == (0.5, 1.0)


def test_healthy_starts_are_counted_apart_from_causes():
    told = figures([judged("healthy", "healthy", 0.9), judged("nvls", "nvls", 0.9)])

    assert (told["healthy"], told["top1"]) == (1.0, 1.0)


def test_a_reliability_bin_tells_claimed_and_right_with_an_interval_around_it():
    rows = [judged("nvls", "nvls" if n % 2 else "gpu-oom", 0.5) for n in range(50)]

    bins = reliability(rows)

    assert sum(b["n"] for b in bins) == 50
    assert all(b["low"] <= b["right"] <= b["high"] for b in bins)


@pytest.mark.parametrize(("lang", "words"), [("en", "How often it is right"), ("zh-hans", "判断的准确程度")])
def test_the_page_shows_the_published_figures_in_both_languages(client, lang: str, words: str):
    page = client.get(f"/accuracy/?lang={lang}").content.decode()

    assert words in page
    assert "Brier" in page
