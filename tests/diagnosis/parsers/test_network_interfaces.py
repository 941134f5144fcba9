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


def test_a_listing_with_one_line_for_each_address_is_read() -> None:
    facts = facts_of("2: eth0    inet 127.0.0.7/24 brd 127.0.0.255 scope global eth0\\       valid_lft forever")

    assert values(facts, "interface") == [("eth0", "127.0.0.7", None)]


def test_ibstatus_tells_the_port_state() -> None:
    facts = facts_of(
        """
        Infiniband device 'mlx5_0' port 2 status:
                state:           4: ACTIVE
                phys state:      5: LinkUp
                link_layer:      InfiniBand
        """
    )

    assert values(facts, "ib_port") == [("mlx5_0", 2, "active", "InfiniBand")]


def test_rdma_link_tells_port_and_interface() -> None:
    facts = facts_of("link mlx5_0/1 state ACTIVE physical_state LINK_UP netdev ens1f0np0")

    assert values(facts, "ib_port") == [("mlx5_0", 1, "active", "")]
    assert values(facts, "interface") == [("ens1f0np0", "", True)]


def test_each_port_of_a_card_has_its_number() -> None:
    facts = facts_of(
        "CA 'mlx5_0'\n    Port 1:\n        State: Down\n        Link layer: InfiniBand\n"
        "    Port 2:\n        State: Active\n        Link layer: Ethernet\n"
    )

    assert values(facts, "ib_port") == [
        ("mlx5_0", 1, "down", "InfiniBand"),
        ("mlx5_0", 2, "active", "Ethernet"),
    ]


def test_a_port_of_a_web_service_is_no_port_of_a_card() -> None:
    kinds: set[str] = set()
    facts_of("    httpGet:\n      port: 8000\n      state: 1\n", kinds=kinds)

    assert kinds == set()
