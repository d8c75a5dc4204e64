"""What only the page's source can tell: whether it came whole, and whose page it is."""

from __future__ import annotations

import re
from functools import lru_cache

_UNSEEN = ("script", "style", "textarea", "xmp", "title", "noframes", "noembed", "iframe")
_UNSEEN_BEGINS = re.compile(rf"<(?:!--|({'|'.join(_UNSEEN)})\b)")
_WORD = re.compile(r"\w")
_ROW = re.compile(r"<tr[\s/>]")
_TAG = re.compile(r"<(/?[a-z][a-z0-9]*)(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
_LONGEST_WITH_QUOTES = 100_000
_LONGEST_KEPT = 50_000
_TABLE_TAG = re.compile(r"<(/?)table\b[^>]*>?")
_TEXT = re.compile(r">[^<>]+<")
_HIDING = (
    *("hidden", "display", "visibility", "<dialog", "hide", "d-none", "invisible"),
    *("help", "example", "sample", "legend", "tooltip", "&#"),
)
_BRAND = re.compile(r"(?<![a-z])(?:aastra|mitel(?:minet)?)(?![a-z])")


class Source:
    """A page's source in small letters, without what is not markup: comments, scripts, styles."""

    __slots__ = ("_end", "_last_row", "_whole", "markup", "rows")

    def __init__(self, text: str) -> None:
        self._whole = text.lower()
        self.markup = _without_unseen(self._whole)
        self.rows = len(_ROW.findall(self.markup))
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
        if self.rows <= count or len(self.markup) > _LONGEST_WITH_QUOTES:
            return self.rows > count
        rows = [tag for tag in _TAG.finditer(self.markup) if tag[1] == "tr"]
        return len(rows) > count

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
        tags = list(_TABLE_TAG.finditer(self.markup))
        starts = [at for at, tag in enumerate(tags) if not tag[1]]
        if ordinal < 0 or len(starts) != tables:
            return False
        return _closes(tags[starts[ordinal] :])


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


def _closes(tags: list[re.Match[str]]) -> bool:
    """Whether the first of these tags is closed by a later one."""
    depth = 0
    for tag in tags:
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag[0].endswith(">")
    return False
