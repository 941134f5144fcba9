"""Versions that are known to hang or fail (domain/nccl.md §4.8, domain/engines.md §2)."""

from __future__ import annotations

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts
from troubleshoot.diagnosis.parsers.nccl_log import VERSION, WRITER
from troubleshoot.diagnosis.rules.shared import is_multi_node, last_line, stopped_in, version_of

BLACKWELL = lazy_re.compile(r"RTX 50[5-9]0|RTX PRO [2-6]\d00|\bsm_120\b|GB10\b")


def nccl_versions_differ(facts: Facts) -> list[Line]:
    """Two hosts, two versions, and no host with both: that one would have been started again with another image."""
    versions: dict[str, set[str]] = {}
    shown: dict[str, Line] = {}
    for line in facts.lines("nccl_version"):
        writer, version = WRITER.search(line.text), VERSION.search(line.text)
        if writer and version:
            versions.setdefault(writer["host"], set()).add(version["version"])
            shown.setdefault(version["version"], line)
    return list(shown.values()) if len(shown) > 1 and all(len(of_host) == 1 for of_host in versions.values()) else []


def blackwell_needs_newer_nccl(facts: Facts) -> list[Line] | bool:
    nccl = version_of(facts, "nccl_version")
    if not nccl or nccl >= (2, 26, 2) or not BLACKWELL.search(str(facts.value("gpu_model") or "")):
        return False
    return [*facts.lines("nccl_version")[:1], *facts.lines("gpu_model")[:1]] or True


def sharing_shim_stops_in_nccl(facts: Facts) -> list[Line]:
    """A GPU-sharing layer that is merely there does no harm; NCCL's memory probe is where it deadlocks (engines.md N11)."""
    preloaded = [f.line for f in facts.all("env") if f.line and f.value[0] == "LD_PRELOAD" and "vgpu" in f.value[1]]
    shown = [*facts.hit("gpu-sharing-shim-present"), *preloaded]
    return [*shown[:1], *last_line(facts)] if shown and stopped_in(facts, "nccl-init") else []


def vllm_version_known_to_hang(facts: Facts) -> list[Line] | bool:
    if facts.value("engine") != "vllm":
        return False
    version = version_of(facts, "engine_version")
    # Its processes wait for each other over ZMQ: where the front end meets the engine, or where the ranks' message queue is made.
    deadlocks_at_start = (0, 5, 2) <= version < (0, 5, 4) and stopped_in(facts, "start", "all-reduce-setup", "ready")
    blocks_across_nodes = (
        (0, 26) <= version < (0, 30) and is_multi_node(facts) and stopped_in(facts, "all-reduce-setup", "nccl-init")
    )
    if not deadlocks_at_start and not blocks_across_nodes:
        return False
    return facts.lines("engine_version")[:1] or True
