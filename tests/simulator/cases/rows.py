"""What the rows say: how many there are, odd accounts, odd states, odd backup cells."""

from __future__ import annotations

from dataclasses import replace

from fleet.model import Reason, Registration
from fleet.simulator.spec import LineSpec, PhoneSpec
from tests.simulator.cases.case import Case, Expect, fails, pages, reads

_FIRST = LineSpec(number=1, user="1001", registrar="pbx.example")


def _lines(*lines: LineSpec, expected: Expect = reads) -> Case:
    return pages(variant=lambda spec: replace(spec, lines=lines), expected=expected)


def _count(number: int) -> Case:
    return _lines(
        *(
            LineSpec(number=line, user=str(1000 + line), registrar="pbx.example")
            for line in range(1, number + 1)
        )
    )


def _account(text: str, *, user: str, registrar: str, port: int | None = None) -> Case:
    """Line 1 with this account cell, and what it says."""
    return _lines(LineSpec(number=1, account_text=text, user=user, registrar=registrar, port=port))


def _failed(code: int, text: str) -> Case:
    """Line 1 with this status cell, which tells a SIP error."""
    return _lines(
        replace(_FIRST, registration=Registration.FAILED, code=code, status_text=text),
        replace(_FIRST, number=2),
    )


def _status(text: str, registration: Registration) -> Case:
    """Line 1 with this status cell, which tells no code."""
    return _lines(
        replace(_FIRST, registration=registration, status_text=text), replace(_FIRST, number=2)
    )


def _backup(text: str, *, used: bool | None) -> Case:
    """Line 1 with this backup cell."""
    return _lines(replace(_FIRST, backup=used, backup_text=text), replace(_FIRST, number=2))


def _blank(number: int, text: str = "", status: str = "") -> LineSpec:
    """A row without an account."""
    return LineSpec(
        number=number,
        account_text=text,
        status_text=status,
        backup=None,
        registration=Registration.UNCONFIGURED,
    )


def _numbered(text: str) -> Case:
    """The line's number as `text`, where `{}` is the digits."""
    return pages(
        variant=lambda spec: replace(
            spec,
            lines=tuple(replace(line, number_text=text.format(line.number)) for line in spec.lines),
        )
    )


def _said_once(spec: PhoneSpec) -> PhoneSpec:
    return replace(spec, lines=spec.lines[:1])


_UNKNOWN = Registration.UNKNOWN
_LONG = "u" * 180

ROWS = {
    "rows_0": _count(0),
    "rows_1": _count(1),
    "rows_2": _count(2),
    "rows_9": _count(9),
    "rows_24": _count(24),
    "rows_48": _count(48),
    "rows_with_gaps": _lines(_FIRST, replace(_FIRST, number=4), replace(_FIRST, number=9)),
    "rows_out_of_order": _lines(replace(_FIRST, number=3), _FIRST, replace(_FIRST, number=2)),
    "one_account_on_all_lines": _lines(_FIRST, *(replace(_FIRST, number=n) for n in (2, 3, 4))),
    "one_user_at_two_registrars": _lines(_FIRST, replace(_FIRST, number=2, registrar="b.example")),
    "row_said_twice": pages(
        variant=lambda spec: replace(spec, lines=(_FIRST, _FIRST)),
        expected=lambda spec: reads(_said_once(spec)),
    ),
    "rows_that_disagree": _lines(
        _FIRST,
        replace(_FIRST, registration=Registration.FAILED, code=401),
        expected=fails(Reason.CONTRADICTORY),
    ),
    "blank_rows": _lines(_FIRST, _blank(2), _blank(3)),
    "blank_rows_with_dashes": _lines(_FIRST, _blank(2, "---", "---")),
    "blank_rows_with_na": _lines(_FIRST, _blank(2, "n/a", "n/a")),
    "line_word_in_the_number": _numbered("Line {}"),
    "line_number_with_zero": _numbered("0{}"),
    "line_number_with_dot": _numbered("{}."),
    "account_without_port": _account("1001@pbx.example", user="1001", registrar="pbx.example"),
    "account_port_0": _account("1001@pbx.example:0", user="1001", registrar="pbx.example", port=0),
    "account_at_an_address": _account(
        "1001@192.0.2.1:5060", user="1001", registrar="192.0.2.1", port=5060
    ),
    "account_at_ipv6": _account(
        "1001@[2001:db8::1]:5060", user="1001", registrar="2001:db8::1", port=5060
    ),
    "account_with_ampersand": _account(
        "sales&service@pbx.example:5060", user="sales&service", registrar="pbx.example", port=5060
    ),
    "account_with_sip_scheme": _account(
        "sip:1001@pbx.example:5060", user="1001", registrar="pbx.example", port=5060
    ),
    "account_with_parameters": _account(
        "1001@pbx.example:5061;transport=tls", user="1001", registrar="pbx.example", port=5061
    ),
    "account_with_dots_and_plus": _account(
        "+49.30-1234_a@pbx.example:5060", user="+49.30-1234_a", registrar="pbx.example", port=5060
    ),
    "account_that_looks_like_a_code": _account(
        "401@pbx.example:5060", user="401", registrar="pbx.example", port=5060
    ),
    "account_named_registered": _account(
        "registered@pbx.example:5060", user="registered", registrar="pbx.example", port=5060
    ),
    "account_very_long": _account(
        f"{_LONG}@pbx.example:5060", user=_LONG, registrar="pbx.example", port=5060
    ),
    "registrar_0_0_0_0": _lines(
        replace(_FIRST, registrar="0.0.0.0", registration=Registration.UNREGISTERED)
    ),
    "status_401": _failed(401, "401"),
    "status_403": _failed(403, "403"),
    "status_404": _failed(404, "404"),
    "status_408": _failed(408, "408"),
    "status_503": _failed(503, "503"),
    "status_401_unregistered": _failed(401, "401 - Unregistered"),
    "status_401_unauthorized": _failed(401, "401 Unauthorized"),
    "status_403_forbidden": _failed(403, "403 Forbidden"),
    "status_unregistered": _status("Unregistered", Registration.UNREGISTERED),
    "status_in_capitals": _status("REGISTERED", Registration.REGISTERED),
    "status_in_small_letters": _status("unregistered", Registration.UNREGISTERED),
    "status_registering": _status("Registering", _UNKNOWN),
    "status_not_registered": _status("Not Registered", _UNKNOWN),
    "status_was_registered": _status("Registered until 10:15", _UNKNOWN),
    "status_registered_but_401": _status("Registered (401)", _UNKNOWN),
    "status_disabled": _status("Disabled", _UNKNOWN),
    "status_na": _status("N/A", _UNKNOWN),
    "status_dashes": _status("---", _UNKNOWN),
    "status_empty": _status("", _UNKNOWN),
    "status_200": _status("200", _UNKNOWN),
    "status_001": _status("001", _UNKNOWN),
    "status_four_digits": _status("4011", _UNKNOWN),
    "status_two_digits": _status("40", _UNKNOWN),
    "backup_yes": _backup("Yes", used=True),
    "backup_in_capitals": _backup("YES", used=True),
    "backup_empty": _backup("", used=None),
    "backup_dash": _backup("-", used=None),
    "backup_other_word": _backup("Perhaps", used=None),
    "backup_and_401": _lines(
        replace(_FIRST, registration=Registration.FAILED, code=401, backup=True)
    ),
}
