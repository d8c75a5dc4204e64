"""`fleet provision logins`: with what phones fetch their own files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from fleet.app import now
from fleet.cli.common import PHONES, console, counted, no_phones, user_name, with_app
from fleet.cli.provision.resyncing import chosen_phones
from fleet.cli.tables import local, table
from fleet.errors import UsageError
from fleet.provision.logins import rotate as give_new
from fleet.store import Secrets

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.store import FetchLogin, StoredPhone


@click.group()
def logins() -> None:
    """List, show and change the logins with which phones fetch their own files.

    With [provisioning] login = "digest", fleet provision apply gives each phone a login: the one
    that its configuration names (http digest username and password), else a new one.
    """


@logins.command("list")
@click.option("--site", help="Only the phones of this site.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_app
def list_(app: App, site: str | None, as_json: bool) -> None:
    """List which phones have a login, and when each used it first; no passwords."""
    app.check_site(site)
    found = app.store.fetch_logins()
    phones = [
        (each, found.get(each.id))
        for each in app.store.phones(secrets=Secrets.NONE)
        if site is None or each.phone.site == site
    ]
    if as_json:
        document = [_object(phone, login) for phone, login in phones]
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    screen = console()
    if not phones:
        screen.print(no_phones(app))
        return
    rows = [
        (phone.phone.label, login.username, local(login.changed), _used(login))
        if login
        else (phone.phone.label, "", "", "has no login")
        for phone, login in phones
    ]
    screen.print(table(("phone", "user", "since", "first used"), rows, folds=("phone",)))
    without = sum(login is None for _, login in phones)
    if without:
        screen.print(
            f"{counted(without, 'phone')} without a login: fleet provision apply gives one to each "
            'phone with a MAC and a known model, where [provisioning] login = "digest".'
        )


@logins.command()
@click.argument("phone")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_app
def show(app: App, phone: str, as_json: bool) -> None:
    """Show a phone's login, with its password in clear."""
    number = app.store.find_phone(phone)
    [stored] = app.store.phones(ids=[number], secrets=Secrets.NONE)
    login = app.store.fetch_logins([number]).get(number)
    if login is None:
        raise UsageError(
            f"{stored.phone.label} has no login: fleet provision apply gives it one, where "
            '[provisioning] login = "digest".'
        )
    if as_json:
        secret = {"password": login.password, "previous_password": login.previous or None}
        click.echo(json.dumps(_object(stored, login) | secret, ensure_ascii=False, indent=1))
        return
    screen = console()
    screen.print(f"user {login.username}, password {login.password}")
    screen.print(f"Since {local(login.changed)}; first used: {_used(login)}.")
    if login.previous:
        screen.print(f"Until it is used the password before is valid as well: {login.previous}")


@logins.command()
@PHONES
@click.option("--site", help="Only the phones of this site.")
@click.option("--all", "every", is_flag=True, help="All phones.")
@click.option(
    "--factory",
    is_flag=True,
    help="The phones were reset: take the factory's login once more, and no longer the old one.",
)
@with_app
def rotate(app: App, phones: tuple[str, ...], site: str | None, every: bool, factory: bool) -> None:
    """Give phones new logins. The old ones stay valid until the new ones are used.

    Phones get theirs with their files: fleet provision apply, then a re-sync or a roll-out.
    """
    chosen = chosen_phones(app, phones, site, every=every)
    if not chosen:
        raise click.UsageError(no_phones(app))
    app.ensure_key()
    done = give_new(
        app.store,
        app.provisioner(),
        [phone.phone_id for phone in chosen],
        from_factory=factory,
        by=user_name(),
        now=now(),
    )
    console().print(
        f"{counted(done, 'phone')} with a new login. Next: fleet provision apply, then fleet "
        "provision rollout start or resync."
    )


def _used(login: FetchLogin) -> str:
    return local(login.used) if login.used else "not yet"


def _object(phone: StoredPhone, login: FetchLogin | None) -> dict[str, Any]:
    return {
        "phone": phone.phone.label,
        "mac": phone.phone.mac,
        "username": login.username if login else None,
        "changed": login.changed.isoformat(timespec="seconds") if login else None,
        "used": login.used.isoformat(timespec="seconds") if login and login.used else None,
        "previous_is_valid": bool(login and login.previous),
    }
