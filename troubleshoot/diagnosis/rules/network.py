"""Where the ranks meet, and over which network they talk."""

from __future__ import annotations

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
