"""`fleet provision unknown`: phones that ask for files and are not in the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import JSON, console, print_json, user_name, with_app
from fleet.cli.completion import SITE
from fleet.cli.groups import Group, examples
from fleet.cli.provision.secrets import secret_value
from fleet.cli.tables import local, table
from fleet.clock import now
from fleet.model import IntendedAccount
from fleet.provision.strangers import site_at

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.store import UnknownPhone


class UnknownGroup(Group):
    """`fleet provision unknown` means `fleet provision unknown list`."""

    default = "list"


@click.group(cls=UnknownGroup)
def unknown() -> None:
    """List and approve phones that ask for their file and are not in the inventory.

    With [provisioning] enrol = true, such a phone gets a file without secrets until you approve it.
    """


@unknown.command(
    "list",
    epilog=examples(
        "fleet provision unknown",
        "fleet provision unknown list --json",
    ),
)
@JSON
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the unknown phones: MAC, model, firmware, address, and number of requests."""
    found = app.store.fetches.unknown()
    sites = app.store.inventory.sites()
    if as_json:
        phones = [_object(each, site_at(each.address, sites)) for each in found]
        print_json({"unknown": phones})
        return
    screen = console()
    if not found:
        screen.print("No unknown phone asked for its file.")
        return
    columns = ("mac", "model", "firmware", "address", "site", "last request", "times", "state")
    rows = [
        (
            each.mac,
            each.model,
            each.firmware,
            each.address,
            site_at(each.address, sites),
            local(each.last),
            str(each.times),
            _state(each),
        )
        for each in found
    ]
    screen.print(table(columns, rows, folds=("address", "site", "firmware")))
    screen.print("To approve one: fleet provision unknown approve MAC")


@unknown.command(
    epilog=examples(
        "fleet provision unknown approve 00085D126411",
        "fleet provision unknown approve 00085D126411 --user 1001",
    )
)
@click.argument("mac")
@click.option("--site", default="", type=SITE, help="Site.  [default: by its network]")
@click.option("--name", default="", help="Name of the phone.")
@click.option("--model", default="", help="Model.  [default: as the phone says]")
@click.option("--user", default="", help="SIP user of line 1.")
@click.option("--registrar", default="", help="Registrar of line 1.")
@click.option(
    "--secret",
    is_flag=True,
    help="Prompt for the SIP password of line 1, or read a line of standard input.",
)
@with_app
def approve(
    app: App,
    mac: str,
    site: str,
    name: str,
    model: str,
    user: str,
    registrar: str,
    secret: bool,
) -> None:
    """Approve an unknown phone: add it to the inventory, and apply its file.

    Its address is its host. If other changes wait to be applied, fleet leaves it to you to apply
    them all.
    """
    from fleet.provision.unknown import Approval
    from fleet.provision.unknown import approve as approve_unknown

    if (secret or registrar) and not user:
        raise click.UsageError("--registrar and --secret need --user.")
    app.check_site(site or None)
    password = secret_value() if secret else ""
    account = IntendedAccount(line=1, user=user, registrar=registrar, sip_password=password)
    if password:
        app.ensure_key()
    made = approve_unknown(
        app.store,
        app.provisioner,
        mac,
        Approval(site=site, name=name, model=model, account=account if user else None),
        by=user_name(),
        now=now(),
    )
    app.rejudge()
    screen = console()
    screen.print(f"{mac} is in the inventory.")
    if made is None:
        screen.print("To give it its file: fleet provision plan, then apply")
    else:
        screen.print(f"Applied revision {made.number}, which has its file.")
    screen.print(f"It fetches it when it restarts. To ask it now: fleet provision resync {mac}")


def _state(phone: UnknownPhone) -> str:
    return "waits" if phone.waits else "refused"


def _object(phone: UnknownPhone, site: str) -> dict[str, Any]:
    return {
        "mac": phone.mac,
        "model": phone.model,
        "firmware": phone.firmware,
        "address": phone.address,
        "site": site,
        "first": phone.first.isoformat(timespec="seconds"),
        "last": phone.last.isoformat(timespec="seconds"),
        "times": phone.times,
        "state": _state(phone),
    }
