"""Variants of the SIP table itself, and decoys that stand beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import Reason, Registration
from fleet.simulator.page import page_with, row, sip_rows, sip_table, table
from tests.simulator.cases.case import Case, Expect, fails, packaged, pages, reads

if TYPE_CHECKING:
    from fleet.simulator.spec import PhoneSpec

Sip: TypeAlias = Callable[["PhoneSpec"], str]


def _sip(sip: Sip, *, expected: Expect = reads) -> Case:
    return pages(lambda spec: page_with(spec, sip(spec)), expected=expected)


def _headed(header: str) -> Case:
    """The usual rows below another header row, given as markup."""
    return _sip(lambda spec: table([header, *sip_rows(spec)]))


def _before(markup: Sip) -> Case:
    return _sip(lambda spec: markup(spec) + sip_table(spec))


def _after(markup: Sip) -> Case:
    return _sip(lambda spec: sip_table(spec) + markup(spec))


def _columns(*places: int) -> Sip:
    """The table with its columns in this order; 4 is a column that means nothing here."""

    def sip(spec: PhoneSpec) -> str:
        head = (*spec.wording.headers, "Transport")
        rows = [row([head[place] for place in places], tag="th")]
        for line in spec.lines:
            cells = (*line.cells(spec.wording), "UDP")
            rows.append(row([cells[place] for place in places]))
        return table(rows)

    return sip


def _without_backup(spec: PhoneSpec) -> PhoneSpec:
    return replace(spec, lines=tuple(replace(line, backup=None) for line in spec.lines))


def _twin(spec: PhoneSpec) -> str:
    """The table of a phone in another state, which must not be believed."""
    lines = tuple(
        replace(line, registration=Registration.FAILED, code=403, backup=True)
        for line in spec.lines
    )
    return sip_table(replace(spec, lines=lines))


def _wrapped_twin(before: str, after: str) -> Sip:
    return lambda spec: before + _twin(spec) + after


def _call_log(_spec: PhoneSpec) -> str:
    calls = (("1", "2001@pbx.example", "10:31", "2"), ("2", "2002@pbx.example", "10:40", "1"))
    rows = [row(("No.", "Caller", "Time", "Calls"), tag="th"), *map(row, calls)]
    return "<p>Callers</p>" + table(rows)


def _directory(_spec: PhoneSpec) -> str:
    entries = (("1", "Alice", "2001@pbx.example"), ("2", "Bob", "2002@pbx.example"))
    return "<p>Directory</p>" + table(map(row, entries))


def _legend(_spec: PhoneSpec) -> str:
    pairs = (
        ("Registered", "The account has been registered with the SIP proxy server."),
        ("401", "Registration fails with the SIP proxy server."),
    )
    return table([row(("Status", "Description"), tag="th"), *map(row, pairs)])


def _key_list(_spec: PhoneSpec) -> str:
    keys = (("1", "Speeddial", "2001", "1"), ("2", "BLF", "2002", "1"), ("3", "none", "", "-"))
    return table([row(("Key", "Type", "Value", "Line"), tag="th"), *map(row, keys)])


def _titled(markup: str) -> Case:
    return _sip(lambda spec: table([markup, row(spec.wording.headers, tag="th"), *sip_rows(spec)]))


def _repeated_header(spec: PhoneSpec) -> str:
    header = row(spec.wording.headers, tag="th")
    return table([header, header.join(sip_rows(spec)), header])


def _spaced(spec: PhoneSpec) -> str:
    spacer = "<tr><td colspan='4' height='1'><img src='dot.gif'></td></tr>\n"
    header = row(spec.wording.headers, tag="th")
    return table([header, spacer, spacer.join(sip_rows(spec)), spacer])


def _header_in_its_own_table(spec: PhoneSpec) -> str:
    return table([row(spec.wording.headers, tag="th")]) + table(sip_rows(spec))


def _widened(spec: PhoneSpec) -> str:
    return sip_table(spec).replace("</tr>", "<td>&nbsp;</td></tr>")


_TH = "<tr><th>Line</th><th>SIP Account</th><th>Status</th><th>{}</th></tr>\n"

TABLES = {
    "header_with_breaks": _headed(_TH.format("Backup<br>Registrar<br/>Used?")),
    "header_with_nbsp": _headed(_TH.format("Backup&nbsp;Registrar&nbsp;&nbsp;Used?&nbsp;")),
    "header_with_entities": _headed(_TH.format("Backup&#32;Registrar&#x20;Used&#63;")),
    "header_with_newlines": _headed(_TH.format("\n  Backup\n  Registrar\n  Used?\n")),
    "header_in_bold": _headed(_TH.format("<b><font size=2>Backup Registrar Used?</font></b>")),
    "header_in_capitals": _headed(_TH.format("BACKUP REGISTRAR USED?")),
    "header_without_question_mark": _headed(_TH.format("Backup Registrar Used")),
    "header_in_other_words": _headed("<tr><td>#</td><td>URI</td><td>State</td><td>B</td></tr>"),
    "header_missing": _sip(lambda spec: table(sip_rows(spec))),
    "header_repeated": _sip(_repeated_header),
    "header_in_its_own_table": _sip(_header_in_its_own_table),
    "title_row": _titled("<tr><th colspan='4'>SIP Status</th></tr>\n"),
    "title_rows": _titled(
        "<tr><td colspan=4><b>SIP Account Status</b></td></tr><tr><td colspan=4></td></tr>\n"
    ),
    "title_in_a_caption": _titled("<caption>SIP Status</caption>\n"),
    "spacer_rows": _sip(_spaced),
    "extra_column_at_the_end": _sip(_columns(0, 1, 2, 3, 4)),
    "extra_column_inside": _sip(_columns(0, 1, 4, 2, 3)),
    "extra_empty_column": _sip(_widened),
    "columns_in_another_order": _sip(_columns(0, 2, 3, 1)),
    "no_backup_column": pages(
        lambda spec: page_with(spec, _columns(0, 1, 2)(spec)), variant=_without_backup
    ),
    "call_log_before": _before(_call_log),
    "call_log_after": _after(_call_log),
    "directory_before": _before(_directory),
    "directory_after": _after(_directory),
    "legend_before": _before(_legend),
    "legend_after": _after(_legend),
    "key_list_before": _before(_key_list),
    "key_list_after": _after(_key_list),
    "commented_twin_before": _before(_wrapped_twin("<!--", "-->")),
    "commented_twin_after": _after(_wrapped_twin("<!--", "-->")),
    "scripted_twin": _before(_wrapped_twin("<script>document.x = `", "`</script>")),
    "templated_twin": _before(_wrapped_twin("<template>", "</template>")),
    "noscript_twin": _before(_wrapped_twin("<noscript>", "</noscript>")),
    "hidden_twin": _before(_wrapped_twin("<div style='display:none'>", "</div>")),
    "styled_twin": _before(_wrapped_twin("<style>/*", "*/</style>")),
    "same_table_twice": _after(sip_table),
    "twin_that_disagrees": _sip(
        lambda spec: sip_table(spec) + _twin(spec), expected=fails(Reason.CONTRADICTORY)
    ),
    "table_missing": packaged("table_missing", expected=fails(Reason.NO_TABLE)),
}
