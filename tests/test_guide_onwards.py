"""From a report on in a guide, and pasting an output instead of choosing an answer."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.casework import open_hang, own_place, read  # noqa: F401
from troubleshoot.models import Case

pytestmark = pytest.mark.django_db

GUIDE = "/guides/stuck-in-starting/"
ACS = "ACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-"


@pytest.fixture(autouse=True)
def fresh():
    cache.clear()


def test_the_report_leads_on_and_the_guide_shows_what_the_upload_gave_with_its_line(client):
    case = read(open_hang()[0])
    assert f"{GUIDE}?case={case.pk}" in client.get(case.get_absolute_url()).content.decode()

    html = client.get(GUIDE, {"case": case.pk}).content.decode()

    assert "given by your upload" in html
    assert f"/cases/{case.pk}/texts/0/?line=7#L7" in html
    assert f"case={case.pk}" in html.split('class="answers"')[1]


def test_what_the_upload_gave_can_be_overruled(client):
    case = read(open_hang()[0])

    asked = client.get(GUIDE, {"case": case.pk})
    change = asked.context["told"][0]["change"].partition("?")[2]
    reopened = client.get(f"{GUIDE}?{change}")
    other = reopened.context["answers"][-1]["address"]
    overruled = client.get(GUIDE + other)

    assert reopened.context["heading"] == asked.context["told"][0]["asked"]
    assert overruled.context["told"][0]["answer"] == reopened.context["answers"][-1]["says"]
    assert not overruled.context["told"][0]["is_given"]


@pytest.mark.parametrize("case", ["no-such-case", "", "x" * 99])
def test_a_case_that_is_not_there_leaves_the_guide_as_it_is(client, case):
    answer = client.get(GUIDE, {"case": case})

    assert answer.status_code == 200
    assert b"given by your upload" not in answer.content


def test_a_deleted_case_gives_nothing(client):
    case = read(open_hang()[0])
    Case.objects.update(deleted=True)

    assert b"given by your upload" not in client.get(GUIDE, {"case": case.pk}).content


def test_a_pasted_output_answers_the_question_and_is_not_stored(client):
    sent = {"question": "acs", "pasted": f"0000:16:00.0 PCI bridge: Intel Corporation Device 347a\n\t\t{ACS}\n"}

    answer = client.post(GUIDE, sent)

    assert answer.status_code == 302
    assert "acs=" in answer["Location"]
    assert not Case.objects.exists()


def test_an_output_that_answers_nothing_says_so(client):
    answer = client.post(GUIDE, {"question": "acs", "pasted": "command not found"})

    assert answer.status_code == 200
    assert b"does not answer this question" in answer.content


def test_embeds_take_no_paste(client):
    assert b"<textarea" not in client.get("/embed/guides/stuck-in-starting/").content
