"""FLEET_ variables: which setting each one means, and which are only misspelt."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from fleet.errors import SettingsError
from fleet.settings.values import SECTIONS, fields_of, is_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PREFIX = "FLEET_"
CONFIG = "FLEET_CONFIG"
SECRETS_KEY = "FLEET_SECRETS_KEY"
_LIKE = 0.8  # FLEET_POL_… and FLEET_SECRET_KEY are misspelt, FLEET_POOL_SIZE is another program's


def _named() -> Iterator[tuple[str, tuple[str, str]]]:
    for section in SECTIONS:
        for key, field in fields_of(section).items():
            if not is_named(section) and not field.is_table:
                yield f"{PREFIX}{section}_{key}".upper(), (section, key)


def _unnamed() -> Iterator[str]:
    for section in SECTIONS:
        if is_named(section):
            yield f"{section}_".upper()
        yield from (f"{section}_{k}".upper() for k, f in fields_of(section).items() if f.is_table)


_SETTINGS = dict(_named())
_IN_THE_FILE = tuple(_unnamed())
_KNOWN = (CONFIG, SECRETS_KEY, *_SETTINGS)


def settings_in(environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Give the variable of each setting that one is given for, by section and key.

    An empty variable counts as unset. Raises `SettingsError` for a variable that is of ours and no
    setting, or looks so, or is not UTF-8. Variables of other programs are left alone.
    """
    found = {}
    for variable, value in environ.items():
        if variable in _SETTINGS:
            if value.strip():
                _refuse_undecodable(variable, value)
                found[_SETTINGS[variable]] = variable
        elif variable.startswith(PREFIX) and variable not in _KNOWN:
            _refuse_if_ours(variable)
    return found


def _refuse_undecodable(variable: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SettingsError(f"The variable {variable} is not UTF-8 text.") from None


def _refuse_if_ours(variable: str) -> None:
    rest = variable.removeprefix(PREFIX)
    if rest.startswith(_IN_THE_FILE):
        raise SettingsError(
            f"The variable {variable} is not a setting; sections with a name of their own, such as "
            "rules, can be set in fleet.toml only."
        )
    near = _nearest(rest, _KNOWN, _LIKE)
    section = _section_meant(rest)
    if section and not near:
        near = _nearest(rest, (name for name in _KNOWN if name.startswith(PREFIX + section)), 0)
    if near:
        raise SettingsError(f"The variable {variable} is not a setting (did you mean {near}?).")


def _nearest(rest: str, known: Iterable[str], alike: float) -> str:
    names = [name.removeprefix(PREFIX) for name in known]
    near = difflib.get_close_matches(rest, names, n=1, cutoff=alike)
    return PREFIX + near[0] if near else ""


def _section_meant(rest: str) -> str:
    """The section whose name a variable begins with, or nearly; empty if with none."""
    for section in (name.upper() for name in SECTIONS):
        if rest == section or rest.startswith(section + "_"):
            return section
    near = difflib.get_close_matches(
        rest.partition("_")[0], [name.upper() for name in SECTIONS], n=1, cutoff=_LIKE
    )
    return near[0] if near else ""
