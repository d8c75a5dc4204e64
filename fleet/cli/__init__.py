"""The command line: parse arguments, call one use case, print.

Commands are loaded when they are called, so that `fleet --help` answers at once.
"""

from __future__ import annotations

import difflib
import gc
import os
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import click

from fleet.errors import FleetError, InventoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COULD_NOT = 3  # the exit code of what could not be done, a bug of ours included

COMMANDS = {
    "init": "Write a commented fleet.toml and make the database.",
    "demo": "Simulated phones, a sweep, the flagged lines: see it work.",
    "inventory": "Import, export, list and remove phones.",
    "discover": "Find Aastra phones on a network.",
    "poll": "One sweep now: read every phone's SIP account status.",
    "status": "What every line is now, or was at a time.",
    "history": "When a line lost its registration, and for how long.",
    "explain": "The evidence: what a phone said and how it was judged.",
    "diagnose": "Why a line is not registered, found out without disturbing it.",
    "audit": "What changed since the audit before, and the whole report.",
    "incidents": "What is wrong and lasts; acknowledge it, silence it.",
    "alert": "Try out, look into and send alerts.",
    "provision": "From the inventory to the phones' configuration files.",
    "export": "Lines, phones, history, incidents, audit as CSV, JSON, XLSX.",
    "capture": "A redacted fixture folder from a real phone.",
    "simulate": "Run phones that do not exist.",
    "serve": "The daemon: sweeps, alerts, nightly audits, pushes, health.",
    "doctor": "Is everything as it should be, and what to mend.",
    "db": "Upgrade, check, prune and back up the database.",
}


@contextmanager
def _read_enough() -> Iterator[None]:
    """End well when whoever reads our output closes the pipe."""
    try:
        yield
    except BrokenPipeError:
        _leave_standard_output()
        raise click.exceptions.Exit(0) from None


class LazyGroup(click.Group):
    """Commands by name; a command's module is imported only when it is called."""

    table: ClassVar[Mapping[str, str]] = COMMANDS

    def find(self, name: str) -> click.Command:
        """Import a command of the table."""
        command: click.Command = import_module(f"fleet.cli.{name}").command
        return command

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse the words; click would end with 1 when nobody reads the help to its end."""
        with _read_enough():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click would end with 1 when nobody reads on."""
        with _read_enough():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which one meets them."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.table:
            return None
        gc.disable()  # nothing of what is imported is garbage, and looking for it costs a tenth
        try:
            return self.find(cmd_name)
        finally:
            gc.freeze()  # nor will it be: else the first look would go through all of it
            gc.enable()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of these words; a misspelt one is answered with what comes near."""
        near = difflib.get_close_matches(args[0], self.table, n=1)
        if args[0] not in self.table and near:
            ctx.fail(f"No such command '{args[0]}'. Did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aastra-fleet", prog_name="fleet")
def cli() -> None:
    """Watch a fleet of Aastra SIP desk phones.

    Logs into every phone's web page, reads the SIP account status table, keeps its history, and
    flags every line that is refused (401), unregistered or on the backup registrar.

    \b
    See it work:      fleet demo
    With your phones: fleet init
                      fleet inventory import phones.csv
                      fleet poll
                      fleet status --flagged

    Exit codes: 0 done; 1 done, and --fail-on found what it was to look for; 2 wrong usage or
    settings; 3 could not be done.
    """  # noqa: D301  \b is a character here: click's mark for a block kept as it is


def main() -> NoReturn:
    """Run the command line; every error becomes one sentence and the contract's exit code."""
    try:
        sys.exit(_run())
    except click.exceptions.Abort as stop:
        click.echo(str(stop) or "Stopped.", err=True)
        sys.exit(COULD_NOT)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except FleetError as error:
        _show(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _leave_standard_output()
        sys.exit(0)
    except OSError as error:
        _leave_standard_output()
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"Error: {place}{error.strerror or error}.", err=True)
        sys.exit(COULD_NOT)
    except Exception:  # noqa: BLE001  the last stop: a bug, shown whole, with the contract's code
        sys.excepthook(*sys.exc_info())
        sys.exit(COULD_NOT)


def _run() -> int:
    try:
        return cli.main(standalone_mode=False) or 0
    finally:
        if not sys.stdout.closed:
            sys.stdout.flush()  # here a full disk can still be told of; after the end it cannot


def _leave_standard_output() -> None:
    """Let the interpreter flush into nothing at its end what could not be written."""
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123  a device
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def _show(error: FleetError) -> None:
    click.echo(f"Error: {error}", err=True)
    if isinstance(error, InventoryError):
        for row in error.bad_rows:
            click.echo(f"  {row}", err=True)
