"""Comparing cases and asking what NCCL would do, through the pages."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from django.core.cache import cache

from tests.casework import own_place  # noqa: F401
from troubleshoot.models import Case

pytestmark = pytest.mark.django_db

STORED = json.loads((Path(__file__).parent / "reports" / "peer-to-peer.json").read_text(encoding="utf-8"))
MATRIX = """\
\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID
GPU0\t X \tPHB\t0-31\t0\tN/A
GPU1\tPHB\t X \t0-31\t0\tN/A

Legend:

  X    = Self
"""


@pytest.fixture(autouse=True)
def fresh():
    cache.clear()


def done(**changes) -> Case:
    report = {**copy.deepcopy(STORED), **changes}
    return Case.objects.create(status="done", report=report, content_hash="0" * 64, delete_token_hash="0" * 64)


def test_two_cases_are_compared_by_the_others_whole_address(client):
    before, after = done(), done(verdict="healthy", causes=[])

    html = client.get(
        f"/cases/{after.pk}/compare/", {"with": f"https://site/cases/{before.pk}/?lang=en"}
    ).content.decode()

    assert "The fix took" in html
    assert html.index("a cause was found") < html.index("it started")


@pytest.mark.parametrize("other", ["", "nonsense", "x" * 24, "itself"])
def test_a_wrong_address_is_told_in_words(client, other):
    case = done()

    answer = client.get(f"/cases/{case.pk}/compare/", {"with": case.pk if other == "itself" else other})

    assert answer.status_code == 200
    assert ("There is no other case" in answer.content.decode()) == bool(other)


def test_a_deleted_case_is_not_compared(client):
    case, other = done(), done(deleted=True)
    Case.objects.filter(pk=other.pk).update(deleted=True)

    assert b"There is no other case" in client.get(f"/cases/{case.pk}/compare/", {"with": other.pk}).content


def test_what_if_on_a_case_changes_with_the_setting(client):
    address = f"/cases/{done().pk}/what-if/"

    far = client.get(address, {"asked": "1", "nccl": "2.21.5", "cpu": "amd"}).content.decode()
    new = client.get(address, {"asked": "1", "nccl": "2.23.4", "cpu": "amd", "gpus": "4"}).content.decode()
    off = client.get(address, {"asked": "1", "nccl": "2.21.5", "cpu": "amd", "disable": "1"}).content.decode()

    assert "6 of 6 pairs" in far
    assert "0 of 6 pairs" in new
    assert "NCCL_P2P_DISABLE=1 switches" in off


def test_htmx_gets_the_table_alone(client):
    answer = client.get(f"/cases/{done().pk}/what-if/", headers={"HX-Request": "true"})

    assert b"<html" not in answer.content
    assert b'id="paths"' in answer.content


@pytest.mark.parametrize(
    "query", [{"matrix": "7"}, {"matrix": "-1x"}, {"asked": "1", "gpus": "9" * 30, "level": "<b>"}]
)
def test_odd_queries_do_not_raise(client, query):
    assert client.get(f"/cases/{done().pk}/what-if/", query).status_code in (200, 404)


def test_a_pasted_matrix_is_answered_and_not_stored(client):
    html = client.post("/what-if/", {"text": MATRIX, "asked": "1", "level": "PHB"}).content.decode()

    assert "1 of 1 pairs" in html
    assert not Case.objects.exists()


def test_text_without_a_matrix_says_so(client):
    assert b"No GPU matrix was found" in client.post("/what-if/", {"text": "hello"}).content
    assert b"No GPU matrix was found" not in client.get("/what-if/").content


def test_the_report_links_to_both(client):
    case = done()
    html = client.get(case.get_absolute_url()).content.decode()

    assert f"/cases/{case.pk}/compare/" in html
    assert f"/cases/{case.pk}/what-if/?matrix=0" in html


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"nccl": "2.24.3", "cumem": "0"}, "P2P/IPC"),
        ({"nccl": "2.24.3"}, "P2P/CUMEM"),
        ({"nccl": "2.17.1", "cumem": "1"}, "P2P/IPC"),
        ({"nccl": "2.19.3"}, "P2P/CUMEM or P2P/IPC"),
    ],
)
def test_the_way_memory_is_opened_follows_cumem_and_the_version(client, asked, shown):
    asked = {"asked": "1", "level": "SYS", **asked}

    html = client.get(f"/cases/{done().pk}/what-if/", asked, headers={"HX-Request": "true"}).content.decode()

    assert f"<strong>{shown}</strong>" in html


def test_ranks_in_containers_apart_use_the_network(client):
    query = {"asked": "1", "nccl": "2.21.5", "cpu": "amd", "devshm": "apart"}

    html = client.get(f"/cases/{done().pk}/what-if/", query).content.decode()

    assert "0 of 6 pairs" in html
    assert "a /dev/shm of its own" in html
    assert re.search(r"\d would change from (P2P|SHM) to NET\.", html)
    assert "P2P/CUMEM" not in html


def test_a_small_shared_memory_is_told_where_pairs_go_through_it(client):
    address = f"/cases/{done().pk}/what-if/"

    through = client.get(address, {"asked": "1", "disable": "1", "devshm": "small"}).content.decode()
    around = client.get(address, {"asked": "1", "level": "SYS", "devshm": "small"}).content.decode()

    assert "failed to extend" in through
    assert "failed to extend" not in around


def test_each_pair_stands_in_the_square_both_ways(client):
    html = client.get(f"/cases/{done().pk}/what-if/", {"asked": "1", "level": "SYS"}).content.decode()

    assert html.count('<td class="to-p2p') == 4 * 3


def test_the_matrix_is_given_as_a_picture_and_as_mermaid(client):
    address = f"/cases/{done().pk}/topology-0"

    picture, text = client.get(f"{address}.svg"), client.get(f"{address}.mmd?lang=zh")

    assert picture["Content-Type"] == "image/svg+xml"
    assert b"<style>" in picture.content
    assert text.content.decode().startswith("graph LR")
    assert "|" in text.content.decode()
    assert client.get(f"{address}.png").status_code == 404
    assert client.get(address.replace("-0", "-9") + ".svg").status_code == 404
