"""The reader: what it says of pages of any shape, and what it refuses to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fleet.errors import PageUnreadable
from fleet.model import Facts, Reason, Registration
from fleet.phone.pages import DIALECTS, Words, read_page, words_with
from fleet.phone.pages import reader as pages_reader
from tests.phone.pages.pages import HEADERS, Told, page, row, sip_table, table, told_pages

if TYPE_CHECKING:
    from fleet.phone.pages.identity import Identity
    from fleet.phone.pages.lxml_reader import Page

GOOD = ("1", "1001@pbx.example:5060", "Registered", "No")
REFUSED = ("2", "1002@pbx.example:5060", "401", "No")
some = settings(max_examples=100, deadline=None)


def read(source: str | bytes, **options: object) -> Facts:
    body = source.encode() if isinstance(source, str) else source
    return read_page(body, **options)  # type: ignore[arg-type]


def states(facts: Facts) -> list[tuple[int, str, int | None, bool | None]]:
    return [(one.number, one.registration.value, one.code, one.backup) for one in facts.lines]


BOTH = [(1, "registered", None, False), (2, "failed", 401, False)]


def reason(source: str | bytes) -> Reason:
    with pytest.raises(PageUnreadable) as caught:
        read(source)
    assert caught.value.detail.endswith((".", "?"))
    return caught.value.reason


@some
@given(told_pages())
def test_a_page_of_any_shape_is_read_as_it_was_meant(told: Told) -> None:
    assert read(told.body).lines == told.lines


@some
@given(told_pages())
def test_the_shortcut_and_the_careful_way_read_the_same(told: Told) -> None:
    assert read(told.body) == read(told.body, careful=True)


@settings(max_examples=25, deadline=None)
@given(told_pages(), st.data())
def test_a_page_cut_anywhere_is_read_whole_or_not_at_all(told: Told, data: st.DataObject) -> None:
    for _ in range(20):
        cut = told.body[: data.draw(st.integers(0, len(told.body)))]
        try:
            assert read(cut).lines == told.lines
        except PageUnreadable:
            continue


def test_a_page_cut_at_each_byte_is_read_whole_or_not_at_all() -> None:
    body = page(sip_table(GOOD, REFUSED)).encode()
    whole = read(body).lines
    for end in range(body.index(b"SIP Status"), len(body)):
        try:
            assert read(body[:end]).lines == whole
        except PageUnreadable:
            continue


@some
@given(st.binary(max_size=400) | st.text(alphabet="<>/tdrabhle1@ =\"'&#;!-\0\ud7ff", max_size=400))
@example(b"\xff\xfe<")
@example("<table><tr><td>1<td>@<td>")
@example("<" * 400)
@example("<p a\t\x01 \x01=1 colspan=&#1;><table><tr><td rowspan=&#1; \x0b\x1c=2>1@")
def test_bytes_of_any_kind_are_facts_or_unreadable(junk: bytes | str) -> None:
    body = junk if isinstance(junk, bytes) else junk.encode("utf-8", "replace")
    for source in (body, page("", clock="").encode().replace(b"<h3>", body)):
        for careful in (False, True):
            try:
                assert read_page(source, careful=careful).lines is not None
            except PageUnreadable:
                continue


@some
@given(told_pages(), st.data())
def test_a_damaged_page_never_makes_a_refused_line_registered(
    told: Told, data: st.DataObject
) -> None:
    body = told.source.replace("egistered", "efused").replace("nregistré", "efusé").encode()
    start = data.draw(st.integers(0, len(body)))
    end = min(len(body), start + data.draw(st.integers(0, 60)))
    damaged = body[:start] + data.draw(st.binary(max_size=8)) + body[end:]
    try:
        facts = read(damaged)
    except PageUnreadable:
        return
    assert all(one.registration is not Registration.REGISTERED for one in facts.lines)


@pytest.mark.parametrize("charset", [None, "", "utf-8", "x-aragorn", "hex", "utf-7", "\0", "é"])
def test_no_name_of_a_charset_costs_the_page(charset: str | None) -> None:
    assert states(read(page(sip_table(GOOD, REFUSED)), charset=charset)) == BOTH


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 100_000,
        "<table><tr><td>" * 60_000,
        "<table><tr><td>1<td>a@b<td>Registered<td>No" * 10_000,
        " <" * 300_000,
        ">10:15 " * 100_000,
        "<!--" * 200_000,
        "<td style='" + " " * 500_000,
        "\x00" * 500_000,
        '<tr<a "' * 80_000,
        "<tr ><noembed/a \"'" * 900,
        "é" * 300_000,
        table(*(row(str(one % 90), f"{one}@b", "Registered", "No") for one in range(20_000))),
    ],
    ids=lambda source: source[:12],
)
def test_a_flood_is_unreadable_and_costs_little(source: str) -> None:
    assert reason(source) in (Reason.TOO_LARGE, Reason.NO_TABLE, Reason.NOT_AASTRA)


@pytest.mark.parametrize(
    "source",
    [
        table(row(*GOOD), row(*REFUSED)),
        table(row("#", "URI", "State", "B"), row(*GOOD), row(*REFUSED)),
        table(row(*HEADERS, tag="th")) + table(row(*GOOD), row(*REFUSED)),
        sip_table(GOOD) + sip_table(REFUSED),
        sip_table(GOOD, REFUSED) * 2,
        sip_table(GOOD, REFUSED, GOOD),
        table(row(*HEADERS), row(*GOOD), row(*HEADERS), row(*REFUSED)),
        sip_table((*GOOD, ""), (*REFUSED, "")),
        table(
            "<tr><th>Line<th colspan=2>SIP Account<th>Status<th>Backup Registrar Used?",
            "<tr><td>1<td colspan=2>1001@pbx.example:5060<td>Registered<td>No",
            "<tr><td>2<td>1002@pbx.example:5060<td><td>401<td>No",
        ),
        table(
            row(*HEADERS),
            "<tr><td>1<td rowspan=2>1001@pbx.example:5060<td>Registered<td>No",
            "<tr><td>2<td>401<td>No",
        ),
    ],
)
def test_two_lines_are_found_in_tables_of_many_kinds(source: str) -> None:
    assert states(read(page(source))) == BOTH


def test_rows_after_a_table_with_headers_are_lines_too() -> None:
    more = table(row("2", "1002@b", "Registered", "No"), row("3", "1003@b", "401", "No"))
    assert [one.number for one in read(page(sip_table(GOOD) + more)).lines] == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", Reason.NO_TABLE),
        (sip_table(GOOD) + sip_table(("1", "1001@pbx.example", "401", "No")), Reason.CONTRADICTORY),
        (sip_table(GOOD, REFUSED) + sip_table(GOOD), Reason.CONTRADICTORY),
        (sip_table(GOOD, (*GOOD[:2], "401", "No")), Reason.CONTRADICTORY),
        (sip_table(GOOD, ("A", "1002@b", "Registered", "No")), Reason.NO_TABLE),
        (sip_table(GOOD, ("", "", "401", "No")), Reason.NO_TABLE),
        (sip_table(GOOD, ("100", "1002@b", "401", "No")), Reason.NO_TABLE),
        (sip_table(GOOD, ("٢", "1002@b", "401", "No")), Reason.NO_TABLE),
        (
            table(row(*HEADERS), "<td>1<td>1001@b<td>Registered<td>No</tr>"),
            Reason.NO_TABLE,
        ),
        (
            sip_table() + table(row("1", "1001@b", "Ready", "Ja")),
            Reason.CONTRADICTORY,
        ),
        ("<div>1</div><div>1001@pbx.example</div><div>Registered</div>", Reason.NO_TABLE),
        ("<p>Example:</p>" + sip_table(GOOD), Reason.NO_TABLE),
        ("<div class='help'>" + sip_table(GOOD) + "</div>", Reason.NO_TABLE),
        ("<textarea>" + sip_table(GOOD) + "</textarea>", Reason.NO_TABLE),
        (table(row("1", "2001@b", "10:31", "2")), Reason.NO_TABLE),
        (table(row("1", "Alice", "2001@pbx.example")), Reason.NO_TABLE),
    ],
)
def test_what_is_no_plain_table_is_unreadable(content: str, expected: Reason) -> None:
    assert reason(page(content)) is expected


@pytest.mark.parametrize(
    "decoy",
    [
        table(row("Line", "SIP Account", "Status"), row("1", "1001@pbx.example", "DND off")),
        table(row("Line", "Account", "To", "Active"), row("1", "1001@pbx.example", "403", "Yes")),
        table(row("1", "1001@pbx.example", "403", "Yes")),
        table(row("1", "1001@pbx.example", "Off", "No")),
    ],
)
def test_lists_of_other_things_by_line_are_no_sip_table(decoy: str) -> None:
    for content in (sip_table(GOOD, REFUSED) + decoy, decoy + sip_table(GOOD, REFUSED)):
        assert states(read(page(content))) == BOTH


def test_rows_behind_an_early_end_are_lines_too() -> None:
    source = page(sip_table(GOOD, REFUSED)).replace("<tr><td>2<", "</body></html><tr><td>2<")
    assert states(read(source)) == BOTH


def test_rows_in_attributes_are_no_rows() -> None:
    tip = '<td title="<tr><td>1</td><td>9@x</td><td>401</td></tr>">Registered'
    source = page(sip_table(GOOD, REFUSED)).replace("<td>Registered", tip)
    assert states(read(source)) == BOTH


def test_headers_without_rows_are_no_lines() -> None:
    assert read(page(sip_table())).lines == ()


def test_text_split_by_tags_is_one_word_and_split_by_breaks_is_two() -> None:
    source = table(
        row(*HEADERS),
        "<tr><td>1<td>1001@b<td>Un<b>registered</b><td>No",
        "<tr><td>2<td>1002@b<td>Not<br>Registered<td>No",
        "<tr><td>3<td>1003@b<td>Registered<span style='display:none'> not</span><td>No",
        "<tr><td>4<td>1004@b<td><img alt='Registered'><td>No",
    )
    assert [one.registration for one in read(page(source)).lines] == [
        Registration.UNREGISTERED,
        Registration.UNKNOWN,
        Registration.REGISTERED,
        Registration.UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"", Reason.NO_TABLE),
        (b" \r\n\t", Reason.NO_TABLE),
        (b"<html></html>", Reason.NO_TABLE),
        (b"<html><head><title>Aastra 6753i</title><style>td {", Reason.TRUNCATED),
        ("<p>Session Expired</p>", Reason.SESSION_EXPIRED),
        ("<h2>Logout Complete</h2>Your session has ended.", Reason.SESSION_EXPIRED),
        ("Please visit <a href='sysinfo.html'>sysinfo.html</a> first", Reason.SESSION_EXPIRED),
        ("<h1>It works!</h1>", Reason.NOT_AASTRA),
        (b"\x89PNG\r\n\x1a\n" + bytes(300), Reason.NOT_AASTRA),
        (b'{"status": "ok"}', Reason.NOT_AASTRA),
        ("<p>Maastrannic Mitelson</p>", Reason.NOT_AASTRA),
        ("<p>Boot Version</p><p>1</p>", Reason.NO_TABLE),
    ],
)
def test_a_page_without_a_table_is_told_by_what_it_holds(
    source: str | bytes, expected: Reason
) -> None:
    assert reason(source) is expected


@pytest.mark.parametrize(
    ("model", "dialect"),
    [("6753i", "aastra_67xxi"), ("6867i", "mitel_68xxi"), ("Mitel 6920", "mitel_68xxi")],
)
def test_the_dialect_is_the_models(model: str, dialect: str) -> None:
    source = page(sip_table(GOOD), title="").replace("<td>6753i<", f"<td>{model}<")
    assert read(source).dialect == dialect
    assert dialect in DIALECTS


def test_taught_words_are_understood_and_untaught_ones_kept() -> None:
    source = page(sip_table(("1", "1001@b", "Registrita", "Jes")))
    words = words_with({"registered": ["Registrita"], "yes": ["jes"]})
    assert states(read(source)) == [(1, "unknown", None, None)]
    assert read(source).lines[0].status_text == "Registrita"
    assert states(read(source, words=words)) == [(1, "registered", None, True)]


CONTROLS = (*map(chr, (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)), "\ufffe", "\uffff")


@pytest.mark.parametrize(
    "odd",
    [
        "<script>var a</script>{}",
        "<script>{}var a</script>",
        "<script{}>var a</script>",
        "<scr{}ipt>var a</scr{}ipt>",
        "<style>a</style>x{}y",
        "<!-- a -->{}<!-- b -->",
        "<textarea>a</textarea>{}",
        "<p>a<br>{}b</p>",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_control_character_costs_no_line(odd: str, before: bool) -> None:
    for control in (*CONTROLS, "&#11;", "&#12;", "&#x1c;", "&#x1f;"):
        if control.startswith("&") and "{}>" in odd:
            continue
        markup = odd.replace("{}", control)
        lines = sip_table(GOOD, REFUSED)
        source = page(markup + lines if before else lines + markup)
        if odd == "<p>a<br>{}b</p>":
            source = source.replace("<td>No<", f"<td>No<br>{control}<")
        assert states(read(source)) == BOTH, (control, markup)


def test_a_dialect_may_read_another_form_than_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_comment(opened: Page, _identity: Identity, _words: Words) -> Facts | None:
        model = opened.text.partition("<!-- model ")[2].partition(" ")[0]
        return Facts(dialect="of_comment", lines=(), model=model) if model else None

    monkeypatch.setattr(pages_reader, "DIALECTS", {"of_comment": of_comment})
    for model in ("6753i", "6755i", "6757i", "6731i"):
        assert read(f"{page(sip_table(GOOD))}<!-- model {model} -->").model == model
