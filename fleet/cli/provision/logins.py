"""`fleet provision logins`: with what phones fetch their own files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import JSON, PHONES, console, no_phones, print_json, user_name, with_app
from fleet.cli.completion import PHONE, SITE
from fleet.cli.groups import Group, examples
from fleet.cli.provision.resync import chosen_phones
from fleet.cli.tables import local, table
from fleet.clock import now
from fleet.errors import UsageError
from fleet.report.wording import counted

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.store import FetchLogin, StoredPhone


@click.group(cls=Group)
def logins() -> None:
    """List, show and change the logins with which phones fetch their own files.

    With [provisioning] login = "digest", fleet provision apply assigns each phone a login: the one
    in its configuration (http digest username and password), or a new one.
    """


@logins.command(
    "list",
    epilog=examples(
        "fleet provision logins list",
        "fleet provision logins list --site berlin --json",
    ),
)
@click.option("--site", type=SITE, help="List only the phones of this site.")
@JSON
@with_app
def list_(app: App, site: str | None, as_json: bool) -> None:
    """List which phones have a login, and when each first used it; no passwords."""
    from fleet.store import Secrets

    app.check_site(site)
    found = app.store.fetch_logins.load()
    phones = [
        (each, found.get(each.id))
        for each in app.store.phones.load(secrets=Secrets.NONE)
        if site is None or each.phone.site == site
    ]
    if as_json:
        document = [_object(phone, login) for phone, login in phones]
        print_json({"logins": document})
        return
    screen = console()
    if not phones:
        screen.print(no_phones(app))
        return
    rows = [
        (phone.phone.label, login.username, local(login.changed), _used(login))
        if login
        else (phone.phone.label, "", "", "no login")
        for phone, login in phones
    ]
    screen.print(table(("phone", "user", "since", "first used"), rows, folds=("phone",)))
    without = sum(login is None for _, login in phones)
    if without:
        screen.print(
            f"{counted(without, 'phone')} without a login. With [provisioning] login = "
            '"digest", fleet provision apply creates one for each phone with a MAC and a model.'
        )


@logins.command(
    epilog=examples(
        "fleet provision logins show reception",
        "fleet provision logins show 00085D126411 --json",
    )
)
@click.argument("phone", type=PHONE)
@JSON
@with_app
def show(app: App, phone: str, as_json: bool) -> None:
    """Show the login of a phone, with its password in clear text."""
    from fleet.store import Secrets

    number = app.store.phones.find(phone)
    [stored] = app.store.phones.load(ids=[number], secrets=Secrets.NONE)
    login = app.store.fetch_logins.load([number]).get(number)
    if login is None:
        raise UsageError(
            f"{stored.phone.label} has no login. With [provisioning] login = "
            '"digest", fleet provision apply creates one.'
        )
    if as_json:
        secret = {"password": login.password, "previous_password": login.previous or None}
        print_json(_object(stored, login) | secret)
        return
    screen = console()
    screen.print(f"user {login.username}, password {login.password}")
    screen.print(f"Since {local(login.changed)}; first used: {_used(login)}.")
    if login.previous:
        screen.print(f"The previous password is valid until the new one is used: {login.previous}")


@logins.command(
    epilog=examples(
        "fleet provision logins rotate reception",
        "fleet provision logins rotate --site berlin --factory",
    )
)
@PHONES
@click.option("--site", type=SITE, help="Select the phones of this site.")
@click.option("--all", "every", is_flag=True, help="Select all phones.")
@click.option(
    "--factory",
    is_flag=True,
    help="The phones were reset: accept the factory login once more, and the old one no longer.",
)
@with_app
def rotate(app: App, phones: tuple[str, ...], site: str | None, every: bool, factory: bool) -> None:
    """Create new logins for phones; the old ones stay valid until the new ones are used.

    Phones get them with their files: run fleet provision apply, then a re-sync or a roll-out.
    """
    from fleet.provision.logins import rotate as give_new

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
        f"Created new logins for {counted(done, 'phone')}. Next: fleet provision apply, then fleet "
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
