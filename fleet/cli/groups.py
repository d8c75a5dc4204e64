"""Groups of commands, and the options that every command takes.

A group's help lists its commands whole, and a misspelt command is answered with the nearest name.
`--config`, `--verbose` and `--quiet` may stand before or after the command; the last one counts.
"""

from __future__ import annotations

import difflib
import gc
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIG, VERBOSE, QUIET = (f"fleet.{name}" for name in ("config", "verbose", "quiet"))


def _remember(key: str) -> Any:
    """Make a callback that keeps an option's value for the whole command line."""

    def keep(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
        if value:
            ctx.meta[key] = value

    return keep


def _be_verbose(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
    if value:
        from fleet.cli.logs import log_to_stderr  # few commands log

        ctx.meta[VERBOSE] = True
        log_to_stderr("plain", is_verbose=True)


CONFIG_OPTION = click.Option(
    ["--config"],
    type=click.Path(dir_okay=False, path_type=Path),
    expose_value=False,
    callback=_remember(CONFIG),
    is_eager=True,  # times among the arguments are read in the zone of the settings
    help="Settings file.  [default: $FLEET_CONFIG, ./fleet.toml or /etc/fleet/fleet.toml]",
)
VERBOSE_OPTION = click.Option(
    ["-v", "--verbose"],
    is_flag=True,
    expose_value=False,
    callback=_be_verbose,
    help="Log details to standard error.",
)
QUIET_OPTION = click.Option(
    ["-q", "--quiet"],
    is_flag=True,
    expose_value=False,
    callback=_remember(QUIET),
    help="Print only results and errors.",
)


def examples(*commands: str) -> str:
    """Return the end of a command's help: command lines that are realistic and run as printed."""
    return "\n".join(["\b", "Examples:", *(f"  {each}" for each in commands)])


def _width(word: str) -> int:
    """How many words an option that every command takes has here; 0 for any other word."""
    if word == "--config":
        return 2
    is_common = word.startswith("--config=") or word in (*VERBOSE_OPTION.opts, *QUIET_OPTION.opts)
    return int(is_common)


def _asks_help(word: str) -> bool:
    return word in ("-h", "--help")


def add_options(command: click.Command, *options: click.Option) -> None:
    """Add options to a command that does not have them yet."""
    known = {name for param in command.params for name in param.opts}
    command.params += [option for option in options if not known & set(option.opts)]


def config_path() -> Path | None:
    """The settings file that `--config` names; None without it."""
    context = click.get_current_context(silent=True)
    return context.meta.get(CONFIG) if context else None


def is_quiet() -> bool:
    """Whether `--quiet` was given."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(QUIET))


def is_verbose() -> bool:
    """Whether `--verbose` was given."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(VERBOSE))


@contextmanager
def _closed_pipe_to_main() -> Iterator[None]:
    """Pass a closed pipe on to `main`; click itself would end with 1."""
    try:
        yield
    except BrokenPipeError as error:
        raise ClosedPipe from error


class ClosedPipe(Exception):
    """Whoever read our output has closed the pipe."""


class Group(click.Group):
    """Commands by name."""

    default: ClassVar[str] = ""
    """The command that is meant where none is named; empty: the help is shown."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, with the default command put in where none is named."""
        place = 0
        while place < len(args) and (width := _width(args[place])):
            place += width
        named = place < len(args) and (not args[place].startswith("-") or _asks_help(args[place]))
        if self.default and not named and not ctx.resilient_parsing:  # a shell completes
            args = [*args[:place], self.default, *args[place:]]
        return super().parse_args(ctx, args)

    def summaries(self) -> Mapping[str, str]:
        """The one-line summary of each command, in the order of the help."""
        return {
            name: (command.short_help or (command.help or "").strip().partition("\n\n")[0])
            for name in self.list_commands(click.Context(self))
            if (command := self.commands.get(name)) and not command.hidden
        }

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse the arguments."""
        add_options(self, CONFIG_OPTION, VERBOSE_OPTION, QUIET_OPTION)
        with _closed_pipe_to_main():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _closed_pipe_to_main():
            return super().invoke(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, with the options that every command takes."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            add_options(command, VERBOSE_OPTION, QUIET_OPTION)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one is answered with the nearest name."""
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0].lower(), names, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Commands: {', '.join(names)}."
            ctx.fail(f"No such command '{args[0]}'. {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each summary whole."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, " ".join(s.split())) for n, s in self.summaries().items()])


class LazyGroup(Group):
    """Commands whose modules are imported only when they are called."""

    table: ClassVar[Mapping[str, str]] = {}
    """Each command's summary, by its name."""

    def find(self, name: str) -> click.Command:
        """Import a command of the table."""
        command: click.Command = import_module(f"fleet.cli.{name}").command
        return command

    def summaries(self) -> Mapping[str, str]:
        """The table's summaries: nothing is imported for them."""
        return self.table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which one meets them."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name in self.table and cmd_name not in self.commands:
            gc.disable()  # nothing of what is imported is garbage, and looking for it costs a tenth
            try:
                self.commands[cmd_name] = self.find(cmd_name)
            finally:
                gc.freeze()  # nor will it be: else the first collection would go through all of it
                gc.enable()
        return super().get_command(ctx, cmd_name)
