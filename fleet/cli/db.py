"""`fleet db`: look after the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import counted, with_app
from fleet.cli.groups import Group
from fleet.errors import StoreError
from fleet.store import spans

if TYPE_CHECKING:
    from fleet.app import App


@click.group(cls=Group)
def command() -> None:
    """Upgrade, check, prune and back up the database."""


@command.command()
@with_app
def upgrade(app: App) -> None:
    """Bring the database's tables up to date. Every command that opens it does so too."""
    click.echo(f"The database {app.store.place} is at version {app.store.version()}.")


@command.command()
@with_app
def check(app: App) -> None:
    """Look for damage: the file, its references, its periods, its passwords' key."""
    if problems := app.store.check():
        raise StoreError("The database is not in order:\n  " + "\n  ".join(problems))
    click.echo(f"The database {app.store.place} is in order.")


@command.command()
@with_app
def prune(app: App) -> None:
    """Delete what is older than [retention] says; never what is so now."""
    done = app.prune()
    click.echo(
        f"Deleted {counted(done.periods, 'period')}, {counted(done.pages, 'page')}, "
        f"{counted(done.sweeps, 'sweep')}, {counted(done.events, 'event')}, "
        f"{counted(done.incidents, 'incident')}, "
        f"{done.fetches} {'fetch' if done.fetches == 1 else 'fetches'}, "
        f"{counted(len(done.revisions), 'revision')}, "
        f"{done.contents} {'body' if done.contents == 1 else 'bodies'} of files."
    )
    if done.revisions:
        click.echo(f"Revisions deleted: {spans(done.revisions)}.")


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_app
def backup(app: App, file: Path) -> None:
    """Write a consistent copy while sweeps go on. Never overwrites.

    Keep the key file's copy apart: without it nobody can read the passwords in this one.
    """
    app.store.backup(file)
    click.echo(f"Wrote {file}")


@command.command("rotate-key")
@with_app
def rotate_key(app: App) -> None:
    """Make a new key, encrypt every password anew, drop the old key."""
    encrypted = counted(app.rotate_key(), "password")
    click.echo(f"Encrypted {encrypted} with a new key: {app.settings.key_file}")
