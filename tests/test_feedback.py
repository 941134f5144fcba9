"""Feedback in one click, and what maintainers see of it."""

from __future__ import annotations

import copy
import json
import zlib
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from tests.casework import own_place  # noqa: F401
from troubleshoot import outcomes
from troubleshoot.models import Case, CaseText, GuideVisit, Outcome

pytestmark = pytest.mark.django_db

STORED = json.loads((Path(__file__).parent / "reports" / "peer-to-peer.json").read_text(encoding="utf-8"))
REMEDY = STORED["causes"][0]["remedies"][0]["id"]


@pytest.fixture(autouse=True)
def fresh():
    cache.clear()
    outcomes.visits = outcomes.Visits()


def done(**changes) -> Case:
    report = {**copy.deepcopy(STORED), **changes}
    return Case.objects.create(status="done", report=report, content_hash="0" * 64, delete_token_hash="0" * 64)


def test_one_click_stores_the_outcome_with_cause_remedy_platform_and_versions(client):
    case = done()

    answer = client.post(f"/cases/{case.pk}/outcome", {"kind": "fixed", "remedy": REMEDY}, follow=True)

    stored = Outcome.objects.get()
    assert (stored.kind, stored.cause, stored.remedy) == ("fixed", STORED["causes"][0]["id"], REMEDY)
    assert stored.versions["nccl_version"] == next(f["value"] for f in STORED["facts"] if f["name"] == "nccl_version")
    assert "Thank you" in answer.content.decode()


def test_the_same_click_twice_counts_once_and_the_other_answer_counts_too(client):
    case = done()
    for kind in ("fixed", "fixed", "not-fixed"):
        client.post(f"/cases/{case.pk}/outcome", {"kind": kind, "remedy": REMEDY})

    assert sorted(Outcome.objects.values_list("kind", flat=True)) == ["fixed", "not-fixed"]


@pytest.mark.parametrize("sent", [{"kind": "great"}, {"kind": "fixed", "remedy": "no-such-remedy"}, {}])
def test_what_makes_no_sense_is_not_stored(client, sent):
    assert client.post(f"/cases/{done().pk}/outcome", sent).status_code == 302
    assert not Outcome.objects.exists()


def test_a_forged_form_is_refused():
    case = done()

    assert Client(enforce_csrf_checks=True).post(f"/cases/{case.pk}/outcome", {"kind": "fixed"}).status_code == 403


def test_the_report_asks_for_every_remedy_that_changes_something_and_for_something_else(client):
    html = client.get(done().get_absolute_url()).content.decode()
    changes = [remedy for remedy in STORED["causes"][0]["remedies"] if remedy["kind"] != "check"]

    assert html.count('value="not-fixed"') == len(changes) + 1


def test_a_case_that_is_gone_takes_no_outcome(client):
    case = done()
    Case.objects.update(deleted=True)

    assert client.post(f"/cases/{case.pk}/outcome", {"kind": "fixed"}).status_code == 410
    assert not Outcome.objects.exists()


def test_an_article_is_judged_once_by_a_browser(client):
    for _ in range(2):
        answer = client.post("/kb/shm-too-small/outcome", {"kind": "helped"}, follow=True)

    assert [(one.kind, one.article) for one in Outcome.objects.all()] == [("helped", "shm-too-small")]
    assert "Thank you" in answer.content.decode()


def test_an_article_takes_no_word_on_a_fix(client):
    client.post("/kb/shm-too-small/outcome", {"kind": "fixed"})

    assert not Outcome.objects.exists()


def test_an_embed_has_no_form_and_sets_no_cookie(client):
    answer = client.get("/embed/kb/shm-too-small/")

    assert b"<form" not in answer.content or b"csrf" not in answer.content
    assert not answer.cookies


def test_a_guides_question_is_counted_each_time_it_is_shown(client):
    for _ in range(2):
        client.get("/guides/stuck-in-starting/")
        outcomes.visits.written = 0.0
    client.get("/guides/stuck-in-starting/")

    assert [visit.shown for visit in GuideVisit.objects.all()] == [3]


def test_the_maintainers_page_wants_a_login(client):
    assert client.get("/maintain/")["Location"].startswith("/admin/login/")


def test_maintainers_see_outcomes_unmatched_lines_and_guides(client):
    client.force_login(User.objects.create_user("ada", is_staff=True))
    outcomes.tell("fixed", cause="shm-too-small", remedy="raise-shm")
    outcomes.add_visits("stuck-in-starting", "report", 7)
    for port in (4001, 4002):
        case = done(verdict="insufficient-evidence")
        body = f"frobnicator gave up on port {port}"
        CaseText.objects.create(
            case=case,
            position=0,
            name="a",
            packed=zlib.compress(body.encode()),
            numbers=b"",
            line_count=1,
            byte_count=9,
        )
    with_cause = done()
    CaseText.objects.create(
        case=with_cause, position=0, name="a", packed=zlib.compress(b"known"), numbers=b"", line_count=1, byte_count=5
    )

    html = client.get("/maintain/").content.decode()

    assert "frobnicator gave up on port &lt;N&gt;" in html
    assert outcomes.unmatched_templates() == [{"template": "frobnicator gave up on port <N>", "lines": 2, "cases": 2}]
    assert "/dev/shm" in html or "shared memory" in html.lower()
    assert ">7<" in html
