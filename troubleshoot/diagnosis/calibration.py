"""Are the probabilities true? Measured, and fitted, on incidents that the rules cannot know by heart.

The signatures were written with the incidents in view, so probabilities that are right on them are too low for them and
too high for the next one. Here each incident is judged without every signature that spoke in it alone, so by what other
incidents teach (leave one out), and by a model fitted to the other folds. What comes out is `held_out`: every figure of
this module is of those judgements.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import stdev

from troubleshoot.diagnosis.confidence import MODEL, Model
from troubleshoot.diagnosis.evaluate import Incident, Judged, judge, mean, without_single_case_signatures
from troubleshoot.diagnosis.library import Library

FOLDS = 5
BINS = 5
RESAMPLES = 1000
SUREST = 0.99  # no answer of some hundred incidents can show more, and one wrong one at 1.0 would weigh without end
GRID = tuple(
    Model(damping, temperature, null_score, MODEL.first_bonus)
    for damping, temperature, null_score in product(
        (0.6, 0.7, 0.8, 0.9), (0.35, 0.45, 0.55, 0.65, 0.75), (-0.8, -0.6, -0.4, -0.2, 0.1, 0.4, 0.7)
    )
)


@dataclass(frozen=True, slots=True)
class Fit:
    model: Model
    """Fitted to all incidents."""
    held_out: tuple[Judged, ...]
    """Each incident as judged by the model that was fitted without its fold."""
    surprise: float
    """Of the model in use, over all incidents; it stays in use while it is bearable."""
    bearable: float
    """The least surprise of any model, and one standard error of it."""


def fit(incidents: Sequence[Incident], library: Library, grid: Sequence[Model] = GRID) -> Fit:
    """The most modest model whose answers surprise hardly more than the best one's, and every incident judged by one
    that was fitted without it.

    "Hardly" is the one-standard-error rule (Breiman et al., Classification and Regression Trees, 1984, §3.4.3): the
    best of many models on some hundred incidents is best by chance, and a wrong answer costs more here than "not
    enough evidence".
    """
    taught = without_single_case_signatures(incidents, library)
    rows = {model: judge(taught, library, model) for model in grid}
    surprises = {model: [surprise(row) for row in judged] for model, judged in rows.items()}

    def bearable_of(taken: Sequence[list[float]]) -> float:
        least = min(taken, key=mean)
        return mean(least) + (stdev(least) / math.sqrt(len(least)) if len(least) > 1 else 0)

    def best(left_out: range) -> Model:
        taken = {m: [s for at, s in enumerate(surprises[m]) if at not in left_out] for m in grid}
        bearable = bearable_of(list(taken.values()))
        # Modest is a model that soon says that the evidence is not enough.
        return max((m for m in grid if mean(taken[m]) <= bearable), key=lambda m: (m.null_score, -mean(taken[m])))

    held_out: dict[int, Judged] = {}
    for first in range(FOLDS):
        fold = range(first, len(taught), FOLDS)
        model = best(fold)
        held_out |= {at: rows[model][at] for at in fold}
    in_use = mean([surprise(row) for row in judge(taught, library, MODEL)])
    answers = tuple(held_out[at] for at in sorted(held_out))
    return Fit(best(range(0)), answers, in_use, bearable_of(list(surprises.values())))


def surprise(row: Judged) -> float:
    """The logarithmic score of the probability said beside the answer; less is better."""
    sure = min(max(row.confidence, 1 - SUREST), SUREST)
    return -math.log(sure if row.is_right else 1 - sure)


def brier(rows: Sequence[Judged]) -> tuple[float, float]:
    """Multi-class Brier score over all causes, ours and that of always giving base rates (shares of primary causes).

    Acceptable causes share the truth: the probability given to any of them counts as given to the primary one.
    """
    rates = {cause: n / len(rows) for cause, n in Counter(r.incident.primary for r in rows).items()}
    return mean([squared_error(r.told, r) for r in rows]), mean([squared_error(rates, r) for r in rows])


def squared_error(told: Mapping[str, float], row: Judged) -> float:
    right = sum(p for cause, p in told.items() if cause in row.incident.right)
    return (1 - right) ** 2 + sum(p**2 for cause, p in told.items() if cause not in row.incident.right)


def reliability(rows: Sequence[Judged]) -> list[dict[str, float]]:
    """Bins of equal mass by confidence: what was claimed, what was right, and a 95 % interval of the latter."""
    ordered = sorted(rows, key=lambda r: r.confidence)
    bins = []
    for at in range(BINS):
        part = ordered[at * len(ordered) // BINS : (at + 1) * len(ordered) // BINS]
        if part:
            low, high = interval([r.is_right for r in part])
            claimed, right = mean([r.confidence for r in part]), mean([r.is_right for r in part])
            bins.append({"n": len(part), "claimed": claimed, "right": right, "low": low, "high": high})
    return bins


def interval(right: Sequence[bool]) -> tuple[float, float]:
    """95 % interval of a share: by bootstrap, or where all or none were right, exactly (Clopper and Pearson).

    Nothing can be resampled from answers that are all alike: the bootstrap's interval would be a point, as if nineteen
    right answers of nineteen proved that the twentieth will be right too.
    """
    if all(right):
        return 0.025 ** (1 / len(right)), 1.0
    if not any(right):
        return 0.0, 1 - 0.025 ** (1 / len(right))
    chance = random.Random(1)  # noqa: S311  # resampling for an interval, nothing secret; fixed so that figures repeat
    drawn = sorted(mean(chance.choices(right, k=len(right))) for _ in range(RESAMPLES))
    return drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES)]


def calibration(fitted: Fit) -> dict[str, object]:
    """As JSON values: what the scoreboard shows."""
    ours, base = brier(fitted.held_out)
    return {
        "brier": {"ours": ours, "base_rates": base, "better_by": 1 - ours / base},
        "reliability": reliability(fitted.held_out),
    }
