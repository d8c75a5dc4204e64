"""Reads fleet.toml, lays the FLEET_ variables over it, and checks the whole."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet.errors import SettingsError
from fleet.settings.complaint import complaint, did_you_mean
from fleet.settings.environment import read_env_file
from fleet.settings.section import Wrong
from fleet.settings.values import SECTIONS, overlaid, settings_of
from fleet.settings.variables import CONFIG, SECRETS_KEY, settings_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.settings.values import Settings

FILE_NAME = "fleet.toml"
SYSTEM_FILE = Path("/etc/fleet/fleet.toml")


def load_settings(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    `config` is what `--config` names; else `FLEET_CONFIG`, else `./fleet.toml` if it is there, else
    that of the system. Variables that `environ` lacks are taken from `fleet.env` beside that file.
    Raises `SettingsError` with the key's or variable's name and what is allowed.
    """
    path = config or find_settings(environ)
    values = _read_file(path) if path else {}
    _refuse_unknown_sections(values, path)
    folder = path.resolve().parent if path else Path()
    env_file = read_env_file(folder) if path else {}
    environ = overlaid(env_file, environ)
    variables = settings_in(environ)
    for (section, key), variable in variables.items():
        values.setdefault(section, {})[key] = environ[variable]
    try:
        return settings_of(
            values, folder=folder, secrets_key=environ.get(SECRETS_KEY, ""), env_file=env_file
        )
    except Wrong as wrong:
        raise SettingsError(complaint(wrong, path, variables)) from None


def find_settings(environ: Mapping[str, str]) -> Path | None:
    """Return the settings file in use where no option names one; None if there is none."""
    if environ.get(CONFIG):
        return Path(environ[CONFIG])
    # sudo leaves the service user in the caller's folder, which it often may not look into.
    if _is_there(Path(FILE_NAME), if_hidden=False):
        return Path(FILE_NAME)
    # Who may not look into /etc/fleet gets that as the reason, not "no settings".
    return SYSTEM_FILE if _is_there(SYSTEM_FILE, if_hidden=True) else None


def _is_there(path: Path, *, if_hidden: bool) -> bool:
    """Return whether a file exists; `if_hidden` where this user may not look into its folder."""
    try:
        return path.exists()
    except PermissionError:
        return if_hidden


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"The settings file {path} cannot be read: {reason}.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from None


def _refuse_unknown_sections(values: Mapping[str, Any], path: Path | None) -> None:
    for name, value in values.items():
        if name not in SECTIONS:
            raise SettingsError(
                f"{path}: there is no section [{name}]{did_you_mean(name, SECTIONS)}; "
                f"allowed are {', '.join(SECTIONS)}."
            )
        if not isinstance(value, dict):
            raise SettingsError(f"{path}: {name} is a section; write [{name}] on its own line.")
