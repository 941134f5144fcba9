"""Where the ranks meet, and over which network they talk."""

from __future__ import annotations

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import is_multi_node, last_line, stopped_in


def stops_where_ranks_meet(facts: Facts) -> list[Line]:
    return last_line(facts) if stopped_in(facts, "rendezvous") else []


def several_machines_stop_in_nccl(facts: Facts) -> list[Line]:
    return last_line(facts) if is_multi_node(facts) and stopped_in(facts, "nccl-init") else []


def one_machine_only(facts: Facts) -> list[Line] | bool:
    if facts.value("node_count") != 1:
        return False
    return facts.lines("node_count", 1)[:1] or True


# Interfaces of containers, bridges and tunnels: another machine cannot reach what they announce.
NOT_FOR_OTHERS = lazy_re.compile(r"^(?:lo|docker|veth|virbr|br-|cni|flannel|cali|tun|tap|wg|lxc|podman|vmnet|dummy)")


def machines_announce_a_bridge(facts: Facts) -> list[Line]:
    """On one machine such an address does no harm; between machines nobody can answer to it."""
    if not is_multi_node(facts):
        return []
    announced = [f.line for f in facts.all("nccl_interface") if f.line and NOT_FOR_OTHERS.match(str(f.value[0]))]
    return [*announced, *facts.hit("hostname-falls-to-loopback")][:3]
