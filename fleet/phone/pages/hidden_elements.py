"""What of a page nobody sees, or is not meant as the phone's own state, taken out of its tree."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from fleet.phone.pages.text import LONGEST_WORD, fold, has_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = " \t\r\n"
# Elements whose content a browser does not show, or shows as mere text.
_UNSEEN = (
    *("script", "style", "noscript", "template", "title", "textarea", "datalist"),
    *("iframe", "noframes", "noembed", "xmp", "object", "svg"),
)
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SUSPECTS = etree.XPath("//*[@hidden or @style or @class or @id or self::dialog]")
_HIDING = re.compile(r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse))\b")
_ASIDE = re.compile(
    r"(?:help|example|sample|legend|tooltip|hidden|hide|d-none|invisible)"
    r"(?:[-_]?(?:box|text|table|area|block|section|content))?",
    re.IGNORECASE,
)
_LOOK_BACK = 500  # texts, empty ones too
_EXAMPLE = re.compile(
    r"(?:for )?examples?\b|(?:par )?exemples?\b|e\.g\.|sample\b|legend\b|l.gende\b", re.IGNORECASE
)


def drop_unseen(root: Any, *, may_hide: bool = True) -> None:
    """Take out what a browser would not show, and tables in boxes of help and examples.

    Only what the element itself says counts (`hidden`, its style, its class or id); style sheets
    are not applied. Without `may_hide` no element of the page says any such thing.
    """
    for element in _SUSPECTS(root) if may_hide else ():
        if element.tag not in ("html", "body") and (_is_hidden(element) or _is_aside(element)):
            element.tag = "template"
    for element in list(root.iter(*_UNSEEN)):
        _take_out(element)


def _take_out(element: Any) -> None:
    """Remove an element, but not the text behind it; `strip_elements` costs ten times this."""
    parent, tail = element.getparent(), element.tail
    if parent is None:
        return
    if tail:
        before = element.getprevious()
        if before is None:
            parent.text = storable(f"{parent.text or ''}{tail}")
        else:
            before.tail = storable(f"{before.tail or ''}{tail}")
    parent.remove(element)


def storable(text: str) -> str:
    """A tree's text as it may be put into the tree: entities can spell what lxml refuses."""
    return text if text.isprintable() else _REFUSED.sub("", text)


def _is_hidden(element: Any) -> bool:
    if element.get("hidden") is not None:
        return True
    if element.tag == "dialog" and element.get("open") is None:
        return True
    style = element.get("style")
    return bool(style and _HIDING.search(re.sub(r"\s+", "", style).lower()))


def _is_aside(element: Any) -> bool:
    """Whether the element is, by its class or id, a box of help that holds a table, or is one."""
    names = f"{element.get('class', '')} {element.get('id', '')}"
    if not _names_aside(names):
        return False
    return element.tag == "table" or element.find(".//table") is not None


@lru_cache(maxsize=1024)
def _names_aside(names: str) -> bool:
    return any(_ASIDE.fullmatch(name) for name in names.split())


def without_examples(tables: list[Any]) -> list[Any]:
    """Take out tables whose caption, or the text right before them, says that they are examples."""
    examples = {table for table in tables if _is_example(table)}
    for table in examples:
        _take_out(table)
    return [table for table in tables if table not in examples]


def _is_example(table: Any) -> bool:
    text = _text_before(table)
    return not has_clock(text) and _says_example(text)


def _says_example(text: str) -> bool:
    """Whether a text may be the heading of an example."""
    return _EXAMPLE.match(text) is not None


def _text_before(table: Any) -> str:
    caption = table.find("caption")
    if caption is not None:
        return fold("".join(caption.itertext()))
    texts = islice(_texts_before(table), _LOOK_BACK)
    return fold(next((text for text in texts if text.strip(_BLANK)), "")[:LONGEST_WORD])


def _texts_before(element: Any) -> Iterator[str]:
    """The texts before an element, the nearest first."""
    while True:
        before = element.getprevious()
        if before is None:
            element = element.getparent()
            if element is None:
                return
        else:
            element = before
            yield element.tail or ""
            while len(element):
                element = element[-1]
                yield element.tail or ""
        yield element.text or ""
