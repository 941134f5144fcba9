"""The engine's own all-reduce, NVLS and cuMem (domain/engines.md §0, §3.3)."""

from __future__ import annotations

import re

from troubleshoot.diagnosis import platform
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.rules.shared import explained, last_line, stopped_in

# NVLink SHARP is of Hopper's switches and later; eighteen links a GPU are Hopper's and Blackwell's.
MULTICAST = re.compile(r"\b(?:H100|H800|H200|H20|GH200|B200|B300|GB200|GB300)\b")


def stops_in_all_reduce_set_up(facts: Facts) -> list[Line]:
    return last_line(facts) if stopped_in(facts, "all-reduce-setup") else []


def waits_for_a_step_after_loading(facts: Facts) -> list[Line]:
    """The engine core's heartbeat (vLLM ≥ 0.8.5: only after all ranks have loaded), and nothing after it."""
    waiting = facts.hit("shm-broadcast-wait")
    timeline = facts.timeline
    if not waiting or timeline is None or timeline.outcome != "hung" or explained(facts):
        return []
    if timeline.stuck_in in (None, "profile", "capture"):
        return waiting[-2:]
    return []


def custom_all_reduce_is_off(facts: Facts) -> list[Line] | bool:
    if facts.value("disable_custom_all_reduce") is True:
        return facts.lines("disable_custom_all_reduce", True)[:1] or True
    return facts.hit("custom-allreduce-disabled")[:1]


def nvswitch_stops_in_nccl(facts: Facts) -> list[Line]:
    return last_line(facts) if platform.has_nvswitch(facts) and stopped_in(facts, "nccl-init") else []


def multicast_gpus_stop_in_nccl(facts: Facts) -> list[Line]:
    has_multicast = bool(MULTICAST.search(str(facts.value("gpu_model") or ""))) or any(
        code == "NV18" for matrix in facts.matrices for code in matrix.links.values()
    )
    return last_line(facts) if has_multicast and platform.has_nvswitch(facts) and stopped_in(facts, "nccl-init") else []
