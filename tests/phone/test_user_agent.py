"""The phone behind a request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.user_agent import PhoneClient, phone_of


@pytest.mark.parametrize(
    ("header", "model", "firmware"),
    [
        ("Aastra57i MAC:00-08-5D-12-64-11 V:2.3.1.26-SIP", "6757i", "2.3.1.26"),
        ("Aastra6731i MAC:00-08-5D-12-64-11 V:3.2.0.70-SIP", "6731i", "3.2.0.70"),
        ("Mitel6920 MAC:00-08-5D-12-64-11 V:6.4.0.140-SIP", "6920", "6.4.0.140"),
        ("Aastra57i CT MAC:00-08-5D-12-64-11 V:2.5.2.1010-SIP", "6757i CT", "2.5.2.1010"),
        ("Aastra480i Cordless MAC:00-08-5D-12-64-11 V:1.4.2", "480i CT", "1.4.2"),
        ("Aastra53i RP MAC:00-08-5D-12-64-11 V:3.0-SIP", "53i RP", "3.0"),
        ("aastra6753i mac:00085D126411", "6753i", ""),
    ],
)
def test_the_phones_own_words_are_read(header: str, model: str, firmware: str) -> None:
    expected = PhoneClient(mac="00:08:5D:12:64:11", model=model, firmware=firmware)
    assert phone_of(header) == expected


@pytest.mark.parametrize(
    "header",
    ["", "curl/8.5", "Aastra53i MAC:xx V:1", "Aastra53i MAC:01-08-5D-12-64-11 V:1-SIP", "MAC:00"],
)
def test_anything_else_is_nobody(header: str) -> None:
    assert phone_of(header) is None


@given(st.text(max_size=600) | st.text("Aastra MC:0-8D5V.", max_size=600))
def test_no_text_breaks_it(text: str) -> None:
    found = phone_of(text)
    assert found is None or len(found.mac) == 17
