"""Outcomes move the priors only by a command whose proposal a person reviews."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from troubleshoot import outcomes
from troubleshoot.management.commands import priors
from troubleshoot.models import Outcome

pytestmark = pytest.mark.django_db

NOW = {"shm-too-small": -2.5, "gpu-oom": -2.5, "nvls": -2.5}


def told(cause: str, cases: int, kind: str = "fixed") -> None:
    Outcome.objects.bulk_create(
        Outcome(kind=kind, cause=cause, case_id=f"{cause}-{n}", remedy=remedy)
        for n in range(cases)
        for remedy in ("a", "b")
    )


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("priors", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def causes(tmp_path, monkeypatch):
    """The file of causes, where a test may write it."""
    copy = tmp_path / "causes.toml"
    copy.write_text(priors.CAUSES.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(priors, "CAUSES", copy)
    return copy


def test_a_case_counts_once_however_many_remedies_fixed_it_and_what_did_not_fix_does_not_count():
    told("nvls", 3)
    told("gpu-oom", 4, "not-fixed")

    assert outcomes.fixed_by_cause() == {"nvls": 3}


def test_what_was_fixed_more_often_becomes_likelier_and_the_mean_stays():
    proposed = outcomes.proposed_priors(NOW, {"shm-too-small": 60, "gpu-oom": 20})

    assert proposed["shm-too-small"] > proposed["gpu-oom"] > proposed["nvls"]
    assert sum(proposed.values()) == pytest.approx(sum(NOW.values()), abs=0.05)


def test_no_flood_of_outcomes_moves_a_prior_far():
    proposed = outcomes.proposed_priors(NOW, {"nvls": 1_000_000})

    assert all(abs(proposed[cause] - NOW[cause]) <= outcomes.MOST_MOVED for cause in NOW)


def test_few_outcomes_propose_nothing(causes):
    before = causes.read_text(encoding="utf-8")
    told("nvls", outcomes.FEWEST_TOLD - 1)

    assert "nothing is proposed" in said("--write")
    assert causes.read_text(encoding="utf-8") == before


def test_a_proposal_changes_nothing_until_it_is_written_and_then_only_the_priors(causes):
    before = causes.read_text(encoding="utf-8")
    told("nvls", outcomes.FEWEST_TOLD)

    assert "nvls" in said()
    assert causes.read_text(encoding="utf-8") == before
    said("--write")
    pairs = zip(before.splitlines(), causes.read_text(encoding="utf-8").splitlines(), strict=True)
    assert all(old.startswith("prior = ") and new.startswith("prior = ") for old, new in pairs if old != new)
    assert before != causes.read_text(encoding="utf-8")


def test_a_cause_without_a_line_for_its_prior_stops_the_writing():
    with pytest.raises(CommandError, match="gpu-oom"):
        priors.with_priors('[[cause]]\nid = "gpu-oom"\n[[cause]]\nid = "nvls"\nprior = -2.5\n', {"gpu-oom": -2.0})
