"""What phones say of themselves when they fetch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.catalog import MODELS, PhoneAgent, parse_user_agent

MAC = "00:08:5D:19:94:B7"


@pytest.mark.parametrize(
    ("text", "model", "mac", "firmware"),
    [
        ("Aastra53i MAC:00-08-5D-19-94-B7 V:2.3.1.26-SIP", "6753i", MAC, "2.3.1.26"),
        ("Aastra53i MAC:00-08-5D-19-94-B7 V:3.3.1.4365", "6753i", MAC, "3.3.1.4365"),
        ("Aastra6753i MAC:00-08-5D-19-94-B7 V:3.3.1.4365-SIP", "6753i", MAC, "3.3.1.4365"),
        ("Aastra57i CT MAC:00-08-5D-19-94-B7 V:2.3.1.26-SIP", "6757i CT", MAC, "2.3.1.26"),
        ("Aastra57iCT MAC:00-08-5D-19-94-B7 V:2.3.1.26-SIP", "6757i CT", MAC, "2.3.1.26"),
        ("Aastra480i Cordless MAC:00-08-5D-19-94-B7 V:1.4.2.3000", "480i CT", MAC, "1.4.2.3000"),
        ("Aastra9480iCT MAC:00-08-5D-19-94-B7 V:2.5.3.26-SIP", "9480i CT", MAC, "2.5.3.26"),
        ("Aastra55i RP MAC:00-08-5D-19-94-B7 V:2.5.3.26-SIP", "6755i", MAC, "2.5.3.26"),
        ("Aastra57iCT RP MAC:00-08-5D-19-94-B7 V:2.5.3.26-SIP", "6757i CT", MAC, "2.5.3.26"),
        (
            "Aastra6731i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP",
            "6731i",
            "00:08:5D:23:74:29",
            "3.2.0.70",
        ),
        (
            "Mitel6920 MAC:14-00-E9-1F-03-EA V:6.4.0.140-SIP",
            "6920",
            "14:00:E9:1F:03:EA",
            "6.4.0.140",
        ),
        ("  aastra53I  mac:00085D1994B7  v:2.3.1.26-sip ", "6753i", MAC, "2.3.1.26"),
        ("Aastra53i V:2.3.1.26-SIP MAC:00-08-5D-19-94-B7", "6753i", MAC, "2.3.1.26"),
        (
            "MitelMINET_6930 MAC:14-00-E9-1F-03-EA V:1.5.0.78",
            "6930",
            "14:00:E9:1F:03:EA",
            "1.5.0.78",
        ),
        (
            "mitelminet-6920w MAC:08000F1F03EA V:1.7.1.12-MINET",
            "6920w",
            "08:00:0F:1F:03:EA",
            "1.7.1.12",
        ),
        ("Aastra53i MAC:nonsense V:", "6753i", "", ""),
        ("Aastra53i", "6753i", "", ""),
        ("Aastra 53i/2.2.0.166", "6753i", "", "2.2.0.166"),
        ("Aastra 6865i/4.2.0.2023", "6865i", "", "4.2.0.2023"),
        ("Mitel-6920-SIP/6.4.0.140", "6920", "", "6.4.0.140"),
        ("AastraIPPhone53i", "6753i", "", ""),
        ("AastraIPPhone6753i", "6753i", "", ""),
        ("Aastra6999x MAC:00-08-5D-19-94-B7 V:9.9", "6999x", MAC, "9.9"),
        ("Aastra", "", "", ""),
    ],
)
def test_a_phone_says_who_it_is_in_many_ways(
    text: str, model: str, mac: str, firmware: str
) -> None:
    assert parse_user_agent(text) == PhoneAgent(model=model, mac=mac, firmware=firmware)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "curl/8.0",
        "Mozilla/5.0 (compatible; Aastra53i)",
        "Yealink SIP-T46G 28.83.0.35",
        "MitelMINETTE 1",
    ],
)
def test_what_is_none_of_these_phones_is_not_taken_for_one(text: str) -> None:
    assert parse_user_agent(text) is None


@given(st.text())
def test_nothing_makes_the_reader_of_agents_fail(text: str) -> None:
    parse_user_agent(text)
    parse_user_agent(f"Aastra{text}")


@given(st.sampled_from(sorted(MODELS)), st.booleans(), st.integers(1, 2**40 - 1))
def test_every_model_is_recognised_by_its_own_name(model: str, suffix: bool, low: int) -> None:
    digits = f"00{low:010X}"
    mac = "-".join(digits[at : at + 2] for at in range(0, 12, 2))
    text = f"Aastra{model} MAC:{mac} V:3.3.1.4365{'-SIP' * suffix}"
    expected = PhoneAgent(model=model, mac=mac.replace("-", ":"), firmware="3.3.1.4365")
    assert parse_user_agent(text) == expected
