"""Rows and cells of tables as bs4 has read them: one text per cell, spans laid out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bs4.element import NavigableString, PreformattedString, Tag

from fleet.phone.pages.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bs4 import BeautifulSoup

MAX_TEXT = 512
"""Characters of a cell that are kept; a cell with more is no status, and its account is cut."""

_CELLS = ("td", "th")
_TABLE = frozenset({"table"})
_ROW_OR_TABLE = frozenset({"tr", "table"})
_MAX_NODES = 300
_MAX_SPAN = 50
_MAX_CELLS = 200
_INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "big", "blink", "cite", "code", "em", "font", "i", "input"),
        *("kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong"),
        *("sub", "sup", "tt", "u", "var", "wbr"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table's rows of cell texts. `ordinal` is its place among the page's tables, -1 for none."""

    rows: tuple[tuple[str, ...], ...]
    ordinal: int = -1
    loose: bool = False  # some of its cells stand in no row


@dataclass(slots=True)
class _Cell:
    text: str
    colspan: int
    rowspan: int


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
            rows=tuple(_laid_out(cells)),
            ordinal=-1 if place is None else int(str(place)),
            loose=self.loose,
        )


def read_tables(soup: BeautifulSoup, *, ordinal: str, unclosed: bool) -> tuple[Table, ...]:
    """Every table of the soup. `ordinal` names the attribute that holds a table's place.

    A row belongs to the nearest table around it, a cell to the nearest row around it. `unclosed`:
    some table's end tag is missing, so that a last cell may hold what follows the table.
    """
    found: dict[int, _Found] = {}
    for cell in soup.descendants:
        if not isinstance(cell, Tag) or cell.name not in _CELLS:
            continue
        row = _nearest(cell, _ROW_OR_TABLE)
        if row is None:
            continue
        table = row if row.name == "table" else _nearest(row, _TABLE)
        one = found.setdefault(id(table), _Found(table))
        if row is table:
            one.loose = one.loose or bool(_text(cell))
        else:
            one.rows.setdefault(id(row), []).append(cell)
    return tuple(one.table(ordinal, unclosed=unclosed) for one in found.values())


def _nearest(element: Tag, names: frozenset[str]) -> Tag | None:
    parent = element.parent
    while parent is not None and parent.name not in names:
        parent = parent.parent
    return parent


def _cells(rows: list[list[Tag]], *, unclosed: bool) -> Iterator[list[_Cell]]:
    for at, row in enumerate(rows):
        cells = [_Cell(_text(tag), _span(tag, "colspan"), _span(tag, "rowspan")) for tag in row]
        if unclosed and at == len(rows) - 1:
            cells[-1].text = _leading_text(row[-1]) or cells[-1].text
        yield cells


def _text(cell: Tag) -> str:
    """A cell's text as it is seen: inline elements do not part words, others do.

    Of a cell with very much in it only the beginning, with a mark that makes it no known word.
    """
    if len(cell.contents) == 1 and type(cell.contents[0]) is NavigableString:
        return _capped(str(cell.contents[0]))
    parts: list[str] = []
    for count, node in enumerate(cell.descendants):
        if count > _MAX_NODES:
            parts.append(" …")
            break
        if isinstance(node, Tag):
            parts.append("" if node.name in _INLINE else " ")
        elif not isinstance(node, PreformattedString):
            parts.append(str(node))
            if node.next_sibling is None and node.parent is not cell:
                parts.append(_after(node.parent))
    return _capped("".join(parts))


def _after(parent: Tag | None) -> str:
    return "" if parent is None or parent.name in _INLINE else " "


def _leading_text(cell: Tag) -> str:
    """A cell's text up to its first element that is no inline one."""
    parts: list[str] = []
    for count, node in enumerate(cell.descendants):
        block = isinstance(node, Tag) and node.name not in _INLINE
        if count > _MAX_NODES or block:
            break
        if isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            parts.append(str(node))
    return _capped("".join(parts))


def _capped(text: str) -> str:
    """The text folded; one that is too long ends in a mark."""
    if len(text) > 4 * MAX_TEXT:
        text = text[: 4 * MAX_TEXT] + "…"
    folded = fold(text)
    return folded if len(folded) <= MAX_TEXT else folded[: MAX_TEXT - 1] + "…"


def _span(tag: Tag, name: str) -> int:
    if name not in tag.attrs:
        return 1
    match = re.match(r"\s*([0-9]{1,4})", str(tag[name]))
    return max(1, min(int(match[1]), _MAX_SPAN)) if match else 1


def _laid_out(rows: Iterable[list[_Cell]]) -> Iterator[tuple[str, ...]]:
    """Rows with each cell in its column: wide ones are followed by blanks, tall ones repeated."""
    hanging: dict[int, tuple[str, int]] = {}
    for row in rows:
        texts: list[str] = []
        for cell in row[:_MAX_CELLS]:
            _let_hang(texts, hanging)
            start = len(texts)
            texts += [cell.text, *[""] * (cell.colspan - 1)]
            if cell.rowspan > 1:
                hanging |= {at: (texts[at], cell.rowspan) for at in range(start, len(texts))}
        _let_hang(texts, hanging)
        yield tuple(texts)
        hanging = {at: (text, left - 1) for at, (text, left) in hanging.items() if left > 1}


def _let_hang(texts: list[str], hanging: dict[int, tuple[str, int]]) -> None:
    """Fill the next columns with what hangs down into them from the rows above."""
    while len(texts) in hanging:
        texts.append(hanging[len(texts)][0])
