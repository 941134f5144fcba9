"""What the confidence promises, whatever its fitted parameters are."""

from __future__ import annotations

import itertools
import random

import pytest

from troubleshoot.diagnosis.confidence import MODEL, WORDS, in_words, probabilities, score
from troubleshoot.diagnosis.content import LANGUAGES

PRIOR = -2.5


def of(**weights: list[float]) -> dict[str, float]:
    """Probabilities of causes for each of which these weights spoke."""
    return probabilities({name: score(PRIOR, given) for name, given in weights.items()})


def test_nothing_said_leaves_the_prior():
    assert score(PRIOR, []) == PRIOR


@pytest.mark.parametrize("given", [[3.0, 1.0, 0.5], [2.0, -1.0], [-2.0, -0.5, 4.0, 1.0]])
def test_the_order_in_which_reasons_come_does_not_matter(given: list[float]):
    assert {round(score(PRIOR, each), 9) for each in itertools.permutations(given)} == {round(score(PRIOR, given), 9)}


def test_one_reason_counts_in_full_and_each_further_one_less_than_the_one_before():
    gains = [score(PRIOR, [2.0] * n) - score(PRIOR, [2.0] * (n - 1)) for n in range(1, 6)]

    assert gains[0] == 2.0
    assert all(0 < later < earlier for earlier, later in itertools.pairwise(gains))


def test_for_and_against_do_not_damp_each_other():
    assert score(0.0, [3.0, -2.0]) == pytest.approx(score(0.0, [3.0]) + score(0.0, [-2.0]))


def test_a_reason_for_never_lowers_and_one_against_never_raises():
    chance = random.Random(7)
    for _ in range(200):
        given = [chance.uniform(-4, 4) for _ in range(chance.randint(0, 6))]

        assert score(PRIOR, [*given, chance.uniform(0, 4)]) >= score(PRIOR, given) - 1e-9
        assert score(PRIOR, [*given, -chance.uniform(0, 4)]) <= score(PRIOR, given) + 1e-9


def test_probabilities_leave_room_for_nothing_told():
    nothing, little, much = (sum(of(one=given, two=[]).values()) for given in ([], [2.0], [5.0]))

    assert 0 < nothing < little < much < 1


def test_without_a_word_no_cause_is_likely():
    shares = of(**{f"cause-{n}": [] for n in range(26)})

    assert max(shares.values()) < 0.05
    assert sum(shares.values()) < 0.5


def test_more_for_one_cause_is_less_for_every_other():
    before, after = of(one=[2.0], two=[2.0]), of(one=[3.0], two=[2.0])

    assert after["one"] > before["one"]
    assert after["two"] < before["two"]


def test_equal_reasons_give_equal_probabilities():
    shares = of(one=[3.0, 1.0], two=[1.0, 3.0])

    assert shares["one"] == pytest.approx(shares["two"])


@pytest.mark.parametrize("extreme", [1e3, -1e3])
def test_extreme_scores_stay_probabilities(extreme: float):
    shares = probabilities({"one": extreme, "two": 0.0})

    assert all(0 <= share <= 1 for share in shares.values())
    assert sum(shares.values()) <= 1 + 1e-9


def test_no_causes_are_no_probabilities():
    assert probabilities({}) == {}


def test_the_model_damps_and_flattens_within_sense():
    assert 0 <= MODEL.damping < 1
    assert MODEL.temperature > 0
    assert MODEL.first_bonus >= 0


# ---- in words


@pytest.mark.parametrize("probability", [0.0, 0.05, 0.29, 0.3, 0.59, 0.6, 0.8, 0.94, 0.95, 1.0])
def test_every_probability_has_its_word_in_every_language(probability: float):
    assert all(in_words(probability)[lang] for lang in LANGUAGES)


def test_words_grow_surer_with_the_probability_and_only_the_surest_says_almost_certain():
    said = list(dict.fromkeys(in_words(n / 100)["en"] for n in range(101)))

    assert said == [words["en"] for _, words in reversed(WORDS)]
    assert in_words(0.94)["en"] != in_words(0.95)["en"] == "almost certain"
