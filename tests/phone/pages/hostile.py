"""Pages made to cost much: each kind is a function from a size in bytes to a page of about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count, islice
from typing import TypeAlias

Hostile: TypeAlias = Callable[[int], bytes]

HEAD = "<tr><th>Line</th><th>SIP Account</th><th>Status</th><th>Backup Registrar Used?</th></tr>"
ROW = "<tr><td>1</td><td>1001@pbx.example:5060</td><td>Registered</td><td>No</td></tr>"
TABLE = f"<table>{HEAD}{ROW}</table>"


def repeated(
    unit: str, *, before: str = TABLE, after: str = "", end: str = "</body></html>"
) -> Hostile:
    """As many copies of a unit as fit, between two texts."""

    def page(size: int) -> bytes:
        copies = max(1, size // len(unit.encode()))
        return f"<html><body>{before}{unit * copies}{after}{end}".encode()

    return page


def numbered(unit: str, *, before: str = TABLE, after: str = "") -> Hostile:
    """The same with another number in place of `{}` in each copy."""

    def page(size: int) -> bytes:
        copies = max(1, size // (len(unit) + 4))
        units = "".join(unit.format(at) for at in range(copies))
        return f"<html><body>{before}{units}{after}</body></html>".encode()

    return page


def nested(opening: str, closing: str, *, core: str = ROW, share: float = 1.0) -> Hostile:
    """Elements within each other around a core; the rest of the page is empty paragraphs."""

    def page(size: int) -> bytes:
        depth = max(1, int(size * share) // len(opening + closing))
        filler = "<p></p>" * int(size * (1 - share) // 7)
        body = f"{filler}{opening * depth}{core}{closing * depth}"
        return f"<html><body>{body}</body></html>".encode()

    return page


def nested_tables(depth: int) -> Hostile:
    def page(size: int) -> bytes:
        filler = "<p></p>" * (size // 7)
        inner = "".join("<table><tr><td>" for _ in range(depth))
        outer = "".join(f"</td></tr>{ROW}</table>" for _ in range(depth))
        return f"<html><body>{filler}{inner}{outer}</body></html>".encode()

    return page


def in_charset(page: Hostile, charset: str, mark: bytes = b"") -> Hostile:
    return lambda size: mark + page(size).decode().encode(charset, "replace")


def clocks(size: int) -> bytes:
    return b"<html><body>" + TABLE.encode() + b"<p>" + b"09:12 " * (size // 6)


def many_tables(size: int) -> bytes:
    one = f"<table>{HEAD}{ROW}</table>"
    return f"<html><body>{one * (size // len(one))}</body></html>".encode()


def lines(size: int) -> bytes:
    rows = (ROW.replace("1001", str(at)) for at in count(1000))
    body = "".join(islice(rows, size // len(ROW)))
    return f"<html><body><table>{HEAD}{body}</table></body></html>".encode()


def attributes(size: int) -> bytes:
    names = " ".join(f"a{at}='x'" for at in range(size // 10))
    return f"<html><body>{TABLE}<p {names}>x</p></body></html>".encode()


HOSTILE: Mapping[str, Hostile] = {
    "tag_never_closed": repeated("a", before=f"<i x='<tr '></i>{ROW}<", end=""),
    "tags_never_closed": repeated("<a", before=f"<i x='<tr '></i>{ROW}", end=""),
    "rows_never_closed": repeated("<tr x", before=f"<i x='<tr '></i>{ROW}", end=""),
    "tables_never_closed": repeated("<table ", before=f"<i x='<tr '></i>{ROW}", end=""),
    "end_tags_never_closed": repeated("</body ", end=""),
    "blanks_in_an_end_tag": repeated(" ", before=f"{TABLE}</body", end=""),
    "quotes_never_closed_at_the_end": repeated('<a b="', end="'"),
    "tags_in_an_attribute": repeated("<tr ", before=f"{TABLE}<i title='", after="'>"),
    "quotes_never_closed": repeated("<a b='", before=TABLE),
    "quotes_of_both_kinds": repeated("<a b=\"'", before=TABLE),
    "quotes_in_a_tag": repeated("'\"", before=f"{TABLE}<tr "),
    "spans": repeated("<td colspan=50 rowspan=50>1", before=f"<table>{HEAD}{ROW}<tr>"),
    "spans_in_rows": repeated(
        "<tr>" + "<td colspan=50 rowspan=50>1" * 20, before=f"<table>{HEAD}{ROW}"
    ),
    "spans_that_are_huge": repeated(
        "<tr><td colspan=9999 rowspan=9999>1", before=f"<table>{HEAD}{ROW}"
    ),
    "spans_of_accounts": repeated(
        "<tr><td>2<td colspan=50 rowspan=50>1002@b<td>401<td>No", before=f"<table>{HEAD}{ROW}"
    ),
    "tables_in_tables": nested("<table><tr><td>", "</td></tr></table>"),
    "tables_in_tables_behind_paragraphs": nested_tables(60),
    "deep_tables_behind_paragraphs": nested_tables(200),
    "tables_that_are_open": repeated("<table><tr><td>"),
    "tables_side_by_side": repeated("<table><tr><td>1</td></tr></table>"),
    "tables_of_accounts": many_tables,
    "table_of_many_lines": lines,
    "rows_without_cells": repeated("<tr></tr>", before=f"<table>{HEAD}{ROW}"),
    "rows_outside_of_tables": repeated(ROW),
    "rows_upon_rows": repeated("<tr>", before=f"<table>{HEAD}{ROW}"),
    "cells_in_a_row": repeated("<td>1</td>", before=f"<table>{HEAD}{ROW}<tr>"),
    "cells_of_headers": repeated("<th>Status</th>", before="<table><tr>"),
    "cells_that_are_open": repeated("<td>", before=f"<table>{HEAD}{ROW}<tr>"),
    "cells_of_accounts": repeated("<td>1@b</td>", before=f"<table>{HEAD}{ROW}<tr><td>2</td>"),
    "cell_of_much_text": repeated("text ", before=f"<table>{HEAD}{ROW}<tr><td>2<td>1@b<td>"),
    "cell_of_many_elements": repeated("<b>1</b>", before=f"<table>{HEAD}{ROW}<tr><td>2<td>1@b<td>"),
    "cell_of_line_breaks": repeated("<br>", before=f"<table>{HEAD}{ROW}<tr><td>2<td>1@b<td>"),
    "cells_in_cells": nested("<td><div>", "</div></td>", core="1"),
    "cells_in_cells_of_a_row": repeated(
        "<td><div>" * 90 + "</div></td>" * 90, before=f"<table>{HEAD}{ROW}<tr>"
    ),
    "cells_behind_the_table": repeated("<p>1@b<b>2", before=f"<table>{HEAD}{ROW}"),
    "captions": repeated("<table><caption>Example</caption><tr><td>1<td>1@b<td>2</table>"),
    "examples": repeated("<p>Example</p><table><tr><td>1<td>1@b<td>2</table>"),
    "tables_behind_one_example": repeated("<table><tr><td>1<td>1@b<td>2</table>", before="Example"),
    "bold_in_bold": nested("<b>", "</b>"),
    "boxes_in_boxes": nested("<div>", "</div>"),
    "fonts_never_closed": repeated("<font color=red>"),
    "paragraphs_never_closed": repeated("<p>"),
    "paragraphs_of_words": repeated("<p>word"),
    "formatting_misnested": repeated("<b><i><p></b></i>"),
    "formatting_around_cells": repeated("<b><td><i></b>", before=f"<table>{HEAD}{ROW}<tr>"),
    "end_tags_alone": repeated("</p>"),
    "end_tags_of_tables": repeated("</table>"),
    "end_tags_of_the_page": repeated("</body>"),
    "lists_in_lists": nested("<ul><li>", "</li></ul>"),
    "selects": repeated("<select><option>"),
    "frames": repeated("<frameset><frame>"),
    "comments_never_closed": repeated("<!-- "),
    "comments_within_each_other": repeated("<!--<!--"),
    "comments_closed_oddly": repeated("<!-- --!>"),
    "comments_that_are_short": repeated("<!---->"),
    "comment_of_dashes": repeated("-", before=f"{TABLE}<!-"),
    "sections_never_closed": repeated("<![CDATA["),
    "instructions": repeated("<?x "),
    "declarations": repeated("<!DOCTYPE html [<!ENTITY a 'b'>"),
    "scripts_never_closed": repeated("<script>"),
    "scripts_that_are_short": repeated("<script></script>"),
    "script_of_end_tags": repeated("</scrip", before=f"{TABLE}<script>"),
    "styles": repeated("<style>a{}</style>"),
    "text_areas": repeated("<textarea>"),
    "titles": repeated("<title>Aastra</title>"),
    "templates": repeated("<template><p></template>"),
    "hidden_boxes": repeated("<div hidden><p>1</p></div>"),
    "hidden_boxes_in_each_other": nested("<div style='display:none'>", "</div>"),
    "boxes_of_help": repeated("<div class=help><table></table></div>"),
    "boxes_of_help_in_each_other": nested("<div class=help>", "</div>", core=TABLE),
    "boxes_of_help_without_tables": repeated("<div class=help>"),
    "dialogs": repeated("<dialog open>"),
    "styles_of_blanks": repeated(" ", before=f"{TABLE}<p style='", after="'>"),
    "classes_of_words": repeated("help ", before=f"{TABLE}<p class='", after="'>"),
    "classes_all_different": numbered("<p class=c{}>"),
    "attributes_of_one_tag": attributes,
    "attribute_that_is_huge": repeated("x", before=f"{TABLE}<p title='", after="'>"),
    "attributes_without_end": repeated("a=b ", before=f"{TABLE}<p "),
    "attribute_names": repeated("x" * 50 + " ", before=f"{TABLE}<p "),
    "entities": repeated("&amp;"),
    "entities_unknown": repeated("&zzz;"),
    "entities_never_closed": repeated("&amp"),
    "entities_of_numbers": repeated("&#64;"),
    "entities_of_large_numbers": repeated("&#99999999999;"),
    "entities_in_a_cell": repeated("&nbsp;", before=f"<table>{HEAD}{ROW}<tr><td>2<td>1@b<td>"),
    "ampersands": repeated("&"),
    "angle_brackets": repeated("<"),
    "closing_brackets": repeated(">"),
    "empty_tags": repeated("<>"),
    "odd_tags": repeated("<1>"),
    "null_bytes": repeated("\0"),
    "null_bytes_in_tags": repeated("<t\0d>"),
    "control_characters": repeated("\x01\x1b"),
    "control_characters_in_runs": repeated("<p>\x02\x03"),
    "blanks": repeated(" "),
    "line_ends": repeated("\r\n"),
    "blanks_in_runs": repeated("<p> "),
    "wide_blanks": repeated("\u3000"),
    "zero_width": repeated("\u200b"),
    "combining": repeated("e\u0301\u0327"),
    "combining_in_runs": repeated("<p>e\u0301\u0327"),
    "marks_on_one_letter": repeated("\u0301\u0327", before=f"{TABLE}<p>e"),
    "hangul": repeated("\u1112\u1161\u11ab"),
    "ligatures": repeated("\ufdfa"),
    "ligatures_in_runs": repeated("<p>" + "\ufdfa" * 180),
    "ligatures_in_cells": repeated(
        "<tr><td rowspan=50>" + "\ufdfa" * 150, before="<table>" + HEAD + ROW
    ),
    "marks_in_runs": repeated("<p>e" + "\u0301\u0327" * 250),
    "marks_in_cells": repeated(
        "<tr><td rowspan=50>2<td rowspan=50>1@b" + "\u0301\u0327" * 250,
        before="<table>" + HEAD + ROW,
    ),
    "letters_beyond_the_plane": repeated("\U0001f4de"),
    "private_characters": repeated("\ue000"),
    "surrogates": repeated("&#xd800;"),
    "turkish_letters": repeated("\u0130"),
    "right_to_left": repeated("\u202e1"),
    "not_unicode": lambda size: TABLE.encode() + b"\xe9\xff" * (size // 2),
    "utf16": in_charset(repeated("<p>1"), "utf-16-le", b"\xff\xfe"),
    "utf16_big": in_charset(repeated("<p>1"), "utf-16-be", b"\xfe\xff"),
    "utf16_of_nothing": lambda size: b"\xff\xfe" + b"\xd8" * size,
    "charsets": repeated("<meta charset=utf-16>", before=""),
    "charset_that_is_long": repeated("x", before="<meta charset="),
    "meta_never_closed": repeated("<meta "),
    "refreshes": repeated("<meta http-equiv=refresh content='0;url=/'>"),
    "bases": repeated("<base href='//x/'>"),
    "forms": repeated("<form><input type=password value=22222>"),
    "inputs_never_closed": repeated("<input "),
    "inputs_of_types": repeated("<input type=password ", before=TABLE),
    "clocks": clocks,
    "clocks_in_cells": repeated("<td>09:12</td>", before=f"<table>{HEAD}{ROW}<tr>"),
    "colons": repeated(":00"),
    "addresses": repeated("00:08:5D:10:20:30 "),
    "accounts": repeated("1@b "),
    "accounts_in_runs": repeated("<p>1@b"),
    "percent_signs": repeated("%40"),
    "labels": repeated("<p>MAC Address</p>"),
    "labels_in_parts": repeated("<p>MAC</p>"),
    "labels_and_blanks": repeated("<p>:</p>", before=f"{TABLE}<p>MAC Address</p>"),
    "labels_with_blanks_between": repeated("<p>Platform</p><p>:</p><p>:</p>"),
    "passwords": repeated("password: 1 "),
    "passwords_in_cells": repeated("<td>Password</td><td>"),
    "codes": repeated("sip error code ", before=f"<table>{HEAD}{ROW}<tr><td>2<td>1@b<td>"),
    "numbers": repeated("1", before=f"<table>{HEAD}{ROW}<tr><td>"),
    "pictures": lambda size: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * (size // 256),
    "json": repeated('{"a": [', before=""),
    "svg": repeated("<svg><g>"),
    "mathematics": repeated("<math><mi>"),
    "name_spaces": numbered("<a{0}:b xmlns:a{0}='x'>"),
    "names_all_different": numbered("<n{}>"),
    "identifiers_all_different": numbered("<p id=i{}>"),
    "cells_all_different": numbered("<td>t{}</td>", before=f"<table>{HEAD}{ROW}<tr>"),
}
"""Kinds of hostile pages by what they hold."""
