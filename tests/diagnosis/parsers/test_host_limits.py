"""What a process may use: /dev/shm, lockable memory, open files."""

from __future__ import annotations

import pytest

from tests.diagnosis.reading import facts_of


@pytest.mark.parametrize(
    ("line", "size", "used"),
    [
        ("shm              64M   64M     0 100% /dev/shm", 64 << 20, 64 << 20),
        ("tmpfs            126G     0  126G   0% /dev/shm", 126 << 30, 0),
        ("shm              65536     0  65536   0% /dev/shm", 64 << 20, 0),
        ("shm             1.5G  512M  1.0G  34% /dev/shm", 3 << 29, 512 << 20),
    ],
)
def test_df_tells_size_and_use_of_shared_memory(line: str, size: int, used: int) -> None:
    facts = facts_of(f"Filesystem      Size  Used Avail Use% Mounted on\n{line}")

    assert facts.value("shm_bytes") == size
    assert facts.value("shm_used_bytes") == used


@pytest.mark.parametrize(
    "line",
    [
        "tmpfs            126G     0  126G   0% /dev/shm/other",
        "tmpfs            126G     0  126G   0% /run/shm",
        "please check that 100% /dev/shm is free",
        "shm              64M   64M",
    ],
)
def test_other_mounts_and_sentences_are_no_shared_memory(line: str) -> None:
    assert facts_of(line).all("shm_bytes") == []


def test_mount_options_tell_the_size() -> None:
    facts = facts_of("shm on /dev/shm type tmpfs (rw,nosuid,nodev,noexec,relatime,size=65536k,inode64)")

    assert facts.value("shm_bytes") == 64 << 20


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("max locked memory           (kbytes, -l) 8192", 8192 << 10),
        ("max locked memory           (kbytes, -l) unlimited", "unlimited"),
        ("Max locked memory         65536                65536                bytes", 65536),
        ("Max locked memory         unlimited            unlimited            bytes", "unlimited"),
    ],
)
def test_lockable_memory_is_read_in_bytes(line: str, value: object) -> None:
    assert facts_of(line).value("memlock") == value


def test_a_limit_that_is_cut_off_is_unknown() -> None:
    assert facts_of("max locked memory           (kbytes, -l)").all("memlock") == []


def test_open_files_are_read() -> None:
    assert facts_of("open files                          (-n) 1024").value("open_files") == 1024


def test_the_kernels_own_files_tell_the_same() -> None:
    facts = facts_of(
        "MemTotal:       528280564 kB\nMemAvailable:   400000000 kB\n"
        "Max open files            1024                 1048576              files\n"
    )

    assert facts.value("memory_total_bytes") == 528280564 << 10
    assert facts.value("memory_available_bytes") == 400000000 << 10
    assert facts.value("open_files") == 1024


@pytest.mark.parametrize("line", ["MemTotal: a lot", "Max open files matters", "MemFree:        12345678 kB"])
def test_what_only_looks_like_a_limit_is_none(line: str) -> None:
    assert facts_of(line).facts == []
