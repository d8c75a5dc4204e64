"""What changes, parameter by parameter."""

from __future__ import annotations

import pytest
from hypothesis import given

from fleet.phone.config_file import ConfigFile, EffectiveValue, effective, read
from fleet.phone.parameters import ChangeKind, ParameterChange, any_reboot, diff
from tests.phone.config_file.strategies import FILES


def _values(text: str) -> dict[str, EffectiveValue]:
    return effective([read(text.encode())])


def _change(old: str, new: str) -> ParameterChange:
    (change,) = diff(_values(old), _values(new))
    return change


@pytest.mark.parametrize(
    ("old", "new", "kind", "values"),
    [
        ("", "time format: 1", ChangeKind.ADDED, (None, "1")),
        ("time format: 1", "", ChangeKind.REMOVED, ("1", None)),
        ("time format: 0", "Time Format: 1", ChangeKind.CHANGED, ("0", "1")),
        ("time format: 0", "!time format: 0", ChangeKind.LOCK, ("0", "0")),
    ],
)
def test_a_parameter_is_added_changed_removed_or_locked(
    old: str, new: str, kind: ChangeKind, values: tuple[str | None, str | None]
) -> None:
    change = _change(old, new)
    assert change.kind is kind
    assert (change.old, change.new) == values
    assert change.reboot


def test_value_and_lock_may_change_together() -> None:
    change = _change("time format: 0", "!time format: 1")
    assert (change.kind, change.was_locked, change.locked) == (ChangeKind.CHANGED, False, True)


def test_of_a_secret_only_the_change_is_told() -> None:
    change = _change("sip line1 password: hunter2", "sip line1 password: hunter3")
    assert (change.secret, change.old, change.new) == (True, None, None)
    assert "hunter" not in repr(change)


def test_a_login_inside_a_uri_is_left_out() -> None:
    change = _change("", "firmware server: http://me:hunter2@192.0.2.1/fw")
    assert change.new == "http://…@192.0.2.1/fw"


def test_what_needs_no_reboot_is_told_unless_its_lock_changes() -> None:
    poll = "action uri poll interval: 300"
    assert not any_reboot(diff(_values(""), _values(poll)))
    assert any_reboot(diff(_values(poll), _values(f"!{poll}")))


@given(FILES)
def test_the_same_set_has_no_changes(file: ConfigFile) -> None:
    assert diff(effective([file]), effective([file])) == ()


@given(FILES, FILES)
def test_both_directions_tell_the_same_names(one: ConfigFile, two: ConfigFile) -> None:
    there, back = diff(effective([one]), effective([two])), diff(effective([two]), effective([one]))
    assert [change.name for change in there] == [change.name for change in back]
    assert [(change.old, change.new) for change in there] == [
        (change.new, change.old) for change in back
    ]
