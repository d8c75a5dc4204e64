"""What only the page's source can tell: whether it came whole, and whose page it is."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from fleet.phone.pages.text import too_much

MOST_TAGS = 10_000
MOST_ROWS = 1000
MOST_ATTRIBUTES = 1000
"""Of one tag. libxml2 compares each attribute of a tag with those before it."""

_UNSEEN = ("script", "style", "textarea", "xmp", "title", "noframes", "noembed", "iframe")
_UNSEEN_BEGINS = re.compile(rf"<(?:!--|({'|'.join(_UNSEEN)})\b)")
_WORD = re.compile(r"\w")
_ROW = re.compile(r"<tr[\s/>]", re.ASCII)
# Up to the tag's `>`, or to a quote that is never closed. It matches at every `<` before a letter
# and gives nothing back, so that a search never reads a character twice.
_TAG = re.compile(r"<(/?[a-z][a-z0-9]*+)(?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+")
_BETWEEN_ATTRIBUTES = re.compile(r"[\s\"'/]+")
_LONGEST_KEPT = 50_000
_TABLE_TAG = re.compile(r"<(/?)table\b[^>]*>?")
_TEXT = re.compile(r">[^<>]+<")
_HIDING = (
    *("hidden", "display", "visibility", "<dialog", "hide", "d-none", "invisible"),
    *("help", "example", "sample", "legend", "tooltip", "&#"),
)
_BRAND = re.compile(r"(?<![a-z])(?:aastra|mitel(?:minet)?)(?![a-z])")


class RawMarkup:
    """A page's source in small letters, without what is not markup: comments, scripts, styles.

    Raises PageUnreadable for a page that is larger than any status page, or would cost too much.
    """

    def __init__(self, text: str) -> None:
        if text.count("<") > MOST_TAGS:
            raise too_much("has more tags")
        self._whole = text.lower()
        self.markup = _without_unseen(self._whole)
        self.rows = len(_ROW.findall(self.markup))
        if self.rows > MOST_ROWS:
            raise too_much("has more rows")
        if self._may_crowd_a_tag and any(map(_is_crowded, _TAG.finditer(self._whole))):
            raise too_much("has a tag with more attributes")
        self._end = max(map(self.markup.rfind, ("</body", "</html")))
        self._last_row = max(map(self.markup.rfind, ("<tr", "<td", "<th")))

    @property
    def names_the_maker(self) -> bool:
        """Whether Aastra or Mitel is named anywhere."""
        return _BRAND.search(self._whole) is not None

    @property
    def may_hide(self) -> bool:
        """Whether a tag may say that its element is not to be seen; an entity could spell it."""
        tags = _TEXT.sub("><", self.markup)  # `pbx.example` in a cell is no reason
        return _may_hide(tags) if len(tags) <= _LONGEST_KEPT else _may_hide.__wrapped__(tags)

    def has_more_rows_than(self, count: int) -> bool:
        """Whether the source has more rows than that; those in attributes' values are none."""
        if self.rows <= count:
            return False
        tags = (tag for tag in _TAG.finditer(self.markup) if tag[1] == "tr")
        return sum(self.markup.startswith(">", tag.end()) for tag in tags) > count

    @property
    def is_cut(self) -> bool:
        """Whether the page starts as a document and does not end as one."""
        markup = self.markup
        opened = "<html" in markup or "<body" in markup or "<!doctype" in markup
        in_a_tag = markup.rfind("<") > markup.rfind(">")
        return in_a_tag or (opened and self._end < 0)

    @property
    def has_open_tables(self) -> bool:
        """Whether some table's end tag is missing; what follows then stands in its last cell."""
        return self.markup.count("<table") != self.markup.count("</table")

    def holds_whole(self, ordinal: int, tables: int) -> bool:
        """Whether a table came whole: it is closed, or the document's end comes after all rows.

        `ordinal` is the table's place among the page's `tables`, counted by their start tags; -1
        for rows outside of any table. Where the count differs from the source's, only the
        document's end is proof.
        """
        if self._end > self._last_row:
            return True
        return 0 <= ordinal < tables == len(self._closed) and self._closed[ordinal]

    @cached_property
    def _closed(self) -> list[bool]:
        """Whether each table is closed, in the order of their start tags."""
        closed: list[bool] = []
        standing: list[int] = []
        for tag in _TABLE_TAG.finditer(self.markup):
            if not tag[1]:
                standing.append(len(closed))
                closed.append(False)
            elif standing:
                closed[standing.pop()] = tag[0].endswith(">")
        return closed

    @property
    def _may_crowd_a_tag(self) -> bool:
        """Whether there is enough between attributes anywhere for a tag with too many."""
        return sum(map(self._whole.count, " \t\n\r\f\v\"'/")) > MOST_ATTRIBUTES


@lru_cache(maxsize=64)  # a fleet's pages differ in their texts, hardly in their tags
def _may_hide(tags: str) -> bool:
    return any(hint in tags for hint in _HIDING)


def _without_unseen(whole: str) -> str:
    """The source without its comments, and without what browsers take for mere text."""
    parts: list[str] = []
    done = 0
    while begin := _UNSEEN_BEGINS.search(whole, done):
        parts.append(whole[done : begin.start()])
        done = _end_of_unseen(whole, begin[1], begin.end())
    return "".join((*parts, whole[done:]))


def _end_of_unseen(whole: str, tag: str | None, at: int) -> int:
    """Where a comment (`tag` None) ends, or a tag's content; all the rest if it has no end."""
    mark = f"</{tag}" if tag else "-->"
    while (found := whole.find(mark, at)) >= 0:
        at = found + len(mark)
        if tag is None:
            return at
        if _WORD.match(whole, at) is None:
            return found
    return len(whole)


def _is_crowded(tag: re.Match[str]) -> bool:
    long_enough = tag.end() - tag.start() > 2 * MOST_ATTRIBUTES
    return long_enough and len(_BETWEEN_ATTRIBUTES.findall(tag[0])) > MOST_ATTRIBUTES
