"""PyTorch's flight recorder: what its analyser prints, its tables, and dumps as text."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values

SUMMARY = """
Not all ranks joining collective, sequence number: 4
internal record id: 4
group info: 0:default_pg
collective: nccl:all_reduce
missing ranks: {3, 5}
input sizes: [[1024]]
output sizes: [[1024]]
world size: 8
expected ranks: {0, 1, 2, 3, 4, 5, 6, 7}
collective state: scheduled
collective stack trace:
 all_reduce at /opt/torch/distributed/distributed_c10d.py:2707
<module> at /srv/train/main.py:44
"""


def test_the_summary_names_collective_state_and_missing_ranks() -> None:
    facts = facts_of(SUMMARY)

    assert values(facts, "flight_recorder") == [
        (None, 4, "scheduled", "nccl:all_reduce"),
        (3, 4, "missing", "nccl:all_reduce"),
        (5, 4, "missing", "nccl:all_reduce"),
    ]
    assert facts.value("world_size") == 8


def test_the_older_form_of_the_summary_is_read() -> None:
    facts = facts_of(
        "Not all ranks joining collective 5 at entry 4\ngroup info: 0:default_pg\ncollective: nccl:all_reduce\n"
        "missing ranks: {1}\nexpected ranks: 2\ncollective state: scheduled\n"
    )

    assert (1, 5, "missing", "nccl:all_reduce") in values(facts, "flight_recorder")


def test_a_rank_that_joined_differently_is_the_culprit() -> None:
    facts = facts_of(
        "Collective sequence number: 9 has errors\ninternal record id: 9\ngroup info: 1:tp\n"
        "collective: nccl:_all_gather_base\nworld size: 4\ncollective state: started\n"
        "error msg: Culprit rank 2; Error type: COLLECTIVE_TYPE_MISMATCH, Detail: Expected collective type\n"
    )

    assert (2, 9, "culprit", "COLLECTIVE_TYPE_MISMATCH") in values(facts, "flight_recorder")
    assert facts.value("failed_rank") == 2
    assert facts.all("world_size") == []  # of a group within the job


def test_two_summaries_below_each_other_are_two() -> None:
    second = SUMMARY.replace("number: 4", "number: 6").replace("{3, 5}", "{0}").strip()

    assert (0, 6, "missing", "nccl:all_reduce") in values(facts_of(SUMMARY.strip() + "\n" + second), "flight_recorder")


def test_a_summary_cut_off_before_its_ranks_names_none() -> None:
    facts = facts_of("\n".join(SUMMARY.strip().splitlines()[:4]))

    assert values(facts, "flight_recorder") == []


SIDES = """
Rank 0                                             Rank 1
-------------------------------------------------  -------------------------------------------------
all_reduce(input_sizes=[[1024]], state=completed)  all_reduce(input_sizes=[[1024]], state=completed)
broadcast(input_sizes=[[1024]], state=completed)   broadcast(input_sizes=[[1024]], state=completed)
all_reduce(input_sizes=[[1024]], state=started)
"""


def test_the_columns_of_the_ranks_tell_the_last_entry_and_who_did_not_go_on() -> None:
    assert values(facts_of(SIDES + "\nother text"), "flight_recorder") == [
        (0, None, "started", "all_reduce"),
        (1, None, "completed", "broadcast"),
        (1, None, "missing", "all_reduce"),
    ]


def test_columns_broken_by_a_terminal_tell_nothing() -> None:
    broken = "\n".join(line[:30] for line in SIDES.strip().splitlines())

    assert values(facts_of(broken), "flight_recorder") == []


def test_the_debug_servers_table_tells_what_is_not_completed() -> None:
    facts = facts_of(
        """
          id  group_id    pass_check  collective_seq_id  collective_name    collective_state  missing_ranks
           0  main_comm   True        0                  nccl:all_reduce    completed
           3  main_comm   True        3                  nccl:broadcast     completed
           4  main_comm   True        4                  nccl:all_reduce    scheduled         {1}
        """
    )

    assert values(facts, "flight_recorder") == [
        (None, 4, "scheduled", "nccl:all_reduce"),
        (1, 4, "missing", "nccl:all_reduce"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"entries": [{"collective_seq_id": 5, "profiling_name": "nccl:all_reduce", "state": "started"}]}',
        "{'record_id': 6, 'collective_seq_id': 5, 'profiling_name': 'nccl:all_reduce', 'state': 'started'}",
    ],
)
def test_entries_of_a_dump_are_read_as_json_and_as_printed(text: str) -> None:
    assert values(facts_of(text), "flight_recorder") == [(None, 5, "started", "nccl:all_reduce")]


def test_half_an_entry_does_not_lend_its_number_to_the_next() -> None:
    facts = facts_of(
        '{"collective_seq_id": 5, "profiling_name": "nccl:broadcast"}\n'
        '{"collective_seq_id": 6, "profiling_name": "nccl:all_reduce", "state": "started"}\n'
    )

    assert values(facts, "flight_recorder") == [(None, 6, "started", "nccl:all_reduce")]


@pytest.mark.parametrize(
    "line",
    [
        "missing ranks: {3}",
        "collective: nccl:all_reduce",
        "Rank 0 and Rank 1 are ready",
        "all_reduce(input_sizes=[[1024]], state=started)",
        "Not all ranks joining collective calls is a bug",
    ],
)
def test_single_words_of_it_tell_nothing(line: str) -> None:
    assert facts_of(line).all("flight_recorder") == []
