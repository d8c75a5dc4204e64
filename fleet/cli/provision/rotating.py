"""`fleet provision rotate`: new passwords, without a moment in which a phone is locked out."""

from __future__ import annotations

import secrets

import click

from fleet.app import App, now
from fleet.cli.common import PHONES, console, counted, user_name, with_app
from fleet.cli.provision.resyncing import chosen_phones
from fleet.cli.provision.rolling import AT_ONCE, DEADLINE, SETTLE, run_rollout
from fleet.provision.rollout import StageOrder
from fleet.provision.rollout.service import Terms, begin
from fleet.provision.rotate import rotate_admin


@click.group()
def rotate() -> None:
    """Give phones new passwords and roll them out.

    For SIP passwords, which the registrar has to have too: change them there and in the inventory,
    then plan, apply and rollout; fleet diagnose says whose is wrong.
    """


@rotate.command()
@PHONES
@click.option("--site", help="Only the phones of this site.")
@click.option("--all", "every", is_flag=True, help="All phones.")
@DEADLINE
@AT_ONCE
@SETTLE
@with_app
def admin(
    app: App,
    phones: tuple[str, ...],
    site: str | None,
    every: bool,
    deadline: float,
    at_once: int,
    settle: float,
) -> None:
    """Give each phone a new admin password of its own: made, applied, rolled out, proven.

    The old one stays the login that is used here until the phone takes the new one. Refused while
    something else waits to be applied.
    """
    chosen = chosen_phones(app, phones, site, every=every)
    app.ensure_key()
    ids = [phone.phone_id for phone in chosen]
    done = rotate_admin(app.store, app.provisioner(), ids, below=secrets.randbelow, now=now())
    provisioner = app.provisioner()
    made = provisioner.apply(
        provisioner.plan(), by=user_name(), comment=f"admin passwords of {counted(done, 'phone')}"
    )
    console().print(f"Applied revision {made.number}: {counted(done, 'phone')} to change.")
    started = begin(app.store, Terms(order=StageOrder(), deadline=deadline), now())
    run_rollout(app, started, at_once=at_once, settle=settle)
