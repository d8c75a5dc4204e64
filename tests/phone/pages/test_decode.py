"""The charset ladder."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.pages.decode import decode, known_charset

META = b'<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15">'


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("é".encode(), None, "é"),
        ("é".encode(), "iso-8859-1", "é"),
        (b"\xe9", "utf-8", "é"),
        (b"\xe9", None, "é"),
        (b"\xa4", "iso-8859-15", "€"),
        (META + b"\xa4", None, META.decode() + "€"),
        (META + b"\xa4", "windows-1252", META.decode() + "¤"),
        (b"\x80", "iso-8859-1", "€"),
        (b"\x81", None, "\x81"),
        (codecs.BOM_UTF8 + "é".encode(), "iso-8859-1", "é"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), None, "é"),
        ("é".encode("utf-16"), "utf-8", "é"),
        (b"+ADw-", "utf-7", "+ADw-"),
    ],
)
def test_the_first_charset_that_fits_is_taken(body: bytes, charset: str | None, text: str) -> None:
    assert decode(body, charset) == text


@pytest.mark.parametrize(
    "name", [None, "", "x-aragorn", "utf-7", "hex", "rot13", "idna", "\0", "é"]
)
def test_other_names_are_no_charset(name: str | None) -> None:
    assert known_charset(name) == ""


@given(st.binary(max_size=200), st.none() | st.text(max_size=20))
def test_decoding_never_fails(body: bytes, charset: str | None) -> None:
    decode(body, charset).encode("utf-8", "surrogatepass")
