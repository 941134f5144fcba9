"""NCCL's RAS as JSON: the words of its text form, made from the ranks."""

from __future__ import annotations

import json

import pytest

from tests.diagnosis.reading import facts_of, values

HEALTHY = {"init_state": 0, "async_error": 0, "finalize_called": False, "destroy_flag": False, "abort_flag": False}


def rank(number: int, counts: dict[str, int], **status: object) -> dict[str, object]:
    return {
        "rank": number,
        "host": "10.0.0.1",
        "pid": 4242 + number,
        "cuda_dev": number,
        "status": HEALTHY | status,
        "collective_counts": counts,
    }


def job(*ranks: dict[str, object], missing: tuple[dict[str, object], ...] = ()) -> dict[str, object]:
    return {
        "nccl_version": "2.29.1",
        "cuda_runtime_version": 13000,
        "communicators_count": 1,
        "communicators": [
            {
                "hash": "0xae94423cfbb2ef4a",
                "secondary_hash": "0xb7e7187447156001:0xb8242ed28a71381e",
                "size": len(ranks) + len(missing),
                "ranks_count": len(ranks),
                "missing_ranks_count": len(missing),
                "ranks": list(ranks),
                "missing_ranks": list(missing),
            }
        ],
        "ras": {"collection_time_sec": 0.125, "timeouts_count": 2},
    }


SAME = job(rank(0, {"AllReduce": 4, "Broadcast": 1}), rank(1, {"AllReduce": 4, "Broadcast": 1}))
APART = job(rank(0, {"AllReduce": 4}), rank(1, {"AllReduce": 3}), rank(2, {"AllReduce": 4}))
GONE = job(
    rank(0, {"AllReduce": 4}),
    missing=({"rank": 1, "host": "10.0.0.2", "pid": 7, "status": {"unresponsive": True, "considered_dead": True}},),
)


@pytest.mark.parametrize("indent", [None, 2])
def test_ranks_that_agree_are_running_and_well(indent: int | None) -> None:
    facts = facts_of(json.dumps(SAME, indent=indent))

    assert values(facts, "ras_status") == [("RUNNING", "OK")]
    assert facts.value("world_size") == 2
    assert facts.value("nccl_version") == "2.29.1"


@pytest.mark.parametrize("indent", [None, 2])
def test_different_counts_are_a_mismatch_and_tell_who_went_how_far(indent: int | None) -> None:
    assert values(facts_of(json.dumps(APART, indent=indent)), "ras_status") == [
        ("RUNNING", "MISMATCH"),
        ("launched", "2 ranks up to 4"),
        ("launched", "1 ranks up to 3"),
    ]


def test_a_rank_that_is_missing_makes_the_communicator_incomplete() -> None:
    facts = facts_of(json.dumps(GONE))

    assert values(facts, "ras_status") == [("RUNNING", "INCOMPLETE"), ("", "DEAD")]
    assert facts.value("failed_rank") == 1


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"init_state": 7}, ("INIT", "OK")),
        ({"async_error": 6}, ("RUNNING", "ERROR")),
        ({"abort_flag": True}, ("ABORT", "OK")),
        ({"destroy_flag": True}, ("FINALIZE", "OK")),
    ],
)
def test_a_ranks_flags_make_status_and_errors(status: dict[str, object], told: tuple[str, str]) -> None:
    assert values(facts_of(json.dumps(job(rank(0, {}, **status)))), "ras_status") == [told]


def test_a_comma_that_is_missing_does_no_harm() -> None:
    broken = json.dumps(GONE, indent=1).replace('"pid": 7,', '"pid": 7')

    assert facts_of(broken).value("failed_rank") == 1


def test_one_cut_off_within_its_ranks_tells_those_that_are_there() -> None:
    whole = json.dumps(APART)

    assert values(facts_of(whole[: whole.index('"rank": 2')]), "ras_status")[0] == ("RUNNING", "MISMATCH")


@pytest.mark.parametrize(
    "line", ['{"hash": "0xae", "size": 2, "ranks": []}', '{"nccl_version": "2.29.1"}', '{"rank": 1, "status": {}}']
)
def test_other_json_with_such_names_has_no_status(line: str) -> None:
    assert facts_of(line).all("ras_status") == []
