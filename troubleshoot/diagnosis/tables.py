"""Tables of content: what depends on a version or a provider stands here once and is shown by several articles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from troubleshoot.diagnosis import content
from troubleshoot.diagnosis.content import LANGUAGES, ContentError, Entry
from troubleshoot.diagnosis.evidence import Text

Cell = str | Text


@dataclass(frozen=True, slots=True)
class Table:
    id: str
    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: Text
    where: str


def load_tables(overlays: tuple[Path, ...] = ()) -> dict[str, Table]:
    """Every table by its id. Raises ContentError for a fault."""
    tables = {}
    for relative, path in content.files("tables", overlays):
        table = table_of(content.whole(relative, path))
        tables[table.id] = table
    return tables


def table_of(entry: Entry) -> Table:
    columns = cells(entry, "columns", entry.need("columns", list))
    rows = tuple(cells(entry, "rows", row) for row in entry.need("rows", list))
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise ContentError(entry.at("rows"), f"row {number} has {len(row)} cells; the table has {len(columns)}")
    return Table(entry.need("id"), columns, rows, entry.text("source"), entry.where)


def cells(entry: Entry, key: str, given: list[Cell]) -> tuple[Cell, ...]:
    for cell in given:
        if not isinstance(cell, str) and any(not cell.get(lang) for lang in LANGUAGES):
            raise ContentError(entry.at(key), f"the cell {cell} lacks its words in a language")
    return tuple(given)
