"""From the header and rows of a `topo -m` to its cells, and from its cells to a `Matrix`.

A row is the name of a column followed by one link code for each column; its own column holds X. A row that breaks
this lost or won a cell on its way here and is not used; the mirrored cells of other rows still tell its links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from troubleshoot.diagnosis import lazy_re
from troubleshoot.diagnosis.topology import Matrix

CODES = r"NV\d{1,2}|SYS|NODE|PHB|PXB|PIX|SOC|PSB|C2C|N/A|X"
BLANK = r"[\s|*`\"']"
CELL = lazy_re.compile(rf"{BLANK}*(?P<code>{CODES})(?=$|[\s|*`\"'.,;\d\\]|{CODES})")
NIC = r"(?:NIC\d+|mlx\d+_(?:bond_?)?\d+|(?:hfi1|bnxt_re|irdma|qedr|roce|rocep|ibp|ib|efa|rdmap|cxib|hns|mana|erdma|rdma|xscale|ionic)[\w.-]*)"
GPU = lazy_re.compile(r"GPU\d+")
FIRST = lazy_re.compile(rf"(?:(?<![\w/.-]){NIC}{BLANK}+)*GPU\d+")  # where a header's columns start
COLUMN = lazy_re.compile(rf"GPU\d+|{NIC}|(?<![\w/.-])[a-z][\w.-]*\d[\w.-]*")
TITLES = (
    ("cpu", lazy_re.compile(r"C\s*P\s*U\s*A\s*f\s*f\s*i\s*n\s*i\s*t\s*y", re.I)),
    ("numa", lazy_re.compile(r"N\s*U\s*M\s*A\s*A\s*f\s*f\s*i\s*n\s*i\s*t\s*y", re.I)),
    ("gpu numa", lazy_re.compile(r"G\s*P\s*U\s*N\s*U\s*M\s*A\s*I\s*D", re.I)),
)
TITLE = lazy_re.compile(r"(?:CPU|NUMA)\s*Affi", re.I)
ANOTHERS_CODE = lazy_re.compile(r"[A-Z][A-Z0-9_+-]{0,8}|-?\d{1,3}")
TAB = 8  # columns between tab stops
MANY = 1024  # more columns than any machine has

Cells = dict[str, dict[str, str]]  # row name → column name → cell
Made = Callable[..., Matrix]  # the matrix, once it is told its line and host


class NotNvidia(ValueError):
    """A link code that nvidia-smi does not print."""


def read_piped(header: str, rows: Sequence[str], names: dict[str, str]) -> Made | None:
    """A table with pipes, whose columns may stand in any order."""
    outer = any(row.strip().startswith("|") for row in rows)
    columns = [clean(part) for part in split(header, outer)]
    titled = [title(column) or column for column in columns]
    links = [column for column in columns if COLUMN.fullmatch(column)][:MANY]
    cells: Cells = {}
    for row in rows:
        parts = [clean(part) for part in split(row, outer)]
        name = next((part for part in parts if part in links), "")
        if not name or name in cells:
            continue
        cells[name] = {column: part for column, part in zip(titled, parts, strict=False) if column and part}
        for column in links:
            check(cells[name].get(column, ""))
    for name, found in cells.items():
        if found.get(name, "X") not in ("X", ""):
            cells[name] = {column: cell for column, cell in found.items() if column not in links}
    return matrix_of(links, cells, {t for t in titled if t in ("cpu", "numa")}, names)


def split(row: str, outer: bool) -> list[str]:
    """The cells of a row; `outer`: rows begin with a pipe."""
    return (row.strip().removeprefix("|") if outer else row.strip()).removesuffix("|").split("|")


def clean(cell: str) -> str:
    return cell.strip(" \t*`\"'")


def title(words: str) -> str | None:
    return next((name for name, pattern in TITLES if pattern.search(words)), None)


def check(cell: str) -> None:
    if cell and not re.fullmatch(CODES, cell):
        raise NotNvidia(cell)


def read_spaced(header: str, rows: Sequence[str], names: dict[str, str], last_is_cut: bool) -> Made | None:
    """Columns by tabs, blanks or nothing: first the link codes, then the affinities in the order of their titles."""
    titles = sorted((match.start(), name) for name, pattern in TITLES if (match := pattern.search(header)))
    bare = header
    for _, pattern in reversed(TITLES):
        bare = pattern.sub(" ", bare)
    order = [name for _, name in titles]
    started = FIRST.search(bare)
    bare = bare[started.start() :] if started else ""
    row_names = [name for row in rows if (name := name_of(row, ()))]
    columns = [
        c for c in dict.fromkeys(COLUMN.findall(bare)) if GPU.fullmatch(c) or re.fullmatch(NIC, c) or c in row_names
    ][:MANY]
    cells: Cells = {}
    unsure: set[tuple[str, str]] = set()
    for at, row in enumerate(rows):
        name = name_of(row, columns)
        if not name or name in cells:
            if name:
                break  # a second table whose header was not copied
            continue
        at_the_end = last_is_cut and at == len(rows) - 1
        row = row[row.index(name) :]
        codes, rest, cut = codes_of(row[len(name) :], len(columns))
        found = dict(zip(columns, codes, strict=False))
        if found.get(name, "X") != "X" or any(code == "X" for column, code in found.items() if column != name):
            found = {}  # a cell was lost or doubled: which link is whose is not known
        elif name in found and (
            (len(codes) < len(columns) and rest.strip(" \t|") and not (at_the_end and is_start_of_code(rest.strip())))
            or ("N/A" in codes and len(rest.split()) < len(order))
        ):
            found = dict(list(found.items())[: columns.index(name) + 1])  # a cell was lost right of the diagonal
        cut = cut or (at_the_end and not rest and codes[-1:] != ["X"])
        if cut and found:
            unsure.add((name, list(found)[-1]))
        told = affinities(rest, order, at_the_end)
        placed = on_tab_stops(row, len(row) - len(rest)) if 0 < len(told) < len(order) else []
        if at_the_end and len(placed) < len(order):
            placed = []  # the line may be cut
        if placed:
            told = {title: cell for title, cell in zip(order[:2], placed, strict=False) if cell}
        if (
            at_the_end
            and not placed
            and rest == rest.rstrip()
            and is_cut_short(told, order, name == columns[-1], cells)
        ):
            told.popitem()
        found.update(told)
        cells[name] = found
    drop_cut(cells, unsure)
    return matrix_of(columns, cells, set(order) - {"gpu numa"}, names)


def name_of(row: str, columns: Sequence[str]) -> str:
    """The name a row begins with: the longest column that fits, else any GPU's or NIC's name."""
    start = re.search(r"[A-Za-z]", row)
    text = row[start.start() :] if start else ""
    host = re.match(r"[\w.-]+:\s+(?=GPU\d|NIC\d|mlx\d)", text)
    text = text[host.end() :] if host else text
    for column in sorted(columns, key=len, reverse=True):
        if text.startswith(column) and not (column[-1].isdigit() and text[len(column) : len(column) + 1].isdigit()):
            return column
    match = GPU.match(text) or re.match(r"[A-Za-z][\w.-]*\d[\w.-]*(?=[\s*`])", text)
    return match[0] if match else ""


def codes_of(rest: str, wanted: int) -> tuple[list[str], str, bool]:
    """(link codes, what stands right of them, whether the last code may have been cut short)."""
    codes: list[str] = []
    at = 0
    while len(codes) < wanted:
        match = CELL.match(rest, at)
        if not match:
            break
        codes.append(match["code"])
        at = match.end()
        at += len(rest[at:]) - len(rest[at:].lstrip(".,;\\"))
    tail = rest[at:]
    if len(codes) < wanted:
        token = re.match(rf"{BLANK}*([^\s|]+)", tail)
        rest_is_cut = bool(token) and not tail[token.end() :].strip() if token else True
        if (
            token
            and ANOTHERS_CODE.fullmatch(token[1])
            and not token[1].isdigit()
            and not (rest_is_cut and is_start_of_code(token[1]))
        ):
            raise NotNvidia(token[1])
        if token and not codes and not (rest_is_cut and is_start_of_code(token[1])):
            raise NotNvidia(token[1])
        return codes, tail, not token and bool(codes) and rest == rest.rstrip() and codes[-1].startswith("NV")
    return codes, tail, False


def is_start_of_code(token: str) -> bool:
    return any(code.startswith(token) for code in ("NV", "SYS", "NODE", "PHB", "PXB", "PIX", "SOC", "C2C", "N/A"))


def drop_cut(cells: Cells, unsure: set[tuple[str, str]]) -> None:
    """`NV1` at the end of a cut row may have been `NV18`: the mirrored cell decides, else it is not known."""
    widths = {len(cell) for found in cells.values() for cell in found.values() if cell.startswith("NV")}
    for row, column in unsure:
        code = cells[row][column]
        if not code.startswith("NV"):
            continue
        mirrored = cells.get(column, {}).get(row)
        if mirrored or len(code) < max(widths, default=0):
            cells[row].pop(column)


def affinities(rest: str, order: Sequence[str], is_cut: bool) -> dict[str, str]:
    """The cells right of the link codes. A processor list that a terminal broke is put together again."""
    rest = re.sub(r"(?<=\d)([,-])\s+(?=\d)|(?<=\d)\s+([,-])(?=\d)", lambda m: m[1] or m[2], rest.strip("\r\n"))
    parts = re.findall(r"\d[\d,-]*|N/A", rest)
    if order[:1] == ["cpu"] and len(parts) > len(order):
        extra = len(parts) - len(order)
        parts = ["".join(parts[: extra + 1]), *parts[extra + 1 :]]
    if len(parts) < len(order) and parts and not is_cut:
        return by_looks(parts, order)
    return dict(zip(order, parts, strict=False))


def on_tab_stops(row: str, end: int) -> list[str]:
    """The cells right of the link codes (which end at `end`), empty ones too; [] where the copy lost the tab stops."""
    line, at = row.expandtabs(), len(row[:end].expandtabs())
    cells: list[str] = []
    for match in re.compile(r"\S+").finditer(line, at):
        if match.start() % TAB:
            return []
        cells += [""] * (match.start() // TAB - at // TAB - 1) + [match[0]]
        at = match.end()
    return cells


def is_cut_short(told: dict[str, str], order: Sequence[str], is_last_row: bool, cells: Cells) -> bool:
    """Whether the last cell of the last line may lack its end: others are missing behind it, or it may well go on."""
    if not told or (len(told) == len(order) and (is_last_row or order[-1] != "cpu")):
        return False
    title, cell = list(told.items())[-1]
    return cell not in {other.get(title) for other in cells.values()}


def by_looks(parts: Sequence[str], order: Sequence[str]) -> dict[str, str]:
    """Fewer cells than titles: an empty one is not told apart from a blank, so each goes where it looks right."""
    found: dict[str, str] = {}
    for part in parts:
        is_list = "-" in part or "," in part
        fits = [
            name
            for name in order
            if name not in found and (name == "cpu" if is_list else name != "cpu" or len(parts) == len(order))
        ]
        if part == "N/A" and "gpu numa" in fits and len(parts) > 1:
            fits = ["gpu numa"] if "numa" in found or parts.count("N/A") == 1 else fits
        if fits:
            found[fits[0]] = part
    return found


def without_header(rows: Sequence[str]) -> Made | None:
    """Rows whose header was not copied: read only where the diagonal says which column is whose."""
    names = [name_of(row, ()) for row in rows]
    numbers = [int(name[3:]) for name in names if GPU.fullmatch(name)]
    if len(numbers) < 2 or numbers != sorted(set(numbers)) or len(set(names)) != len(names) or numbers[-1] >= MANY:
        return None
    gpus = [f"GPU{number}" for number in range(numbers[-1] + 1)]
    columns = gpus + names[len(numbers) :]
    read = {name: codes_of(row[row.index(name) + len(name) :], MANY)[0] for row, name in zip(rows, names, strict=True)}
    if any(codes.count("X") != 1 or codes.index("X") != columns.index(name) for name, codes in read.items()):
        return None
    if any(len(codes) != len(columns) for codes in read.values()):
        columns = gpus  # further columns, of which it is not known whose they are
    cells = {name: dict(zip(columns, codes, strict=False)) for name, codes in read.items()}
    if any(cells[b].get(a, code) != code for a in cells for b, code in cells[a].items() if b in cells):
        return None
    return matrix_of(columns, cells, set(), {})


def matrix_of(columns: Sequence[str], cells: Cells, titled: set[str], names: dict[str, str]) -> Made | None:
    gpus = [c for c in columns if GPU.fullmatch(c)]
    nics = [c for c in columns if c not in gpus]
    # A header cut at the right still has its rows; a row whose column is missing adds a GPU without links of its own.
    gpus += [name for name in cells if GPU.fullmatch(name) and name not in gpus]
    if not gpus or not any(cells.get(gpu) for gpu in gpus):
        return None
    links: dict[tuple[str, str], str] = {}
    for i, a in enumerate(gpus):
        for b in gpus[i + 1 :]:
            code = cells.get(a, {}).get(b) or cells.get(b, {}).get(a)
            if code and code not in ("X", "N/A"):
                links[a, b] = code
    nic_links: dict[tuple[str, str], str] = {}
    for nic in nics:
        for other in (*gpus, *nics):
            code = cells.get(other, {}).get(nic) or cells.get(nic, {}).get(other)
            if other != nic and code and code != "X" and (nic, other) not in nic_links:
                nic_links[other, nic] = code
    if len(gpus) > 1 and not links:
        return None

    def made(**where: object) -> Matrix:
        return Matrix(
            gpus=tuple(gpus),
            nics=tuple(nics),
            links=links,
            nic_links=nic_links,
            nic_names={nic: names[nic] for nic in nics if nic in names},
            numa=column_of("numa", gpus, cells) if "numa" in titled else None,
            cpu_affinity=column_of("cpu", gpus, cells) if "cpu" in titled else None,
            complete=len(links) == len(gpus) * (len(gpus) - 1) // 2,
            **where,  # type: ignore[arg-type]
        )

    return made


def column_of(name: str, gpus: Sequence[str], cells: Cells) -> dict[str, str]:
    return {gpu: cells[gpu][name] for gpu in gpus if name in cells.get(gpu, {})}
