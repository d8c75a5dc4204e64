"""What single cells say: whole, or nothing."""

from __future__ import annotations

import pytest

from fleet.model import Account, Registration
from fleet.phone.pages import WORDS
from fleet.phone.pages.cells import account, backup_used, line_number, read_line, status

UNKNOWN = (Registration.UNKNOWN, None)


@pytest.mark.parametrize(
    "text", ["Registered", "REGISTERED", " registered ", "Enregistré", "Ｒegistered"]
)
def test_a_known_word_in_any_case_is_registered(text: str) -> None:
    assert status(text, WORDS) == (Registration.REGISTERED, None)


@pytest.mark.parametrize("text", ["Unregistered", "Non enregistré", "NON ENREGISTRÉ"])
def test_unregistered_is_not_registered(text: str) -> None:
    assert status(text, WORDS) == (Registration.UNREGISTERED, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("401", 401),
        ("401 Unauthorized", 401),
        ("401 - Unregistered", 401),
        ("401-Unregistered", 401),
        ("401: Unauthorized", 401),
        ("SIP 403", 403),
        ("SIP error 403", 403),
        ("Error 403", 403),
        ("Error: 403", 403),
        ("Erreur 403", 403),
        ("(503)", 503),
        ("[503]", 503),
        ("300", 300),
        ("699 ", 699),
        ("403 Forbidden", 403),
    ],
)
def test_a_number_that_stands_alone_is_the_sip_error(text: str, code: int) -> None:
    assert status(text.strip(), WORDS) == (Registration.FAILED, code)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "-",
            "001",
            "100",
            "200",
            "200 OK",
            "299",
            "700",
            "4011",
            "40",
            "401x",
            "x401",
            "4 01",
        ),
        *("Registered (401)", "Registered 401", "Not Registered", "Registering", "Registered!"),
        *(
            "Registered.",
            "Registered:",
            "Pre-registered",
            "Registered until 10:15",
            "Disabled",
            "N/A",
            "401 Registered",
        ),
        *("٤٠١", "４０１", "-401", "401.5", "Unregistered (401)", "reg istered", "Registrita"),
    ],
)
def test_what_is_only_near_to_a_known_text_is_unknown(text: str) -> None:
    assert status(text, WORDS) == UNKNOWN


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("01", 1),
        ("099", 99),
        ("1.", 1),
        ("Line 1", 1),
        ("LINE 12:", 12),
        ("Ligne 3", 3),
        ("L4", 4),
        ("#5", 5),
        ("1)", 1),
        ("line1", 1),
    ],
)
def test_a_line_is_numbered_in_many_ways(text: str, number: int) -> None:
    assert line_number(text, WORDS) == number


@pytest.mark.parametrize(
    "text", ["", "0", "00", "100", "1a", "Key 1", "1-2", "1 2", "٣", "-1", "1.5"]
)
def test_what_is_no_line_number_is_none(text: str) -> None:
    assert line_number(text, WORDS) is None


@pytest.mark.parametrize(
    ("text", "used"),
    [("Yes", True), ("OUI", True), ("no", False), ("Non", False)]
    + [(other, None) for other in ("", "-", "No.", "Yes?", "None", "Y", "1", "Not", "Yes No")],
)
def test_the_backup_is_yes_no_or_not_known(text: str, used: bool | None) -> None:
    assert backup_used(text, WORDS) is used


@pytest.mark.parametrize(
    ("raw", "user", "registrar", "port"),
    [
        ("1001@pbx.example:5060", "1001", "pbx.example", 5060),
        ("1001@pbx.example", "1001", "pbx.example", None),
        ("1001@pbx.example:0", "1001", "pbx.example", 0),
        ("1001@pbx.example:99999", "1001", "pbx.example", None),
        ("1001@pbx.example:sip", "1001", "pbx.example", None),
        ("sip:1001@pbx.example", "1001", "pbx.example", None),
        ("SIPS:1001@pbx.example:5061;transport=tls", "1001", "pbx.example", 5061),
        ('"Front <desk" <sip:1001@pbx.example>', "1001", "pbx.example", None),
        ('"Front desk" <sip:1001@pbx.example>', "1001", "pbx.example", None),
        ("Desk <1001@pbx.example>;tag=1", "1001", "pbx.example", None),
        ("1001@[2001:db8::1]:5060", "1001", "2001:db8::1", 5060),
        ("1001@[2001:db8::1]", "1001", "2001:db8::1", None),
        ("1001@2001:db8::1", "1001", "2001:db8::1", None),
        ("a@b@pbx.example", "a@b", "pbx.example", None),
        ("1001%40pbx.example", "1001", "pbx.example", None),
        ("a%20b@pbx.example", "a%20b", "pbx.example", None),
        ("@pbx.example:5060", "", "pbx.example", 5060),
        ("1001@", "1001", "", None),
        ("1001", "1001", "", None),
        ("front desk", "", "", None),
        ("1001 @pbx.example :5060", "1001", "pbx.example", None),
    ],
)
def test_an_account_is_read_in_any_spelling(
    raw: str, user: str, registrar: str, port: int | None
) -> None:
    assert account(raw) == Account(raw=raw, user=user, registrar=registrar, port=port)


@pytest.mark.parametrize(
    "blank", ["", "-", "---", "n/a", "N/A", "@", "@:0", "@0.0.0.0:0", "0.0.0.0"]
)
def test_a_row_without_an_account_is_unconfigured_unless_it_failed(blank: str) -> None:
    def seen(text: str) -> tuple[Registration, int | None]:
        line = read_line(1, blank, text, "", WORDS)
        assert line.account is None
        return line.registration, line.code

    assert seen("") == (Registration.UNCONFIGURED, None)
    assert seen("Unregistered") == (Registration.UNCONFIGURED, None)
    assert seen("401") == (Registration.FAILED, 401)


def test_a_line_keeps_its_text_even_where_it_is_not_understood() -> None:
    line = read_line(1, "1001@pbx.example", "Bitte warten" + "!" * 400, "?", WORDS)
    assert line.registration is Registration.UNKNOWN
    assert line.status_text.startswith("Bitte warten!")
    assert len(line.status_text) == 200
