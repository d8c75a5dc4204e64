"""Tables as rows of cell texts: one text per cell, spans laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.phone.pages.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_TEXT = 512
"""Characters of a cell that are kept; a cell with more is no status, and its account is cut."""

CELLS = ("td", "th")
INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "big", "blink", "cite", "code", "em", "font", "i", "input"),
        *("kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong"),
        *("sub", "sup", "tt", "u", "var", "wbr"),
    )
)
"""Elements that do not part words: `<b>40</b>1` reads 401."""

MAX_SPAN = 50
MAX_WIDTH = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table's rows of cell texts. `ordinal` is its place among the page's tables, -1 for none."""

    rows: tuple[tuple[str, ...], ...]
    ordinal: int = -1
    loose: bool = False  # some of its cells stand in no row


@dataclass(slots=True)
class Cell:
    """A cell's text, and how many columns and rows it takes."""

    text: str
    colspan: int = 1
    rowspan: int = 1


def capped(text: str) -> str:
    """The text folded; one that is too long ends in a mark."""
    if len(text) > 2 * MAX_TEXT:
        text = text[: 2 * MAX_TEXT] + "…"
    folded = fold(text)
    return folded if len(folded) <= MAX_TEXT else folded[: MAX_TEXT - 1] + "…"


def laid_out(rows: Iterable[list[Cell]]) -> Iterator[tuple[str, ...]]:
    """Rows with each cell in its column: wide ones are followed by blanks, tall ones repeated.

    No row is wider than `MAX_WIDTH` columns.
    """
    hanging: dict[int, tuple[str, int]] = {}
    for row in rows:
        texts: list[str] = []
        for cell in row:
            _let_hang(texts, hanging)
            start = len(texts)
            if start >= MAX_WIDTH:
                break
            texts += [cell.text, *[""] * (min(cell.colspan, MAX_WIDTH - start) - 1)]
            if cell.rowspan > 1:
                hanging |= {at: (texts[at], cell.rowspan) for at in range(start, len(texts))}
        _let_hang(texts, hanging)
        yield tuple(texts)
        hanging = {at: (text, left - 1) for at, (text, left) in hanging.items() if left > 1}


def _let_hang(texts: list[str], hanging: dict[int, tuple[str, int]]) -> None:
    """Fill the next columns with what hangs down into them from the rows above."""
    while len(texts) in hanging:
        texts.append(hanging[len(texts)][0])
