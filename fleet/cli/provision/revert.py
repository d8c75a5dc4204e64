"""Reverts a rotation of SIP passwords, and shows what became of its accounts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fleet.cli.common import console, user_name
from fleet.cli.provision.progress import leave, run_to_end
from fleet.cli.provision.stages import labels_of
from fleet.loop import run
from fleet.model import AccountState, RunBy
from fleet.report.wording import counted

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.model import Rotation
    from fleet.provision.rollout.service import Terms
    from fleet.provision.rotate.revert import RotationRevert

_SAID = {
    AccountState.PROVEN: "Rotated, and registered since: {}",
    AccountState.TAKEN: "Rotated, but not every phone of it has registered since: {}",
    AccountState.KEPT: "Unchanged: {}",
    AccountState.UNKNOWN: "Unknown which password the registrar accepts: {}",
}


def revert_of(app: App) -> RotationRevert:
    """Make what restores old SIP passwords, in the name of this user."""
    from fleet.provision.build import rotation_gate, rotator_of
    from fleet.provision.rotate.revert import RotationRevert

    by = user_name()
    return RotationRevert(
        rotator=rotator_of(app.store, app.provisioner, by=by),
        run=partial(app.roll_out, progress=lambda *_: None, by=by),
        gate=partial(rotation_gate, app.settings, app.store, by=by),
    )


def take_back(app: App, rotation: Rotation, terms: Terms) -> None:
    """Restore the old SIP passwords of phones that did not prove the new ones."""
    reverse, started = run(revert_of(app).revert(rotation, terms))
    if started is None:
        console().print("No phone has an old password while its registrar has the new one.")
        show_accounts(app, reverse)
        return
    many = counted(len(reverse.accounts), "account")
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
