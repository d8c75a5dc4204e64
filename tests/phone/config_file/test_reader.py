"""Reading files of any age, and bytes that are none."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import ConfigurationError
from fleet.phone.config_file import ConfigFile, Parameter, read, render


def _one(text: str | bytes) -> Parameter:
    content = text.encode() if isinstance(text, str) else text
    (parameter,) = read(content).parameters
    return parameter


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("sip proxy ip: 192.0.2.1", "sip proxy ip", "192.0.2.1"),
        ("action uri poll:http://192.0.2.1/p", "action uri poll", "http://192.0.2.1/p"),
        ("sip vmail:", "sip vmail", ""),
        ('sip vmail: ""', "sip vmail", ""),
        ('sip dial plan: "x+#|xx+*"', "sip dial plan", "x+#|xx+*"),
        ('sip dial plan: "x+#" # ours', "sip dial plan", "x+#"),
        ("time format: 1   # 24 hours", "time format", "1"),
        ("\t SIP Line 1  User Name :\t1001 ", "sip line1 user name", "1001"),
        ('sip display name: " Ann "', "sip display name", " Ann "),
        ('sip display name: the "boss"', "sip display name", 'the "boss"'),
        ("dst [start|end] relative date: 1 #relative", "dst [start|end] relative date", "1"),
        ("expmod 1 key 2 type: blf", "expmod1 key2 type", "blf"),
    ],
)
def test_a_line_is_a_name_and_a_value(line: str, name: str, value: str) -> None:
    parameter = _one(line)
    assert (parameter.key, parameter.value) == (name, value)


@pytest.mark.parametrize(
    ("line", "lock", "overwrite"),
    [
        ("!admin password: 4711", True, False),
        ("^admin password: 4711", False, True),
        ("! admin password: 4711", True, False),
        ("!^admin password: 4711", True, True),
        ("admin password: !4711", False, False),
    ],
)
def test_marks_stand_before_the_name(line: str, lock: bool, overwrite: bool) -> None:
    parameter = _one(line)
    assert (parameter.lock, parameter.overwrite) == (lock, overwrite)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end: str, mark: bytes) -> None:
    text = end.join(("# all phones", "", "sip mode: 0", "time format: 1"))
    file = read(mark + text.encode())
    assert [(one.key, one.value, one.line) for one in file.parameters] == [
        ("sip mode", "0", 3),
        ("time format", "1", 4),
    ]
    assert not file.unread


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_a_name_with_an_umlaut_is_read_in_any_encoding(encoding: str) -> None:
    assert _one("sip display name: Jörg".encode(encoding)).value == "Jörg"


@pytest.mark.parametrize(
    ("content", "value", "noted"),
    [
        (b"sip screen name: L\x92Atelier \x80", "L\u2019Atelier \u20ac", "read as Windows-1252"),
        (b"# \xc3\xbc is UTF-8\nsip screen name: M\xfcller", "M\u00fcller", "check its texts"),
        (b"#\xe9\nsip screen name: Caf\xc3\xa9", "Caf\u00e9", "read as Windows-1252"),
        (
            "sip screen name: \u0418\u0432\u0430\u043d\u043e\u0432".encode("cp1251"),
            "\u00c8\u00e2\u00e0\u00ed\u00ee\u00e2",
            "Cyrillic",
        ),
        (
            "sip screen name: \u0418\u0432\u0430\u043d\u043e\u0432".encode("koi8-r"),
            "\u00e9\u00d7\u00c1\u00ce\u00cf\u00d7",
            "Cyrillic",
        ),
        ("sip screen name: J\u00f6rg ".encode("utf-16"), "J\u00f6rg", "UTF-16"),
    ],
)
def test_an_encoding_that_is_not_utf8_is_read_and_noted(
    content: bytes, value: str, noted: str
) -> None:
    file = read(content)
    assert file.parameters[0].value == value
    assert noted in file.encoding


def test_utf8_and_western_accents_are_not_taken_for_another_alphabet() -> None:
    assert read("sip screen name: \u0418\u0432\u0430\u043d".encode()).encoding == ""
    western = "sip screen name: Cr\u00e9\u00e9e \u00e0 No\u00ebl, \u00c4\u00d6\u00dcx".encode(
        "latin-1"
    )
    assert "Cyrillic" not in read(western).encoding


def test_a_byte_that_windows_1252_lacks_costs_its_line_alone() -> None:
    file = read(b"time format: 1\nsip screen name: a\x90b\n")
    assert [one.key for one in file.parameters] == ["time format"]
    assert [one.line for one in file.unread] == [2]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no colon here", "no colon"),
        ("time format # : 1", "no colon"),
        (": 1", "not a parameter name"),
        ("ä: 1", "not a parameter name"),
        ('sip vmail: "open', "not closed"),
        ('sip vmail: "a" b', "after the closing quote"),
        ("sip vmail: a\x00b", "control character"),
    ],
)
def test_a_line_that_is_no_parameter_is_kept_with_its_reason(line: str, reason: str) -> None:
    file = read(f"time format: 1\n{line}\n".encode())
    (unread,) = file.unread
    assert len(file.parameters) == 1
    assert (unread.line, unread.text) == (2, line)
    assert reason in unread.reason
    assert line not in repr(unread)


@pytest.mark.parametrize(
    ("content", "blank"), [(b"", True), (b" \r\n\n", True), (b"#\n", False), (b"a: 1", False)]
)
def test_a_file_with_nothing_in_it_is_told_from_one_with_a_comment(
    content: bytes, blank: bool
) -> None:
    assert read(content).blank is blank


def test_the_rest_behind_an_unquoted_hash_is_kept_as_a_comment() -> None:
    assert _one("sip dial plan: x+#|xx").comment == "#|xx"
    assert _one("time format: 1 # 24 hours").comment == " # 24 hours"


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    _stable(read(content))


@given(st.text('ab:#"!^ \t\r\n\x00\u2028ä', max_size=80))
def test_no_mixture_of_signs_makes_the_reader_fail(text: str) -> None:
    _stable(read(text.encode()))


def _stable(file: ConfigFile) -> None:
    """What was read is read again from what is written, or cannot be written at all."""
    try:
        content = render(file)
    except ConfigurationError:
        return
    again = read(content)
    assert [(one.key, one.value, one.lock, one.overwrite) for one in again.parameters] == [
        (one.key, one.value, one.lock, one.overwrite) for one in file.parameters
    ]
