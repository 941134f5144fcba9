"""Interfaces and RDMA ports, long and brief."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values


def test_the_long_listing_tells_state_and_address() -> None:
    facts = facts_of(
        """
        2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
            link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff
            inet 127.0.0.7/24 brd 127.0.0.255 scope global dynamic eth0
        3: docker0: <NO-CARRIER,BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN group default
        """
    )

    assert ("eth0", "", True) in values(facts, "interface")
    assert ("eth0", "127.0.0.7", None) in values(facts, "interface")
    assert ("docker0", "", False) in values(facts, "interface")


def test_the_brief_listing_is_read() -> None:
    facts = facts_of(
        "lo               UNKNOWN        127.0.0.1/8 ::1/128\nbond0@if3        UP             127.0.0.9/24"
    )

    assert values(facts, "interface") == [("lo", "127.0.0.1", False), ("bond0", "127.0.0.9", True)]


def test_ibstat_tells_each_port() -> None:
    facts = facts_of(
        """
        CA 'mlx5_0'
            CA type: MT4129
            Port 1:
                State: Active
                Physical state: LinkUp
                Link layer: InfiniBand
        CA 'mlx5_1'
            Port 1:
                State: Down
                Link layer: Ethernet
        """
    )

    assert values(facts, "ib_port") == [
        ("mlx5_0", 1, "active", "InfiniBand"),
        ("mlx5_1", 1, "down", "Ethernet"),
    ]


def test_ibv_devinfo_tells_the_port_state() -> None:
    facts = facts_of(
        """
        hca_id: mlx5_0
                port:   1
                        state:                  PORT_ACTIVE (4)
                        link_layer:             Ethernet
        """
    )

    assert values(facts, "ib_port") == [("mlx5_0", 1, "active", "Ethernet")]


@pytest.mark.parametrize(
    "line", ["State: Active", "        Link layer: InfiniBand", "CA 'mlx5_0'", "my eth0 is UP since 127.0.0.1"]
)
def test_half_an_answer_is_none(line: str) -> None:
    facts = facts_of(line)

    assert facts.all("ib_port") == []
    assert facts.all("interface") == []
