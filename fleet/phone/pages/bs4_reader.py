"""The only module that imports bs4: reads a page's tables if the SIP table is not plain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import bs4
from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from fleet.phone.pages.grid import CELLS, INLINE, MAX_SPAN, Cell, Table, capped, laid_out
from fleet.phone.pages.text import too_much

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_NODES = 300
_MOST_PLACES = 10_000  # of the laid out tables, blank ones included


@dataclass(slots=True)
class _Found:
    """A table under way: its element (None: rows outside of any), and its rows' cells."""

    element: Tag | None
    rows: dict[int, list[Tag]] = field(default_factory=dict)
    loose: bool = False

    def table(self, ordinal: str, *, unclosed: bool) -> Table:
        cells = _cells(list(self.rows.values()), unclosed=unclosed)
        place = self.element.get(ordinal) if self.element is not None else None
        return Table(
            rows=tuple(laid_out(cells)),
            ordinal=-1 if place is None else int(str(place)),
            loose=self.loose,
        )


def read_tables(markup: str, *, ordinal: str, unclosed: bool) -> tuple[Table, ...]:
    """Every table of the markup. `ordinal` names the attribute that holds a table's place.

    A row belongs to the nearest table around it, a cell to the nearest row around it. `unclosed`:
    some table's end tag is missing, so that a last cell may hold what follows the table.
    """
    try:
        soup = BeautifulSoup(markup, "lxml")
    except bs4.exceptions.ParserRejectedMarkup:
        return ()
    found: dict[int, _Found] = {}
    around: dict[int, tuple[Tag | None, Tag | None]] = {id(soup): (None, None)}
    for tag in soup.descendants:
        if not isinstance(tag, Tag):
            continue
        row, table = around[id(tag.parent)]  # the nearest row or table, the nearest table
        if tag.name == "table":
            around[id(tag)] = tag, tag
        else:
            around[id(tag)] = (tag if tag.name == "tr" else row), table
        if tag.name not in CELLS or row is None:
            continue
        one = found.setdefault(id(table), _Found(table))
        if row is table:
            one.loose = one.loose or bool(_text(tag))
        else:
            one.rows.setdefault(id(row), []).append(tag)
    tables = tuple(one.table(ordinal, unclosed=unclosed) for one in found.values())
    if sum(len(row) for table in tables for row in table.rows) > _MOST_PLACES:
        raise too_much("has larger tables")
    return tables


def _cells(rows: list[list[Tag]], *, unclosed: bool) -> Iterator[list[Cell]]:
    for at, row in enumerate(rows):
        cells = [Cell(_text(tag), _span(tag, "colspan"), _span(tag, "rowspan")) for tag in row]
        if unclosed and at == len(rows) - 1:
            cells[-1].text = _leading_text(row[-1]) or cells[-1].text
        yield cells


def _text(cell: Tag) -> str:
    """A cell's text as it is seen: inline elements do not part words, others do.

    Of a cell with very much in it only the beginning, with a mark that makes it no known word.
    """
    if len(cell.contents) == 1 and type(cell.contents[0]) is NavigableString:
        return capped(str(cell.contents[0]))
    parts: list[str] = []
    for count, node in enumerate(cell.descendants):
        if count > _MAX_NODES:
            parts.append(" …")
            break
        if isinstance(node, Tag):
            parts.append("" if node.name in INLINE else " ")
        elif not isinstance(node, PreformattedString):
            parts.append(str(node))
            if node.next_sibling is None and node.parent is not cell:
                parts.append(_after(node.parent))
    return capped("".join(parts))


def _after(parent: Tag | None) -> str:
    return "" if parent is None or parent.name in INLINE else " "


def _leading_text(cell: Tag) -> str:
    """A cell's text up to its first element that is no inline one."""
    parts: list[str] = []
    for count, node in enumerate(cell.descendants):
        block = isinstance(node, Tag) and node.name not in INLINE
        if count > _MAX_NODES or block:
            break
        if isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            parts.append(str(node))
    return capped("".join(parts))


def _span(tag: Tag, name: str) -> int:
    if name not in tag.attrs:
        return 1
    match = re.match(r"\s*([0-9]{1,4})", str(tag[name]))
    return max(1, min(int(match[1]), MAX_SPAN)) if match else 1
