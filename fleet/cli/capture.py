"""`fleet capture`: a redacted fixture folder from a real phone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import with_app
from fleet.cli.groups import examples
from fleet.errors import PageUnreadable, PhoneNotFound, UsageError
from fleet.loop import run
from fleet.model import Phone

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.model import Facts
    from fleet.phone.http.session import Answer
    from fleet.phone.http.target import Target


@click.command(
    epilog=examples(
        "fleet capture 10.1.1.20",
        "fleet capture https://10.1.1.21 --ask-password --folder new-phone",
    )
)
@click.argument("host")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="New folder to create.  [default: fixtures/<model>_<firmware>]",
)
@click.option("--ask-password", is_flag=True, help="Prompt for the password of the web UI.")
@with_app
def command(app: App, host: str, folder: Path | None, ask_password: bool) -> None:
    """Save a phone's status page as a redacted test fixture.

    HOST may be any phone; for a phone of the inventory, fleet uses its login. Fleet removes
    passwords, and replaces accounts, registrars, addresses and the second half of the MAC by
    invented ones. If fleet cannot parse the page, accounts may remain in it. Read the files before
    you pass them on.
    """
    from fleet.phone.capture import write_capture

    if folder is not None and folder.exists():
        raise UsageError(f"{folder} already exists; choose another folder.")
    password = click.prompt("Password", hide_input=True, err=True) if ask_password else ""
    target = _target(app, host, password)
    answer, read = run(_fetch(app, target))
    files = _files(app, target, answer, read)
    place = folder or Path("fixtures") / _name_of(read)
    write_capture(place, files)
    if isinstance(read, PageUnreadable):
        click.echo(
            f"The page cannot be parsed: {read} Fleet could not identify its accounts, so they may "
            "remain in the files: check for users and registrars before you pass them on.",
            err=True,
        )
    click.echo(f"Wrote {place}: {', '.join(files)}. Read them before you pass them on.")


def _target(app: App, host: str, password: str) -> Target:
    from fleet.store import StoredPhone
    from fleet.sweep import target_of

    try:
        [stored] = app.store.phones.load(ids=[app.store.phones.find(host)])
    except PhoneNotFound:
        stored = StoredPhone(id=0, phone=Phone(host=host))
    if password:
        stored = replace(stored, phone=replace(stored.phone, password=password))
    try:
        return target_of(stored, app.logins)
    except ValueError as error:
        raise UsageError(f"{host}: {error}.") from None


def _files(
    app: App, target: Target, answer: Answer, read: Facts | PageUnreadable
) -> dict[str, str]:
    from fleet.phone.capture import capture_files, unreadable_files

    body, charset = answer.body, answer.charset
    secrets = target.known_secrets
    if isinstance(read, PageUnreadable):
        return unreadable_files(
            body, read.reason, charset=charset, secrets=secrets, words=app.words
        )
    return capture_files(body, read, charset=charset, secrets=secrets, words=app.words)


def _name_of(read: Facts | PageUnreadable) -> str:
    from fleet.phone.capture import folder_name

    if isinstance(read, PageUnreadable):
        return f"unknown_unknown_{read.reason.replace('_', '-')}"
    return folder_name(read)


async def _fetch(app: App, target: Target) -> tuple[Answer, Facts | PageUnreadable]:
    """Ask as a poll does: a page that cannot be read may be another one after a new login."""
    async with app.client() as client:
        session = client.session(target)
        answer = await session.status_page()
        read = _read(app, answer)
        if isinstance(read, PageUnreadable):
            answer = await session.renewed_status_page()
            read = _read(app, answer)
        return answer, read


def _read(app: App, answer: Answer) -> Facts | PageUnreadable:
    from fleet.phone.pages import read_page

    try:
        return read_page(answer.body, charset=answer.charset, words=app.words)
    except PageUnreadable as error:
        return error
