"""What the commands share: the settings, the database, times, and a console."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console

from fleet.app import App
from fleet.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from fleet.settings import Settings

F = TypeVar("F", bound="Callable[..., Any]")

WIDE = 10_000  # columns where there is no terminal: nothing is cut off, no sentence is broken


def with_settings(function: F) -> Callable[..., Any]:
    """Give a command `--config`, and the settings as its first argument."""

    @click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Settings file; else FLEET_CONFIG, else ./fleet.toml if it is there.",
    )
    @wraps(function)
    def command(*args: Any, config: Path | None, **kwargs: Any) -> Any:
        return function(load_settings(config, os.environ), *args, **kwargs)

    return command


def with_app(function: F) -> Callable[..., Any]:
    """Give a command `--config`, and the app, database open, as its first argument."""

    @with_settings
    @wraps(function)
    def command(settings: Settings, *args: Any, **kwargs: Any) -> Any:
        with opened(settings) as app:
            return function(app, *args, **kwargs)

    return command


@contextmanager
def opened(settings: Settings) -> Iterator[App]:
    """Open the app; its database is closed at the end."""
    app = App.open(settings)
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


def counted(number: int, noun: str) -> str:
    """`1 phone`, `2 phones`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def no_phones(app: App) -> str:
    """What to say where there is no phone yet."""
    return f"No phones in {app.store.place}: fleet inventory import FILE."


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


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _span(value: str) -> timedelta | None:
    number, unit = value[:-1], value[-1:]
    if unit in _UNITS and number.replace(".", "", 1).isdecimal():
        return timedelta(seconds=float(number) * _UNITS[unit])
    return None


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


class Time(click.ParamType[datetime]):
    """A moment: ISO 8601, or so long ago (`90m`, `6h`, `2d`)."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse a moment of the past; without an offset it is in this machine's zone."""
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
            self.fail(f"{value!r} is still to come.", param, ctx)
        return moment


class Later(click.ParamType[datetime]):
    """A moment to come: ISO 8601, or in so long (`90m`, `6h`, `2d`)."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse a moment of the future; without an offset it is in this machine's zone."""
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC)
        try:
            moment = now + span if (span := _span(value)) else _moment(value)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is not a time; write 2026-11-23T07:00 or 2026-11-23T07:00+01:00, "
                "or in how long: 90m, 6h, 2d.",
                param,
                ctx,
            )
        if moment <= now:
            self.fail(f"{value!r} is past.", param, ctx)
        return moment


TIME = Time()
LATER = Later()

PHONES = click.argument("phones", nargs=-1, metavar="[PHONE]...")
FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(["flagged"]),
    help="Exit with 1 when any line or phone is flagged.",
)


def fail_if(fail_on: str | None, flagged: Sequence[object]) -> None:
    """End with 1 when `--fail-on` found what it was to look for."""
    if fail_on and flagged:
        raise SystemExit(1)


def standard_output() -> BinaryIO:
    """Give standard output for bytes."""
    return sys.stdout.buffer
