"""`fleet capture`: a redacted fixture folder from a real phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.app import run
from fleet.cli.common import with_app
from fleet.errors import PhoneNotFound, UsageError
from fleet.model import Phone
from fleet.phone.capture import capture_files, folder_name, write_capture
from fleet.phone.pages import read_page
from fleet.store import StoredPhone
from fleet.sweep import target_of

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.phone.client import Answer, Target


@click.command()
@click.argument("host")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where to; else fixtures/<model>_<firmware>. Must not be there yet.",
)
@click.option("--ask-password", is_flag=True, help="Ask for the web UI's password.")
@with_app
def command(app: App, host: str, folder: Path | None, ask_password: bool) -> None:
    """Fetch a phone's status page and write a fixture folder from it.

    Passwords are taken out, and accounts, registrars, addresses and the second half of the MAC are
    replaced by made-up ones. Look at the files before you give them away. HOST may be any phone;
    one of the inventory is asked with its own login.
    """
    if folder is not None and folder.exists():
        raise UsageError(f"{folder} exists already; name another folder.")
    password = click.prompt("Password", hide_input=True, err=True) if ask_password else ""
    target = _target(app, host, password)
    answer = run(_fetch(app, target))
    facts = read_page(answer.body, charset=answer.charset, words=app.words)
    secrets = [target.credentials.password] if target.credentials else []
    files = capture_files(
        answer.body, facts, charset=answer.charset, secrets=secrets, words=app.words
    )
    place = folder or Path("fixtures") / folder_name(facts)
    write_capture(place, files)
    click.echo(f"Wrote {place}: {', '.join(files)}. Read them before you pass them on.")


def _target(app: App, host: str, password: str) -> Target:
    try:
        [stored] = app.store.phones(ids=[app.store.find_phone(host)])
    except PhoneNotFound:
        stored = StoredPhone(id=0, phone=Phone(host=host, password=password))
    try:
        return target_of(stored, app.logins)
    except ValueError as error:
        raise UsageError(f"{host}: {error}.") from None


async def _fetch(app: App, target: Target) -> Answer:
    async with app.client() as client:
        return await client.session(target).status_page()
