"""Shared and lockable memory of a container."""

from __future__ import annotations

from troubleshoot.diagnosis.evidence import Line
from troubleshoot.diagnosis.facts import Facts

# Docker's default when neither --shm-size nor --ipc=host is given.
DOCKER_DEFAULT_SHM_BYTES = 64 << 20
ENOUGH_SHM_BYTES = 1 << 30  # GPUStack's and vLLM's documents ask for 1 GiB and more
FULL = 0.97
LITTLE_MEMLOCK_BYTES = 64 << 20


def shm_is_docker_default(facts: Facts) -> list[Line] | bool:
    size = facts.value("shm_bytes")
    if not isinstance(size, (int, float)) or size > DOCKER_DEFAULT_SHM_BYTES:
        return False
    return facts.lines("shm_bytes", size)[:2] or True


def shm_is_full(facts: Facts) -> list[Line] | bool:
    size, used = facts.value("shm_bytes"), facts.value("shm_used_bytes")
    if not size or used is None or used < FULL * size:
        return False
    return facts.lines("shm_used_bytes")[:1] or True


def shm_is_large(facts: Facts) -> list[Line] | bool:
    size = facts.value("shm_bytes")
    if not isinstance(size, (int, float)) or size < ENOUGH_SHM_BYTES or shm_is_full(facts):
        return False
    return facts.lines("shm_bytes", size)[:1] or True


def container_shares_host_shm(facts: Facts) -> list[Line] | bool:
    if facts.value("ipc_host") is not True or facts.value("shm_bytes") is not None:
        return False
    return facts.lines("ipc_host", True)[:1] or True


def container_started_without_shm(facts: Facts) -> list[Line] | bool:
    starts = [
        f.line for f in facts.all("install_method") if f.value == "docker" and f.line and "docker run" in f.line.text
    ]
    if not starts or facts.value("ipc_host") is not None or facts.value("shm_bytes") is not None:
        return False
    return starts[:1]


def memlock_is_small(facts: Facts) -> list[Line] | bool:
    limit = facts.value("memlock")
    if not isinstance(limit, (int, float)) or limit > LITTLE_MEMLOCK_BYTES:
        return False
    return facts.lines("memlock", limit)[:1] or True


def system_error_with_little_shm(facts: Facts) -> list[Line]:
    """NCCL's "unhandled system error" names no call; where /dev/shm is tiny it is the first that fails."""
    if not (shm_is_docker_default(facts) or shm_is_full(facts) or container_started_without_shm(facts)):
        return []
    return facts.hit("unhandled-system-error")[:2]


def cannot_register_and_memlock_is_small(facts: Facts) -> list[Line]:
    return facts.hit("rdma-cannot-lock-memory")[:2] if memlock_is_small(facts) else []
