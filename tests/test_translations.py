"""Every sentence of the pages exists in Chinese, and no sentence of the catalogue has lost its page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import extract
from babel.messages.pofile import read_po
from django.utils.translation import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "troubleshoot" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
KEYWORDS = {**extract.DEFAULT_KEYWORDS, "gettext_lazy": None, "_": None}

Key = tuple[str | None, str]


def said() -> Iterator[tuple[Key, str]]:
    """((context, English), file) of every sentence marked in templates and Python."""
    sources = [
        (path, templatize(path.read_text(encoding="utf-8"))) for path in sorted((ROOT / "templates").rglob("*.html"))
    ]
    sources += [(path, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "troubleshoot").rglob("*.py"))]
    for path, source in sources:
        for _line, message, _comments, context in extract.extract(
            "python", io.BytesIO(source.encode()), keywords=KEYWORDS
        ):
            singular = message if isinstance(message, str) else message[0]
            yield (context, singular), str(path.relative_to(ROOT))


@pytest.fixture(scope="module")
def catalogue() -> dict[Key, str]:
    with CATALOGUE.open("rb") as file:
        found = {}
        for message in read_po(file, abort_invalid=True):
            if message.id:
                english = message.id if isinstance(message.id, str) else message.id[0]
                found[message.context, english] = (
                    message.string if isinstance(message.string, str) else message.string[0]
                )
        return found


def test_every_sentence_is_in_the_catalogue(catalogue):
    assert [(key, where) for key, where in said() if not catalogue.get(key)] == []


def test_no_sentence_of_the_catalogue_is_unused(catalogue):
    assert catalogue.keys() - {key for key, _ in said()} == set()


def test_a_translation_keeps_the_values_of_its_sentence(catalogue):
    def values(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)s|<[^>]+>", text))

    wrong = [key for key, chinese in catalogue.items() if values(key[1]) != values(chinese)]
    assert wrong == []


def test_chinese_sentences_use_full_width_punctuation(catalogue):
    wrong = [
        chinese for chinese in catalogue.values() if re.search(r"[\u4e00-\u9fff][,;:!?]|[,;!?][\u4e00-\u9fff]", chinese)
    ]
    assert wrong == []
