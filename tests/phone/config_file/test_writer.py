"""Writing: what is quoted, what is refused, and that nothing can slip a line in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import ConfigurationError
from fleet.phone.config_file import ConfigFile, Parameter, complaint_of, read, render, render_line
from tests.phone.config_file.strategies import FILES


@pytest.mark.parametrize(
    ("parameter", "line"),
    [
        (Parameter(name="sip line1 user name", value="1001"), "sip line1 user name: 1001"),
        (Parameter(name="SIP Line 1 Mode", value="0"), "sip line1 mode: 0"),
        (
            Parameter(name="admin password", value="48151623", lock=True),
            "!admin password: 48151623",
        ),
        (Parameter(name="time server1", value="ntp", overwrite=True), "^time server1: ntp"),
        (Parameter(name="sip dial plan", value="x+#|xx+*"), 'sip dial plan: "x+#|xx+*"'),
        (Parameter(name="sip display name", value=" Ann "), 'sip display name: " Ann "'),
        (Parameter(name="sip display name", value="Jörg: A"), "sip display name: Jörg: A"),
        (Parameter(name="sip vmail", value=""), "sip vmail:"),
    ],
)
def test_a_parameter_is_one_line(parameter: Parameter, line: str) -> None:
    assert render_line(parameter) == line


@pytest.mark.parametrize(
    "value", ["a\nb", "a\r", "\x00", "a\tb", "\x85", "\u2028", "\ud800", 'a"b']
)
def test_a_value_that_no_file_can_hold_is_refused_without_being_told(value: str) -> None:
    parameter = Parameter(name="sip password", value=f"secret{value}")
    with pytest.raises(ConfigurationError, match="`sip password` contains") as refused:
        render_line(parameter)
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(parameter)


@pytest.mark.parametrize("name", ["", "a: b\nadmin password", "a\nb", "a:b", "#a", "!a", 'a"'])
def test_a_name_that_would_say_something_else_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be a parameter's name"):
        render_line(Parameter(name=name, value="1"))


def test_both_marks_at_once_are_refused() -> None:
    both = Parameter(name="time format", value="1", lock=True, overwrite=True)
    assert "marked both ! and ^" in complaint_of(both)


def test_a_file_is_never_empty() -> None:
    assert render(ConfigFile()) == b"# no parameters\n"
    assert render(ConfigFile(heading=("fleet",))) == b"# fleet\n"


def test_a_heading_of_two_lines_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="one line"):
        render(ConfigFile(heading=("a\nadmin password: 1",)))


@given(FILES)
def test_what_was_written_is_read_again(file: ConfigFile) -> None:
    again = read(render(file))
    assert again == file
    assert not again.unread
    assert not again.blank


@given(FILES)
def test_bytes_are_the_same_after_reading_and_writing(file: ConfigFile) -> None:
    assert render(read(render(file))) == render(file)


@given(st.text(), st.text())
def test_a_parameter_is_refused_or_is_exactly_one_line(name: str, value: str) -> None:
    file = ConfigFile(parameters=(Parameter(name=name, value=value),))
    try:
        content = render(file)
    except ConfigurationError:
        return
    again = read(content)
    assert content.count(b"\n") == 1
    assert [(one.key, one.value) for one in again.parameters] == [(file.parameters[0].key, value)]
