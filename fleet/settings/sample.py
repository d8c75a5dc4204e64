"""The fleet.toml that `fleet init` writes, and the one that shows which settings hold."""

from __future__ import annotations

import json
import re
import textwrap
from datetime import datetime, time
from typing import TYPE_CHECKING

from fleet.settings.kinds import duration_text
from fleet.settings.section import Secret, keys_of
from fleet.settings.values import SECTIONS, fields_of, is_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet.settings.section import Key, Section
    from fleet.settings.values import Settings


def sample_settings() -> str:
    """The text of a fleet.toml that holds every setting, commented, with its default."""
    lines = [
        "# Settings of fleet. Every key is shown with its default; remove the # to change one.",
        "# Durations are written as 90s, 5m, 2h or 400d; a number is seconds. In the environment",
        "# FLEET_<SECTION>_<KEY> overrides, for instance FLEET_POLL_CONCURRENCY or",
        "# FLEET_WEB_UI_PASSWORD; an empty variable counts as unset.",
    ]
    for section in SECTIONS:
        lines += ["", *_sample_section(section)]
    return "\n".join(lines) + "\n"


_NAMES = {
    "rules": "line-on-backup",
    "maintenance": "sunday-night",
    "alerts.routes": "urgent",
    "audit.sites": "berlin",
}


def _sample_section(section: str) -> Iterator[str]:
    yield f"# [{section}.{_NAMES[section]}]" if is_named(section) else f"[{section}]"
    tables = []
    for name, key in fields_of(section).items():
        place = f"{section}.{name}"
        if model := key.named:
            tables += [f"# [{place}.{_NAMES[place]}]", *_sample_keys(place, keys_of(model))]
        else:
            yield from _sample_keys(section, {name: key})
    yield from tables


def _sample_keys(section: str, keys: Mapping[str, Key]) -> Iterator[str]:
    for name, key in keys.items():
        yield from textwrap.wrap(f"# {key.about.description}", 96, subsequent_indent="# ")
        value = key.default
        if not value and value is not False and key.about.examples:
            value = key.about.examples[0]
        if key.is_table:
            yield f"# [{section}.{name}]"
            yield from (f"# {_bare_key(word)} = {_value(one)}" for word, one in value.items())
        else:
            text = duration_text(value) if key.about.is_duration else None
            yield f"# {name} = {_value(text or value)}"


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Secret():
            return _value(value.get_secret_value())
        case float() | int():
            return f"{value:g}" if value < 1e6 else f"{value:.0f}"
        case list():
            return f"[{', '.join(_value(each) for each in value)}]"
        case datetime():
            return value.isoformat()
        case time():
            return f'"{value.isoformat(timespec="minutes")}"'
        case _:
            return json.dumps(str(value), ensure_ascii=False)  # TOML's basic strings are JSON's


def shown_settings(settings: Settings, variables: Mapping[tuple[str, str], str]) -> str:
    """All settings that hold, as a fleet.toml whose secrets are masked.

    A comment says where a value comes from, unless that is the file. `variables` names the variable
    of each setting, by section and key, that one is given for.
    """
    lines: list[str] = []
    for section in SECTIONS:
        value = getattr(settings, section)
        if is_named(section):
            for name, each in value.items():
                lines += ["", *_shown_section(f"{section}.{_bare_key(name)}", each, {})]
        else:
            lines += ["", *_shown_section(section, value, variables)]
    return "\n".join(lines[1:]) + "\n"


def _shown_section(
    place: str, section: Section, variables: Mapping[tuple[str, str], str]
) -> Iterator[str]:
    yield f"[{place}]"
    tables: list[str] = []
    for name, key in keys_of(type(section)).items():
        value = getattr(section, name)
        if key.named:
            for inner, each in value.items():
                tables += ["", *_shown_section(f"{place}.{name}.{_bare_key(inner)}", each, {})]
        elif key.is_table:
            if value:
                tables += ["", f"[{place}.{name}]"]
                tables += (f"{_bare_key(word)} = {_value(each)}" for word, each in value.items())
        else:
            origin = variables.get((place, name)) or ("default" if value == key.default else "")
            origin = f"  # {origin}" if origin else ""
            unset = "# " if value is None else ""
            yield f"{unset}{name} = {_shown_value(key, value)}{origin}"
    yield from tables


def _shown_value(key: Key, value: object) -> str:
    if value is None:
        return '""'
    if key.about.is_duration and isinstance(value, float | int):
        return _value(duration_text(value))
    return _value(masked(value, is_default=value == key.default))


def masked(value: object, *, is_default: bool = False) -> object:
    """A setting's value with its secrets as `***`; a default is no secret."""
    if isinstance(value, Secret):
        return value.get_secret_value() if is_default or not value else "***"
    if isinstance(value, list):
        return [masked(each) for each in value]
    return value


def _bare_key(name: str) -> str:
    """A TOML key, in quotes where it has to be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)
