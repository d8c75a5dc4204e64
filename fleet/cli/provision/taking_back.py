"""Ends a rotation of SIP passwords, or takes it back as far as phones did not come along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.cli.common import console, user_name
from fleet.cli.provision.following import leave
from fleet.cli.provision.running import run_to_end
from fleet.cli.provision.stages import labels_of
from fleet.clock import now
from fleet.errors import UsageError
from fleet.loop import run
from fleet.model import AccountState, RolloutState, RunBy
from fleet.provision.rollout import StageOrder
from fleet.report.wording import counted

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.model import Rotation
    from fleet.provision.rollout.service import Terms

_STANDING = (RolloutState.RUNNING, RolloutState.PAUSED)
_SAID = {
    AccountState.PROVEN: "Rotated, and registered since: {}",
    AccountState.TAKEN: "Rotated, but not every phone of it has registered since: {}",
    AccountState.KEPT: "Unchanged: {}",
    AccountState.UNKNOWN: "Unknown which password the registrar accepts: {}",
}


def rotation_of_last(app: App) -> Rotation | None:
    """The rotation whose roll-out was the last one, if that was one's."""
    last = app.store.rollouts.get()
    return app.store.rotations.get(revision=last.revision) if last else None


def settle_rotation(app: App) -> None:
    """Put in order what a rotation leaves behind whose roll-out is over, and which nobody runs."""
    last, rotation = app.store.rollouts.get(), rotation_of_last(app)
    if last is None or rotation is None or rotation.ended or app.store.rollouts.runner(now()):
        return
    run(app.roll_out(last, lambda *_: None, by=user_name()))


def take_back(app: App, rotation: Rotation, terms: Terms) -> None:
    """Give registrars, inventory and phones the old passwords of those who did not come along."""
    from fleet.provision.build import rotation_gate, rotator_of
    from fleet.provision.rotate.service import taken_back

    if app.store.rollouts.runner(now()):
        raise UsageError("This roll-out is running: run fleet provision rollout stop first.")
    last = app.store.rollouts.get()
    if last and last.state in _STANDING:
        state = RolloutState.ROLLED_BACK
        app.store.rollouts.control(last.id, state, among=_STANDING, why="Rolled back.", now=now())
    settle_rotation(app)
    rotation = app.store.rotations.get(rotation.id) or rotation
    run(rotation_gate(app.settings, app.store, rotation, by=user_name()).give_back())
    rotation = app.store.rotations.get(rotation.id) or rotation
    back = taken_back(rotation)
    if not back:
        console().print("No phone has an old password while its registrar has the new one.")
        show_accounts(app, rotation)
        return
    rotator = rotator_of(app.store, app.provisioner, by=user_name())
    reverse = rotator.plan(back, gives_back=True)
    everybody = StageOrder(canary_count=0, steps=())
    started = rotator.enact(
        reverse, replace(terms, order=everybody, most_failures=app.store.phones.count())
    )
    many = counted(len(back), "account")
    console().print(f"Applied revision {started.revision} with the old passwords of {many}.")
    if terms.run_by is RunBy.DAEMON:
        leave(app, started)
        return
    run_to_end(app, started)
    show_accounts(app, app.store.rotations.get(reverse.id) or reverse)


def show_accounts(app: App, rotation: Rotation) -> None:
    """Say what came of a rotation: in sum, and of each account that is not where it should be."""
    screen, labels = console(), labels_of(app)
    for state, said in _SAID.items():
        some = [account for account in rotation.accounts if account.state is state]
        if some:
            screen.print(said.format(counted(len(some), "account")) + ".")
        for account in some if state is not AccountState.PROVEN else ():
            phones = ", ".join(labels.get(each, "?") for each in account.phones)
            why = f" {account.detail}." if account.detail else ""
            screen.print(f"    {account.name} ({phones}).{why}")
