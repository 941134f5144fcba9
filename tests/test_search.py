"""The search: what it finds in which language, each page once, and excerpts that read as a sentence."""

from __future__ import annotations

import re

import pytest

from troubleshoot import shelf
from troubleshoot.knowledge.plain import LONGEST_EXCERPT, excerpt, plain
from troubleshoot.templatetags.unhang import found

OUT_OF_MEMORY = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB"
# A command may hold braces or <instance> itself; these are never a command's.
MARKS = re.compile(
    r"\{\{ (?:remedy|table):|\|\s*-{3}|^\s*\||\*\*|^##+ |^:::|```|\]\(/|</?(?:code|p|li|td|em|strong)\b", re.M
)


@pytest.mark.parametrize("lang", ["en", "zh-hans"])
def test_what_is_searched_holds_no_mark_of_markdown_or_template(lang):
    texts = {slug: plain(article, lang, shelf.library()) for slug, article in shelf.articles().items()}

    assert {slug: found for slug, text in texts.items() if (found := MARKS.findall(text))} == {}


def test_cells_of_a_table_and_titles_of_remedies_are_searched():
    text = plain(shelf.articles()["p2p-iommu-acs"], "en", shelf.library())
    variables = plain(shelf.articles()["nccl-variables-and-their-price"], "en", shelf.library())

    assert "Put the IOMMU into passthrough mode (iommu=pt)" in text
    assert "NCCL_P2P_LEVEL=NVL" in variables.splitlines()


@pytest.mark.parametrize(
    ("question", "lang"), [("nccl", "en"), ("NCCL_P2P_DISABLE", "zh-hans"), ("共享内存", "zh-hans")]
)
def test_each_page_is_found_once(question, lang):
    addresses = [one.address for one in shelf.index().search(question, lang).found]

    assert len(addresses) > 3
    assert len(addresses) == len(set(addresses))


def test_an_error_line_names_its_cause_once_and_not_again_below():
    results = shelf.index().search(OUT_OF_MEMORY)

    assert [one.cause for one in results.spoken] == ["gpu-oom"]
    assert results.spoken[0].address not in {one.address for one in results.found}


def test_half_of_an_error_line_leads_to_its_cause_first():
    found = shelf.index().search("failed to extend /dev/shm/nccl-Qa3x to 33030524 bytes").found

    assert found[0].address == "/kb/shm-too-small/"
    assert "failed to extend" in found[0].excerpt


def test_advice_in_a_line_is_no_symptom():
    line = "WARN: try setting NCCL_P2P_DISABLE=1 to see whether it helps"

    assert shelf.index().search(line).spoken == ()


def test_words_of_the_other_language_find_pages_shown_in_the_readers():
    found = shelf.index().search("共享内存", "en").found

    assert "Shared memory in containers" in {one.title for one in found}
    assert not re.search(r"[\u4e00-\u9fff]", found[0].excerpt)


def test_a_word_that_nothing_has_finds_nothing():
    assert shelf.index().search("zzzzqqq").found == ()


def test_an_excerpt_begins_with_the_sentence_and_ends_behind_a_word():
    text = "First of all this. Then NCCL_P2P_DISABLE=1 is set. " + "More words follow here. " * 20

    shown = excerpt(text, ("nccl_p2p_disable",))

    assert shown.startswith("… Then NCCL_P2P_DISABLE=1 is set. More")
    assert re.search(r" (More|words|follow|here\.) …$", shown)
    assert len(shown) <= LONGEST_EXCERPT + 4


def test_an_excerpt_of_chinese_is_half_as_many_characters():
    assert len(excerpt("共享内存不够。" * 60, ("内存",))) == LONGEST_EXCERPT // 2 + 2


def test_a_short_text_is_its_own_excerpt():
    assert excerpt("Short.", ("absent",)) == "Short."


def test_what_was_looked_for_is_marked_and_everything_escaped():
    shown = found("an <instance> & its amp; AMP", ("amp", "<instance>"))

    assert found("it stops there", ("to",)) == "it stops there"
    assert shown == "an <mark>&lt;instance&gt;</mark> &amp; its <mark>amp</mark>; <mark>AMP</mark>"
