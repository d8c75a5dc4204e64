"""Files as they lie in old folders: editors' marks, slips, other formats, and noise.

No source shows what a phone makes of these, so what counts is that nothing is lost without a word,
that one odd line costs one line, and that a file which is no configuration costs one sentence.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import Intents
from fleet.phone.config_file import ConfigFile, Parameter, complaint_of, read, render
from fleet.phone.lint import lint_file
from fleet.provision.adopt import Surroundings, adopt, folder_of
from tests.provision.fleets import AT


def values(content: bytes) -> dict[str, str]:
    return {one.key: one.value for one in read(content).parameters}


def reasons(content: bytes) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in read(content).unread]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfsip mode: 0\r\nlldp: 1\r\n", {"sip mode": "0", "lldp": "1"}),
        ("sip mode: 0\r\nlldp: 1".encode("utf-16"), {"sip mode": "0", "lldp": "1"}),
        ("sip screen name: Müller".encode("latin-1"), {"sip screen name": "Müller"}),
        ("sip screen name: Müller".encode(), {"sip screen name": "Müller"}),
        (b"\tsip mode\t:\t0\t# note\r\n", {"sip mode": "0"}),
        (b"sip mode:0", {"sip mode": "0"}),
        (b"sip mode :0\rlldp : 1\r", {"sip mode": "0", "lldp": "1"}),
        (b"! sip mode: 0\n^\tlldp: 1", {"sip mode": "0", "lldp": "1"}),
        (b"sip mode: 0\nSIP MODE: 1\nsip  mode: 2", {"sip mode": "2"}),
        (b'sip dial plan: "x+#|xx+*" # note', {"sip dial plan": "x+#|xx+*"}),
        (b'sip dial plan: "x+#|xx+*"', {"sip dial plan": "x+#|xx+*"}),
        (b'sip password: "  a b  "', {"sip password": "  a b  "}),
        (b'user password: ""', {"user password": ""}),
        (b'user password: "" # none', {"user password": ""}),
        (
            b"action uri poll:http://a.example/x?y=1:2",
            {"action uri poll": "http://a.example/x?y=1:2"},
        ),
        (b"sip registrar ip: pbx.example:5060", {"sip registrar ip": "pbx.example:5060"}),
        (b"softkey01 type: dnd", {"softkey1 type": "dnd"}),
        (b"####\n#a: b\n  # c: d\n", {}),
        (b"", {}),
    ],
)
def test_what_editors_leave_is_read(content: bytes, expected: dict[str, str]) -> None:
    assert (values(content), reasons(content)) == (expected, [])


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"sip mode 0", 1, "no colon"),
        (b"sip mode = 0", 1, "no colon"),
        (b"[general]", 1, "no colon"),
        (b"a: 1\nsip mode# note: 0", 2, "no colon"),
        (b'sip dial plan: "x+#', 1, "not closed"),
        (b'sip dial plan: "x+#" | "y"', 1, "after the closing quote"),
        (b"sip mode: 0\x00", 1, "control character"),
        (b": 0", 1, "not a parameter name"),
        ("a: 1\n\ufeffsip mode: 0".encode(), 2, "invisible"),
        ("sip\u00a0mode: 0".encode(), 1, "invisible"),
        ("sip\u200bmode: 0".encode(), 1, "invisible"),
    ],
)
def test_what_cannot_be_read_costs_its_line_and_says_why(
    content: bytes, line: int, says: str
) -> None:
    ((number, reason),) = reasons(content)
    assert number == line
    assert says in reason


ENCRYPTED = bytes((7 * one * one + 13 * one + 5) % 251 for one in range(1, 900))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (ENCRYPTED, "not text"),
        (ENCRYPTED[:64], "not text"),
        ("sip mode: 0\nlldp: 1\n".encode("utf-16-le"), "not text"),
        (b"<html><head>\n<title>404: Not Found</title>\n</head></html>\n", "web page"),
        (
            b'\n<?xml version="1.0"?>\n<AastraIPPhoneConfiguration>\n</AastraIPPhoneConfiguration>',
            "XML",
        ),
    ],
)
def test_a_file_that_is_no_configuration_costs_one_sentence(content: bytes, says: str) -> None:
    (unread,) = read(content, name="00085D126411.cfg").unread
    assert unread.line == 1
    assert says in unread.reason
    assert read(content).parameters == ()
    assert [one.check for one in lint_file(read(content))] == ["unread-line"]


def test_an_encrypted_file_is_told_in_one_sentence_by_its_name_too() -> None:
    files = {"aastra.cfg": b"lldp: 1", "00085D126411.tuz": ENCRYPTED, "00085D126412.cfg": ENCRYPTED}
    notes = adopt(folder_of(files), Surroundings(intents=Intents(), at=AT, model="6753i")).notes

    assert sum(note.startswith("00085D126411.tuz ") for note in notes) == 1
    assert sum(note.startswith("00085D126412.cfg ") for note in notes) == 1


@pytest.mark.parametrize("hidden", ["\u00a0", "\u200b", "\u00ad", "\ufeff", "\u202e"])
def test_a_character_that_nobody_sees_in_a_value_is_found(hidden: str) -> None:
    names = ("sip password", "sip line1 user name", "sip line1 display name", "prgkey1 label")
    content = "\n".join(f"{name}: k3Yh{hidden}2pQz" for name in names).encode()
    found = [one for one in lint_file(read(content)) if one.check == "invisible-character"]

    assert [one.parameter for one in found] == ["sip password", "sip line1 user name"]
    assert "k3Yh" not in found[0].text


LINES = st.lists(
    st.sampled_from(
        [
            "sip mode: 0",
            "!lldp: 1",
            '^user password: "1#2"',
            "# a: b",
            "",
            "x",
            '"',
            "a: b # c",
            "é: 1",
        ]
    )
    | st.text(max_size=12)
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
CODES = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])


@given(lines=LINES, end=ENDS, code=CODES)
def test_every_line_is_a_parameter_a_comment_or_named_as_unread(
    lines: list[str], end: str, code: str
) -> None:
    content = end.join(lines).encode(code, errors="replace")
    file = read(content)
    numbers = [one.line for one in file.parameters] + [one.line for one in file.unread]

    assert len(numbers) == len(set(numbers))
    writable = tuple(one for one in file.parameters if not complaint_of(one))
    again = read(render(ConfigFile(parameters=writable))).parameters
    assert [(one.key, one.value) for one in again] == [(one.key, one.value) for one in writable]


@given(content=st.binary(max_size=400))
def test_no_bytes_make_the_reader_or_the_linter_fail(content: bytes) -> None:
    lint_file(read(content, name="aastra.cfg"), "6753i")


@given(value=st.text(max_size=40), name=st.sampled_from(["sip password", "prgkey1 value", "ip"]))
def test_a_value_is_written_so_that_it_is_read_again_or_refused(value: str, name: str) -> None:
    one = Parameter(name=name, value=value)
    if complaint_of(one):
        return
    assert values(render(ConfigFile(parameters=(one,)))) == {name: value}
