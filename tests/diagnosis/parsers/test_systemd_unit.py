"""A systemd unit that starts an engine: how it is installed, and its limits."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of

UNIT = """
# /etc/systemd/system/llm.service
[Unit]
Description=an engine
After=network-online.target

[Service]
Environment="NCCL_P2P_DISABLE=1" "NCCL_DEBUG=INFO"
LimitMEMLOCK={memlock}
LimitNOFILE=1024:524288
ExecStart={start} \\
    --tensor-parallel-size 4
Restart=always
"""


def test_it_tells_that_systemd_starts_the_engine_and_with_which_limits() -> None:
    facts = facts_of(UNIT.format(start="/opt/venv/bin/vllm serve org/m", memlock="infinity"))

    assert facts.value("install_method") == "systemd"
    assert facts.value("service_name") == "llm"
    assert facts.value("memlock") == "unlimited"
    assert facts.value("open_files") == 1024
    assert facts.value("tensor_parallel_size") == 4
    assert facts.env("NCCL_P2P_DISABLE") == "1"


@pytest.mark.parametrize(("limit", "value"), [("65536", 65536), ("8M", 8 << 20), ("infinity:infinity", "unlimited")])
def test_a_limit_is_read_with_its_unit(limit: str, value: int | str) -> None:
    assert facts_of(UNIT.format(start="/opt/venv/bin/vllm serve org/m", memlock=limit)).value("memlock") == value


@pytest.mark.parametrize(
    "start",
    ["/usr/sbin/nginx -g 'daemon off;'", "/usr/bin/docker run --rm -e A=1 vllm/vllm-openai:v0.8.5 --model org/m"],
)
def test_a_unit_of_something_else_tells_nothing_of_the_engine(start: str) -> None:
    facts = facts_of(UNIT.format(start=start, memlock="infinity"))

    assert facts.value("install_method") != "systemd"
    assert facts.all("service_name") == facts.all("open_files") == []


def test_a_unit_cut_off_before_its_command_tells_nothing() -> None:
    text = UNIT.format(start="/opt/venv/bin/vllm serve org/m", memlock="infinity")

    assert facts_of(text[: text.index("ExecStart")]).all("memlock") == []


@pytest.mark.parametrize("line", ["LimitMEMLOCK=infinity", "[Service] is where it goes", "set LimitMEMLOCK=infinity"])
def test_advice_is_no_setting(line: str) -> None:
    assert facts_of(line).all("memlock") == []
