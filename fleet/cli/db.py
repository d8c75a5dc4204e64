"""`fleet db`: look after the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import counted, opened, with_app, with_settings
from fleet.cli.groups import Group
from fleet.errors import StoreError
from fleet.store import restore_database, spans

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.settings import Settings


@click.group(cls=Group)
def command() -> None:
    """Upgrade, check, prune and back up the database."""


@command.command()
@with_settings
def upgrade(settings: Settings) -> None:
    """Bring the database's tables up to date, after a copy beside a SQLite file.

    fleet serve and fleet init do so too. Other commands leave an older database alone.
    """
    with opened(settings, upgrade=True) as app:
        app.rejudge()
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


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_settings
def restore(settings: Settings, file: Path) -> None:
    """Put a backup in the place of the database, which is kept beside it.

    The backup is checked first. Stop fleet serve before: nothing is changed while it runs.
    """
    old = restore_database(settings.database_url, file)
    click.echo(f"Restored {file}." + (f" The database of before is {old}." if old else ""))
    click.echo("Next: fleet db upgrade, then fleet db check.")


@command.command("rotate-key")
@with_app
def rotate_key(app: App) -> None:
    """Make a new key, encrypt every password anew, drop the old key."""
    encrypted = counted(app.rotate_key(), "password")
    click.echo(f"Encrypted {encrypted} with a new key: {app.settings.key_file}")
