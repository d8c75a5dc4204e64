"""`fleet provision rollout status`, and the progress of a roll-out, run here or elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import JSON, console, print_json, user_name, with_app
from fleet.cli.groups import examples
from fleet.cli.progress import telling
from fleet.cli.provision.stages import Telling, labels_of, show_progress, show_rollout
from fleet.cli.tables import local
from fleet.clock import now
from fleet.loop import run
from fleet.model import ProofState, RolloutState, RunBy
from fleet.provision.rollout.control import record_run, running_process, where_it_runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fleet.app import App
    from fleet.model import Proof, Rollout

LOOK_EVERY = 1.0  # seconds
TAKEN_WITHIN = 8.0  # seconds; a daemon looks every five
_OVER = (RolloutState.STOPPED, RolloutState.DONE, RolloutState.ROLLED_BACK)
_NOBODY = "nobody"
_PAUSED = "To continue: fleet provision rollout resume"


@click.command(
    epilog=examples(
        "fleet provision rollout",
        "fleet provision rollout status --follow",
        "fleet provision rollout status --all --json",
    )
)
@click.option("--all", "every", is_flag=True, help="Show every phone, not only the failed ones.")
@click.option(
    "--follow", is_flag=True, help="Report events until the roll-out ends, wherever it runs."
)
@JSON
@with_app
def status(app: App, every: bool, follow: bool, as_json: bool) -> None:
    """Show the progress of the last roll-out, and which process runs it.

    Ctrl-C ends --follow, not the roll-out. Exit code 3 with --follow: the roll-out stopped.
    """
    if follow and (as_json or every):
        raise click.UsageError("--follow does not work with --all or --json.")
    found = app.store.rollouts.get()
    if found is None:
        if as_json:
            print_json({"rollout": None})
        else:
            click.echo("There was no roll-out yet: run fleet provision rollout start.")
        return
    if follow:
        end_as(_follow(app, found))
        return
    proofs, labels = app.store.rollouts.proofs(found.id), labels_of(app)
    if as_json:
        print_json({"rollout": _document(found, proofs, labels, running_process(app.store, now()))})
        return
    show_rollout(console(), found, proofs, labels, every=every)
    for said in (who_runs(app, found), _waits(app, found, proofs)):
        if said:
            console().print(said)


def _waits(app: App, rollout: Rollout, proofs: Sequence[Proof]) -> str:
    """Say why a roll-out asks nobody, or not everybody, at this time; empty if it may ask all."""
    from fleet.provision.rollout.windows import windows_of
    from fleet.store import Secrets

    if rollout.state is not RolloutState.RUNNING:
        return ""
    if rollout.not_before is not None and now() < rollout.not_before:
        return f"It asks no phone before {local(rollout.not_before)}."
    waiting = {proof.phone_id for proof in proofs if proof.state is ProofState.WAITING}
    phones = app.store.phones.load(secrets=Secrets.NONE)
    sites = {each.phone.site for each in phones if each.id in waiting}
    windows = windows_of(app.settings, app.store)
    closed = sorted(site or "no site" for site in sites if not windows.is_open(site, now()))
    if rollout.ignores_windows or not closed:
        return ""
    return f"Outside their window ([provisioning] windows), so not asked now: {', '.join(closed)}."


def end_as(rollout: Rollout) -> None:
    """End with 3 where a roll-out stopped."""
    if rollout.state is RolloutState.STOPPED:
        raise SystemExit(3)


def who_runs(app: App, rollout: Rollout) -> str:
    """Say who runs a roll-out, or what to do where nobody does; empty where nobody has to."""
    if rollout.state is not RolloutState.RUNNING:
        return ""
    if process := running_process(app.store, now()):
        return where_it_runs(rollout, process)
    return f"Nobody runs it. {_TO_DO[rollout.run_by]}"


_TO_DO = {
    RunBy.FOREGROUND: "To continue: fleet provision rollout resume",
    RunBy.DAEMON: "It waits for a daemon: start fleet serve on this database, or continue here "
    "with fleet provision rollout resume --here.",
}


def leave(app: App, rollout: Rollout) -> None:
    """Leave a roll-out to the daemon, and say whether one took it. Exit code 3 where none did."""
    until = time.monotonic() + TAKEN_WITHIN
    while (found := app.store.rollouts.get(rollout.id)) is not None:
        is_taken = found.run_by is RunBy.DAEMON and running_process(app.store, now())
        if is_taken or found.state is not RolloutState.RUNNING or time.monotonic() >= until:
            break
        time.sleep(LOOK_EVERY / 4)
    if found is None or found.state in _OVER:
        return
    console().print(f"The roll-out of revision {found.revision} was handed over to the daemon.")
    if said := who_runs(app, found):
        console().print(said)
    if not is_taken:
        raise SystemExit(3)
    console().print("To follow it: fleet provision rollout --follow")


def _follow(app: App, rollout: Rollout) -> Rollout:
    """Tell what happens to a roll-out that runs elsewhere, until it is over."""
    said = ""
    with telling("Rolling out") as (show, say):
        news = Telling(say, labels_of(app))
        while True:
            found = app.store.rollouts.get(rollout.id) or rollout
            proofs = {proof.phone_id: proof for proof in app.store.rollouts.proofs(found.id)}
            news(found, proofs)
            if found.state in _OVER:
                return found
            if (says := who_runs(app, found) or _PAUSED) != said:
                said = says
                say(said)
            show_progress(show, found, proofs)
            time.sleep(LOOK_EVERY)


def run_rollout(
    app: App,
    started: Rollout,
    patience: timedelta = timedelta(0),
) -> None:
    """Run a roll-out with its progress shown. Exit code 3 where it stops by itself.

    `patience` is how long fleet waits for another process that still runs it.
    """
    end_as(run_to_end(app, started, patience))


def run_to_end(
    app: App,
    started: Rollout,
    patience: timedelta = timedelta(0),
) -> Rollout:
    """Run a roll-out with its progress shown, until it ends or is paused; return its last state."""
    record_run(app.store, started, by=user_name(), now=now())
    try:
        with telling("Rolling out") as (show, say):
            news = Telling(say, labels_of(app))

            def progress(rollout: Rollout, proofs: Mapping[int, Proof]) -> None:
                news(rollout, proofs)
                show_progress(show, rollout, proofs)

            return run(app.roll_out(started, progress, by=user_name(), patience=patience))
    except KeyboardInterrupt:
        raise click.Abort("Interrupted. To continue: fleet provision rollout resume") from None


def _document(
    found: Rollout, proofs: Sequence[Proof], labels: Mapping[int, str], process: str
) -> dict[str, Any]:
    is_run = bool(process) and found.state in (RolloutState.RUNNING, RolloutState.PAUSED)
    return {
        "id": found.id,
        "revision": found.revision,
        "state": found.state,
        "why": found.why,
        "is_run": is_run,
        "run_by": found.run_by if is_run else _NOBODY,
        "process": process if is_run else "",
        "began": _text(found.began),
        "ended": _text(found.ended),
        "stage": found.stage,
        "stages": list(found.stages),
        "deadline": found.deadline,
        "max_failures": found.most_failures,
        "at_once": found.at_once,
        "settle": found.settle,
        "not_before": _text(found.not_before),
        "firmware": [asdict(file) for file in found.firmware],
        "counts": dict(Counter(proof.state.value for proof in proofs)),
        "phones": [_phone(proof, labels) for proof in proofs],
    }


def _phone(proof: Proof, labels: Mapping[int, str]) -> dict[str, Any]:
    return {
        "phone": labels.get(proof.phone_id, ""),
        "stage": proof.stage,
        "state": proof.state,
        "told_at": _text(proof.told_at),
        "fetched_at": _text(proof.fetched_at),
        "proven_at": _text(proof.proven_at),
        "by": proof.by,
        "how": proof.how,
        "detail": proof.detail,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
