"""Fabric Manager: is it there, does it run, which version, and what its log says."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of

STATUS = """
● nvidia-fabricmanager.service - NVIDIA fabric manager service
     Loaded: loaded (/lib/systemd/system/nvidia-fabricmanager.service; enabled)
     Active: {state} since Tue 2025-03-04 10:00:00 UTC
"""


@pytest.mark.parametrize(
    ("state", "value"),
    [
        ("active (running)", "running"),
        ("inactive (dead)", "stopped"),
        ("failed (Result: exit-code)", "failed"),
        ("activating (auto-restart)", "stopped"),
    ],
)
def test_its_state_is_read(state: str, value: str) -> None:
    facts = facts_of(STATUS.format(state=state))

    assert facts.value("fabric_manager") == value
    assert all(fact.line and "Active:" in fact.line.text for fact in facts.all("fabric_manager"))


@pytest.mark.parametrize(
    "line",
    ["Unit nvidia-fabricmanager.service could not be found.", "Unit nvidia-fabricmanager.service not found."],
)
def test_that_it_is_missing_is_read(line: str) -> None:
    assert facts_of(line).value("fabric_manager") == "not-installed"


def test_a_drop_in_may_stand_between_its_name_and_its_state() -> None:
    dropped = STATUS.replace(
        "     Active:",
        "    Drop-In: /usr/lib/systemd/system/service.d\n             └─00-aws-config.conf\n     Active:",
    )

    assert facts_of(dropped.format(state="active (running)")).value("fabric_manager") == "running"


@pytest.mark.parametrize(("answer", "value"), [("active", "running"), ("failed", "failed"), ("inactive", "stopped")])
def test_the_answer_of_is_active_is_read(answer: str, value: str) -> None:
    assert facts_of(f"$ systemctl is-active nvidia-fabricmanager\n{answer}").value("fabric_manager") == value


LOG = """
[Jul 09 2024 18:10:01] [INFO] [tid 1803] Fabric Manager version 550.54.15 is running with the following configuration options
[Jul 09 2024 18:10:01] [INFO] [tid 1803] Logging level = 4
[Jul 09 2024 18:10:06] [INFO] [tid 1803] Successfully configured all the available GPUs and NVSwitches to route NVLink traffic.
[Jul 23 2024 07:53:55] [ERROR] [tid 841] detected NVSwitch fatal error 20034 on fid 0 on NVSwitch pci bus id 00000000:86:00.0 physical id 3 port 33
"""


def test_its_log_tells_version_state_and_errors_of_the_switch() -> None:
    facts = facts_of(LOG)

    assert facts.value("fabric_manager_version") == "550.54.15"
    assert facts.value("fabric_manager") == "running"
    assert facts.value("sxids") == [20034]


def test_a_version_that_does_not_fit_the_driver_is_read() -> None:
    facts = facts_of(
        "Nov 05 13:55:26 node-a nv-fabricmanager[104]: fabric manager NVIDIA GPU driver interface version 550.127.05"
        " don't match with driver version 550.120. Please update with matching NVIDIA driver package."
    )

    assert facts.value("fabric_manager_version") == "550.127.05"
    assert facts.value("driver_version") == "550.120"
    assert facts.value("fabric_manager") == "failed"


def test_what_systemctl_says_now_outweighs_what_the_log_said_once() -> None:
    facts = facts_of(STATUS.format(state="failed (Result: exit-code)") + "\n" + LOG.strip())

    assert facts.value("fabric_manager") == "failed"


def test_a_log_cut_off_after_its_start_tells_the_version_alone() -> None:
    facts = facts_of("\n".join(LOG.strip().splitlines()[:2]))

    assert facts.value("fabric_manager_version") == "550.54.15"
    assert facts.all("fabric_manager") == []


def test_its_version_is_read() -> None:
    assert facts_of("Fabric Manager version is : 550.54.15").value("fabric_manager_version") == "550.54.15"


@pytest.mark.parametrize(
    "text",
    [
        "systemctl restart nvidia-fabricmanager",
        "Is nvidia-fabricmanager needed here?",
        "$ systemctl is-active gpustack\nactive",
        "[Jul 09 2024 18:10:02] [INFO] [tid 1803] multicast group 1 is allocated.",
        "● gpustack.service - GPUStack\n     Active: failed (Result: exit-code)",
        STATUS.format(state="running"),
        "\n".join(STATUS.strip().splitlines()[:2]),
    ],
)
def test_without_its_own_state_it_is_unknown(text: str) -> None:
    assert facts_of(text).all("fabric_manager") == []
