"""The GPU matrix and the path NCCL takes for each pair, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from troubleshoot.diagnosis.evidence import Line


@dataclass(frozen=True, slots=True)
class Matrix:
    """One `nvidia-smi topo -m`, as printed. Pairs are in column order: ("GPU0", "GPU1")."""

    gpus: tuple[str, ...]
    nics: tuple[str, ...] = ()
    links: dict[tuple[str, str], str] = field(default_factory=dict)
    nic_links: dict[tuple[str, str], str] = field(default_factory=dict)  # (gpu or nic, nic) → code
    nic_names: dict[str, str] = field(default_factory=dict)
    numa: dict[str, str] | None = None
    cpu_affinity: dict[str, str] | None = None
    complete: bool = True
    line: Line | None = None
    host: str = ""
