"""Weights become probabilities: the whole model, with its few parameters, in one place.

A cause's score is its prior plus the log-odds of the reasons that spoke; reasons of one cause are not independent
(three wordings of one failure), so each further one counts `damping` of the one before. Scores compete in one softmax
with "nothing told" (`null_score`), flattened by `temperature`. `manage.py evaluate --fit`
fits the parameters and says whether these are still as good as the best within one standard error; they change when not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    damping: float = 0.7
    temperature: float = 0.55
    null_score: float = 0.1
    first_bonus: float = 0.8
    """Added to the cause whose root line comes first in a text: what comes later is often its echo."""


MODEL = Model()


def score(prior: float, weights: Iterable[float], model: Model = MODEL) -> float:
    """Log-odds of one cause: strongest reasons first, each further one damped; for and against apart."""
    total = prior
    given = sorted(weights, key=abs, reverse=True)
    if len(given) == 1:  # as of most causes
        return prior + given[0]
    for side in ([w for w in given if w > 0], [w for w in given if w < 0]):
        total += sum(weight * model.damping**rank for rank, weight in enumerate(side))
    return total


def probabilities(scores: Mapping[str, float], model: Model = MODEL) -> dict[str, float]:
    """Probability of each cause; what is missing to 1 belongs to "nothing told"."""
    top = max([*scores.values(), model.null_score], default=model.null_score)
    odds = {cause: math.exp((value - top) / model.temperature) for cause, value in scores.items()}
    whole = sum(odds.values()) + math.exp((model.null_score - top) / model.temperature)
    return {cause: value / whole for cause, value in odds.items()}


WORDS = (
    (0.95, {"en": "almost certain", "zh-hans": "几乎可以确定"}),
    (0.8, {"en": "very likely", "zh-hans": "很可能"}),
    (0.6, {"en": "likely", "zh-hans": "较可能"}),
    (0.3, {"en": "possible", "zh-hans": "有可能"}),
    (0.0, {"en": "unlikely", "zh-hans": "不太可能"}),
)


def in_words(probability: float) -> dict[str, str]:
    """The probability as people say it (design.md): of the number as it is shown, so that both always agree."""
    return next(words for floor, words in WORDS if round(probability, 2) >= floor)


def in_figures(probability: float) -> str:
    """Two places; never 1.00, for nothing read from a log is that sure."""
    return f"{min(probability, 0.99):.2f}"
