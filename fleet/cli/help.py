"""`fleet help`: the help of fleet or of a command, and the pages of its documentation."""

from __future__ import annotations

from pathlib import Path

import click

import fleet
from fleet.cli.groups import examples


@click.command(
    epilog=examples(
        "fleet help provision plan",
        "fleet help docs",
        "fleet help docs/alerts.md",
    )
)
@click.argument("words", nargs=-1, metavar="[COMMAND|PAGE]...")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command, or of fleet itself.

    A PAGE of the documentation is printed whole. fleet help docs lists the pages.
    """
    if words in (("docs",), ("docs/",)):
        for page in sorted(_folder().glob("*.md")):
            title = page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
            click.echo(f"docs/{page.name:<32}{title}")
        return
    if len(words) == 1 and words[0].endswith(".md"):
        _show(words[0], ctx)
        return
    found = ctx.find_root()
    for word in words:
        if not isinstance(found.command, click.Group):
            raise click.UsageError(f"{found.command_path} has no subcommands.", found)
        _, sub, _ = found.command.resolve_command(found, [word])
        assert sub is not None  # noqa: S101  a name that there is not was refused
        found = click.Context(sub, parent=found, info_name=word)
    click.echo(found.get_help())


def _show(name: str, ctx: click.Context) -> None:
    page = _folder() / Path(name).name
    if not page.is_file():
        raise click.UsageError(f"There is no page {name}. fleet help docs lists the pages.", ctx)
    click.echo_via_pager(page.read_text(encoding="utf-8"))


def _folder() -> Path:
    """Return the folder of the documentation: in the package, or at the top of the source tree."""
    package = Path(str(fleet.__file__)).parent
    inside = package / "docs"
    return inside if inside.is_dir() else package.parent / "docs"
