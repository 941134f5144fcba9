"""What was read many times, such as variables, links and exit codes, in the report's words: one line a name, few of many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from troubleshoot.diagnosis.facts import Facts

MOST = 8  # values shown of one name
LONGEST = 160  # characters of one value


def yes(value: object) -> str:
    return "✓" if value else "✗"


def interface(value: tuple[str, str, bool | None]) -> str:
    name, address, is_up = value
    return " ".join(word for word in (name, address, "" if is_up is None else "↑" if is_up else "↓") if word)


def load(value: tuple[int, int | None, int | None, int | None, int | None]) -> str:
    gpu, used, watts, memory, total = value
    parts = [f"{used} %" if used is not None else "", f"{watts} W" if watts is not None else ""]
    parts += [f"{memory}/{total} MiB" if memory is not None and total is not None else ""]
    return " ".join((f"GPU{gpu}", *filter(None, parts)))


def timeout(value: tuple[Any, ...]) -> str:
    rank, sequence, operation, *_ = value
    return f"rank {'?' if rank is None else rank}: {operation or 'collective'} #{sequence}"


def joined(value: Any) -> str:
    return " ".join(str(part) for part in value if part not in ("", None)) if isinstance(value, tuple) else str(value)


IN_WORDS: dict[str, Callable[[Any], str]] = {
    "env": "{0[0]}={0[1]}".format,
    "env_dropped": "{0[0]}={0[1]}".format,
    "engine_argument": joined,
    "kernel_option": str,
    "virtualization": str,
    "pcie_link": joined,
    "acs_state": lambda v: f"{v[0]} {yes(v[1])}".strip(),
    "iommu_fault": joined,
    "oom_killed": str,
    "nvlink": lambda v: f"GPU{v[0]} link {v[1]}: {f'{v[2]:g} GB/s' if v[2] is not None else yes(False)}",
    "gpu_load": load,
    "p2p_status": lambda v: f"{v[1]} → {v[2]} {v[0]}: {v[3]}",
    "peer_access": lambda v: f"{v[0]} → {v[1]}: {yes(v[2])}",
    "p2p_bandwidth": lambda v: f"{v[0]} → {v[1]} P2P {yes(v[2])}: {v[3]:g} GB/s",
    "transport": lambda v: f"{v[0]} → {v[1]}: {v[2]}",
    "nccl_stage": lambda v: f"rank {'?' if v[0] is None else v[0]}: {v[1]}",
    "interface": interface,
    "nccl_interface": joined,
    "ib_port": joined,
    "exit_code": lambda v: f"{v[0]}: {v[1]}" if v[0] != "" else str(v[1]),
    "exception": lambda v: f"{v[1]}: {v[2]}" if v[2] else str(v[1]),
    "stack_frame": lambda v: joined(v[:2]),
    "collective_timeout": timeout,
    "ras_status": joined,
    "ray_resources": "{0[0]:g}/{0[1]:g}".format,
}


def observations(facts: Facts) -> list[dict[str, Any]]:
    """`{name, values, more, source}` of every name that was read and has no single value; `more` are left out."""
    listed = []
    for name, in_words in IN_WORDS.items():
        readings = facts.all(name)
        if readings:
            values = list(dict.fromkeys(in_words(fact.value)[:LONGEST] for fact in readings))
            listed.append(
                {
                    "name": name,
                    "values": values[:MOST],
                    "more": max(0, len(values) - MOST),
                    "source": readings[0].where,
                }
            )
    return listed
