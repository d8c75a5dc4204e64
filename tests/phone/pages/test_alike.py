"""Pages alike: filled into the form of another, a page is what it would be by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.errors import PageUnreadable
from fleet.phone.pages import WORDS, read_page
from fleet.phone.pages.alike import open_alike
from fleet.phone.pages.lxml_reader import Page, open_page
from tests.phone.pages.pages import Told, page, row, sip_table, table, told_pages

if TYPE_CHECKING:
    from fleet.model import Facts, Reason

_CONTENT = re.compile(r"(?<=>)[^<>]+(?=<)")
ODD_WORDS = (
    *("Registered", "Unregistered", "401", "Yes", "No", "1", "2", "40", "4", "0", "-", " 1 "),
    *("1001@pbx.example", "sip:7@b:5060", "@", "1001 40pbx", "%", "%40", "1%4", "&#64;", "&amp;"),
    *("Line", "line", "Status", "SIP Account", "Backup Registrar Used?", "Platform", "MAC Address"),
    *("Example", "For example", "Sample 10:15", "Aastra", "Mitel 6867i", "6757i", "3.3.1", "10:15"),
    *("", " ", "\xa0", "Enregistré", "x" * 70, "zq0x", "zq1@x", "SIP Status", "00:08:5D:00:00:01"),
)


def seen(opened: Page) -> tuple[object, ...]:
    """What a page shows, and what its source tells."""
    source = opened.source
    flags = source.is_cut, source.names_the_maker, source.has_open_tables
    whole = [source.holds_whole(each.ordinal, opened.count) for each in opened.tables]
    return opened.title, opened.runs, opened.tables, opened.count, opened.plain, flags, whole


def read(source: str, *, careful: bool = False) -> Facts | Reason:
    try:
        return read_page(source.encode(), careful=careful)
    except PageUnreadable as error:
        return error.reason


def retold(source: str, changes: list[tuple[int, str]]) -> str:
    """The source with other texts between its tags, at places counted round."""
    texts = _CONTENT.findall(source)
    for place, text in changes:
        texts[place % len(texts)] = text
    fresh = iter(texts)
    return _CONTENT.sub(lambda _: next(fresh), source)


changes = st.lists(st.tuples(st.integers(0, 200), st.sampled_from(ODD_WORDS)), max_size=4)


@settings(max_examples=150, deadline=None)
@given(told_pages(), st.lists(changes, min_size=2, max_size=5))
def test_a_page_alike_is_opened_and_read_as_if_it_were_the_first(
    told: Told, variants: list[list[tuple[int, str]]]
) -> None:
    for source in (told.source, *(retold(told.source, each) for each in variants)):
        try:
            expected = seen(open_page(source, WORDS.headers))
        except PageUnreadable:
            continue
        assert seen(open_alike(source, WORDS.headers)) == expected
        assert read(source) == read(source, careful=True)


def test_the_third_page_of_a_form_is_not_taken_apart() -> None:
    def of_phone(number: int, state: str = "Registered") -> str:
        lines = sip_table((str(number), f"{number}@form.example", state, "No"))
        return page(f"<h4>A form of this test alone</h4>{lines}")

    first, _, third = (open_alike(of_phone(n), WORDS.headers) for n in (1, 2, 3))
    fourth = open_alike(of_phone(4, "503 Service Unavailable"), WORDS.headers)

    assert third.source is fourth.source
    assert third.source is not first.source
    assert seen(fourth) == seen(open_page(of_phone(4, "503 Service Unavailable"), WORDS.headers))


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ("<td>Menu</td>", "<td>Aastra</td>"),
        ("<td>No</td>", "<td>1001@b</td>"),
        ("<td>Note</td>", "<td>Example:</td>"),
        ("<td>Note</td>", "<td>Status</td>"),
        ("<td>Note</td>", "<td>7 %</td>"),
    ],
)
def test_a_word_that_means_more_than_its_text_makes_another_form(usual: str, odd: str) -> None:
    def source(number: int) -> str:
        lines = sip_table((str(number), f"{number}@odd.example", "Registered", "No"))
        return page(table(row("Note", "SIP Account", "x")) + lines, title="")

    for number in (1, 2, 3):
        open_alike(source(number), WORDS.headers)
    other = source(4).replace(usual, odd)
    assert other != source(4)
    assert seen(open_alike(other, WORDS.headers)) == seen(open_page(other, WORDS.headers))


@pytest.mark.parametrize(
    "source",
    [
        "<td title='a>Registered</td>'>1</td>",
        "<!-- <td>Registered</td> -->",
        "<script>'<td>Registered</td>'</script>",
        "<td>Sta<b>tus</b></td><td>1</td>",
        "<textarea><td>Registered</td></textarea>",
        "<div hidden><table><tr><td>Registered</td></tr></table></div>",
    ],
)
def test_what_only_looks_like_a_cell_is_no_word(source: str) -> None:
    def told(number: int) -> str:
        state = ("Registered", "Unregistered", "403")[number % 3]
        odd = source.replace("Registered", state)
        lines = sip_table((str(number), f"{number}@looks.example", state, "No"))
        return page(f"<table><tr>{odd}</tr></table>{lines}")

    for number in range(1, 6):
        expected = seen(open_page(told(number), WORDS.headers))
        assert seen(open_alike(told(number), WORDS.headers)) == expected
        assert read(told(number)) == read(told(number), careful=True)
