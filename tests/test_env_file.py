"""`fleet.env` beside fleet.toml, read as systemd reads an EnvironmentFile= (systemd.exec(5))."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet.doctor.checked import State
from fleet.doctor.place import env_file
from fleet.errors import SettingsError
from fleet.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet.settings import Settings


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    (folder / "fleet.toml").write_text("", encoding="utf-8")
    (folder / "fleet.env").write_text(text, encoding="utf-8")
    (folder / "fleet.env").chmod(0o600)
    return load_settings(folder / "fleet.toml", environ or {})


def password(settings: Settings) -> str | None:
    given = settings.web_ui.password
    return given.get_secret_value() if given else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("X=48151623\n", "48151623"),
        ("X=48151623", "48151623"),
        ("# a comment\n; another\n\n  X=a  \n", "a"),
        ("# goes on \\\nX=no\nX=yes\n", "yes"),
        ("X=first\nX=last\n", "last"),
        ("X= a b \n", "a b"),
        ('X="a b "  \n', "a b "),
        ("X='a \\n \" b'\n", 'a \\n " b'),
        ('X="a \\" \\\\ \\x b"\n', 'a " \\ \\x b'),
        ("X=a\\ \\#b\n", "a #b"),
        ("X=a#b;c=d\n", "a#b;c=d"),
        ("X=a\\\nb\n", "ab"),
        ("X='two\nlines'\n", "two\nlines"),
        ("X=a$b${c}\n", "a$b${c}"),
        ("X=a'b c'\"d\"\n", "ab cd"),
        ("X=\n", ""),
        ("\ufeffX=a\r\n", "a"),
    ],
)
def test_a_value_is_what_systemd_takes_it_for(tmp_path: Path, text: str, value: str) -> None:
    assert loaded(tmp_path, text).environment({}) == {"X": value}


def test_its_variables_are_settings(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "FLEET_WEB_UI_PASSWORD=48151623\nFLEET_SECRETS_KEY=k\n")

    assert password(settings) == "48151623"
    assert settings.secrets_key
    assert "48151623" not in repr(settings)


@pytest.mark.parametrize(("real", "value"), [("real", "real"), ("", "file")])
def test_the_environment_wins_unless_it_is_empty(tmp_path: Path, real: str, value: str) -> None:
    environ = {"FLEET_WEB_UI_PASSWORD": real}

    assert password(loaded(tmp_path, "FLEET_WEB_UI_PASSWORD=file", environ)) == value


@pytest.mark.parametrize("text", ["export X=1\n", "A=1\njunk\n", "X='open\n", "1X=a\n", "X =1\n"])
def test_what_is_no_assignment_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"fleet\.env, line [12]: write NAME=value"):
        loaded(tmp_path, text)


def test_a_misspelt_variable_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FLEET_WEB_UI_PASSWORD"):
        loaded(tmp_path, "FLEET_WEB_UI_PASWORD=1\n")


def test_doctor_says_that_everybody_can_read_it(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "X=1\n")
    assert list(env_file(settings)) == []
    (tmp_path / "fleet.env").chmod(0o640)
    assert list(env_file(settings)) == []

    (tmp_path / "fleet.env").chmod(0o644)

    [checked] = env_file(settings)
    assert checked.state is State.FAIL
    assert "fleet.env" in checked.text
