from __future__ import annotations

import pytest

from fleet.phone.xml_object import MAX_BYTES, Command, XmlObject, command, fetch


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (
            Command.RESET,
            b'<AastraIPPhoneExecute Beep="no">'
            b'<ExecuteItem URI="Command: Reset" interruptCall="no"/></AastraIPPhoneExecute>',
        ),
        (
            Command.FAST_REBOOT,
            b'<AastraIPPhoneExecute Beep="no">'
            b'<ExecuteItem URI="Command: FastReboot" interruptCall="no"/></AastraIPPhoneExecute>',
        ),
    ],
)
def test_a_command_is_written_as_the_vendor_shows_it(what: Command, expected: bytes) -> None:
    assert command(what).data == expected


def test_no_command_wipes() -> None:
    assert set(Command) == {"Command: Reset", "Command: FastReboot"}


def test_an_address_is_escaped() -> None:
    assert fetch('http://a/b?c=1&d="2"').data == (
        b"<AastraIPPhoneExecute>"
        b'<ExecuteItem URI="http://a/b?c=1&amp;d=&quot;2&quot;"/></AastraIPPhoneExecute>'
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://a/b",
        "Command: ClearLocal",
        "http://",
        "http:///x",
        "ftp://a",
        "http://a/b c",
        "http://a/\r\n",
        "http://a/ü",
        "http://[a/",
    ],
)
def test_nothing_but_a_plain_http_address_is_taken(url: str) -> None:
    with pytest.raises(ValueError, match="http:// address"):
        fetch(url)


def test_an_object_that_is_too_large_is_refused() -> None:
    room = MAX_BYTES - len(fetch("http://a/").data)
    assert len(fetch("http://a/" + "x" * room).data) == MAX_BYTES
    with pytest.raises(ValueError, match=r"2151 bytes.*2150"):
        fetch("http://a/" + "x" * (room + 1))


def test_no_object_is_larger_than_phones_take() -> None:
    with pytest.raises(ValueError, match="2150"):
        XmlObject(data=b"x" * (MAX_BYTES + 1))
