"""`nvidia-smi topo -m`: how the GPUs (and NICs) of one machine are joined, as printed.

Sample (cells are separated by tabs as printed, by runs of blanks in most copies):

        GPU0    GPU1    NIC0    CPU Affinity    NUMA Affinity   GPU NUMA ID
GPU0     X      PHB     SYS     0-31,64-95      0               N/A
GPU1    PHB      X      SYS     0-31,64-95      0               N/A
NIC0    SYS     SYS      X

Legend: …
NIC Legend:
  NIC0: mlx5_0

Grammar and damage: domain/nccl.md §1.1. Here lines become a header, rows and names; `topo_cells` reads them. A cell
that is not there is not invented: the matrix is then not complete. Other makers print tables that look alike; a link
code that NVIDIA does not have, or another maker's command above, means that there is no matrix.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.parsers.topo_cells import (
    NotNvidia,
    read_piped,
    read_spaced,
    without_header,
)
from troubleshoot.diagnosis.parsers.topo_lines import (
    BROKEN_REST,
    LONE_NAME,
    PIPE_ROW,
    REST,
    ROW,
    is_header,
    is_row,
    piped,
    spelt_out,
    unrolled,
    unwrapped,
)
from troubleshoot.diagnosis.peel import peel, without_colour

LEGEND = lazy_re.compile(
    r"^\W*(?:Legend\b|NIC Legend\b|(?:X|SYS|NODE|PHB|PXB|PIX|PSB|SOC|NV#|NVL?\d*|C2C)\W*\s*=|NIC\d+\s*:)", re.I
)
# The end of a legend's line that a terminal broke.
LEGEND_REST = lazy_re.compile(
    r"QPI/UPI\)|NUMA nodes?\b|NVLinks$|(?:PCIe|Host) [Bb]ridges?\b|typically the CPU|^\W*(?:the )?CPU\)$"
)
# In a cell of its own: what `topo -p2p` prints, in cells and in its legend.
P2P_STATUS = lazy_re.compile(
    r"^\W*GPU\d+[\s|].*[\s|](?:OK|CNS|GNS|TNS|NS|DR|U)[\s|]*(?:$|[\s|])|^\W*(?:OK|CNS|GNS|TNS|NS)\s+="
)
OTHER_LEGEND = lazy_re.compile(
    r"^\W*(?:HCCS(?:_SW)?|XGMI|MX|MTLINK|MTL|MPB|SPB|MLU|SIO|PCIE?|XPUL?)\W*\s*=|MetaXLink|MTLink|HCCS"
)
OTHER_TOOL = lazy_re.compile(
    r"\b(?:rocm-smi|amd-smi|npu-smi|mthreads-gmi|mx-smi|ixsmi|cnmon|hy-smi|efsmi|brsmi|xpu-smi|hl-smi|vasmi)\b"
)
RULE = lazy_re.compile(r"^[\s|:+=─-]+$")
FENCE = lazy_re.compile(r"^\W*```")
BOXES = str.maketrans({"│": "|", "┃": "|", "║": "|", "├": "|", "┤": "|", "\u3000": " "})
# Blanks, tabs, pipes, box drawings, blanks spelt as entities and tabs as JSON writes them.
BETWEEN = r"(?:[^A-Za-z0-9]|&nbsp;|\\t)"
# pdsh and others write the host before every line.
HOST = lazy_re.compile(
    r"^[A-Za-z][\w.-]{0,60}: ?(?=\s*(?:GPU\d|NIC\d|mlx\d|NIC Legend|Legend|(?:X|[A-Z]{2,4}|NV#)\s+=|\|))"
)
# `cat -n`, grep -n, a page that numbers its lines.
NUMBER = lazy_re.compile(r"^\s*\d{1,5}[:.|]?[ \t]+(?=\s*(?:NIC\d+:|NIC Legend|Legend|(?:X|[A-Z]{2,4}|NV#)\s+=|[-|]))")
NUMBERED_ROW = lazy_re.compile(r"^\s*\d{1,5}[:.|]?\s+GPU\d+\s+(?:X|[A-Z])")
BARE_NUMBER = lazy_re.compile(r"^\s*\d{1,5}[:.|]?\s*$")
NOTHING = lazy_re.compile(r"^\W*(?:[\w.-]{1,60}:)?\W*$")
NIC_NAME = lazy_re.compile(r"(NIC\d+)\s*:\s*([A-Za-z][\w.-]*)")
PROMPT = lazy_re.compile(r"[\w.-]+@(?P<host>[\w.-]+)[:~\s][^\n]*[$#]")
TOPO = lazy_re.compile(r"^.*\btopo\s+(?:-m|-mp|--matrix\w*)\b\W*")


def tidy(text: str) -> str:
    """One line without colours, entities, box drawings and what stands before a quote or comment; its columns stay."""
    text = html.unescape(without_colour(text)).translate(BOXES).replace("\u00a0", " ")
    text = re.sub(r"</t[dh]>\s*<t[dh][^>]*>", "\t", text, flags=re.I)
    text = re.sub(r"</?(?:tr|td|th|pre|code|tbody|thead|table|p|br)\b[^>]*>", " ", text, flags=re.I)
    text = piped(NUMBER.sub("", HOST.sub("", text)))
    return re.sub(r"^\s*(?:>+|#+|//|;|\*(?!\*)|\+(?!-))+\s?", lambda m: " " * len(m[0]), text)


def inner(line: Line) -> str:
    """The line as it belongs to the table: its coats off, unless a cell was taken for one (`GPU0 | X`)."""
    plain = tidy(line.text)
    if ROW.match(plain) or PIPE_ROW.match(plain) or is_header(plain):
        return plain
    return tidy(peel(line.text).body)


def belongs(body: str, taken: int) -> bool:
    text = tidy(body)
    if is_row(text):
        return True
    if FENCE.match(text) or (is_header(text) and taken > 1 and not REST.match(text)):
        return False
    if is_header(text) and taken > 1 and re.match(r"\W*GPU0\b|\W*GPU0GPU1", text):
        return False
    return bool(
        NOTHING.match(text)
        or LEGEND.match(text)
        or OTHER_LEGEND.match(text)
        or P2P_STATUS.search(text)
        or REST.match(text)
        or BROKEN_REST.match(text.strip())
        or RULE.match(text)
        or re.match(r"\W*\w{1,3}\s+=\s", text)
    )


def parse(section: Section) -> Iterator[Fact]:
    """One `topology_matrix`, unless this is no matrix of NVIDIA's."""
    texts = [inner(line) for line in section.lines]
    if any(NUMBERED_ROW.match(line.text) for line in section.lines):
        texts = ["" if BARE_NUMBER.match(text) else text for text in texts]
    if other_maker(section) or any(P2P_STATUS.search(text) or OTHER_LEGEND.search(text) for text in texts):
        return
    texts[0] = TOPO.sub("", texts[0])
    header, rows, names = gather(texts)
    try:
        if not header:
            matrix = without_header(rows)
        elif header.count("|") >= 3:
            matrix = read_piped(header, rows, names)
        else:
            matrix = read_spaced(header, rows, names, last_is_cut=ends_the_text(section))
    except NotNvidia:
        return
    if matrix:
        head = section.lines[0]
        yield Fact("topology_matrix", matrix(line=head, host=host_above(section)), head)


def gather(texts: Sequence[str]) -> tuple[str, list[str], dict[str, str]]:
    """The header ("" when there is none), the rows put together again, and the NICs' names from the legend."""
    first, *rest = unwrapped(unrolled([part for text in texts for part in spelt_out(text)]))
    header = "" if is_row(first) else first
    rows = [first] if is_row(first) else []
    names: dict[str, str] = {}
    width = max(len(text.expandtabs().rstrip()) for text in [first, *(t for t in rest if is_row(t))])
    in_legend = blank_before = False
    wrapped: dict[int, str] = {}
    piece = first  # the line before, which a wrapped line goes on from
    for text in rest:
        if not in_legend and (is_row(text) or (rows and LONE_NAME.match(text))):
            rows.append(text)
        elif NOTHING.match(text) and not RULE.match(text):
            blank_before = True
            continue
        elif LEGEND.match(text):
            in_legend = True
            names.update(NIC_NAME.findall(text))
        elif in_legend:
            names.update(NIC_NAME.findall(text))
        elif not RULE.match(text) and not blank_before:
            whole = len(piece.expandtabs().rstrip()) >= width and not text[:1].isspace()
            more = ("" if whole else " ") + text.strip()
            if rows:
                wrapped[len(rows) - 1] = wrapped.get(len(rows) - 1, "") + more
            else:
                header += more
        blank_before = False
        piece = text
    if set(wrapped) != {len(rows) - 1} or header != first or len(rows) < 3:  # else: a number that happens to follow
        rows = [row.rstrip("\r\n") + wrapped.get(at, "") for at, row in enumerate(rows)]
    return header, rows, names


def above(section: Section, lines: int) -> Iterator[Line]:
    """The lines above the block that say something, the nearest first."""
    document, found = section.document, 0
    for at in range(
        document.index(section.lines[0].number) - 1, max(-1, document.index(section.lines[0].number) - 12), -1
    ):
        if document.texts[at].strip() and found < lines:
            found += 1
            yield Line(document.name, document.numbers[at], document.texts[at])


def other_maker(section: Section) -> bool:
    """Whether the nearest command above is another maker's, or `topo -p2p`."""
    for line in above(section, 4):
        if re.search(r"nvidia-smi", line.text):
            return bool(re.search(r"topo\s+(?:-p2p|--p2p)", line.text)) and not TOPO.match(line.text)
        if OTHER_TOOL.search(line.text):
            return True
    return False


def host_above(section: Section) -> str:
    for line in above(section, 3):
        if match := PROMPT.search(line.text):
            return match["host"]
    return ""


def ends_the_text(section: Section) -> bool:
    return section.lines[-1].number >= section.document.line_count


FORMATS = (
    Format(
        kind="nvidia-topo-m",
        title={"en": "nvidia-smi topo -m", "zh-hans": "nvidia-smi topo -m"},
        heads=(
            rf"GPU\d+{BETWEEN}{{0,48}}(?:GPU\d|CPU|NIC\d|mlx\d)",
            r"GPU0</t[dh]>",
            rf"GPU0{BETWEEN}{{1,24}}X[^A-Za-z0-9]",
            r"GPU0\s*$",
            # rows whose header and first rows are not there
            r"GPU\d+[^A-Za-z0-9]{1,24}(?:NV\d{1,2}|SYS|NODE|PHB|PXB|PIX|SOC)[^A-Za-z0-9]",
        ),
        belongs=belongs,
        parse=parse,
    ),
)
