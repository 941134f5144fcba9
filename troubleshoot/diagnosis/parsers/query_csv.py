"""`nvidia-smi --query-gpu=… --format=csv` with its header, whatever was asked for, and `nvidia-smi dmon`.

Samples:

    index, name, utilization.gpu [%], memory.used [MiB], memory.total [MiB], power.draw [W]
    0, NVIDIA L4, 100 %, 1200 MiB, 23034 MiB, 35.20 W

    # gpu   pwr gtemp mtemp    sm   mem
    # Idx     W     C     C     %     %
        0    75    45     -   100     0

Without `index` the rows are counted; dmon prints a GPU's row again and again, of which each is a reading.
"""

from __future__ import annotations

from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

NUMBER = lazy_re.compile(r"^(?P<value>\d+(?:\.\d+)?)(?: ?(?:%|MiB|W))?$")
UNIT = lazy_re.compile(r"\s*\[.*\]$")
ROW = lazy_re.compile(r"^\s*\d+(?:\s+(?:\d+|-))+\s*$")


def number(cell: str) -> float | None:
    match = NUMBER.match(cell)
    return float(match["value"]) if match else None


def parse_csv(section: Section) -> Iterator[Fact]:
    head, *rows = section.lines
    titles = [UNIT.sub("", title.strip()) for title in peel(head.text).body.split(",")]
    gpus: set[int] = set()
    for at, line in enumerate(rows):
        cells = [cell.strip() for cell in peel(line.text).body.split(",")]
        if len(cells) != len(titles):
            continue  # a name with a comma, or a line of something else
        row = dict(zip(titles, cells, strict=True))
        index = number(row.get("index", str(at)))
        if index is None:
            continue
        gpus.add(int(index))
        load, power, used, total = (
            number(row.get(title, "")) for title in ("utilization.gpu", "power.draw", "memory.used", "memory.total")
        )
        if (load, power, used) != (None, None, None):
            yield Fact("gpu_load", (int(index), whole(load), power, whole(used), whole(total)), line)
        if name := row.get("name") or row.get("gpu_name"):
            yield Fact("gpu_model", name, line)
        if driver := row.get("driver_version"):
            yield Fact("driver_version", driver, line)
        if row.get("mig.mode.current") in ("Enabled", "Disabled"):
            yield Fact("mig_enabled", row["mig.mode.current"] == "Enabled", line)
    if gpus:
        yield Fact("gpu_count", len(gpus), head)


def whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def csv_belongs(text: str, taken: int) -> bool:
    return taken < 10_000 and "," in text


def parse_dmon(section: Section) -> Iterator[Fact]:
    titles = section.lines[0].text.replace("#", " ").split()
    for line in section.lines[1:]:
        cells = line.text.split()
        if ROW.match(line.text) and len(cells) == len(titles):
            row = dict(zip(titles, cells, strict=True))
            yield Fact(
                "gpu_load",
                (int(row["gpu"]), whole(number(row.get("sm", "-"))), number(row.get("pwr", "-")), None, None),
                line,
            )


def dmon_belongs(text: str, taken: int) -> bool:
    return taken < 10_000 and (text.lstrip().startswith("#") or bool(ROW.match(text)))


FORMATS = (
    Format(
        "nvidia-smi-query",
        {"en": "nvidia-smi --query-gpu", "zh-hans": "nvidia-smi --query-gpu"},
        parse_csv,
        heads=(
            r"^\s*[a-z_.]+(?: \[\S+\])?,.*(?:utilization\.gpu|memory\.used|memory\.total|power\.draw|driver_version)",
        ),
        belongs=csv_belongs,
    ),
    Format(
        "nvidia-smi-dmon",
        {"en": "nvidia-smi dmon", "zh-hans": "nvidia-smi dmon"},
        parse_dmon,
        heads=(r"#\s*gpu\s.*\bsm\s",),
        belongs=dmon_belongs,
    ),
)
