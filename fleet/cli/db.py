"""`fleet db`: look after the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import opened, with_app, with_settings
from fleet.cli.groups import Group, examples
from fleet.errors import StoreError
from fleet.report.wording import counted

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.settings import Settings


@click.group(cls=Group)
def command() -> None:
    """Upgrade, check, prune, back up and restore the database.

    fleet serve upgrades and prunes the database by itself.
    """


@command.command(
    epilog=examples(
        "fleet db upgrade",
        "fleet db upgrade --config /etc/fleet/fleet.toml",
    )
)
@with_settings
def upgrade(settings: Settings) -> None:
    """Upgrade the tables of the database; a SQLite file is copied first.

    fleet serve and fleet init do so too. Other commands never upgrade a database.
    """
    with opened(settings, upgrade=True) as app:
        app.rejudge()
        click.echo(f"The database {app.store.place} is at version {app.store.version()}.")


@command.command(
    epilog=examples(
        "fleet db check",
        "fleet db check --config /etc/fleet/fleet.toml",
    )
)
@with_app
def check(app: App) -> None:
    """Check the database for damage: the file, its references and periods, and the key."""
    if problems := app.store.check():
        raise StoreError("The database has problems:\n  " + "\n  ".join(problems))
    click.echo(f"The database {app.store.place} has no problems.")


@command.command(
    epilog=examples(
        "fleet db prune",
        "fleet db prune --config /etc/fleet/fleet.toml",
    )
)
@with_app
def prune(app: App) -> None:
    """Delete records that are older than [retention] allows; the current state is never deleted."""
    from fleet.store import spans

    done = app.prune()
    click.echo(
        f"Deleted {counted(done.periods, 'period')}, {counted(done.pages, 'page')}, "
        f"{counted(done.sweeps, 'sweep')}, {counted(done.events, 'event')}, "
        f"{counted(done.incidents, 'incident')}, "
        f"{done.fetches} {'fetch' if done.fetches == 1 else 'fetches'}, "
        f"{counted(len(done.revisions), 'revision')}, "
        f"{counted(done.contents, 'file content')}."
    )
    if done.revisions:
        click.echo(f"Revisions deleted: {spans(done.revisions)}.")


@command.command(
    epilog=examples(
        "fleet db backup fleet-backup.db",
        "fleet db backup /var/backups/fleet-2026-11-24.db",
    )
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_app
def backup(app: App, file: Path) -> None:
    """Write a consistent copy of the database to FILE, even while sweeps run.

    An existing FILE is never overwritten. Store a copy of the key file in another place: without
    the key, nobody can read the passwords in the backup.
    """
    app.store.backup(file)
    click.echo(f"Wrote {file}")


@command.command(
    epilog=examples(
        "fleet db restore fleet-backup.db",
        "fleet db restore fleet-backup.db --config /etc/fleet/fleet.toml",
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_settings
def restore(settings: Settings, file: Path) -> None:
    """Replace the database with the backup FILE; the current one is kept beside it.

    Fleet checks the backup first. Stop fleet serve before: the command refuses to run beside it.
    """
    from fleet.store import restore_database

    old = restore_database(settings.database_url, file)
    click.echo(f"Restored {file}." + (f" The previous database is {old}." if old else ""))
    click.echo("Next: fleet db upgrade, then fleet db check.")


@command.command(
    "rotate-key",
    epilog=examples(
        "fleet db rotate-key",
        "fleet db rotate-key --config /etc/fleet/fleet.toml",
    ),
)
@with_app
def rotate_key(app: App) -> None:
    """Create a new key, encrypt every password with it, and delete the old key."""
    encrypted = counted(app.rotate_key(), "password")
    click.echo(f"Encrypted {encrypted} with a new key: {app.settings.key_file}")
