"""nvidia-smi in its forms: the table, -L, -q, CSV, nvlink -s, and the time above it."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.diagnosis.reading import facts_of, values

TABLE = """
Tue Mar  4 10:31:02 2025
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |
|=========================================+========================+======================|
|   0  NVIDIA A100-SXM4-80GB          On  |   00000000:07:00.0 Off |                    0 |
| N/A   34C    P0              68W / 400W |    611MiB / 81920MiB   |    100%      Default |
|                                         |                        |             Disabled |
+-----------------------------------------+------------------------+----------------------+
|   1  NVIDIA A100-SXM4-80GB          On  |   00000000:0A:00.0 Off |                    0 |
| N/A   35C    P0              71W / 400W |    611MiB / 81920MiB   |    100%      Default |
|                                         |                        |             Disabled |
+-----------------------------------------+------------------------+----------------------+
+-----------------------------------------------------------------------------------------+
| Processes:                                                                              |
|  GPU   GI   CI        PID   Type   Process name                              GPU Memory |
|        ID   ID                                                               Usage      |
|=========================================================================================|
|    0   N/A  N/A      4242      C   /usr/bin/python3                              602MiB |
+-----------------------------------------------------------------------------------------+
"""


def test_the_table_tells_versions_models_load_and_processes() -> None:
    facts = facts_of(TABLE)

    assert facts.value("driver_version") == "550.54.15"
    assert facts.value("cuda_driver_version") == "12.4"
    assert facts.value("gpu_model") == "NVIDIA A100-SXM4-80GB"
    assert facts.value("gpu_count") == 2
    assert values(facts, "gpu_load") == [(0, 100, 68, 611, 81920), (1, 100, 71, 611, 81920)]
    assert values(facts, "gpu_process") == [(0, 4242, "/usr/bin/python3", 602)]
    assert facts.value("mig_enabled") is False


def test_each_reading_cites_its_own_row() -> None:
    facts = facts_of(TABLE)

    line = facts.all("gpu_load")[1].line
    assert line is not None
    assert "71W / 400W" in line.text


def test_the_time_above_the_table_is_read() -> None:
    assert facts_of(TABLE).value("now") == datetime(2025, 3, 4, 10, 31, 2)  # noqa: DTZ001  # no zone is printed


def test_a_table_cut_off_in_the_middle_gives_what_it_still_shows() -> None:
    facts = facts_of("\n".join(TABLE.splitlines()[:12]))

    assert facts.value("driver_version") == "550.54.15"
    assert values(facts, "gpu_load") == [(0, 100, 68, 611, 81920)]


def test_a_gpu_that_tells_no_load_is_not_a_gpu_at_zero() -> None:
    facts = facts_of(TABLE.replace("    100%      Default", "     N/A      Default"))

    assert values(facts, "gpu_load")[0] == (0, None, 68, 611, 81920)


def test_mig_is_read_from_its_row() -> None:
    assert facts_of(TABLE.replace("Disabled |", " Enabled |")).value("mig_enabled") is True


def test_a_shortened_name_is_unsure() -> None:
    facts = facts_of(TABLE.replace("NVIDIA A100-SXM4-80GB ", "NVIDIA RTX 6000 Ada G..."))

    assert facts.value("gpu_model") == "NVIDIA RTX 6000 Ada G"
    assert facts.all("gpu_model")[0].sure is False


LIST = """
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-11111111-2222-3333-4444-555555555555)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-11111111-2222-3333-4444-555555555556)
"""


def test_the_list_counts_gpus() -> None:
    facts = facts_of(LIST)

    assert facts.value("gpu_count") == 2
    assert facts.value("gpu_model") == "NVIDIA H100 80GB HBM3"


def test_a_mig_device_in_the_list_means_that_mig_is_on() -> None:
    mig = "  MIG 3g.40gb     Device  0: (UUID: MIG-11111111-2222-3333-4444-555555555557)"
    facts = facts_of(LIST.strip().splitlines()[0] + "\n" + mig)

    assert facts.value("mig_enabled") is True
    assert facts.value("gpu_count") == 1


def test_nvlink_status_gives_speed_and_inactive_links() -> None:
    facts = facts_of(LIST.strip().splitlines()[0] + "\n\t Link 0: 26.562 GB/s\n\t Link 1: <inactive>")

    assert values(facts, "nvlink") == [(0, 0, 26.562), (0, 1, None)]


def test_a_csv_of_loads_is_read() -> None:
    facts = facts_of("0, 100 %, 71.32 W, 611 MiB\n1, 100 %, 69.10 W, 611 MiB")

    assert values(facts, "gpu_load") == [(0, 100, 71.32, 611, None), (1, 100, 69.1, 611, None)]


@pytest.mark.parametrize(
    "line", ["index, utilization.gpu [%], power.draw [W]", "0, 100, 71.32, 611", "loaded 3 of 4, 100 %"]
)
def test_other_commas_are_no_csv_of_loads(line: str) -> None:
    assert facts_of(line).all("gpu_load") == []


QUERY = """
==============NVSMI LOG==============

Timestamp                                 : Tue Mar  4 10:31:02 2025
Driver Version                            : 550.54.15
CUDA Version                              : 12.4

Attached GPUs                             : 8
GPU 00000000:07:00.0
    Product Name                          : NVIDIA H100 80GB HBM3
    MIG Mode
        Current                           : Disabled
        Pending                           : Enabled
    BAR1 Memory Usage
        Total                             : 131072 MiB
    Ecc Mode
        Current                           : Enabled
    Fabric
        State                             : In Progress
        Status                            : N/A
"""


def test_a_key_of_the_query_means_something_only_under_its_heading() -> None:
    facts = facts_of(QUERY)

    assert facts.value("gpu_count") == 8
    assert facts.value("fabric_state") == "In Progress"
    assert facts.value("mig_enabled") is False
    assert facts.value("bar1_bytes") == 131072 << 20


def test_a_part_that_begins_at_the_fabric_is_read() -> None:
    facts = facts_of("    Fabric\n        State                             : Completed\n        Status : Success")

    assert facts.value("fabric_state") == "Completed"


@pytest.mark.parametrize("line", ["Fabric\nState of mind: Completed", "MIG Mode is great\n Current : Enabled"])
def test_prose_is_no_query(line: str) -> None:
    facts = facts_of(line)

    assert facts.all("fabric_state") == []
    assert facts.all("mig_enabled") == []


TWO_TABLES = """
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
|   0  NVIDIA A100-SXM4-80GB          On  |   00000000:07:00.0 Off |                    2 |
| N/A   34C    P0             68W /  400W |     611MiB /  81920MiB |    100%      Default |
|                                         |                        |             Disabled |
+-----------------------------------------+------------------------+----------------------+

+-----------------------------------------------------------------------------------------+
| Processes:                                                                              |
|  GPU   GI   CI        PID   Type   Process name                              GPU Memory |
|=========================================================================================|
|    0   N/A  N/A     12345      C   VLLM::Worker_TP0                              602MiB |
|    0                12346      C   python                                         10MiB |
+-----------------------------------------------------------------------------------------+
"""


def test_the_processes_below_a_blank_line_belong_to_the_table() -> None:
    facts = facts_of(TWO_TABLES)

    assert values(facts, "gpu_process") == [(0, 12345, "VLLM::Worker_TP0", 602), (0, 12346, "python", 10)]
    assert facts.value("ecc_errors") == 2


def test_a_name_that_the_table_cut_ends_at_its_last_word() -> None:
    facts = facts_of(TWO_TABLES.replace("NVIDIA A100-SXM4-80GB", "NVIDIA GeForce ...   "))

    assert facts.value("gpu_model") == "NVIDIA GeForce"


QUERY_OF_TWO = """
==============NVSMI LOG==============

Driver Version                            : 550.54.15
Attached GPUs                             : 2
GPU 00000000:07:00.0
    Product Name                          : NVIDIA H100 80GB HBM3
    FB Memory Usage
        Total                             : 81559 MiB
        Used                              : 611 MiB
    Utilization
        Gpu                               : 100 %
        Memory                            : 0 %
    ECC Mode
        Current                           : Enabled
    ECC Errors
        Volatile
            SRAM Correctable              : 0
            DRAM Uncorrectable            : 3
        Aggregate
            DRAM Uncorrectable            : 12
    GPU Power Readings
        Power Draw                        : 71.32 W
GPU 00000000:0F:00.0
    Product Name                          : NVIDIA H100 80GB HBM3
    Utilization
        Gpu                               : 0 %
    GPU Power Readings
        Average Power Draw                : 60.00 W
        Instantaneous Power Draw          : 65.00 W
"""


def test_the_long_print_out_tells_each_gpus_load_and_its_errors() -> None:
    facts = facts_of(QUERY_OF_TWO)

    assert values(facts, "gpu_load") == [(0, 100, 71.32, 611, 81559), (1, 0, 65.0, None, None)]
    assert facts.value("ecc_errors") == 3
    assert facts.all("mig_enabled") == []


def test_a_print_out_cut_off_before_the_power_has_no_load() -> None:
    assert facts_of(QUERY_OF_TWO[: QUERY_OF_TWO.index("GPU Power")]).all("gpu_load") == []
