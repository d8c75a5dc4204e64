"""`fleet config`: the settings that hold, and whether they can be used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from fleet.cli.common import JSON, print_json, with_settings
from fleet.cli.groups import Group, config_path, examples
from fleet.errors import SettingsError
from fleet.settings import find_settings, masked, shown_settings
from fleet.settings.variables import settings_in

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.settings import Settings
    from fleet.settings.section import Section


@click.group(cls=Group)
def command() -> None:
    """Show and check the settings.

    Settings come from fleet.toml; FLEET_ variables override them (docs/settings.md).
    """


def settings_file() -> Path | None:
    """The settings file in use, absolute; None where there is none."""
    path = config_path() or find_settings(os.environ)
    return path.resolve() if path else None


@command.command(
    epilog=examples(
        "fleet config show",
        "fleet config show --config /etc/fleet/fleet.toml --json",
    )
)
@JSON
@with_settings
def show(settings: Settings, as_json: bool) -> None:
    """Print all settings in effect: from the file, the environment or the defaults.

    The output is TOML, with secrets as ***. A comment marks each default and each value from a
    variable.
    """
    if as_json:
        print_json(_document(settings))
        return
    click.echo(f"# {settings_file() or 'No settings file: defaults and FLEET_ variables.'}")
    click.echo(shown_settings(settings, settings_in(settings.environment(os.environ))), nl=False)


@command.command(
    epilog=examples(
        "fleet config check",
        "fleet config check --config /etc/fleet/fleet.toml",
    )
)
@with_settings
def check(settings: Settings) -> None:
    """Check the settings without touching the database or the network.

    Exit code 2: a setting is wrong; the error names its key and the allowed values. fleet doctor
    also checks the database, the phones and the receivers of alerts.
    """
    check_settings(settings)
    where = settings_file()
    click.echo(f"{where}: the settings are valid." if where else "The settings are valid.")


def check_settings(settings: Settings) -> None:
    """Raise `SettingsError` for what `fleet serve` would not start with."""
    from fleet.app import rules_of, words_of

    words_of(settings)
    rules_of(settings)
    _check_alerts(settings)
    _check_audit(settings)


def _check_alerts(settings: Settings) -> None:
    from fleet import alert  # loads Apprise's and Jinja2's doors
    from fleet.alert.build import windows_of

    windows_of(settings)
    alert.check(alert.channels_of(alert.routes_of(settings)))


def _check_audit(settings: Settings) -> None:
    from fleet.schedule import Nightly

    audit = settings.audit
    try:
        if audit.at:
            Nightly(audit.at, ZoneInfo(settings.audit_timezone))
    except ValueError as error:
        raise SettingsError(f"[audit] at: {audit.at} is not a time: {error}.") from None


def _document(settings: Settings) -> dict[str, Any]:
    return {"file": str(settings_file() or "")} | {
        name: _object(value)
        for name, value in ((name, getattr(settings, name)) for name in settings.__struct_fields__)
        if name not in ("folder", "secrets_key")
    }


def _object(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _object(each) for name, each in value.items()}
    if hasattr(value, "__struct_fields__"):
        section: Section = value
        return {name: _object(getattr(section, name)) for name in section.__struct_fields__}
    value = masked(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
