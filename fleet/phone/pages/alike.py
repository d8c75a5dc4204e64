"""Pages alike: a fleet's pages differ in what their cells say, and are taken apart once.

A page's form is its source with a mark in place of each word; a word is a cell's whole content, of
a few plain characters. Pages of one form make the same tree, so the words of the next one go to
the places where those of the first are. Three things about a word are more than its text when a
page is opened: an `@` in it, that it may head a column, and that it may say that an example
follows. The mark tells the first. Words of which one of the others holds are part of the form, as
is all that is no word.

The places are found by opening the page once more, with words that are like no others. Only pages
that are opened by the shortcut (`Page.plain`) are read so; the careful way knows nothing of it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from fleet.errors import PageUnreadable
from fleet.phone.pages.grid import Table
from fleet.phone.pages.hidden_elements import says_example
from fleet.phone.pages.lxml_reader import Page, open_page
from fleet.phone.pages.text import fold, label

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 50_000  # characters; longer sources are looked at otherwise
_MOST_FORMS = 128
_CELL = re.compile(
    r"(<t[dh](?: [^<>]*+)?+>)([\w@.:+/ -]{1,60}+)(?=</t[dh]>)", re.IGNORECASE | re.ASCII
)
_MAKER = re.compile("aastra|mitel", re.IGNORECASE)
_PLAIN, _WITH_AT, _NO_WORD = "\0", "\1", ""

Key: TypeAlias = tuple[frozenset[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Places:
    """A page, and where each of its words stands: among the runs, and in its table or not."""

    page: Page
    in_runs: tuple[int, ...]
    in_rows: tuple[tuple[int, int] | None, ...]

    def filled(self, words: Sequence[str], text: str) -> Page:
        """Return the page of `text`, which has other words."""
        page, table = self.page, self.page.tables[0]
        runs, rows = list(page.runs), list(map(list, table.rows))
        for word, run, place in zip(map(fold, words), self.in_runs, self.in_rows, strict=True):
            runs[run] = word
            if place:
                rows[place[0]][place[1]] = word
        filled = Table(rows=tuple(map(tuple, rows)), ordinal=table.ordinal)
        return Page(
            text=text,
            title=page.title,
            runs=tuple(runs),
            tables=(filled,),
            count=page.count,
            source=page.source,
            plain=True,
        )


@dataclass(slots=True)
class _Form:
    """What is known of a form; the places are looked for when it is seen a second time."""

    sightings: int = 0
    places: _Places | None = None


_forms: OrderedDict[Key, _Form] = OrderedDict()
_forms_lock = Lock()


def open_alike(text: str, headers: frozenset[str]) -> Page:
    """What `open_page` gives, sooner where pages of the same form were opened before."""
    if len(text) > _LONGEST or _PLAIN in text or _WITH_AT in text:
        return open_page(text, headers)
    parts = _CELL.split(text)
    marks = [_mark(word, headers) for word in parts[2::3]]
    words = [word for word, mark in zip(parts[2::3], marks, strict=True) if mark]
    parts[2::3] = [mark or word for word, mark in zip(parts[2::3], marks, strict=True)]
    form = _form((headers, "".join(parts)))
    if form.places:
        return form.places.filled(words, text)
    page = open_page(text, headers)
    form.sightings += 1
    if form.sightings == 2:
        form.places = _places(page, words, parts, headers)
    return page


@lru_cache(maxsize=4096)
def _mark(word: str, headers: frozenset[str]) -> str:
    folded = fold(word)
    if not folded or label(word) in headers or says_example(folded) or _MAKER.search(word):
        return _NO_WORD
    return _WITH_AT if "@" in word else _PLAIN


def _form(key: Key) -> _Form:
    with _forms_lock:
        form = _forms.setdefault(key, _Form())
        _forms.move_to_end(key)
        if len(_forms) > _MOST_FORMS:
            _forms.popitem(last=False)
    return form


def _places(
    page: Page, words: Sequence[str], parts: Sequence[str], headers: frozenset[str]
) -> _Places | None:
    """Where the words of a page stand; None unless each has its place, and fits into it."""
    # An `@` may also be written `%40`, which two neighbours could make up.
    if not page.plain or any("%" in run for run in page.runs):
        return None
    strangers = [f"zq{at}@x" if "@" in word else f"zq{at}x" for at, word in enumerate(words)]
    fresh = iter(strangers)
    source = "".join(next(fresh) if part in (_PLAIN, _WITH_AT) else part for part in parts)
    try:
        strange = open_page(source, headers)
    except PageUnreadable:
        return None
    if not strange.plain or any(strange.runs.count(one) != 1 for one in strangers):
        return None
    rows = enumerate(strange.tables[0].rows)
    cells = {text: (y, x) for y, row in rows for x, text in enumerate(row)}
    places = _Places(
        page=page,
        in_runs=tuple(map(strange.runs.index, strangers)),
        in_rows=tuple(map(cells.get, strangers)),
    )
    fits = _told(places.filled(strangers, source)) == _told(strange)
    return places if fits and _told(places.filled(words, page.text)) == _told(page) else None


def _told(page: Page) -> tuple[object, ...]:
    return page.title, page.runs, page.tables, page.count
