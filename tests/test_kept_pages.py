"""Pages kept in memory: sent again without rendering, in the right language, with each visitor's own token."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from troubleshoot import kept_pages

pytestmark = pytest.mark.django_db

GUIDE = "/guides/stuck-in-starting/?last-line=nccl"
ARTICLE = "/kb/nvls/"


@pytest.fixture(autouse=True)
def nothing_kept():
    kept_pages.kept.clear()


def without_token(page: bytes) -> bytes:
    return kept_pages.TOKEN.sub(b"", page)


@pytest.mark.parametrize("address", [GUIDE, ARTICLE, "/kb/", "/embed/kb/nvls/", "/embed/guides/nccl-error/"])
def test_a_kept_page_says_what_the_first_one_said(client, address):
    first, second = client.get(address), client.get(address)

    assert len(kept_pages.kept) == 1
    assert without_token(second.content) == without_token(first.content)
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


def test_each_visitor_gets_a_token_of_their_own_and_may_send_the_form_with_it(client):
    client.get(ARTICLE)
    visitor = Client(enforce_csrf_checks=True)
    page = visitor.get(ARTICLE).content
    token = kept_pages.TOKEN.search(page)

    assert token
    assert token[0] not in client.get(ARTICLE).content
    sent = {"kind": "helped", "csrfmiddlewaretoken": token[0].decode()}
    assert visitor.post(f"{ARTICLE}outcome", sent).status_code == 302
    assert Client(enforce_csrf_checks=True).post(f"{ARTICLE}outcome", sent).status_code == 403


def test_the_kept_page_holds_no_token(client):
    client.get(ARTICLE)

    (page,) = kept_pages.kept.values()
    assert len(page.parts) > 1
    assert not re.search(rb'csrfmiddlewaretoken" value="\w', b"".join(page.parts))


def test_languages_are_kept_apart(client):
    english = client.get(ARTICLE, headers={"accept-language": "en"}).content
    chinese = client.get(ARTICLE, headers={"accept-language": "zh-CN"}).content

    assert b'lang="en"' in english
    assert b'lang="zh-Hans"' in chinese
    assert len(kept_pages.kept) == 2


@pytest.mark.parametrize(
    "address", [f"{GUIDE}&case=x", f"{ARTICLE}?told=1", "/kb/no-such/", f"{ARTICLE}?x={'x' * 2000}"]
)
def test_what_is_one_persons_own_or_not_there_is_not_kept(client, address):
    client.get(address)

    assert not kept_pages.kept


def test_only_so_many_are_kept_and_the_last_used_stay(client, settings):
    settings.KEPT_PAGES = 2
    for address in (ARTICLE, "/kb/", ARTICLE, GUIDE):
        client.get(address)

    assert [key[2] for key in kept_pages.kept] == [ARTICLE, GUIDE]


def test_none_are_kept_where_the_operator_says_so(client, settings):
    settings.KEPT_PAGES = 0
    client.get(ARTICLE)

    assert not kept_pages.kept
