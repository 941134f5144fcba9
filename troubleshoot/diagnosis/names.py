"""What people call the inputs and the facts whose ids other programs rely on; an id of an older report stands for itself."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Text
from troubleshoot.diagnosis.fact_words import FACT_WORDS, OBSERVATION_WORDS
from troubleshoot.diagnosis.parsers import ALL_FORMATS

KIND_TITLES: dict[str, Text] = {form.kind: form.title for form in ALL_FORMATS}


def kind_title(kind: str, lang: str) -> str:
    return KIND_TITLES[kind][lang] if kind in KIND_TITLES else kind


def fact_title(name: str, lang: str) -> str:
    words = FACT_WORDS.get(name) or OBSERVATION_WORDS.get(name)
    return words[lang] if words else name
