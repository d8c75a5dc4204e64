"""What the commands share: the settings, the database, times, and a console."""

from __future__ import annotations

import getpass
import json
import math
import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from fleet.cli.completion import PHONE
from fleet.cli.groups import CONFIG_OPTION, config_path
from fleet.clock import machine_zone
from fleet.errors import NoDatabase
from fleet.settings import FILE_NAME, SYSTEM_FILE, find_settings, load_settings
from fleet.settings.kinds import duration_text, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from fleet.app import App
    from fleet.settings import Settings

F = TypeVar("F", bound="Callable[..., Any]")

_SETTINGS = "fleet.settings"
WIDE = 10_000  # columns where there is no terminal: nothing is cut off, no sentence is broken


def with_settings(function: F) -> Callable[..., Any]:
    """Give a command `--config`, and the settings as its first argument."""

    @wraps(function)
    def command(*args: Any, **kwargs: Any) -> Any:
        return function(_settings(), *args, **kwargs)

    command.__click_params__ = [CONFIG_OPTION, *getattr(function, "__click_params__", [])]  # type: ignore[attr-defined]
    return command


def _settings() -> Settings:
    """Load the settings, once for a command."""
    meta = click.get_current_context().meta
    if _SETTINGS not in meta:
        meta[_SETTINGS] = load_settings(config_path(), os.environ)
    found: Settings = meta[_SETTINGS]
    return found


def time_zone() -> ZoneInfo:
    """Return the zone of the times that are shown: the settings', else this machine's."""
    context = click.get_current_context(silent=True)
    settings: Settings | None = context.meta.get(_SETTINGS) if context else None
    return ZoneInfo(settings.timezone if settings else machine_zone())


def with_app(function: F) -> Callable[..., Any]:
    """Give a command `--config`, and the app, database open, as its first argument."""

    @with_settings
    @wraps(function)
    def command(settings: Settings, *args: Any, **kwargs: Any) -> Any:
        with opened(settings) as app:
            return function(app, *args, **kwargs)

    return command


@contextmanager
def opened(settings: Settings, *, create: bool = False, upgrade: bool = False) -> Iterator[App]:
    """Open the app; its database is closed at the end. An upgrade of its tables is reported."""
    from fleet.app import App

    try:
        app = App.open(settings, create=create, upgrade=upgrade)
    except NoDatabase as error:
        if config_path() is None and not find_settings(os.environ):
            raise NoDatabase(
                f"There is no {FILE_NAME} here, no {SYSTEM_FILE} and no database: run fleet "
                "init, or name the settings file with --config."
            ) from error
        raise
    if app.store.upgraded_from:
        copy = f"; a copy of the old one is {app.store.copy}" if app.store.copy else ""
        click.echo(
            f"Upgraded the database {app.store.place} from version {app.store.upgraded_from} to "
            f"{app.store.version()}{copy}.",
            err=True,
        )
    try:
        yield app
    finally:
        app.close()


def user_name() -> str:
    """Who calls the command; empty where that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return ""


def no_phones(app: App) -> str:
    """What to say where there is no phone yet."""
    return f"No phones in {app.store.place}: run fleet inventory import FILE."


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to `main`, which ends with 0; rich would end with 1."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """Make a console as wide as the terminal; wide where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    return _Console(
        stderr=stderr,
        width=None if stream.isatty() else WIDE,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _span(value: str) -> timedelta | None:
    """A duration with a unit; None for another text, which may be a moment."""
    if not value.strip()[-1:].isalpha():
        return None
    try:
        return timedelta(seconds=cast("float", seconds_of(value)))
    except ValueError:
        return None


class Duration(click.ParamType[float]):
    """A duration in seconds: `90s`, `5m`, `2h`, `400d`, or a number of seconds."""

    name = "duration"

    def __init__(self, least: float = 0, most: float = math.inf) -> None:
        self.least, self.most = least, most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a duration."""
        try:
            seconds = float(seconds_of(value))  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a duration; write 90s, 5m, 2h or 400d.", param, ctx)
        if not self.least <= seconds <= self.most:
            most = "" if self.most == math.inf else f" to {duration_text(self.most)}"
            least = duration_text(self.least)
            self.fail(f"{value!r} is not in the range from {least}{most}.", param, ctx)
        return seconds


def _moment(value: str) -> datetime:
    """Read a moment; without an offset it is in the zone in which times are shown."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(_settings().timezone))
    return moment.astimezone(UTC)


class Time(click.ParamType[datetime]):
    """A moment: ISO 8601, or so long ago (`90m`, `6h`, `2d`)."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse a moment of the past."""
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC)
        try:
            moment = now - span if (span := _span(value)) else _moment(value)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is not a time; write 2026-11-23T07:00 or 2026-11-23T07:00+01:00, "
                "or how long ago: 90m, 6h, 2d.",
                param,
                ctx,
            )
        if moment > now:
            self.fail(f"{value!r} is in the future.", param, ctx)
        return moment


class Later(click.ParamType[datetime]):
    """A moment to come: ISO 8601, or in so long (`90m`, `6h`, `2d`)."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse a moment of the future."""
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC)
        try:
            moment = now + span if (span := _span(value)) else _moment(value)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is not a time; write 2026-11-23T07:00 or 2026-11-23T07:00+01:00, "
                "or a duration from now: 90m, 6h, 2d.",
                param,
                ctx,
            )
        if moment <= now:
            self.fail(f"{value!r} is in the past.", param, ctx)
        return moment


TIME = Time()
LATER = Later()

PHONES = click.argument("phones", type=PHONE, nargs=-1, metavar="[PHONE]...")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(["flagged"]),
    help="Exit with code 1 if any line or phone is flagged.",
)


def fail_if(fail_on: str | None, flagged: Sequence[object]) -> None:
    """End with 1 when `--fail-on` found what it was to look for."""
    if fail_on and flagged:
        raise SystemExit(1)


_KNOWN_SUFFIXES = (
    *("csv", "gz", "htm", "html", "json", "jsonl", "ndjson", "ods", "pdf", "tsv", "xls", "xlsb"),
    *("xlsm", "xlsx", "xml", "yaml", "yml", "zip"),
)


def format_for(form: str | None, output: Path | None, suffixes: Mapping[str, str]) -> str:
    """Return the format: as named, else as the file's suffix says, else csv.

    `suffixes` are the formats by suffix. Raises `UsageError` where name and suffix contradict, and
    for the suffix of another format, which would open a file that is none of it.
    """
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    meant = suffixes.get(suffix)
    if not meant and suffix in _KNOWN_SUFFIXES:
        raise click.UsageError(
            f"{output}: this command writes {', '.join(f'.{each}' for each in suffixes)}, "
            f"not .{suffix}."
        )
    if form and meant and form != meant:
        raise click.UsageError(
            f"--format {form} contradicts {output}: change the suffix, or leave --format out."
        )
    return form or meant or "csv"


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document: an object whose keys name what it holds."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def standard_output() -> BinaryIO:
    """Give standard output for bytes."""
    return sys.stdout.buffer
