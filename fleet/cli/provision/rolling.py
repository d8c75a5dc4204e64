"""`fleet provision rollout`: start, pause, resume, stop, rollback."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from fleet.app import now
from fleet.cli.common import console, user_name, with_app
from fleet.cli.groups import Group
from fleet.cli.provision.following import leave, status, who_runs
from fleet.cli.provision.history import INVENTORY_STAYS
from fleet.cli.provision.running import note, run_rollout
from fleet.cli.provision.taking_back import rotation_of_last, settle_rotation, take_back
from fleet.cli.provision.terms import (
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
from fleet.errors import UsageError
from fleet.model import RolloutState, RunBy
from fleet.provision.rollout.service import Terms, begin, roll_back
from fleet.provision.rollout.telling import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.app import App

LETS_GO = timedelta(minutes=2)  # whoever is asking phones for the roll-out that is undone


class StatusByDefault(Group):
    """`fleet provision rollout --json` means `fleet provision rollout status --json`."""

    default = "status"


@click.group(cls=StatusByDefault)
def rollout() -> None:
    """Bring what was applied last to the phones, stage by stage.

    A phone is proven when it has fetched the expected bytes and every intended line was seen
    registered after that, by a poll or by what the phone pushed. A stage begins when the one before
    is proven; when more phones fail than may, it stops by itself. Without a command, the status is
    shown.
    """


rollout.add_command(status)


@rollout.command()
@CANARY
@STAGES
@DEADLINE
@MAX_FAILURES
@AT_ONCE
@SETTLE
@click.option(
    "--hold",
    is_flag=True,
    help="Keep the new files from phones that are not asked yet, also if they restart.",
)
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
    detach: bool,
) -> None:
    """Begin a roll-out of the last revision, and run it to its end.

    Stopped by Ctrl-C it goes on by resume; after a crash a daemon takes it over, if one runs. Exit
    code 3 where it stopped by itself, or no daemon takes what is left to it.
    """
    terms = Terms(
        order=stage_order(app, canaries, stages),
        deadline=deadline,
        most_failures=max_failures,
        run_by=RunBy.DAEMON if detach else RunBy.FOREGROUND,
        at_once=at_once,
        settle=settle,
        hold=hold,
    )
    started = begin(app.store, terms, now())
    if detach:
        note(app, f"Left the roll-out of revision {started.revision} to the daemon.")
        leave(app, started)
    else:
        run_rollout(app, started)


@rollout.command()
@with_app
def pause(app: App) -> None:
    """Ask no more phones; what was asked goes on. Continue by resume."""
    _control(app, RolloutState.PAUSED, among=[RolloutState.RUNNING], why="Paused")
    console().print("Paused: fleet provision rollout resume goes on.")


@rollout.command()
@click.option("--at-once", type=AT_ONCE_TYPE, help="As of start, from now on.")
@click.option("--settle", type=SETTLE_TYPE, help="As of start, from now on.")
@DETACH
@click.option("--here", is_flag=True, help="Run it here, in the foreground.")
@with_app
def resume(app: App, at_once: int | None, settle: float | None, detach: bool, here: bool) -> None:
    """Go on with a roll-out that was paused, or whose process is gone, where it was.

    Whoever ran it runs it again, unless --detach or --here says otherwise.
    """
    if detach and here:
        raise click.UsageError("Either --detach or --here.")
    found = app.store.rollout(states=(RolloutState.PAUSED, RolloutState.RUNNING))
    if found is None:
        raise UsageError("No roll-out is paused or cut off.")
    if found.state is RolloutState.RUNNING and app.store.rollout_runner(now()):
        raise UsageError(f"It goes on already. {who_runs(app, found)}")
    run_by = RunBy.DAEMON if detach else RunBy.FOREGROUND if here else found.run_by
    app.store.steer_rollout(found.id, run_by=run_by, at_once=at_once, settle=settle)
    running = RolloutState.RUNNING
    app.store.control_rollout(found.id, running, among=[RolloutState.PAUSED], why="", now=now())
    going = app.store.rollout(found.id) or found
    if run_by is RunBy.DAEMON:
        note(app, f"Left the roll-out of revision {found.revision} to the daemon.")
        leave(app, going)
    else:
        run_rollout(app, going)


@rollout.command()
@with_app
def stop(app: App) -> None:
    """End a roll-out where it is. Phones that were asked have the new files already."""
    standing = [RolloutState.RUNNING, RolloutState.PAUSED]
    _control(app, RolloutState.STOPPED, among=standing, why="Stopped")
    settle_rotation(app)
    if ended := app.store.rollout():
        console().print(sentence(ended, app.store.proofs(ended.id)))


@rollout.command()
@click.option("--to", type=click.IntRange(min=1), metavar="N", help="The revision to go back to.")
@DEADLINE
@AT_ONCE
@SETTLE
@DETACH
@with_app
def rollback(
    app: App, to: int | None, deadline: float, at_once: int, settle: float, detach: bool
) -> None:
    """Apply again what phones had before the last roll-out, and roll that out.

    Phones that never had the new files are not asked. The inventory stays as it is. Of a rotation
    of SIP passwords, registrars and inventory get back the old one of each phone that has not
    proven the new one.
    """
    run_by = RunBy.DAEMON if detach else RunBy.FOREGROUND
    terms = Terms(deadline=deadline, run_by=run_by, at_once=at_once, settle=settle)
    if rotation := rotation_of_last(app):
        take_back(app, rotation, terms)
        return
    made = roll_back(app.store, terms, to=to, by=user_name(), now=now())
    console().print(f"Applied revision {made.revision}, as it was before; rolling it out.")
    console().print(INVENTORY_STAYS)
    if detach:
        leave(app, made)
    else:
        run_rollout(app, made, patience=LETS_GO)


def _control(app: App, state: RolloutState, *, among: Sequence[RolloutState], why: str) -> None:
    found = app.store.rollout(states=among)
    said = f"{why} by {user_name()}."
    if found is None or not app.store.control_rollout(
        found.id, state, among=among, why=said, now=now()
    ):
        raise UsageError("No roll-out is under way.")
    note(app, f"{why} the roll-out of revision {found.revision}.")
