"""`fleet help`: the help of fleet, or of a command."""

from __future__ import annotations

import click

from fleet.cli.groups import examples


@click.command(
    epilog=examples(
        "fleet help status",
        "fleet help provision plan",
    )
)
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command, or of fleet itself."""
    found = ctx.find_root()
    for word in words:
        if not isinstance(found.command, click.Group):
            raise click.UsageError(f"{found.command_path} has no subcommands.", found)
        _, sub, _ = found.command.resolve_command(found, [word])
        assert sub is not None  # noqa: S101  a name that there is not was refused
        found = click.Context(sub, parent=found, info_name=word)
    click.echo(found.get_help())
