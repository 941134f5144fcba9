"""ifconfig, new and old: interfaces, their addresses, and which are up."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of, values
from troubleshoot.diagnosis.snippets import interface

NEW = """
docker0: flags=4099<UP,BROADCAST,MULTICAST>  mtu 1500
        inet 172.17.0.1  netmask 255.255.0.0  broadcast 172.17.255.255
        ether 02:42:9c:11:00:02  txqueuelen 0  (Ethernet)

ens5f0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 9000
        inet 10.20.0.5  netmask 255.255.255.0  broadcast 10.20.0.255
        inet6 fe80::42:acff:fe11:2  prefixlen 64  scopeid 0x20<link>
        RX packets 12345  bytes 1234567 (1.2 MB)

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
"""
OLD = """
eth0      Link encap:Ethernet  HWaddr 00:50:56:aa:bb:cc
          inet addr:192.168.1.20  Bcast:192.168.1.255  Mask:255.255.255.0
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
          RX packets:1823 errors:0 dropped:0 overruns:0 frame:0

eth1      Link encap:Ethernet  HWaddr 00:50:56:aa:bb:cd
          BROADCAST MULTICAST  MTU:1500  Metric:1
"""


def test_the_new_form_tells_state_and_address() -> None:
    told = values(facts_of(NEW), "interface")

    assert ("docker0", "", False) in told
    assert ("ens5f0", "", True) in told
    assert ("ens5f0", "10.20.0.5", None) in told


def test_the_old_form_tells_state_and_address() -> None:
    told = values(facts_of(OLD), "interface")

    assert told == [("eth0", "192.168.1.20", None), ("eth0", "", True), ("eth1", "", False)]


def test_the_one_interface_that_carries_traffic_is_found_from_it() -> None:
    assert interface(facts_of(NEW)) == "ens5f0"


def test_a_public_address_may_have_its_stand_in() -> None:
    facts = facts_of("eno1: flags=4163<UP,BROADCAST,RUNNING>  mtu 1500\n        inet 8.8.4.4  netmask 255.255.255.0\n")

    assert [value[0] for value in values(facts, "interface")] == ["eno1", "eno1"]  # type: ignore[index]


def test_one_cut_off_before_its_flags_has_no_state() -> None:
    assert facts_of("eth0      Link encap:Ethernet  HWaddr 00:50:56:aa:bb:cc").all("interface") == []


@pytest.mark.parametrize(
    "line",
    [
        "eth0: my interface is up",
        "NCCL: flags=3",
        "        inet 10.20.0.5  netmask 255.255.255.0  broadcast 10.20.0.255",
    ],
)
def test_half_an_answer_is_none(line: str) -> None:
    assert facts_of(line).all("interface") == []
