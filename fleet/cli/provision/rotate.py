"""`fleet provision rotate`: new passwords, without a moment in which a phone is locked out."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fleet.cli.common import PHONES, console, user_name, with_app
from fleet.cli.completion import SITE
from fleet.cli.groups import Group, examples
from fleet.cli.provision.options import (
    AT_ONCE,
    CANARY,
    DEADLINE,
    MAX_FAILURES,
    SETTLE,
    STAGES,
    stage_order,
)
from fleet.cli.provision.progress import run_rollout, run_to_end
from fleet.cli.provision.resync import chosen_phones
from fleet.cli.provision.revert import show_accounts
from fleet.clock import now
from fleet.errors import UsageError
from fleet.loop import run
from fleet.model import RolloutState
from fleet.provision.rotate.export import export_rotation
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.app import App
    from fleet.model import Rollout, RotatedAccount, Rotation
    from fleet.provision.rotate.accounts import Skipped
    from fleet.provision.rotate.service import Rotator

_MOST_SHOWN = 20
_PATIENCE = 5.0  # seconds for a registrar to say whether it can be asked at all

_NOBODY_TELLS = (
    "The registrars need the new passwords: set [provisioning] registrar_command, a program that "
    "sends them, or write them to a file with --export FILE and load it yourself."
)


@click.group(cls=Group)
def rotate() -> None:
    """Change the phones' passwords and roll them out, so that no phone is locked out meanwhile."""


@rotate.command(
    epilog=examples(
        "fleet provision rotate admin reception",
        "fleet provision rotate admin --site berlin --deadline 1h",
    )
)
@PHONES
@click.option("--site", type=SITE, help="Select the phones of this site.")
@click.option("--all", "every", is_flag=True, help="Select all phones.")
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
    """Create, apply and roll out a new admin password for each phone, with proof.

    Fleet uses the old password until the phone accepts the new one. It refuses while other changes
    wait to be applied.
    """
    from fleet.provision.rollout.service import Terms
    from fleet.provision.rotate.admin import rotate_admin

    chosen = chosen_phones(app, phones, site, every=every)
    app.ensure_key()
    ids = [phone.phone_id for phone in chosen]
    started = rotate_admin(
        app.store,
        app.provisioner,
        ids,
        Terms(deadline=deadline, at_once=at_once, settle=settle),
        below=secrets.randbelow,
        by=user_name(),
        now=now(),
    )
    many = counted(len(ids), "phone")
    console().print(f"Applied revision {started.revision}: {many} to change.")
    run_rollout(app, started)


@rotate.command(
    epilog=examples(
        "fleet provision rotate sip --site berlin --canary reception",
        "fleet provision rotate sip --all --export passwords.csv",
        "fleet provision rotate sip --continue",
    )
)
@PHONES
@click.option("--site", type=SITE, help="Select the phones of this site.")
@click.option("--all", "every", is_flag=True, help="Select all phones.")
@click.option(
    "--length",
    type=click.IntRange(min=10, max=64),
    default=16,
    show_default=True,
    help="Length of the new passwords: letters and digits.",
)
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the new passwords to this new file and wait: load it into the registrar, "
    "then use --continue.",
)
@click.option("--continue", "go_on", is_flag=True, help="Continue the open rotation.")
@click.option(
    "--abandon", is_flag=True, help="Abandon a rotation that was exported but not started."
)
@CANARY
@STAGES
@DEADLINE
@MAX_FAILURES
@AT_ONCE
@SETTLE
@with_app
def sip(
    app: App,
    phones: tuple[str, ...],
    site: str | None,
    every: bool,
    length: int,
    export: Path | None,
    go_on: bool,
    abandon: bool,
    canaries: tuple[str, ...],
    stages: str,
    deadline: float,
    max_failures: int,
    at_once: int,
    settle: float,
) -> None:
    """Create a new password for each SIP account; phones that share an account share it.

    For each account, [provisioning] registrar_command sends the new password to the registrar. Once
    the registrar accepts it, the phones of the account get it. If it does not, they keep the old
    one. Exit code 3: the roll-out stopped by itself.
    """
    from fleet.phone.sip.transport import Timers
    from fleet.provision.build import rotator_of, sip_client_of
    from fleet.provision.rollout.service import Terms
    from fleet.provision.rotate.registrars import check_registrars

    if (go_on and abandon) or ((go_on or abandon) and (phones or site or every or export)):
        raise click.UsageError("--continue and --abandon do not take phones.")
    rotator = rotator_of(app.store, app.provisioner, by=user_name())
    if abandon:
        rotator.abandon(rotator.open_rotation())
        console().print("Abandoned. The inventory and the phones keep the old passwords.")
        return
    terms = Terms(
        order=stage_order(app, canaries, stages),
        deadline=deadline,
        most_failures=max_failures,
        at_once=at_once,
        settle=settle,
    )
    if go_on:
        rotation = rotator.open_rotation()
        _run(app, rotation, rotator.resume(rotation, terms))
        return
    chosen = [phone.phone_id for phone in chosen_phones(app, phones, site, every=every)]
    if not (app.settings.provisioning.registrar_command or export):
        raise UsageError(_NOBODY_TELLS)
    app.ensure_key()
    accounts, skipped = rotator.choose(chosen, length)
    _tell_skipped(skipped)
    run(check_registrars(sip_client_of(app.settings, Timers(patience=_PATIENCE)), accounts))
    if export:
        _export(rotator, accounts, export)
        return
    rotation = rotator.plan(accounts)
    _run(app, rotation, rotator.enact(rotation, terms))


def _export(rotator: Rotator, accounts: Sequence[RotatedAccount], path: Path) -> None:
    export_rotation(rotator, accounts, path)
    console().print(
        f"Wrote the new passwords of {counted(len(accounts), 'account')} to {path}. Nothing has "
        "changed yet. Load the file into the registrar, then at once run: fleet provision rotate "
        "sip --continue. Phones stay registered with their old passwords until they renew; a "
        "phone that renews or boots in between is refused until its turn. Delete the file "
        "afterwards."
    )


def _run(app: App, rotation: Rotation, started: Rollout) -> None:
    many = counted(len(rotation.accounts), "account")
    console().print(f"Revision {started.revision} has new SIP passwords for {many}.")
    ended = run_to_end(app, started)
    if ended.state is RolloutState.PAUSED:
        return
    show_accounts(app, app.store.rotations.get(rotation.id) or rotation)
    if ended.state is not RolloutState.DONE:
        raise SystemExit(3)


def _tell_skipped(skipped: Sequence[Skipped]) -> None:
    screen = console()
    for each in skipped[:_MOST_SHOWN]:
        screen.print(f"Skipped: {each.label}, line {each.line}: {each.why}.")
    if len(skipped) > _MOST_SHOWN:
        screen.print(f"… and {counted(len(skipped) - _MOST_SHOWN, 'line')} more.")
