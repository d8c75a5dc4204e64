"""What a phone makes of its files and of what was set on it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.config_file import (
    ConfigFile,
    EffectiveValue,
    Origin,
    Parameter,
    effective,
    local_left,
    read,
)
from tests.phone.config_file.strategies import FILES, PARAMETERS


def _files(*texts: str) -> list[ConfigFile]:
    names = ("aastra.cfg", "6753i.cfg", "00085D126411.cfg")
    return [read(text.encode(), name=name) for name, text in zip(names, texts, strict=False)]


def _one(*texts: str, local: str = "", new_files: bool = True) -> EffectiveValue:
    values = effective(_files(*texts), local=read(local.encode()).parameters, new_files=new_files)
    return values["time format"]


def test_the_last_file_decides_the_value() -> None:
    value = _one("time format: 0", "time format: 1", "Time Format: 2")
    assert (value.value, value.file) == ("2", "00085D126411.cfg")


def test_within_a_file_the_last_line_decides() -> None:
    assert _one("time format: 0\ntime format: 1").value == "1"


def test_the_last_file_decides_the_lock_as_well() -> None:
    assert not _one("!time format: 0", "time format: 1").locked
    assert _one("time format: 0", "!time format: 1").locked
    assert _one("!time format: 0", "").locked


def test_a_local_value_wins_unless_it_is_locked() -> None:
    value = _one("time format: 0", local="time format: 1")
    assert (value.value, value.origin) == ("1", Origin.LOCAL)
    assert _one("!time format: 0", local="time format: 1").value == "0"
    assert _one("!time format: 0", "time format: 2", local="time format: 1").value == "1"


def test_a_caret_overwrites_a_local_value_when_a_new_file_is_loaded_without_locking() -> None:
    value = _one("^time format: 0", local="time format: 1")
    assert (value.value, value.locked, value.overwrote) == ("0", False, True)
    assert _one("^time format: 0", local="time format: 1", new_files=False).value == "1"
    assert _one("^time format: 0", "time format: 2", local="time format: 1").value == "1"


def test_what_only_the_phone_says_holds() -> None:
    values = effective((), local=(Parameter(name="Time  Format", value="1"),))
    assert values["time format"].origin is Origin.LOCAL


def test_a_caret_takes_a_local_value_away_for_good_and_a_lock_keeps_it() -> None:
    files = _files("^time format: 0\n!date format: 0")
    local = read(b"time format: 1\ndate format: 1\nsip mode: 1").parameters
    left = local_left(files, local)
    assert [one.key for one in left] == ["date format", "sip mode"]
    assert local_left(files, local, new_files=False) == local


@given(st.lists(FILES, max_size=3), st.lists(PARAMETERS, max_size=6), st.booleans())
def test_each_value_is_the_last_files_or_the_last_local_one(
    files: list[ConfigFile], local: list[Parameter], new_files: bool
) -> None:
    server = {one.key: one for file in files for one in file.parameters}
    own = {one.key: one for one in local}
    values = effective(files, local=local, new_files=new_files)
    assert values.keys() == server.keys() | own.keys()
    for key, value in values.items():
        given_by = server.get(key)
        local_counts = key in own and (
            given_by is None or not (given_by.lock or (given_by.overwrite and new_files))
        )
        expected = own[key] if local_counts else given_by
        assert expected is not None
        assert value.value == expected.value
        assert value.locked == (given_by is not None and given_by.lock and not local_counts)


@given(st.lists(FILES, max_size=3), st.lists(PARAMETERS, max_size=6))
def test_loading_the_same_files_again_changes_nothing(
    files: list[ConfigFile], local: list[Parameter]
) -> None:
    left = local_left(files, local)
    first = effective(files, local=local)
    again = effective(files, local=left, new_files=False)
    assert {key: one.value for key, one in again.items()} == {
        key: one.value for key, one in first.items()
    }
