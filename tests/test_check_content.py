"""`manage.py check_content`: each kind of fault is planted in a site's overlay and named with file and line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from troubleshoot import shelf
from troubleshoot.diagnosis.content import CONTENT
from troubleshoot.diagnosis.library import load_library
from troubleshoot.knowledge.articles import load_articles
from troubleshoot.knowledge.render import render

SIGNATURE = r"""[[signature]]
id = "paper-jam"
cause = "gpu-oom"
role = "root"
weight = 1.0
patterns = ['''{pattern}''']
says = {{ en = "The printer is jammed.", zh-hans = "打印机卡纸。" }}
source = "made up"
matches = ["paper jam in tray 2", "{match}"]
near_misses = ["no paper in tray 2", "{miss}"]
"""
ARTICLE = """---
title: Tides
summary: About tides.
kind: background
causes: gpu-oom
---

## Ebb

{body}
"""


@pytest.fixture
def site(tmp_path, settings):
    """An empty overlay."""
    settings.CONTENT_DIRS = (tmp_path,)
    return tmp_path


def put(site: Path, relative: str, text: str) -> None:
    path = site / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def changed(site: Path, relative: str, old: str, new: str) -> None:
    """Our file with one place changed, laid over ours."""
    text = (CONTENT / relative).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is in {relative} {text.count(old)} times"
    put(site, relative, text.replace(old, new))


def line_of(site: Path, relative: str, words: str) -> int:
    lines = (site / relative).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def check(**options: bool) -> str:
    """What the command says of faults; "" when it finds none."""
    err = io.StringIO()
    try:
        call_command("check_content", stdout=io.StringIO(), stderr=err, **options)
    except CommandError:
        assert err.getvalue()
    return err.getvalue()


def signature(site: Path, pattern: str = "paper jam", match: str = "paper jam", miss: str = "jam") -> None:
    put(site, "signatures/site.toml", SIGNATURE.format(pattern=pattern, match=match, miss=miss))


def article(site: Path, body: str, chinese: str | None = None) -> None:
    put(site, "articles/tides.md", ARTICLE.format(body=body))
    put(site, "articles/tides.zh-hans.md", ARTICLE.format(body=body if chinese is None else chinese))


def test_our_own_content_has_no_fault(site):
    assert check() == ""


def test_a_sites_own_content_has_none_either(site):
    signature(site)
    article(
        site, "[memory](/kb/gpu-oom/), [ebb](#ebb), [guide](/guides/nccl-error/), [a table](/kb/xid-table/#the-line)"
    )
    put(site, "articles/tides.zh-hans.md", ARTICLE.format(body="[显存](/kb/gpu-oom/)"))

    assert check() == ""


def test_a_remedy_that_does_not_exist(site):
    changed(site, "causes.toml", 'remedies = ["raise-shm"]', 'remedies = ["raise-shm", "buy-a-boat"]')

    said = check()

    assert f"{site}/causes.toml:{line_of(site, 'causes.toml', 'buy-a-boat') - 6}: " in said
    assert "buy-a-boat" in said


def test_a_signature_for_no_cause(site):
    put(site, "signatures/site.toml", SIGNATURE.format(pattern="paper jam", match="paper jam", miss="jam").replace("gpu-oom", "no-boat"))  # fmt: skip

    assert f"{site}/signatures/site.toml:1: paper-jam speaks for 'no-boat'" in check()


def test_a_cause_that_nothing_can_name(site):
    new = '[[cause]]\nid = "rust"\nfamily = "p2p"\nprior = -2.5\ntitle = { en = "R", zh-hans = "锈" }\nsummary = { en = "R.", zh-hans = "锈。" }\nremedies = ["raise-shm"]\n'
    put(site, "causes.toml", (CONTENT / "causes.toml").read_text(encoding="utf-8") + "\n" + new)

    said = check()

    at = line_of(site, "causes.toml", 'id = "rust"') - 1
    assert f"{site}/causes.toml:{at}: no signature and no rule speaks for rust" in said
    assert f"{site}/causes.toml:{at}: rust has no article" in said


def test_a_remedy_that_nothing_offers(site):
    ours = (CONTENT / "remedies/raise-memlock.toml").read_text(encoding="utf-8")
    put(site, "remedies/lost.toml", ours.replace('id = "raise-memlock"', 'id = "lost"'))

    assert f"{site}/remedies/lost.toml:1: no cause offers lost" in check()


def test_words_that_lack_a_language(site):
    changed(site, "remedies/raise-memlock.toml", ', zh-hans = "放开进程的限制（锁定内存，以及文件数与线程数）" }', " }")

    assert f"{site}/remedies/raise-memlock.toml:3: title lacks its words in zh-hans" in check()


def test_an_article_that_lacks_a_language(site):
    put(site, "articles/tides.md", ARTICLE.format(body=""))

    assert f"{site}/articles/tides.md:1: this article lacks its text in zh-hans" in check()


def test_a_pattern_that_the_automaton_or_python_refuses(site):
    refused = (r"paper (?=jam)", r"(paper) \1", r"paper (jam", r".*")
    parts = [
        SIGNATURE.format(pattern=pattern, match="paper jam", miss="jam").replace("paper-jam", f"jam-{number}")
        for number, pattern in enumerate(refused)
    ]
    put(site, "signatures/site.toml", "".join(parts))

    said = check()

    for number in range(len(refused)):
        at = line_of(site, "signatures/site.toml", f'"jam-{number}"') - 1
        assert any(f"{site}/signatures/site.toml:{at}: jam-{number}" in line for line in said.splitlines()), said


def test_an_example_that_does_not_match_and_a_near_miss_that_does(site):
    signature(site, match="all is well", miss="a paper jam")

    said = check()

    assert f"{site}/signatures/site.toml:1: paper-jam does not match its example 'all is well'" in said
    assert f"{site}/signatures/site.toml:1: paper-jam matches its near miss 'a paper jam'" in said


@pytest.mark.parametrize("part", ["verify", "undo"])
def test_a_snippet_without_verify_or_undo(site, part):
    ours = (CONTENT / "remedies/raise-memlock.toml").read_text(encoding="utf-8")
    at = ours.index("[[snippet]]")
    start = ours.index(f"\n{part} = ", at)
    put(site, "remedies/raise-memlock.toml", ours[:start] + ours[ours.index("\n", start + 1) :])

    line = line_of(site, "remedies/raise-memlock.toml", "[[snippet]]")
    assert f"{site}/remedies/raise-memlock.toml:{line}: {part} lacks its words" in check()


def test_the_article_of_a_cause_that_shows_no_remedy(site):
    for name in ("nvls.md", "nvls.zh-hans.md"):
        lines = (CONTENT / "articles" / name).read_text(encoding="utf-8").splitlines()
        put(site, f"articles/{name}", "\n".join(line for line in lines if not line.startswith("{{ remedy")) + "\n")

    assert f"{site}/articles/nvls.md:4: nvls is the article of a cause and shows no remedy" in check()


def test_what_an_article_names_must_exist(site):
    wrong = {
        "[x](/kb/moon/)": "dead link /kb/moon/",
        "[x](/guides/moon/)": "dead link /guides/moon/",
        "[x](#flood)": "dead link /kb/tides/#flood",
        "[x](/kb/gpu-oom/#spring)": "dead link /kb/gpu-oom/#spring",
        "{{ remedy:raise-shm }}": "is not as this is written",
        "::: method boat": "no install method is called 'boat'",
        ":::": "",
        "::: method docker": "is not as this is written",
    }
    article(site, "\n".join(wrong))

    said = check().splitlines()

    for name in ("tides.md", "tides.zh-hans.md"):
        for line, words in enumerate(wrong.values(), 10):
            start = f"{site}/articles/{name}:{line}: "
            assert not words or any(one.startswith(start) and words in one for one in said), (line, words, said)


def test_a_remedy_and_a_table_that_an_article_shows_must_exist(site):
    article(site, "{{ remedy: buy-a-boat }}\n{{ table: tides }}")

    said = check()

    for name in ("tides.md", "tides.zh-hans.md"):
        assert f"{site}/articles/{name}:10: {{{{ remedy: buy-a-boat }}}} names what does not exist" in said
        assert f"{site}/articles/{name}:11: {{{{ table: tides }}}} names what does not exist" in said


def test_both_languages_show_the_same_remedies(site):
    article(site, "{{ remedy: raise-shm }}", "")

    assert f"{site}/articles/tides.md:10: '{{{{ remedy: raise-shm }}}}' is not in articles/tides.zh-hans.md" in check()


def test_an_articles_cause_must_exist(site):
    article(site, "")
    put(site, "articles/tides.md", ARTICLE.format(body="").replace("gpu-oom", "moon"))

    assert f"{site}/articles/tides.md:5: it names the cause 'moon'" in check()


def test_a_step_must_be_about_what_exists(site):
    changed(site, "next_steps.toml", "about = { fabric-manager = 0.9, nvls = 0.6 }", "about = { moon = 0.9 }")

    at = line_of(site, "next_steps.toml", "about = { moon") - 2
    assert f"{site}/next_steps.toml:{at}: fabric is about 'moon'" in check()


def test_what_is_no_toml_is_named_with_its_line(site):
    put(site, "tables/tides.toml", 'id = "tides"\ncolumns = [\nrows = 3\n')

    assert f"{site}/tables/tides.toml:3: is not TOML" in check()


def test_a_row_with_a_cell_too_few(site):
    put(site, "tables/tides.toml", 'id = "tides"\ncolumns = ["a", "b"]\nrows = [["1"]]\nsource = { en = "x", zh-hans = "x" }\n')  # fmt: skip

    assert f"{site}/tables/tides.toml:3: row 1 has 1 cells; the table has 2" in check()


def test_what_can_be_put_right_is_put_right_and_nothing_else(site):
    article(site, "[memory](/kb/gpu-oom)  \n\n```sh\necho 一,二 '](/kb/gpu-oom)'\n```\n", "潮水,涨了")
    signature(site, match="paper jam\\t")
    path = site / "signatures/site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().rstrip(b"\n").replace(b"\n", b"\r\n"))

    said = check()
    assert f"{site}/articles/tides.md:10: an address lacks its closing slash (--fix puts it right)" in said
    assert f"{site}/articles/tides.zh-hans.md:10: a half-width comma" in said
    assert f"{site}/signatures/site.toml:1: begins with a byte order mark" in said

    assert check(fix=True) == ""
    assert check() == ""
    text = (site / "articles/tides.md").read_text(encoding="utf-8")
    assert "[memory](/kb/gpu-oom/)\n" in text
    assert "echo 一,二 '](/kb/gpu-oom)'" in text
    assert "潮水，涨了" in (site / "articles/tides.zh-hans.md").read_text(encoding="utf-8")


def test_blanks_inside_a_value_are_not_taken_away(site):
    signature(site)
    path = site / "signatures/site.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("paper jam'''", "paper jam|jammed \n?sheet'''"))
    before = path.read_bytes()

    check(fix=True)

    assert path.read_bytes() == before


def test_a_sites_table_and_step_take_the_place_of_ours(site):
    put(site, "tables/xids.toml", 'id = "xids"\ncolumns = ["Xid"]\nrows = [["4711"]]\nsource = { en = "our rack", zh-hans = "我们的机架" }\n')  # fmt: skip
    changed(site, "next_steps.toml", 'en = "Send the whole log of the launch"', 'en = "Send it to the night shift"')

    library = load_library((site,))
    html = render(load_articles((site,))["xid-table"], "zh-hans", library).html

    assert "4711" in html
    assert "我们的机架" in html
    assert any(step.title["en"] == "Send it to the night shift" for step in library.steps)


def test_a_cause_and_its_background_lead_to_each_other():
    articles, library = shelf.articles(), shelf.library()
    for cause in library.causes:
        background = [a for a in articles.values() if a.kind != "cause" and cause in a.causes]
        page = render(articles[cause], "en", library, shelf=articles)

        assert background, f"nothing but its own article is about {cause}"
        for other in background:
            assert f'href="{other.address}"' in page.html
            assert f'href="/kb/{cause}/"' in render(other, "en", library, shelf=articles).html
