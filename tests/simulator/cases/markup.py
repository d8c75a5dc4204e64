"""Markup variants: the usual page, told in the ways that embedded web servers tell it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet.model import Reason
from tests.simulator.cases.case import Case, fails, retold

if TYPE_CHECKING:
    from collections.abc import Callable

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_CELL = re.compile(r"<td>([^<]*)</td>")


def _tags(change: Callable[[str], str]) -> Case:
    return retold(lambda page: _TAG.sub(lambda tag: f"<{tag[1]}{change(tag[2])}", page))


def _without(*patterns: str) -> Case:
    return retold(lambda page: re.sub("|".join(patterns), "", page))


def _cells(template: str) -> Case:
    """Every plain cell, rewritten; `{}` stands for its text."""
    return retold(lambda page: _CELL.sub(lambda cell: template.replace("{}", cell[1]), page))


def _swap(old: str, new: str) -> Case:
    return retold(lambda page: page.replace(old, new))


def _alternating(name: str) -> str:
    return "".join(
        letter.upper() if index % 2 else letter.lower() for index, letter in enumerate(name)
    )


def _row_headers(page: str) -> str:
    return re.sub(r"<tr><td>(\d+)</td>", r"<tr><th scope='row'>\1</th>", page)


def _sections(page: str) -> str:
    with_head = re.sub(r"(<tr><th>.*?</tr>)\n", r"<thead>\1</thead><tbody>\n", page)
    return re.sub(r"<tbody>(.*?)</table>", r"<tbody>\1</tbody></table>", with_head, flags=re.DOTALL)


def _pretty(page: str) -> str:
    spread = re.sub(r"(</?(?:table|tr)[^>]*>)", r"\n\t\1\n", page)
    return re.sub(r"<t([dh])>([^<]*)</t\1>", "\n\t\t\t<t\\1>\n\t\t\t\t\\2\n\t\t\t</t\\1>", spread)


def _minified(page: str) -> str:
    return re.sub(r">\s+<", "><", page).strip()


def _nested(page: str, *, depth: int) -> str:
    start = "<table width='100%'><tr><td>" * depth
    end = "</td></tr></table>" * depth
    return page.replace("<div id='content'>", f"<div id='content'>{start}").replace(
        "</div></div>", f"{end}</div></div>"
    )


def _xhtml(page: str) -> str:
    page = re.sub(r"<(meta|br)([^>]*)>", r"<\1\2 />", page)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + page


def _entities(page: str) -> str:
    return re.sub(r"<td>(\w)", lambda cell: f"<td>&#{ord(cell[1])};", page)


def _wrong_nesting(page: str) -> str:
    return _CELL.sub(r"<b><td>\1</b></td>", page)


def _long_preamble(page: str) -> str:
    script = "<script>\n" + "var lookup = { 'a': 1, 'b': '<td>' };\n" * 600 + "</script>\n"
    return page.replace("</head>", f"{script}</head>")


def _as_divs(page: str) -> str:
    page = re.sub(r"<(/?)(?:table|tr)\b[^>]*>", r"<\1div>", page)
    return re.sub(r"<(/?)t[dh]\b[^>]*>", r"<\1span>", page)


def _as_text(page: str) -> str:
    return re.sub(r"<[^>]+>", "\t", page.partition("<body>")[2])


_ATTRIBUTES = (
    "<td class=\"v\" style='color:#333;border-bottom:1px dashed' nowrap "
    "onmouseover=\"if (1 > 0) this.title='<td>'\">{}</td>"
)

MARKUP = {
    "upper_case_tags": _tags(str.upper),
    "mixed_case_tags": _tags(_alternating),
    "cells_without_end": _without("</td>", "</th>"),
    "rows_without_end": _without("</tr>"),
    "cells_and_rows_without_end": _without("</td>", "</th>", "</tr>"),
    # Without the footer, which would be text of the last cell.
    "tables_without_end": _without("</td>", "</th>", "</tr>", "</table>", "<div id='footer.*\n"),
    "no_body_tags": _without("</?html>", "</?head>", "</?body>"),
    "no_doctype": _without("<!DOCTYPE[^>]*>\n"),
    "no_attributes": retold(lambda page: re.sub(r"<(t\w+)\s[^>]*>", r"<\1>", page)),
    "html5_doctype": retold(lambda page: re.sub(r"<!DOCTYPE[^>]*>", "<!doctype html>", page)),
    "xhtml": retold(_xhtml),
    "header_cells_td": retold(lambda page: re.sub(r"<(/?)th>", r"<\1td>", page)),
    "row_headers_th": retold(_row_headers),
    "thead_and_tbody": retold(_sections),
    "cells_in_fonts": _cells("<td><font face='Arial' size=2>{}</font></td>"),
    "cells_in_spans": _cells("<td><span><span class=v><b>{}</b></span></span></td>"),
    "cells_in_divs": _cells("<td><div><div>{}</div></div></td>"),
    "cells_in_paragraphs": _cells("<td><p>{}</td>"),
    "cells_in_links": _cells("<td><a href='#'>{}</a></td>"),
    "cells_in_inner_tables": _cells("<td><table><tr><td>{}</td></tr></table></td>"),
    "cells_with_images": _cells("<td><img src=dot.gif alt=''>{}<img src=dot.gif></td>"),
    "cells_with_hidden_fields": _cells("<td><input type=hidden name=x value='401'>{}</td>"),
    "cells_with_spaces": _cells("<td>\n\t   {}   \n</td>"),
    "cells_with_nbsp": _cells("<td>&nbsp;{}&nbsp;&#160;</td>"),
    "cells_with_breaks": _cells("<td><br>{}<br/></td>"),
    "cells_with_comments": _cells("<td><!-- 401 Unregistered -->{}<!-- No --></td>"),
    "cells_with_many_attributes": _cells(_ATTRIBUTES),
    "cells_spelled_in_entities": retold(_entities),
    "wrong_nesting": retold(_wrong_nesting),
    "double_quoted_attributes": _swap("'", '"'),
    "unquoted_attributes": retold(lambda page: re.sub(r"='([\w#%.-]+)'", r"=\1", page)),
    "pretty_printed": retold(_pretty),
    "minified": retold(_minified),
    "crlf_line_ends": _swap("\n", "\r\n"),
    "cr_line_ends": _swap("\n", "\r"),
    "layout_tables_3_deep": retold(lambda page: _nested(page, depth=3)),
    "layout_tables_15_deep": retold(lambda page: _nested(page, depth=15)),
    "layout_divs": _swap("<div id='content'>", "<div><div><div id='content'><form>"),
    "long_preamble": retold(_long_preamble),
    "junk_after_the_end": retold(lambda page: page + "<!-- " + "x" * 500 + " -->\n\n\n"),
    "nothing_but_text": retold(_as_text, expected=fails(Reason.NO_TABLE)),
    "rows_in_divs": retold(_as_divs, expected=fails(Reason.NO_TABLE)),
}
