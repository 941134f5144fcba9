"""Variables that are really set, and those that are only talked about."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values


@pytest.mark.parametrize(
    "line",
    [
        "NCCL_P2P_DISABLE=1",
        "export NCCL_P2P_DISABLE=1",
        'export NCCL_P2P_DISABLE="1"',
        "ENV NCCL_P2P_DISABLE=1",
        "      NCCL_P2P_DISABLE: '1'",
        "      - NCCL_P2P_DISABLE=1",
        '- {name: NCCL_P2P_DISABLE, value: "1"}',
        '"NCCL_P2P_DISABLE": "1",',
    ],
)
def test_each_way_of_setting_is_read(line: str) -> None:
    assert facts_of(line).env("NCCL_P2P_DISABLE") == "1"


@pytest.mark.parametrize(
    "line",
    [
        "You should set NCCL_P2P_DISABLE=1 and try again.",
        "# NCCL_P2P_DISABLE=1",
        "Does NCCL_P2P_DISABLE=1 help?",
        "NCCL_P2P_DISABLE",
        "NCCL_P2P_DISABLE == 1",
    ],
)
def test_advice_and_comments_set_nothing(line: str) -> None:
    assert facts_of(line).env("NCCL_P2P_DISABLE") is None


def test_a_name_and_its_value_on_two_lines_of_a_manifest_are_one_setting() -> None:
    facts = facts_of('        env:\n        - name: NCCL_P2P_DISABLE\n          value: "1"\n')

    assert facts.env("NCCL_P2P_DISABLE") == "1"


def test_systemd_drops_exports_in_its_environment_file() -> None:
    facts = facts_of("$ cat /etc/default/gpustack\nexport NCCL_P2P_DISABLE=1\nNCCL_DEBUG=INFO")

    assert values(facts, "env_dropped") == [("NCCL_P2P_DISABLE", "1")]
    assert facts.env("NCCL_P2P_DISABLE") is None
    assert facts.env("NCCL_DEBUG") == "INFO"


def test_the_last_setting_of_a_variable_holds() -> None:
    assert facts_of("NCCL_DEBUG=WARN\nNCCL_DEBUG=INFO").env("NCCL_DEBUG") == "INFO"


def test_a_line_cut_off_before_its_value_is_an_empty_value() -> None:
    assert facts_of("NCCL_SOCKET_IFNAME=").env("NCCL_SOCKET_IFNAME") == ""
