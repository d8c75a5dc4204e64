"""The one door for lxml: a page's text becomes its visible text runs and its tables.

lxml builds the tree once, drops what nobody sees and finds the table that may be the SIP table.
Where that table is plain, rows of cells with nothing odd in them, its texts are used unchanged.
In any doubt bs4 reads all tables of the tree: the careful way defines the result, the plain table
is a shortcut, and tests compare the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from fleet.errors import PageUnreadable
from fleet.model import Reason
from fleet.phone.pages.grid import CELLS, INLINE, MAX_SPAN, MAX_TEXT, Table, capped
from fleet.phone.pages.hidden_elements import drop_unseen, storable, without_examples
from fleet.phone.pages.raw_markup import RawMarkup
from fleet.phone.pages.text import fold, label, too_much

PARSER = f"lxml {etree.__version__}"

_LONGEST_RUN = 2 * MAX_TEXT
_MOST_TEXT = 50_000
_MOST_CANDIDATES = 50
_MOST_FOR_BS4 = 3500  # elements; bs4 takes some 15 µs for each
_ORDINAL = "data-ordinal"
_rows = etree.XPath("//tr")
# A row that holds rows is layout; the rows in it speak for themselves.
_leaf_rows = etree.XPath("//tr[*[2]][not(descendant::tr)]")
_tops = etree.XPath("//*[self::table or self::tr][not(ancestor::table or ancestor::tr)]")
_texts = etree.XPath("//text()", smart_strings=False)  # a seventh of what itertext() costs
_text_of = etree.XPath("string()", smart_strings=False)
_EMPTY = frozenset({"br", "img"})
_MOST_INLINE = 50
_SPAN = re.compile(r"[1-9][0-9]{0,3}")
# What comes after an early end would be lost; browsers show it.
_END = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_BETWEEN_CELLS = re.compile(r">\s+(?=</?t)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What a page shows. `runs` are its visible texts in their order, `title` the document's.

    `text` is the page as it came, for a dialect that reads another form than tables.

    `tables` are those that may matter, in their order; `count` is how many the page has.
    """

    text: str
    title: str
    runs: tuple[str, ...]
    tables: tuple[Table, ...]
    count: int
    source: RawMarkup


def open_page(text: str, headers: frozenset[str], *, careful: bool = False) -> Page:
    """Parse a page. `headers` are the words that may head the SIP table's columns.

    `careful` reads the whole page with bs4 in any case. Raises PageUnreadable when the page is
    nested too deeply to be read whole, has more of anything than a status page can have, or has
    rows that the parser loses; any other text makes a page, possibly an empty one.
    """
    source = RawMarkup(text)
    root = _parse(text)
    if root is None:
        return Page(text=text, title="", runs=(), tables=(), count=0, source=source)
    if source.has_more_rows_than(len(_rows(root))):
        raise PageUnreadable(Reason.NO_TABLE, "The page has rows that the parser cannot place.")
    numbered = list(root.iter("table"))
    title = fold((root.findtext(".//title") or "")[:_LONGEST_RUN])
    drop_unseen(root, may_hide=source.may_hide)
    texts = [text[:_LONGEST_RUN] for text in _texts(root) if not text.isspace()]
    if sum(map(len, texts)) > _MOST_TEXT:
        raise too_much("shows more text")
    runs = tuple(filter(None, map(fold, texts)))
    careful = careful or source.has_open_tables
    return Page(
        text=text,
        title=title,
        runs=runs,
        tables=_tables(root, headers, numbered, careful=careful, source=source),
        count=len(numbered),
        source=source,
    )


def _parse(text: str) -> Any:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(_END.sub("", text).encode("utf-8", errors="replace"), parser)
    except (etree.LxmlError, ValueError):
        return None
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise PageUnreadable(Reason.NO_TABLE, "The page is nested too deeply to be read.")
    return root


def _tables(
    root: Any, headers: frozenset[str], numbered: list[Any], *, careful: bool, source: RawMarkup
) -> tuple[Table, ...]:
    """The tables that may matter. `numbered`: all of the page."""
    if not _rows(root):
        return ()
    candidates, in_doubt = _candidates(root, headers)
    tables = without_examples(candidates)
    if not (careful or in_doubt) and len(tables) == 1 and (rows := _plain_rows(tables[0])):
        return (Table(rows=rows, ordinal=numbered.index(tables[0])),)
    return _read_carefully(root, numbered, unclosed=source.has_open_tables)


def _candidates(root: Any, headers: frozenset[str]) -> tuple[list[Any], bool]:
    """The tables that may be the SIP table; and whether a row outside of any table may be its."""
    tables: dict[Any, None] = {}
    in_doubt = False
    for row in _leaf_rows(root):
        if _may_matter(row, headers):
            table = next(row.iterancestors("table"), None)
            if table is None:
                in_doubt = True
            else:
                tables[table] = None
    if len(tables) > _MOST_CANDIDATES:
        raise too_much("has more tables of accounts")
    return list(tables), in_doubt


def _may_matter(row: Any, headers: frozenset[str]) -> bool:
    """Whether a row holds an account among three cells or more, or two of the columns' headers."""
    text = _text_of(row)
    if "@" in text or "%40" in text:
        return len(row) > 2
    texts = (_text_of(cell) if len(cell) else cell.text for cell in row)
    return sum(label(text) in headers for text in texts if text) > 1


def _plain_rows(table: Any) -> tuple[tuple[str, ...], ...] | None:
    """The table's rows, if nothing needs a second thought: no nesting, no spans, no oddities."""
    rows: list[tuple[str, ...]] = []
    count = 0
    for row in table.iter("tr"):
        cells = [_plain_text(cell) for cell in row]
        count += len(cells)
        texts = tuple(text for text in cells if text is not None)
        if len(texts) != len(cells):
            return None
        if texts:
            rows.append(texts + _spanned(row) if len(row) == 1 else texts)
        if len(row) > 1 and any(cell.get("colspan") for cell in row):
            return None
    everywhere = sum(1 for _ in table.iter(*CELLS))
    return tuple(rows) if count == everywhere else None


def _spanned(row: Any) -> tuple[str, ...]:
    """The blank columns behind a row's one cell, such as a title over the whole table."""
    span = row[0].get("colspan", "1")
    return ("",) * (min(int(span), MAX_SPAN) - 1) if _SPAN.fullmatch(span) else ()


def _plain_text(cell: Any) -> str | None:
    """A cell's text; None for what is no cell, or holds more than words and what dresses them."""
    if cell.tag not in CELLS or cell.get("rowspan"):
        return None
    if not len(cell):
        return capped(cell.text or "")
    for count, one in enumerate(cell.iterdescendants()):
        if count > _MOST_INLINE or (one.tag not in INLINE and one.tag not in _EMPTY):
            return None
        if one.tag in _EMPTY:
            one.tail = storable(f" {one.tail or ''}")
    return capped("".join(cell.itertext()))


def _read_carefully(root: Any, numbered: list[Any], *, unclosed: bool) -> tuple[Table, ...]:
    """Have bs4 read all tables of the tree, and the rows outside of any."""
    from fleet.phone.pages import bs4_reader  # only here: most pages need no second thought

    for ordinal, table in enumerate(numbered):
        table.set(_ORDINAL, str(ordinal))
    etree.strip_tags(root, *INLINE)
    tops = _tops(root)
    elements = [element for top in tops for element in top.iter()]
    if len(elements) > _MOST_FOR_BS4:
        raise too_much("has more elements in tables")
    for element in elements:
        _keep_only_spans(element)
    markup = "".join(
        etree.tostring(top, method="html", encoding="unicode", with_tail=False) for top in tops
    )
    return bs4_reader.read_tables(
        _BETWEEN_CELLS.sub(">", markup), ordinal=_ORDINAL, unclosed=unclosed
    )


def _keep_only_spans(element: Any) -> None:
    kept = [(name, element.get(name)) for name in ("colspan", "rowspan", _ORDINAL)]
    element.attrib.clear()
    for name, value in kept:
        if value is not None and value.isascii() and value.isdigit():
            element.set(name, value)
