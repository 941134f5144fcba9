"""The page that says how often the diagnosis is right, and the measures behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from troubleshoot.diagnosis.calibration import brier, fit, reliability
from troubleshoot.diagnosis.confidence import MODEL, Model
from troubleshoot.diagnosis.diagnose import diagnose
from troubleshoot.diagnosis.evaluate import Incident, Judged, figures, judged
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.shelf import library

pytestmark = pytest.mark.django_db


def answered(truth: str, answer: str, confidence: float, acceptable: tuple[str, ...] = ()) -> Judged:
    verdict = answer if answer in ("healthy", "insufficient-evidence") else "cause"
    return Judged(
        Incident(truth, truth, frozenset(acceptable), Facts()),
        verdict,
        (answer,) if verdict == "cause" else (),
        confidence,
        {answer: confidence, "insufficient-evidence": 1 - confidence},
    )


def test_an_acceptable_cause_counts_as_right_but_not_as_strict():
    told = figures([answered("gpu-oom", "host-oom", 0.9, acceptable=("host-oom",)), answered("nvls", "gpu-oom", 0.9)])

    assert (told["top1"], told["strict1"]) == (0.5, 0.0)


def test_abstaining_is_no_right_answer_unless_the_truth_accepts_it():
    told = figures(
        [
            answered("nvls", "insufficient-evidence", 0.4),
            answered("p2p-topology", "insufficient-evidence", 0.4, acceptable=("insufficient-evidence",)),
        ]
    )

    assert (told["top1"], told["abstained"]) == (0.5, 1.0)


def test_healthy_starts_are_counted_apart_from_causes():
    told = figures([answered("healthy", "healthy", 0.9), answered("nvls", "nvls", 0.9)])

    assert (told["healthy"], told["top1"]) == (1.0, 1.0)


def test_a_reliability_bin_tells_claimed_and_right_with_an_interval_around_it():
    rows = [answered("nvls", "nvls" if n % 2 else "gpu-oom", 0.5) for n in range(50)]

    bins = reliability(rows)

    assert sum(b["n"] for b in bins) == 50
    assert all(b["low"] < b["right"] < b["high"] for b in bins)


def test_ten_right_answers_of_ten_do_not_prove_that_the_next_is_right_too():
    bins = reliability([answered("nvls", "nvls", 0.9)] * 50)

    assert all(b["right"] == b["high"] == 1.0 and 0.6 < b["low"] < 0.8 for b in bins)


def test_ten_wrong_answers_of_ten_do_not_prove_that_the_next_is_wrong_too():
    bins = reliability([answered("nvls", "gpu-oom", 0.9)] * 50)

    assert all(b["right"] == b["low"] == 0.0 and 0.2 < b["high"] < 0.4 for b in bins)


def test_the_brier_score_is_nought_for_certainty_that_is_right_and_worse_than_base_rates_for_one_that_is_wrong():
    right = [answered("nvls", "nvls", 1.0), answered("gpu-oom", "gpu-oom", 1.0)]
    wrong = [answered("nvls", "gpu-oom", 1.0), answered("gpu-oom", "nvls", 1.0)]

    assert brier(right) == (0.0, 0.5)
    assert brier(wrong)[0] > brier(wrong)[1]


def an_incident(name: str, truth: str, *signatures: str) -> Incident:
    hits = {signature: [Line("a.log", 1, library().signatures[signature].matches[0])] for signature in signatures}
    return Incident(name, truth, frozenset(), Facts(hits=hits))


def two_of(cause: str, at: int) -> list[Incident]:
    """Two incidents of one cause that share its strongest sign; the first has a sign of its own, too."""
    signs = [s for s in library().signatures.values() if s.cause == cause and s.role == "root"]
    strongest, other = sorted(signs, key=lambda s: -s.weight)[:2]
    return [
        an_incident(f"{cause}-{at}", cause, strongest.id, other.id),
        an_incident(f"{cause}-{at + 1}", cause, strongest.id),
    ]


def test_an_incident_is_held_out_from_the_signs_that_only_it_has_and_from_the_fit():
    incidents = [*two_of("gpu-oom", 0), *two_of("shm-too-small", 2), *two_of("gpu-hardware", 4)]

    held_out = fit(incidents, library(), (MODEL,)).held_out

    assert [row.incident.name for row in held_out] == [incident.name for incident in incidents]
    assert all(row.is_right for row in held_out)
    assert all(len(row.incident.facts.hits) == 1 for row in held_out)


def test_the_fit_finds_a_model_that_is_as_unsure_as_its_answers_are_wrong():
    sure, unsure = Model(temperature=0.3), Model(temperature=1.5)
    signed = [*two_of("gpu-oom", 0), *two_of("shm-too-small", 2)]
    mistaken = [replace(i, name=f"{i.name}-not", primary="socket-interface") for i in signed]

    assert fit(signed, library(), (sure, unsure)).model == sure
    assert fit([*signed, *mistaken, *mistaken], library(), (sure, unsure)).model == unsure


def test_the_probability_of_an_answer_is_the_one_that_its_report_shows():
    facts = two_of("gpu-oom", 0)[0].facts
    diagnosis = diagnose(facts, library())

    row = judged(Incident("a", "gpu-oom", frozenset(), facts), diagnosis)

    assert row.confidence == diagnosis.families[diagnosis.findings[0].family]
    assert sum(row.told.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(("lang", "words"), [("en", "How often it is right"), ("zh-hans", "判断的准确程度")])
def test_the_page_shows_the_published_figures_in_both_languages(client, lang: str, words: str):
    page = client.get(f"/accuracy/?lang={lang}").content.decode()

    assert words in page
    assert "Brier" in page
