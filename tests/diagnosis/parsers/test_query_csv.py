"""`nvidia-smi --query-gpu` with any columns, and `dmon`; cut and foreign tables."""

from __future__ import annotations

from tests.diagnosis.reading import facts_of, values


def test_the_columns_asked_for_are_read_by_their_titles() -> None:
    facts = facts_of(
        "index, name, driver_version, utilization.gpu [%], memory.used [MiB], memory.total [MiB], power.draw [W]\n"
        "0, NVIDIA L4, 550.54.15, 100 %, 1200 MiB, 23034 MiB, 35.20 W\n"
        "1, NVIDIA L4, 550.54.15, 0 %, 3 MiB, 23034 MiB, [N/A]\n"
    )

    assert values(facts, "gpu_load") == [(0, 100, 35.2, 1200, 23034), (1, 0, None, 3, 23034)]
    assert facts.value("gpu_count") == 2
    assert facts.value("gpu_model") == "NVIDIA L4"
    assert facts.value("driver_version") == "550.54.15"


def test_without_an_index_rows_are_counted_and_without_units_numbers_are_numbers() -> None:
    facts = facts_of("name, memory.used, memory.total\nNVIDIA L4, 7, 23034\nNVIDIA L4, 8, 23034\n")

    assert values(facts, "gpu_load") == [(0, None, None, 7, 23034), (1, None, None, 8, 23034)]


def test_a_row_that_is_cut_is_left_out() -> None:
    facts = facts_of("index, utilization.gpu [%], power.draw [W]\n0, 100 %, 35.20 W\n1, 100\n")

    assert values(facts, "gpu_load") == [(0, 100, 35.2, None, None)]


def test_another_table_with_commas_is_none_of_it() -> None:
    assert facts_of("name, size, power\na, 1, 2\n").all("gpu_load") == []
    assert facts_of("we looked at memory.used, it was full\n").all("gpu_load") == []


def test_every_row_of_dmon_is_a_reading() -> None:
    facts = facts_of(
        "# gpu   pwr gtemp mtemp    sm   mem\n# Idx     W     C     C     %     %\n"
        "    0    75    45     -   100     0\n    1    76    46     -   100     0\n"
    )

    assert values(facts, "gpu_load") == [(0, 100, 75.0, None, None), (1, 100, 76.0, None, None)]
