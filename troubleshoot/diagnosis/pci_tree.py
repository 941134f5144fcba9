"""Which PCI bridges stand above a GPU, from what `lspci` tells: only those can redirect what GPUs send each other.

A bridge names the buses below it (`[81-85]` in a tree, `secondary=81, subordinate=85` in the long list), a GPU its own
bus (domain/nccl.md §4.2). Without either it is not known.
"""

from __future__ import annotations

import re

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.facts import Facts

ADDRESS = lazy_re.compile(r"^(?:(?P<domain>[0-9a-f]{4,8}):)?(?P<bus>[0-9a-f]{2}):[0-9a-f]{2}\.[0-7]$")
# Functions and chips of NVIDIA's that are no GPU; its network cards have a maker of their own in most lists.
NO_GPU = lazy_re.compile(
    r"Audio|USB|UCSI|Serial bus|Bridge|NVSwitch|ConnectX|BlueField|Ethernet|Infiniband|MT\d{5}", re.I
)


def plain(address: str) -> str:
    """The address as the lists write it: without the first domain."""
    return address.removeprefix("0000:")


def place(address: str) -> tuple[str, int] | None:
    """(domain, bus) of a device."""
    match = ADDRESS.match(plain(address))
    return ((match["domain"] or "").strip("0"), int(match["bus"], 16)) if match else None


def bridges_above_gpus(facts: Facts) -> frozenset[str] | None:
    """Addresses of the bridges under which a GPU of NVIDIA's stands; None where no list tells both."""
    gpus = {
        place(address)
        for address, what in (fact.value for fact in facts.all("pci_device"))
        if "NVIDIA" in what and not NO_GPU.search(what)
    } - {None}
    bridges = [fact.value for fact in facts.all("pci_bridge")]
    if not gpus or not bridges:
        return None
    above = set()
    for address, first, last in bridges:
        own = place(address)
        if own and any(gpu and gpu[0] == own[0] and first <= gpu[1] <= last for gpu in gpus):
            above.add(plain(address))
    return frozenset(above) or None
