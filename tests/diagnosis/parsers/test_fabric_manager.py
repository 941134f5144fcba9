"""Fabric Manager: is it there, does it run, which version."""

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


def test_its_version_is_read() -> None:
    assert facts_of("Fabric Manager version is : 550.54.15").value("fabric_manager_version") == "550.54.15"


@pytest.mark.parametrize(
    "text",
    [
        "systemctl restart nvidia-fabricmanager",
        "Is nvidia-fabricmanager needed here?",
        "● gpustack.service - GPUStack\n     Active: failed (Result: exit-code)",
        STATUS.format(state="running"),
        "\n".join(STATUS.strip().splitlines()[:2]),
    ],
)
def test_without_its_own_state_it_is_unknown(text: str) -> None:
    assert facts_of(text).all("fabric_manager") == []
