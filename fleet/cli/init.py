"""`fleet init`: a commented fleet.toml, the key and the database; never overwrites."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fleet.cli.common import opened
from fleet.cli.groups import examples
from fleet.errors import FleetError, UsageError
from fleet.settings import FILE_NAME, load_settings, sample_settings


@click.command(
    epilog=examples(
        "fleet init",
        "fleet init /etc/fleet",
    )
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write a commented fleet.toml, and create the database and the key that encrypts passwords.

    DIR is created if necessary; without it, fleet uses the current folder. Existing files are never
    overwritten: fleet uses an existing fleet.toml as it is.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"The folder {folder} cannot be created: it is a file.") from None
    except OSError as error:
        raise FleetError(f"The folder {folder} cannot be created: {error.strerror}.") from None
    path = folder / FILE_NAME
    try:
        _write_privately(path, sample_settings())
        message = f"Wrote {path}"
    except FileExistsError:
        message = f"{path} already exists and was not changed."
    except OSError as error:
        raise FleetError(f"{path} cannot be written: {error.strerror}.") from None
    click.echo(message)
    settings = load_settings(path, os.environ)
    with opened(settings, create=True, upgrade=True) as app:
        app.ensure_key()
        app.store.check_key()
        click.echo(f"The database {app.store.place} is ready.")
    click.echo("Next: fleet inventory import FILE, then fleet poll.")


def _write_privately(path: Path, text: str) -> None:
    """Write a new file that only its owner may read: passwords will be put into it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  a descriptor, not a path
        file.write(text)
