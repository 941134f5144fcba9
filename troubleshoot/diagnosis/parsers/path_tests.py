"""Tests of the path between GPUs: `topo -p2p`, p2pBandwidthLatencyTest, simpleP2P, nccl-tests.

Samples (domain/nccl.md §1.6, §7.2):

     GPU0   X       OK                 Device=0 CAN Access Peer Device=1
     GPU1   OK      X                  # Out of bounds values : 0 OK
    Unidirectional P2P=Enabled Bandwidth (P2P Writes) Matrix (GB/s)
       D\\D     0      1
         0 780.12  11.94
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.topo_matrix import tidy
from troubleshoot.diagnosis.peel import peel

STATUS_ROW = lazy_re.compile(r"^[\s|]*(?P<gpu>GPU\d+)[\s|]+(?P<cells>(?:(?:X|OK|CNS|GNS|TNS|NS|U|DR)[\s|]*)+)$")
COMMAND = lazy_re.compile(r"topo\s+-p2p\s+(?P<capability>[rwnap])")
HEADER = lazy_re.compile(r"^[\s|]*GPU0[\s|]+GPU1")
ACCESS = lazy_re.compile(r"Device=(?P<a>\d+) (?P<can>CAN(?:NOT)?) Access Peer Device=(?P<b>\d+)")
SIMPLE = lazy_re.compile(r"Peer access from .*\(GPU(?P<a>\d+)\) -> .*\(GPU(?P<b>\d+)\) : (?P<can>Yes|No)")
TITLE = lazy_re.compile(r"(?P<kind>Unidirectional|Bidirectional) P2P=(?P<state>Enabled|Disabled) Bandwidth")
ROW = lazy_re.compile(r"^\s*(?P<gpu>\d+)\s+(?P<cells>(?:[\d.]+\s*)+)$")
CONNECTIVITY = lazy_re.compile(r"^\s*(?P<gpu>\d+)\s+(?P<cells>[01](?:\s+[01])*)\s*$")
LATENCY = lazy_re.compile(r"P2P=(?P<state>Enabled|Disabled) Latency")
# p2pBandwidthLatencyTest, nvbandwidth, nccl-tests
DEVICE = lazy_re.compile(
    r"^Device: \d+, (?P<cuda>NVIDIA[^,]+), pciBusID:|^Device \d+: (?P<nvbandwidth>NVIDIA.+?) \([0-9a-f:.]{7,16}\)\s*$"
    r"|^#\s+Rank\s+\d+ .*\bdevice\s+\d+ \[\w+(?::\w+){0,2}\] (?P<nccl>NVIDIA.+?)\s*$"
)
COPY = lazy_re.compile(r"cudaMemcpyPeer / cudaMemcpy between GPU(?P<a>\d+) and GPU(?P<b>\d+): (?P<speed>[\d.]+)GB/s")
BOUNDS = lazy_re.compile(r"# Out of bounds values\s*:\s*(?P<count>\d+)\s+(?P<verdict>OK|FAILED)")
BUS = lazy_re.compile(r"# Avg bus bandwidth\s*:\s*(?P<speed>[\d.]+)")
PASSED = lazy_re.compile(r"^\s*Test passed\s*$")
# nvbandwidth: bandwidth between devices, which it tests with peer access only.
BETWEEN_ROW = lazy_re.compile(r"^\s*(?P<gpu>\d+)\s+(?P<cells>(?:(?:\d+\.\d+|N/A)\s*)+)$")
FAILED = lazy_re.compile(r"^\s*Test failed!\s*$|Verification error @ element")


def parse_status(section: Section) -> Iterator[Fact]:
    """One `topo -p2p` matrix; which capability stands in the command above it, where that is there."""
    head = section.lines[0]
    capability = "r"
    for line in section.document:
        if line.number >= head.number:
            break
        if line.number >= head.number - 6 and (match := COMMAND.search(line.text)):
            capability = match["capability"]
    for line in section.lines:
        if match := STATUS_ROW.match(tidy(line.text)):
            for column, cell in enumerate(match["cells"].replace("|", " ").split()):
                if cell != "X":
                    yield Fact("p2p_status", (capability, match["gpu"], f"GPU{column}", cell), line)


def status_belongs(text: str, taken: int) -> bool:
    return bool(STATUS_ROW.match(tidy(text))) or (taken < 2 and not text.strip())


def parse_bandwidth(section: Section) -> Iterator[Fact]:
    """One bandwidth matrix of p2pBandwidthLatencyTest."""
    match = TITLE.search(section.lines[0].text)
    if not match or match["kind"] != "Unidirectional":
        return
    enabled = match["state"] == "Enabled"
    for line in section.lines[1:]:
        if row := ROW.match(line.text):
            for column, cell in enumerate(row["cells"].split()):
                if cell.count(".") == 1 or cell.isdigit():
                    yield Fact("p2p_bandwidth", (int(row["gpu"]), column, enabled, float(cell)), line)


def bandwidth_belongs(text: str, taken: int) -> bool:
    return taken < 40 and (bool(ROW.match(text)) or "D\\D" in text)


def parse_latency(section: Section) -> Iterator[Fact]:
    """One latency matrix of p2pBandwidthLatencyTest as the GPU sees it; the one below it, as the CPU sees it, is not."""
    match = LATENCY.search(section.lines[0].text)
    if not match:
        return
    for line in section.lines[1:]:
        if row := ROW.match(line.text):
            for column, cell in enumerate(row["cells"].split()):
                if cell.count(".") == 1 and column != int(row["gpu"]):
                    yield Fact("p2p_latency", (int(row["gpu"]), column, match["state"] == "Enabled", float(cell)), line)


def latency_belongs(text: str, taken: int) -> bool:
    return taken < 40 and bool(ROW.match(text) or re.match(r"^\s*GPU(?:\s+\d+)+\s*$", text))


def parse_connectivity(section: Section) -> Iterator[Fact]:
    for line in section.lines[1:]:
        if row := CONNECTIVITY.match(line.text):
            for column, cell in enumerate(row["cells"].split()):
                if column != int(row["gpu"]):
                    yield Fact("peer_access", (int(row["gpu"]), column, cell == "1"), line)


def connectivity_belongs(text: str, taken: int) -> bool:
    return taken < 40 and (bool(CONNECTIVITY.match(text)) or "D\\D" in text)


def parse_between(section: Section) -> Iterator[Fact]:
    """One matrix of nvbandwidth; of the two directions that it measures together only the plain ones are read."""
    for line in section.lines[1:]:
        if row := BETWEEN_ROW.match(line.text):
            for column, cell in enumerate(row["cells"].split()):
                if cell != "N/A":
                    yield Fact("p2p_bandwidth", (int(row["gpu"]), column, True, float(cell)), line)


def between_belongs(text: str, taken: int) -> bool:
    return taken < 140 and bool(BETWEEN_ROW.match(text) or re.fullmatch(r"\s*(?:\d+\s*)+", text))


def parse_results(section: Section) -> Iterator[Fact]:
    for line in section.lines:
        text = peel(line.text).body
        if match := ACCESS.search(text):
            yield Fact("peer_access", (int(match["a"]), int(match["b"]), match["can"] == "CAN"), line)
        elif match := SIMPLE.search(text):
            yield Fact("peer_access", (int(match["a"]), int(match["b"]), match["can"] == "Yes"), line)
        elif match := COPY.search(text):
            yield Fact("p2p_bandwidth", (int(match["a"]), int(match["b"]), True, float(match["speed"])), line)
        elif match := DEVICE.search(text):
            yield Fact("gpu_model", match["cuda"] or match["nvbandwidth"] or match["nccl"], line)
        elif match := BOUNDS.search(text):
            yield Fact("nccl_test", "passed" if match["verdict"] == "OK" else "wrong", line)
            if match["verdict"] != "OK":
                yield Fact("p2p_data_test", "failed", line)
        elif match := BUS.search(text):
            yield Fact("nccl_bus_bandwidth", float(match["speed"]), line)
        elif PASSED.match(text):
            yield Fact("p2p_data_test", "passed", line)
        elif FAILED.search(text):
            yield Fact("p2p_data_test", "failed", line)


FORMATS = (
    Format(
        "nvidia-topo-p2p",
        {"en": "nvidia-smi topo -p2p", "zh-hans": "nvidia-smi topo -p2p"},
        parse_status,
        heads=(r"^[\s|]*GPU0[\s|]+(?:X|OK|CNS|GNS|TNS|NS|U|DR)[\s|]+(?:OK|CNS|GNS|TNS|NS|U|DR|X)",),
        belongs=status_belongs,
    ),
    Format(
        "p2p-bandwidth",
        {"en": "p2pBandwidthLatencyTest, bandwidth", "zh-hans": "p2pBandwidthLatencyTest（带宽）"},
        parse_bandwidth,
        heads=(r"directional P2P=(?:Enabled|Disabled) Bandwidth",),
        belongs=bandwidth_belongs,
    ),
    Format(
        "p2p-latency",
        {"en": "p2pBandwidthLatencyTest, latency", "zh-hans": "p2pBandwidthLatencyTest（延迟）"},
        parse_latency,
        heads=(r"P2P=(?:Enabled|Disabled) Latency",),
        belongs=latency_belongs,
    ),
    Format(
        "p2p-connectivity",
        {"en": "p2pBandwidthLatencyTest, connectivity", "zh-hans": "p2pBandwidthLatencyTest（连通性）"},
        parse_connectivity,
        heads=(r"P2P Connectivity Matrix",),
        belongs=connectivity_belongs,
    ),
    Format(
        "nvbandwidth",
        {"en": "nvbandwidth", "zh-hans": "nvbandwidth"},
        parse_between,
        heads=(r"memcpy .*GPU\(row\) (?:->|<-) GPU\(column\) bandwidth",),
        belongs=between_belongs,
    ),
    Format(
        kind="path-tests",
        title={"en": "tests of the path between GPUs", "zh-hans": "GPU 间通路测试"},
        lines=(
            r"Access Peer Device=",
            r"Peer access from ",
            r"cudaMemcpyPeer / cudaMemcpy between",
            r"^Device(?:: \d+, NVIDIA| \d+: NVIDIA)|^#\s+Rank\s+\d+ .*\bdevice\s+\d+ \[",
            r"# Out of bounds values",
            r"# Avg bus bandwidth",
            r"Test passed",
            r"Test failed!",
            r"Verification error @ element",
        ),
        parse=parse_results,
        print_out=True,
    ),
)
