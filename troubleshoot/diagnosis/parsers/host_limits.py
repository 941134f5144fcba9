"""`df`, above all of /dev/shm, `ulimit -a`, /proc's limits and meminfo, `free`: what a process may use.

Samples:

    shm              64M   64M     0 100% /dev/shm
    /dev/nvme0n1p2  1.8T  1.8T     0 100% /
    max locked memory           (kbytes, -l) 8192
    Max locked memory         65536                65536                bytes
    Mem:            251          12         200           1          38         236
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

UNITS = {"": 1 << 10, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
SIZE = r"(?P<{0}>[\d.]+)(?P<{0}_unit>[KMGTB]?)i?B?"
SHM = lazy_re.compile(rf"^\S+\s+{SIZE.format('size')}\s+{SIZE.format('used')}\s+\S+\s+\d+%\s+/dev/shm\s*$")
# An image mounted read-only (squashfs of a snap, an ISO) is always full.
FULL = lazy_re.compile(
    r"^(?!/dev/loop\d|\S*squashfs|/dev/sr\d)\S+\s+[\d.]+\S*\s+[\d.]+\S*\s+\S+\s+100%\s+(?P<mount>/(?!dev/shm|snap/)\S*)\s*$"
)
ULIMIT = lazy_re.compile(r"max locked memory\s*\((?P<unit>kbytes|bytes|mbytes)?,?\s*-l\)\s*(?P<value>unlimited|\d+)")
PROC = lazy_re.compile(r"Max locked memory\s+(?P<value>unlimited|\d+)\s")
FILES = lazy_re.compile(r"open files\s*\(-n\)\s*(?P<value>\d+)|^Max open files\s+(?P<soft>\d+)\s")
MEMINFO = lazy_re.compile(r"^Mem(?P<key>Total|Available):\s+(?P<kib>\d{1,15}) kB\s*$")
MOUNT = lazy_re.compile(r"on /dev/shm type tmpfs \([^)]*size=(?P<size>\d+)(?P<unit>[kmg]?)")


# `free -h`: without units nobody can tell what it counts in.
FREE = lazy_re.compile(
    r"^Mem:\s+(?P<total>[\d.]+)(?P<total_unit>[KMGT])i?B?(?:\s+\S+){4}\s+(?P<free>[\d.]+)(?P<free_unit>[KMGT])i?B?\s*$"
)


def size_bytes(number: str, unit: str) -> int:
    """Bytes of a `df` cell; without a unit `df` counts KiB."""
    return int(float(number) * UNITS[unit.upper()])


def parse(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        text = peel(line.text).body
        if match := SHM.match(text):
            yield Fact("shm_bytes", size_bytes(match["size"], match["size_unit"]), line)
            yield Fact("shm_used_bytes", size_bytes(match["used"], match["used_unit"]), line)
        elif match := FULL.match(text):
            yield Fact("disk_full", match["mount"], line)
        elif match := MOUNT.search(text):
            yield Fact(
                "shm_bytes", int(match["size"]) * {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}[match["unit"]], line
            )
        elif match := FREE.match(text):
            yield Fact("memory_total_bytes", size_bytes(match["total"], match["total_unit"]), line)
            yield Fact("memory_available_bytes", size_bytes(match["free"], match["free_unit"]), line)
        elif match := ULIMIT.search(text):
            value = match["value"]
            yield Fact(
                "memlock",
                value if value == "unlimited" else int(value) * (1 if match["unit"] == "bytes" else 1 << 10),
                line,
            )
        elif match := PROC.search(text):
            yield Fact("memlock", match["value"] if match["value"] == "unlimited" else int(match["value"]), line)
        elif match := FILES.search(text):
            yield Fact("open_files", int(match["value"] or match["soft"]), line)
        elif match := MEMINFO.match(text):
            name = "memory_total_bytes" if match["key"] == "Total" else "memory_available_bytes"
            yield Fact(name, int(match["kib"]) << 10, line)


FORMATS = (
    Format(
        kind="host-limits",
        title={"en": "limits of memory and files", "zh-hans": "内存与文件限制"},
        lines=(
            r"\d+%\s+/dev/shm",
            r"\s100%\s+/",
            r"/dev/shm type tmpfs",  # noqa: S108  # a line of `mount` that is read, no file that is opened
            r"[Mm]ax locked memory",
            r"^Mem:\s+[\d.]+[KMGT]",
            r"open files\s*\(-n\)|^Max open files\s",
            r"^Mem(?:Total|Available):\s+\d+ kB",
        ),
        parse=parse,
        print_out=True,
    ),
)
