"""`nvidia-smi topo -m`: how the GPUs (and NICs) of one machine are joined, as printed.

Sample (cells are separated by tabs as printed, by runs of blanks in most copies):

        GPU0    GPU1    NIC0    CPU Affinity    NUMA Affinity   GPU NUMA ID
GPU0     X      PHB     SYS     0-31,64-95      0               N/A
GPU1    PHB      X      SYS     0-31,64-95      0               N/A
NIC0    SYS     SYS      X

Legend: …
NIC Legend:
  NIC0: mlx5_0

Grammar and damage: domain/nccl.md §1.1. A cell that is not there is not invented: the matrix is then not complete.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from troubleshoot.diagnosis.evidence import Line, Section
from troubleshoot.diagnosis.facts import Fact
from troubleshoot.diagnosis.parsers.format import Format
from troubleshoot.diagnosis.peel import without_colour
from troubleshoot.diagnosis.topology import Matrix

CODE = r"NV\d{1,2}|SYS|NODE|PHB|PXB|PIX|SOC|PSB|C2C|N/A|X"
CELL = re.compile(rf"[\s|]*({CODE})(?![a-z0-9_])")
NAME = r"(?:GPU\d+|NIC\d+|(?:mlx\d|hfi\d|bnxt_re|irdma|qedr|roce|rocep|ibp|ib|efa|rdmap|cxib|hns|mana|erdma|rdma)[\w.-]*)"
ROW = re.compile(rf"^[\s|>#*/;]*(?P<name>{NAME})[\s|]+(?=(?:{CODE})(?![a-z0-9_]))")
# In a table with other columns first the name stands further right.
PIPE_ROW = re.compile(rf"^\s*[^|]*\|.*\|\s*{NAME}\s*\|\s*(?:{CODE})\s*\|")
COLUMN = re.compile(NAME)
TITLES = (("cpu", re.compile(r"CPU\s*Affi\s*nity", re.I)), ("numa", re.compile(r"NUMA\s*Affi\s*nity", re.I)), ("gpu numa", re.compile(r"GPU\s*NUMA\s*ID", re.I)))
LEGEND = re.compile(r"^\W*(?:Legend\b|NIC Legend\b|(?:X|SYS|NODE|PHB|PXB|PIX|SOC|PSB|NV#|C2C)\W*\s*=|NIC\d+\s*:)", re.I)
NIC_NAME = re.compile(r"(NIC\d+)\s*:\s*([A-Za-z][\w.-]*)")
# What the rest of a wrapped line may look like: link codes, processor lists, words of the titles.
P2P_STATUS = re.compile(r"[\s|](?:OK|CNS|GNS|TNS|NS)[\s|]*(?:$|[\s|])")
REST = re.compile(rf"^[\s|>#*]*(?:(?:{CODE}|[\d,-]+|N/A|Affinity|nity|Affi|NUMA|ID|CPU|GPU|{NAME})[\s|]*)+$")
RULE = re.compile(r"^[\s|:+-]+$")
FENCE = re.compile(r"^\W*```")

HEAD = r"(?:GPU0|GPU1|GPU2|GPU3|GPU4|GPU5|GPU6|GPU7)[ \t|]*(?:GPU\d|CPU *Affi|NIC\d|mlx\d|\t)"


def tidy(text: str) -> str:
    """One line without colours, entities and the marks of a quote or comment."""
    text = html.unescape(without_colour(text)).replace(" ", " ")
    return re.sub(r"^\s*(?:>+|#+|//|;)\s?", lambda m: " " * len(m[0]), text)


def is_header(text: str) -> bool:
    return bool(re.search(r"GPU\d", text)) and not ROW.match(text) and not PIPE_ROW.match(text) and bool(re.search(HEAD, text))


def belongs(body: str, taken: int) -> bool:
    text = tidy(body)
    if is_header(text) and taken > 1:
        return False
    if FENCE.match(text):
        return False
    return bool(not text.strip() or ROW.match(text) or PIPE_ROW.match(text) or LEGEND.match(text) or REST.match(text) or RULE.match(text))


def parse(section: Section) -> Iterator[Fact]:
    """One `topology_matrix`, unless no row follows the header."""
    head, *rest = section.lines
    header = tidy(head.text)
    rows: list[tuple[str, Line]] = []
    names: dict[str, str] = {}
    in_legend = False
    for line in rest:
        text = tidy(line.text)
        names.update(NIC_NAME.findall(text) if not ROW.match(text) else [])
        in_legend = in_legend or bool(LEGEND.match(text))
        if in_legend or not text.strip() or RULE.match(text):
            continue
        if ROW.match(text) or PIPE_ROW.match(text):
            rows.append((text, line))
        elif rows:
            rows[-1] = (rows[-1][0] + text, rows[-1][1])
        else:
            header += text
    if not rows or any(P2P_STATUS.search(text) for text, _ in rows):
        return  # `topo -p2p` looks alike, and says something else
    piped = header.count("|") >= 3
    read = read_table(header, [text for text, _ in rows]) if piped else read_columns(header, [text for text, _ in rows])
    matrix = matrix_of(*read, names, head)
    if matrix:
        yield Fact("topology_matrix", matrix, head)


Cells = dict[str, dict[str, str]]  # row name → column name → cell


def read_table(header: str, rows: list[str]) -> tuple[list[str], Cells, set[str]]:
    """A table with pipes, whose columns may stand in any order."""
    columns = [part.strip() for part in header.strip().strip("|").split("|")]
    titled = [title(column) or column for column in columns]
    cells: Cells = {}
    for row in rows:
        parts = [part.strip(" *`") for part in row.strip().strip("|").split("|")]
        name = next((part for part in parts if COLUMN.fullmatch(part)), "")
        if name:
            cells[name] = {column: part for column, part in zip(titled, parts, strict=False) if column}
    links = [column for column in columns if COLUMN.fullmatch(column)]
    return links, cells, {t for t in titled if t in ("cpu", "numa")}


def title(words: str) -> str | None:
    return next((name for name, pattern in TITLES if pattern.search(words)), None)


def read_columns(header: str, rows: list[str]) -> tuple[list[str], Cells, set[str]]:
    """Columns by tabs, or by blanks: first the link codes, then the affinities in the order of their titles."""
    titles = sorted((match.start(), name) for name, pattern in TITLES if (match := pattern.search(header)))
    bare = header
    for _, pattern in TITLES:
        bare = pattern.sub(" ", bare)
    columns = list(dict.fromkeys(COLUMN.findall(bare)))
    order = [name for _, name in titles]
    cells: Cells = {}
    for row in rows:
        match = ROW.match(row)
        if not match:
            continue
        found: dict[str, str] = {}
        at = match.end()
        for column in columns:
            cell = CELL.match(row, at)
            if not cell:
                break
            found[column], at = cell[1], cell.end()
        found.update(affinities(row[at:], order))
        cells[match["name"]] = found
    return columns, cells, {name for name in order if name in ("cpu", "numa")}


def affinities(rest: str, order: list[str]) -> dict[str, str]:
    """The cells right of the link codes. A processor list that a terminal broke is put together again."""
    rest = re.sub(r"(?<=\d)([,-])\s+(?=\d)|(?<=\d)\s+([,-])(?=\d)", lambda m: m[1] or m[2], rest.strip("\r\n"))
    parts = re.findall(r"[\d,-]+|N/A", rest)
    extra = len(parts) - len(order)
    if extra > 0 and "cpu" in order[:1]:
        parts = ["".join(parts[: extra + 1]), *parts[extra + 1 :]] if all(p.endswith((",", "-")) for p in parts[:extra]) else parts
    return dict(zip(order, parts, strict=False))


def matrix_of(columns: list[str], cells: Cells, titled: set[str], names: dict[str, str], head: Line) -> Matrix | None:
    gpus = [c for c in columns if re.fullmatch(r"GPU\d+", c)]
    nics = [c for c in columns if c not in gpus]
    # A header cut at the right still has its rows; a row whose column is missing adds a GPU without links.
    gpus += [name for name in cells if re.fullmatch(r"GPU\d+", name) and name not in gpus]
    if not gpus or not any(name in cells for name in gpus):
        return None
    links: dict[tuple[str, str], str] = {}
    for i, a in enumerate(gpus):
        for b in gpus[i + 1 :]:
            code = cells.get(a, {}).get(b) or cells.get(b, {}).get(a)
            if code and code not in ("X", "N/A"):
                links[a, b] = code
    nic_links = {}
    for nic in nics:
        for other in (*gpus, *nics):
            code = cells.get(other, {}).get(nic) or cells.get(nic, {}).get(other)
            if other != nic and code and code != "X" and (nic, other) not in nic_links:
                nic_links[other, nic] = code
    wanted = len(gpus) * (len(gpus) - 1) // 2
    return Matrix(
        gpus=tuple(gpus),
        nics=tuple(nics),
        links=links,
        nic_links=nic_links,
        nic_names={nic: names[nic] for nic in nics if nic in names},
        numa=column_of("numa", gpus, cells) if "numa" in titled else None,
        cpu_affinity=column_of("cpu", gpus, cells) if "cpu" in titled else None,
        complete=len(links) == wanted and all(gpu in cells for gpu in gpus),
        line=head,
    )


def column_of(name: str, gpus: list[str], cells: Cells) -> dict[str, str]:
    return {gpu: cells[gpu][name] for gpu in gpus if name in cells.get(gpu, {})}


FORMATS = (
    Format(
        kind="nvidia-topo-m",
        title={"en": "nvidia-smi topo -m", "zh-hans": "nvidia-smi topo -m"},
        heads=(HEAD,),
        belongs=belongs,
        parse=parse,
    ),
)
