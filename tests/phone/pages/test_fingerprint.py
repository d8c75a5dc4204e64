"""Sameness: a page that counts as the same surely says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.errors import PageUnreadable
from fleet.phone.pages import WORDS, masked_key, page_key, read_page, same_page, words_with
from tests.phone.pages.pages import CLOCK, Told, page, row, sip_table, table, told_pages

if TYPE_CHECKING:
    from fleet.model import Facts

READING = {"charset": None, "words": WORDS}
LINE = ("1", "1001@pbx.example:5060", "Registered", "No")
TIMES = st.from_regex(
    r"(?:[A-Za-z]{1,9} ){0,3}(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?", fullmatch=True
)
ODD_TEXTS = (
    st.sampled_from(
        [
            "Registered",
            "401",
            "Yes",
            "No",
            "1",
            "Line",
            "Platform",
            "6757i 10:15",
            "401 10:15",
            "Aastra",
        ]
    )
    | TIMES
)


def masked(source: str) -> str | None:
    body = source.encode()
    return masked_key(body, read_page(body), **READING)


def test_another_minute_is_the_same_page() -> None:
    key = masked(page(sip_table(LINE)))
    assert key is not None
    assert key.startswith("m:")
    assert same_page(page(sip_table(LINE), clock="Wed Mar 05 2014 1:02").encode(), key, **READING)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Registered", "401"),
        ("No<", "Yes<"),
        ("1001@", "1002@"),
        (":5060", ":5061"),
        ("3.3.1.4365", "3.3.1.4366"),
        ("10:20:30", "10:20:31"),
        ("</table>", "</table >"),
        (CLOCK, "@10:15"),
        (CLOCK, "<b>10:15</b>"),
        (CLOCK, "10:15 &#64;"),
        (CLOCK, "noon"),
    ],
)
def test_any_other_change_is_another_page(old: str, new: str) -> None:
    source = page(sip_table(LINE))
    key = masked(source)
    assert key is not None
    assert not same_page(source.replace(old, new).encode(), key, **READING)


@pytest.mark.parametrize(
    "source",
    [
        page(sip_table(("1", "1001@b", "Registered since 12:30", "No"))),
        page(sip_table(("1", "1001@b", "12:30", "No"))),
        page(sip_table(("1", "12:30", "Registered", "No"))),
        page(sip_table(LINE), title="Aastra 6753i", clock="(masked Aastra 00:00)"),
        page(sip_table(LINE), clock="no time"),
        page(sip_table(LINE), clock="10:15 'o clock'"),
    ],
)
def test_a_time_that_is_read_is_never_masked(source: str) -> None:
    assert masked(source) is None


def test_a_time_per_line_in_a_column_of_its_own_is_masked() -> None:
    headers = ("Line", "SIP Account", "Status", "Backup Registrar Used?", "Since")

    def at(time: str) -> str:
        return page(table(row(*headers), row(*LINE, time)))

    key = masked(at("12:30"))
    assert key is not None
    assert same_page(at("12:31").encode(), key, **READING)


def test_keys_depend_on_charset_and_words() -> None:
    body = page(sip_table(LINE)).encode()
    keys = {
        page_key(body, charset=None, words=WORDS),
        page_key(body, charset="utf-8", words=WORDS),
        page_key(body, charset=None, words=words_with({"yes": ["Jes"]})),
    }
    assert len(keys) == 3
    assert not any(same_page(body + b" ", key, **READING) for key in keys)
    assert not same_page(body, "", **READING)


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[Told, bytes]:
    """A page, and another that differs from it in a few places."""
    told = draw(told_pages())
    text = told.source.replace(CLOCK, draw(TIMES))
    for _ in range(draw(st.integers(0, 2))):
        runs = [at for at in range(len(text)) if text[at] == ">" and text[at + 1 : at + 2] != "<"]
        at = draw(st.sampled_from(runs)) + 1
        end = text.find("<", at)
        text = text[:at] + draw(ODD_TEXTS) + text[end:] if end > 0 else text
    return told, text.encode()


@settings(max_examples=150, deadline=None)
@given(neighbours(), st.data())
def test_pages_that_count_as_the_same_say_the_same(
    pair: tuple[Told, bytes], data: st.DataObject
) -> None:
    _, first = pair
    text = first.decode()
    for time in sorted({one for one in text.split(">") if ":" in one})[:3]:
        text = text.replace(
            ">" + time, ">" + data.draw(ODD_TEXTS | st.just(time[: time.find("<")])) + "<", 1
        )
    assert_consistent(first, text.encode())


def assert_consistent(first: bytes, second: bytes) -> None:
    facts = told(first)
    if facts is None:
        return
    keys = [page_key(first, **READING), masked_key(first, facts, **READING)]
    for key in filter(None, keys):
        assert same_page(first, key, **READING)
        if same_page(second, key, **READING):
            assert told(second) == facts


def told(body: bytes) -> Facts | None:
    try:
        return read_page(body)
    except PageUnreadable:
        return None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(ODD_TEXTS, min_size=8, max_size=8),
    st.lists(ODD_TEXTS, min_size=8, max_size=8),
    st.booleans(),
)
def test_whatever_stands_in_the_cells_masked_pages_say_the_same(
    one: list[str], other: list[str], headed: bool
) -> None:
    def source(texts: list[str]) -> bytes:
        rows = (("1", "1001@b", *texts[:3]), (texts[3], "1002@b", *texts[4:6]))
        head = (row("Line", "SIP Account", "Status", "Backup", texts[6]),) if headed else ()
        return page(table(*head, *(row(*cells) for cells in rows)), title=texts[7]).encode()

    mixed = [b if ":" in a and ":" in b else a for a, b in zip(one, other, strict=True)]
    assert_consistent(source(one), source(mixed))
