"""The redactor: secrets go, the page stays."""

from __future__ import annotations

import base64
import html
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.phone.redact import REDACTED, redact, redact_text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("password: 4711\nuser: 1", f"password: {REDACTED}\nuser: 1"),
        ("sip line1 password: 4711", f"sip line1 password: {REDACTED}"),
        ('{"Password": "4711", "a": 1}', f'{{"Password": "{REDACTED}", "a": 1}}'),
        ("/?passwd=4711", f"/?passwd={REDACTED}"),
        ("Authorization: Basic YTpi", f"Authorization: {REDACTED}"),
        ("> Set-Cookie: id=1; path=/", f"> Set-Cookie: {REDACTED}"),
        ("sent Basic YWRtaW46MjIyMjI= twice", f"sent Basic {REDACTED} twice"),
        ("http://admin:22222@192.0.2.1/", f"http://{REDACTED}@192.0.2.1/"),
        ("https://token@192.0.2.1/", f"https://{REDACTED}@192.0.2.1/"),
        ("<td>SIP Password:</td><td>4711</td>", f"<td>SIP Password:</td><td>{REDACTED}</td>"),
        (
            '<input name="password" type="password" value="4711" />',
            '<input name="password" type="password" value="" />',
        ),
        ("<INPUT VALUE=4711 TYPE=password>", '<INPUT VALUE="" TYPE=password>'),
    ],
)
def test_what_is_named_a_secret_goes(text: str, redacted: str) -> None:
    assert redact_text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<b>Basic Settings</b> <a href='userpw.html'>User Password</a><br>Phone Lock",
        "<td>1001@pbx.example:5060</td><td>sip:1001@pbx.example</td>",
        '<input name="user" value="1001">',
        "Basic Authentication, digest or bearer",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text, ["22222", "1"]) == text


SECRETS = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=0x17F), min_size=4, max_size=12
)


@settings(max_examples=150, deadline=None)
@given(SECRETS, st.text(alphabet="ab:", max_size=4))
def test_a_known_secret_goes_however_it_is_written(secret: str, before: str) -> None:
    login = base64.b64encode(f"{before}:{secret}".encode()).decode()
    spellings = [
        secret,
        html.escape(secret),
        quote(secret, safe=""),
        "".join(f"&#{ord(one)};" for one in secret),
        "".join(f"&#x{ord(one):X};" for one in secret),
        login,
        base64.urlsafe_b64encode(f"{before}:{secret}".encode()).decode(),
    ]
    for spelling in spellings:
        redacted = redact_text(f"<td>x {spelling} y</td>", [secret])
        assert secret not in redacted
        assert spelling not in redacted


def test_a_secret_of_few_characters_does_not_end_the_page() -> None:
    page = "<td>1</td><td>1001@pbx.example</td>"
    assert redact_text(page, ["1", "100"]) == page
    assert redact_text("password: 1", ["1"]) == f"password: {REDACTED}"


def test_the_longest_secret_goes_first() -> None:
    assert redact_text("22222333", ["2222", "22222333"]) == REDACTED


def test_a_pages_bytes_are_decoded() -> None:
    body = "Enregistré hunter2secret".encode("latin-1")
    assert redact(body, charset="latin-1", secrets=["hunter2secret"]) == f"Enregistré {REDACTED}"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>/td passwordBic:=@\"'&#; \nİé", max_size=200))
def test_any_text_is_redacted_the_same_twice(text: str) -> None:
    once = redact_text(text, ["word"])
    assert "word" not in once
    assert redact_text(once, ["word"]) == once
