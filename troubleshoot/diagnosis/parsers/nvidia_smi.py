"""`nvidia-smi`: the table, `-L`, `-q`, the CSV of `--query-gpu`, and `nvlink -s`.

Samples:

    | NVIDIA-SMI 550.54.15      Driver Version: 550.54.15      CUDA Version: 12.4     |
    |   0  NVIDIA A100-SXM4-80GB          On  |   00000000:07:00.0 Off |                    0 |
    | N/A   34C    P0              68W / 400W |    611MiB / 81920MiB |    100%      Default |
    GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-…)
    0, 100 %, 71.32 W, 611 MiB
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import peel

HEADER = lazy_re.compile(
    r"NVIDIA-SMI\s+\S+\s+(?:Driver Version|KMD Version):\s*(?P<driver>[\d.]+)(?:\s+CUDA Version:\s*(?P<cuda>[\d.]+))?"
)
NAME_ROW = lazy_re.compile(
    r"^\|\s+(?P<gpu>\d+)\s+(?P<name>[A-Za-z][\w .()/-]*?)\s{1,}(?:On|Off|N/A)\s*\|\s*(?P<bus>[0-9A-Fa-f]{4,8}:[0-9A-Fa-f:.]+)"
    r"(?:\s+\S+\s*\|\s*(?P<ecc>\d{1,9})\s*\|)?"
)
LOAD_ROW = lazy_re.compile(
    r"(?P<power>\d+|N/A)W?\s*/\s*(?:\d+|N/A)W?\s*\|\s*(?P<used>\d+)MiB\s*/\s*(?P<total>\d+)MiB\s*\|\s*(?P<load>\d+|N/A)\s*%?"
)
# Drivers before 450 have no columns for MIG's instances.
PROCESS_ROW = lazy_re.compile(
    r"^\|\s+(?P<gpu>\d+)(?:\s+(?:N/A|\d+)\s+(?:N/A|\d+))?\s+(?P<pid>\d+)\s+[CGM+]+\s+(?P<name>\S.*?)\s+(?P<used>\d+)MiB"
)
MIG_ROW = lazy_re.compile(r"\|\s+(?P<state>Enabled|Disabled)\*?\s*\|\s*$")
LIST = lazy_re.compile(r"^\s*GPU (?P<gpu>\d+): (?P<name>.+?)(?: \(UUID: (?P<uuid>[^)]*)\))?\s*$")
MIG_LIST = lazy_re.compile(r"^\s*MIG \S+\s+Device")
CSV = lazy_re.compile(r"^\s*(?P<gpu>\d+),\s*(?P<load>\d+)\s*%,\s*(?P<power>[\d.]+)\s*W,\s*(?P<used>\d+)\s*MiB")
QUERY = lazy_re.compile(
    r"^\s*(?P<key>Driver Version|CUDA Version|Attached GPUs|Product Name|MIG Mode|Current|State|Status|Total|Used|Gpu|(?:Average |Instantaneous )?Power Draw"
    r"|[SD]RAM Uncorrectable|Remapping Failure Occurred)\s*:\s*(?P<value>.+?)\s*$"
)
QUERY_GPU = lazy_re.compile(r"^GPU [0-9A-Fa-f]{8}:[0-9A-Fa-f:.]+$")
ONCE = {"Driver Version": "driver_version", "CUDA Version": "cuda_driver_version", "Product Name": "gpu_model"}
LOADS = {  # heading and key → what it is of the GPU's load
    ("FB Memory Usage", "Total"): "total",
    ("FB Memory Usage", "Used"): "used",
    ("Utilization", "Gpu"): "load",
    ("Power Readings", "Power Draw"): "power",
    ("GPU Power Readings", "Power Draw"): "power",
    ("GPU Power Readings", "Instantaneous Power Draw"): "power",
}
QUERY_HEAD = lazy_re.compile(r"^\s*=+NVSMI LOG=+")
STAMP = lazy_re.compile(
    r"^(?:Timestamp\s*:\s*)?(?P<day>[A-Z][a-z]{2} [A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d \d{4})\s*$"
)
NVLINK_GPU = lazy_re.compile(r"^GPU (?P<gpu>\d+): .*UUID")
NVLINK = lazy_re.compile(r"^\s*Link (?P<link>\d+): (?P<speed>[\d.]+ GB/s|<inactive>)")


def parse_table(section: Section) -> Iterator[Fact]:
    """The table: versions, models, load, processes, MIG, and the time it was printed."""
    gpus: dict[int, Line] = {}
    models: dict[str, Line] = {}
    gpu = None
    for line in section.lines:
        text = peel(line.text).body
        if match := HEADER.search(text):
            yield Fact("driver_version", match["driver"], line)
            if match["cuda"]:
                yield Fact("cuda_driver_version", match["cuda"], line)
        elif match := NAME_ROW.match(text):
            gpu = int(match["gpu"])
            gpus[gpu] = line
            models.setdefault(match["name"].strip(), line)
            if match["ecc"]:
                yield Fact("ecc_errors", int(match["ecc"]), line)
        elif (match := LOAD_ROW.search(text)) and gpu is not None:
            yield Fact(
                "gpu_load",
                (gpu, whole(match["load"]), whole(match["power"]), int(match["used"]), int(match["total"])),
                line,
            )
        elif match := PROCESS_ROW.match(text):
            yield Fact(
                "gpu_process", (int(match["gpu"]), int(match["pid"]), match["name"].strip(), int(match["used"])), line
            )
        elif (match := MIG_ROW.search(text)) and gpu is not None:
            yield Fact("mig_enabled", match["state"] == "Enabled", line)
    yield from inventory(gpus, models)


def whole(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def inventory(gpus: dict[int, Line], models: dict[str, Line]) -> Iterator[Fact]:
    if gpus:
        yield Fact("gpu_count", len(gpus), next(iter(gpus.values())))
    for model, line in models.items():
        # The table cuts long names off with dots.
        yield Fact("gpu_model", model.rstrip(". "), line, sure=not model.endswith(".."))


def table_belongs(text: str, taken: int) -> bool:
    """A blank line stands between the table of GPUs and that of processes."""
    return taken < 400 and text.strip()[:1] in ("|", "+", "")


def parse_list(section: Section) -> Iterator[Fact]:
    gpus: dict[int, Line] = {}
    models: dict[str, Line] = {}
    for line in section.lines:
        text = peel(line.text).body
        if match := LIST.match(text):
            gpus.setdefault(int(match["gpu"]), line)
            models.setdefault(match["name"].strip(), line)
        elif MIG_LIST.match(text):
            yield Fact("mig_enabled", True, line)
        elif match := NVLINK.match(text):
            yield Fact(
                "nvlink",
                (
                    max(gpus, default=0),
                    int(match["link"]),
                    None if "inactive" in match["speed"] else float(match["speed"].split()[0]),
                ),
                line,
            )
    yield from inventory(gpus, models)


def list_belongs(text: str, taken: int) -> bool:
    return taken < 600 and bool(LIST.match(text) or MIG_LIST.match(text) or NVLINK.match(text))


def parse_csv(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        if match := CSV.match(peel(line.text).body):
            yield Fact(
                "gpu_load",
                (int(match["gpu"]), int(match["load"]), float(match["power"]), int(match["used"]), None),
                line,
            )


def parse_query(section: Section) -> Iterator[Fact]:
    """`nvidia-smi -q`: a key means something only under its heading."""
    heading, gpu = "", -1
    load: dict[str, float] = {}  # of the GPU whose part is being read
    ecc = 0
    for line in section.lines:
        text = peel(line.text).body
        match = QUERY.match(text)
        if not match:
            stripped = text.strip()
            if QUERY_GPU.match(stripped):
                gpu, load, ecc = gpu + 1, {}, 0
            elif stripped and ":" not in stripped:
                heading = stripped
            continue
        key, value = match["key"], match["value"]
        if key in ONCE:
            yield Fact(ONCE[key], value, line)
        elif key == "Attached GPUs" and value.isdigit():
            yield Fact("gpu_count", int(value), line)
        elif key == "Current" and heading == "MIG Mode":
            yield Fact("mig_enabled", value == "Enabled", line)
        elif key == "State" and heading == "Fabric":
            yield Fact("fabric_state", value, line)
        elif key == "Total" and heading.startswith("BAR1") and (size := re.match(r"(\d+) MiB", value)):
            yield Fact("bar1_bytes", int(size[1]) << 20, line)
        elif key == "Remapping Failure Occurred" and value == "Yes":
            yield Fact("ecc_errors", 1, line)
        elif key.endswith("Uncorrectable") and heading == "Volatile" and value.isdigit():
            ecc += int(value[:9])
            yield Fact("ecc_errors", ecc, line)
        elif (heading, key) in LOADS and (told := re.match(r"\d+(?:\.\d+)?", value)):
            load[LOADS[heading, key]] = float(told[0])
            if LOADS[heading, key] == "power" and gpu >= 0:  # the last of them in the print-out
                yield Fact("gpu_load", load_of(gpu, load), line)


def load_of(gpu: int, load: dict[str, float]) -> tuple[int, int | None, float | None, int | None, int | None]:
    whole_ones = {key: int(value) for key, value in load.items()}
    return (gpu, whole_ones.get("load"), load.get("power"), whole_ones.get("used"), whole_ones.get("total"))


def parse_time(section: Section) -> Iterator[Fact]:
    """`date`, and the time above an nvidia-smi table: the latest of them tells how long it has been silent."""
    for line in section.lines:
        if match := STAMP.match(peel(line.text).body.strip()):
            try:
                yield Fact("now", datetime.strptime(" ".join(match["day"].split()), "%a %b %d %H:%M:%S %Y"), line)  # noqa: DTZ007  # local time, no zone is printed
            except ValueError:
                continue


def is_query_line(text: str, taken: int) -> bool:
    return taken < 5000 and (
        not text.strip() or ":" in text or bool(re.match(r"^\s+[A-Z]", text)) or text.startswith("GPU ")
    )


FORMATS = (
    Format(
        "nvidia-smi",
        {"en": "nvidia-smi", "zh-hans": "nvidia-smi"},
        parse_table,
        heads=(r"NVIDIA-SMI\s+\S+\s+(?:Driver Version|KMD Version):",),
        belongs=table_belongs,
    ),
    Format(
        "nvidia-smi-list",
        {"en": "nvidia-smi -L or nvlink -s", "zh-hans": "nvidia-smi -L 或 nvlink -s"},
        parse_list,
        heads=(r"^\s*GPU \d+: .+UUID",),
        belongs=list_belongs,
    ),
    Format(
        "nvidia-smi-csv",
        {"en": "nvidia-smi --query-gpu", "zh-hans": "nvidia-smi --query-gpu"},
        parse_csv,
        lines=(r"\d+,\s*\d+ %,\s*[\d.]+ W",),
    ),
    Format(
        "nvidia-smi-q",
        {"en": "nvidia-smi -q", "zh-hans": "nvidia-smi -q"},
        parse_query,
        heads=(r"=+NVSMI LOG=+", r"^\s*Fabric\s*$", r"^\s*MIG Mode\s*$"),
        belongs=is_query_line,
    ),
    Format(
        "date",
        {"en": "date", "zh-hans": "date"},
        parse_time,
        lines=(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d \d{4}",),
    ),
)
