"""The fleet.toml that `fleet init` writes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from fleet.settings.section import Secret, keys_of
from fleet.settings.values import SECTIONS, fields_of, is_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet.settings.section import Key


def sample_settings() -> str:
    """The text of a fleet.toml that holds every setting, commented, with its default."""
    lines = [
        "# Settings of fleet. Every key is shown with its default; take the # away to change one.",
        "# Durations are numbers, in seconds. FLEET_<SECTION>_<KEY> in the environment overrides,",
        "# for instance FLEET_POLL_CONCURRENCY or FLEET_WEB_UI_PASSWORD.",
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
            yield from (f"# {each} = {_sample_value(given)}" for each, given in value.items())
        else:
            yield f"# {name} = {_sample_value(value)}"


def _sample_value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Secret():
            return f'"{value.get_secret_value()}"'
        case float() | int():
            return f"{value:g}" if value < 1e6 else f"{value:.0f}"
        case list():
            return f"[{', '.join(_sample_value(each) for each in value)}]"
        case _:
            return f'"{value}"'
