"""`fleet provision rollout`: start, pause, resume, stop, rollback."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from fleet.cli.common import Later, console, user_name, with_app
from fleet.cli.groups import Group, examples
from fleet.cli.provision.history import INVENTORY_STAYS
from fleet.cli.provision.options import (
    AT_ONCE,
    AT_ONCE_TYPE,
    CANARY,
    DEADLINE,
    DETACH,
    MAX_FAILURES,
    SETTLE,
    SETTLE_TYPE,
    STAGES,
    stage_order,
)
from fleet.cli.provision.progress import leave, run_rollout, status
from fleet.cli.provision.revert import revert_of, take_back
from fleet.clock import now
from fleet.loop import run
from fleet.model import RunBy
from fleet.provision.rollout import control
from fleet.provision.rollout.messages import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.app import App

LETS_GO = timedelta(minutes=2)  # whoever is asking phones for the roll-out that is undone


class StatusByDefault(Group):
    """`fleet provision rollout --json` means `fleet provision rollout status --json`."""

    default = "status"


@click.group(cls=StatusByDefault)
def rollout() -> None:
    """Roll out the last revision to the phones, stage by stage.

    A phone is proven when it fetched the expected bytes and each of its intended lines was seen
    registered after that. A stage begins when the previous one is proven. If more phones fail than
    allowed, the roll-out stops. Without a command, fleet shows the status.
    """


rollout.add_command(status)


@rollout.command(
    epilog=examples(
        "fleet provision rollout start --canary reception --stages 10%,50% --detach",
        "fleet provision rollout start --stages sites --at 2099-12-01T22:00 --detach",
        "fleet provision rollout start --firmware --stages 25%",
    )
)
@CANARY
@STAGES
@DEADLINE
@MAX_FAILURES
@AT_ONCE
@SETTLE
@click.option(
    "--hold/--no-hold",
    default=True,
    help="--hold: a phone that restarts before its turn gets its old files. --no-hold: it gets the "
    "new ones.  [default: --hold]",
)
@click.option(
    "--at",
    type=Later(),
    metavar="TIME",
    help="Ask no phone before this time, such as 2026-12-01T22:00 or 6h from now. With --detach, "
    "the daemon waits for it.",
)
@click.option(
    "--ignore-windows",
    is_flag=True,
    help="Ask phones outside [provisioning] windows too.",
)
@click.option(
    "--web-ui-restart",
    is_flag=True,
    help="Restart a phone through its web UI if it can be asked in no other way.",
)
@click.option(
    "--firmware",
    "is_firmware",
    is_flag=True,
    help="Roll out the new files in the firmware folder instead of a revision.",
)
@click.option("--downgrade", is_flag=True, help="With --firmware: install an older version.")
@DETACH
@with_app
def start(
    app: App,
    canaries: tuple[str, ...],
    stages: str,
    deadline: float,
    max_failures: int,
    at_once: int,
    settle: float,
    hold: bool,
    at: datetime | None,
    ignore_windows: bool,
    web_ui_restart: bool,
    is_firmware: bool,
    downgrade: bool,
    detach: bool,
) -> None:
    """Start a roll-out of the last revision, and run it to its end.

    The canaries are phones that were well when they were polled last, of different sites and
    models. Phones that did not answer then are absent: the roll-out does not wait for them.

    With --firmware, a phone is proven when a poll shows the new version too. Phones that were not
    asked keep their firmware.

    After Ctrl-C, continue with resume; after a crash, a running daemon takes over. Exit code 3: the
    roll-out stopped by itself, or no daemon took over a detached one.
    """
    from fleet.provision.rollout.service import Terms
    from fleet.provision.serve import firmware_gate

    if downgrade and not is_firmware:
        raise click.UsageError("--downgrade works only with --firmware.")
    gate = firmware_gate(app.settings, app.store, now)
    terms = Terms(
        order=stage_order(app, canaries, stages),
        deadline=deadline,
        most_failures=max_failures,
        run_by=RunBy.DAEMON if detach else RunBy.FOREGROUND,
        at_once=at_once,
        settle=settle,
        hold=hold,
        web_ui=web_ui_restart,
        not_before=at,
        ignores_windows=ignore_windows,
        firmware=gate.to_roll_out(downgrade=downgrade) if is_firmware else {},
    )
    started = control.start(app.store, terms, by=user_name(), now=now())
    for labels in control.shared_accounts(app.store, started):
        console().print(
            f"{', '.join(labels)}: they share a SIP account, so fleet asks them together."
        )
    if detach:
        leave(app, started)
    else:
        run_rollout(app, started)


@rollout.command(
    epilog=examples(
        "fleet provision rollout pause",
    )
)
@with_app
def pause(app: App) -> None:
    """Pause a roll-out: fleet asks no more phones, and those already asked continue."""
    control.pause(app.store, by=user_name(), now=now())
    console().print("Paused. To continue: fleet provision rollout resume")


@rollout.command(
    epilog=examples(
        "fleet provision rollout resume",
        "fleet provision rollout resume --at-once 20 --detach",
    )
)
@click.option("--at-once", type=AT_ONCE_TYPE, help="Change the value given to start.")
@click.option("--settle", type=SETTLE_TYPE, help="Change the value given to start.")
@DETACH
@click.option("--here", is_flag=True, help="Run it here, in the foreground.")
@with_app
def resume(app: App, at_once: int | None, settle: float | None, detach: bool, here: bool) -> None:
    """Continue a roll-out that was paused or whose process is gone.

    The daemon or the foreground continues it, as before, unless you use --detach or --here.
    """
    if detach and here:
        raise click.UsageError("Use either --detach or --here.")
    going = control.resume(
        app.store,
        run_by=RunBy.DAEMON if detach else RunBy.FOREGROUND if here else None,
        at_once=at_once,
        settle=settle,
        by=user_name(),
        now=now(),
    )
    if going.run_by is RunBy.DAEMON:
        leave(app, going)
    else:
        run_rollout(app, going)


@rollout.command(
    epilog=examples(
        "fleet provision rollout stop",
    )
)
@with_app
def stop(app: App) -> None:
    """End a roll-out now. Phones that were already asked keep the new files."""
    control.stop(app.store, by=user_name(), now=now())
    run(revert_of(app).finish())
    if ended := app.store.rollouts.get():
        console().print(sentence(ended, app.store.rollouts.proofs(ended.id)))


@rollout.command(
    epilog=examples(
        "fleet provision rollout rollback",
        "fleet provision rollout rollback --to 11 --detach",
    )
)
@click.option("--to", type=click.IntRange(min=1), metavar="N", help="Revision to return to.")
@DEADLINE
@AT_ONCE
@SETTLE
@DETACH
@with_app
def rollback(
    app: App, to: int | None, deadline: float, at_once: int, settle: float, detach: bool
) -> None:
    """Apply the files from before the last roll-out again, and roll them out.

    Phones that never had the new files are not asked. The inventory does not change. After a
    rotation of SIP passwords, fleet restores the old password of each phone without proof of the
    new one, at the registrars and in the inventory.
    """
    from fleet.provision.rollout.service import Terms, roll_back
    from fleet.provision.rotate.revert import last_rotation

    run_by = RunBy.DAEMON if detach else RunBy.FOREGROUND
    terms = Terms(deadline=deadline, run_by=run_by, at_once=at_once, settle=settle)
    if rotation := last_rotation(app.store):
        take_back(app, rotation, terms)
        return
    made = roll_back(app.store, terms, to=to, by=user_name(), now=now())
    console().print(f"Applied revision {made.revision} with the previous files; rolling it out.")
    console().print(INVENTORY_STAYS)
    if detach:
        leave(app, made)
    else:
        run_rollout(app, made, patience=LETS_GO)
