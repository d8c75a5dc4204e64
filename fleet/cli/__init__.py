"""The command line: parse arguments, call one use case, print.

Commands are loaded when they are called, and a command imports what opens databases, reads phones
or serves inside the functions that use it, so that every `--help` answers at once.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, NoReturn, TextIO

import click

from fleet.cli.groups import ClosedPipe, LazyGroup
from fleet.errors import FleetError, InventoryError, UsageError
from fleet.resources import shortage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COULD_NOT = 3  # the exit code of what could not be done, a bug of ours included

COMMANDS = {
    "init": "Write a commented fleet.toml and create the database.",
    "demo": "Try fleet with simulated phones: poll them, list the flagged lines.",
    "inventory": "Import, export, list and remove phones.",
    "discover": "Find Aastra phones on a network.",
    "poll": "Poll the phones now and read their SIP account status.",
    "status": "Show the state of every line, now or at an earlier time.",
    "history": "Show when lines lost their registration, and for how long.",
    "explain": "Show what a phone reported, and why it is flagged.",
    "diagnose": "Find out why a line is not registered, without disturbing it.",
    "audit": "Report all lines, and the changes since the last audit.",
    "incidents": "List, acknowledge and silence lasting problems.",
    "alert": "Test, inspect and send alerts.",
    "provision": "Generate, check and roll out the phones' configuration files.",
    "export": "Export lines, phones, history, incidents or the last audit.",
    "capture": "Save a phone's status page as a redacted test fixture.",
    "simulate": "Run simulated phones.",
    "serve": "Run the daemon: polls, alerts, nightly audits, dashboard.",
    "doctor": "Check the installation, and say how to fix problems.",
    "config": "Show and check the settings.",
    "db": "Upgrade, check, prune, back up and restore the database.",
    "help": "Show the help of a command, or a page of the documentation.",
}


class Commands(LazyGroup):
    """The commands of `fleet`."""

    table: ClassVar[Mapping[str, str]] = COMMANDS


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aastra-fleet", prog_name="fleet")
def cli() -> None:
    """Monitor and provision a fleet of Aastra and Mitel SIP desk phones.

    Fleet logs in to the web UI of every phone, reads the SIP account status, records its history,
    and flags every line that is refused (401), unregistered or on the backup registrar.

    \b
    See it work:      fleet demo
    With your phones: fleet init
                      fleet inventory import phones.csv
                      fleet poll
                      fleet status --flagged
    Documentation:    fleet help docs

    Exit codes: 0 done; 1 done, and --fail-on applies; 2 wrong usage or settings; 3 failed.
    """  # noqa: D301  \b is a character here: click's mark for a block kept as it is


def main() -> NoReturn:
    """Run the command line; every error becomes one sentence and the contract's exit code."""
    _open_standard_streams()
    code = _run()
    try:
        if not sys.stdout.closed:
            sys.stdout.flush()  # here a full disk can still be reported; after the end it cannot
    except OSError as error:
        _leave(sys.stdout)
        if code < UsageError.exit_code and not isinstance(error, BrokenPipeError):
            code = _report(error)
    try:
        sys.stderr.flush()
    except OSError:
        _leave(sys.stderr)
    sys.exit(code)


def _run() -> int:
    try:
        _refuse_undecodable(sys.argv[1:])
        return cli.main(standalone_mode=False) or 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else COULD_NOT if end.code else 0
    except (ClosedPipe, BrokenPipeError):
        _leave(sys.stdout)
        return 0
    except BaseException as error:  # noqa: BLE001  the last stop
        if isinstance(error, OSError):
            _leave(sys.stdout)
        return _report(error)


def _report(error: BaseException) -> int:
    """Say in one sentence what went wrong; return the exit code.

    Standard error may be closed or full too: then the exit code alone has to say it.
    """
    with suppress(OSError):
        match error:
            case click.UsageError():
                error.show()
                return UsageError.exit_code
            case click.exceptions.Abort() | KeyboardInterrupt():
                click.echo(str(error) or "Stopped.", err=True)
            case InventoryError():
                click.echo("\n  ".join([f"Error: {error}", *map(str, error.bad_rows)]), err=True)
            case FleetError():
                click.echo(f"Error: {error}", err=True)
            case OSError(errno=errno.EBADF):
                click.echo("Error: Standard output is closed: nothing could be written.", err=True)
            case _ if lack := shortage(error):
                click.echo(f"Error: {lack}", err=True)
            case OSError():
                place = f"{error.filename}: " if error.filename else ""
                click.echo(f"Error: {place}{error.strerror or error}.", err=True)
            case _:
                _report_bug(error)
    match error:
        case click.UsageError():
            return UsageError.exit_code
        case FleetError():
            return error.exit_code
    return COULD_NOT


def _report_bug(error: BaseException) -> None:
    """Say where a bug of ours is. What it holds may be secret, so its text goes to the log alone.

    The log is written by the daemon, and by every command with --verbose.
    """
    import logging  # commands that end well do without it

    if logging.getLogger().handlers:
        logging.getLogger("fleet").error("This is a bug in fleet.", exc_info=error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame if trace else None
    place = f"{frame.f_globals.get('__name__')}:{trace.tb_lineno}" if frame and trace else "?"
    click.echo(
        f"Error: This is a bug in fleet ({type(error).__name__} in {place}). Run the command with "
        "--verbose for details, and please report it.",
        err=True,
    )


def _open_standard_streams() -> None:
    """Give the standard streams that are closed a place, before a database gets their numbers.

    What is written to a closed standard output fails, as it should; messages to a closed standard
    error are dropped. A character that the locale lacks is written as its escape.
    """
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free: this one
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  a descriptor
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _refuse_undecodable(words: Sequence[str]) -> None:
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise UsageError(f"The argument {shown} is not UTF-8 text.") from None


def _leave(stream: TextIO) -> None:
    """Let the interpreter flush into nothing at its end what could not be written."""
    number = 1 if stream is sys.stdout else 2
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123  a device
        os.dup2(nothing.fileno(), number)
