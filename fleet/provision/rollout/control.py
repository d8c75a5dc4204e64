"""The use cases of people who control a roll-out: start, pause, resume, stop, run it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.model import JournalEntry, ProofState, RolloutState, RunBy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.model import Rollout
    from fleet.provision.rollout.service import Terms
    from fleet.store import Store

UNFINISHED = (RolloutState.RUNNING, RolloutState.PAUSED)


def start(store: Store, terms: Terms, *, by: str, now: datetime) -> Rollout:
    """Begin a roll-out of the last revision; the journal says so if the daemon is to run it.

    Raises `UsageError` if there is nothing to roll out, `RolloutRunning` during another roll-out.
    """
    from fleet.provision.rollout.service import begin  # it loads the clients of HTTP and SIP

    started = begin(store, terms, now)
    if terms.run_by is RunBy.DAEMON:
        _record_handover(store, started, by, now)
    return started


def shared_accounts(store: Store, rollout: Rollout) -> list[list[str]]:
    """Return the labels of phones that share an account and so are asked together, by group.

    A NOTIFY through a registrar reaches all of a group.
    """
    from fleet.provision.addressees import AccountOwners  # it loads the clients too

    waiting = store.rollouts.proofs(rollout.id, states=(ProofState.WAITING,))
    groups = AccountOwners(store).groups({proof.phone_id for proof in waiting})
    ids = sorted(set().union(*groups))
    labels = {each.id: each.phone.label for each in store.phones.load(ids=ids)} if ids else {}
    return sorted(sorted(labels[phone_id] for phone_id in group) for group in groups)


def pause(store: Store, *, by: str, now: datetime) -> Rollout:
    """Pause the roll-out that runs, and return it. Raises `UsageError` if none does."""
    return _end(store, RolloutState.PAUSED, [RolloutState.RUNNING], "Paused", by, now)


def stop(store: Store, *, by: str, now: datetime) -> Rollout:
    """Stop the unfinished roll-out, and return it. Raises `UsageError` if there is none."""
    return _end(store, RolloutState.STOPPED, UNFINISHED, "Stopped", by, now)


def resume(
    store: Store,
    *,
    run_by: RunBy | None = None,
    at_once: int | None = None,
    settle: float | None = None,
    by: str,
    now: datetime,
) -> Rollout:
    """Resume the roll-out that is paused, or whose process is gone, and return it.

    None leaves who runs it, and how fast, as it was. Raises `UsageError` if there is none, or if a
    process runs it.
    """
    found = store.rollouts.get(states=UNFINISHED)
    if found is None:
        raise UsageError("No roll-out is paused or interrupted.")
    if found.state is RolloutState.RUNNING and (process := running_process(store, now)):
        raise UsageError(f"The roll-out is running already. {where_it_runs(found, process)}")
    run_by = run_by or found.run_by
    store.rollouts.steer(found.id, run_by=run_by, at_once=at_once, settle=settle)
    resume_paused(store, found, now)
    if run_by is RunBy.DAEMON:
        _record_handover(store, found, by, now)
    return store.rollouts.get(found.id) or found


def resume_paused(store: Store, rollout: Rollout, now: datetime) -> None:
    """Let a roll-out run again if it is paused."""
    store.rollouts.control(
        rollout.id, RolloutState.RUNNING, among=[RolloutState.PAUSED], why="", now=now
    )


def record_run(store: Store, rollout: Rollout, *, by: str, now: datetime) -> None:
    """Record in the journal that somebody runs a roll-out from now on."""
    _record(store, f"Runs the roll-out of revision {rollout.revision}.", by, now)


def running_process(store: Store, now: datetime) -> str:
    """Return the process that runs roll-outs; empty if none does."""
    runner = store.rollouts.runner(now)
    return runner.label if runner else ""


def where_it_runs(rollout: Rollout, process: str) -> str:
    """Return a sentence about where a process runs a roll-out."""
    place = "in the foreground" if rollout.run_by is RunBy.FOREGROUND else "in the daemon"
    return f"It runs {place}: {process}."


def _end(
    store: Store,
    state: RolloutState,
    among: Sequence[RolloutState],
    verb: str,
    by: str,
    now: datetime,
) -> Rollout:
    found = store.rollouts.get(states=among)
    why = f"{verb} by {by}."
    if found is None or not store.rollouts.control(found.id, state, among=among, why=why, now=now):
        raise UsageError("No roll-out is in progress.")
    _record(store, f"{verb} the roll-out of revision {found.revision}.", by, now)
    return found


def _record_handover(store: Store, rollout: Rollout, by: str, now: datetime) -> None:
    what = f"Handed over the roll-out of revision {rollout.revision} to the daemon."
    _record(store, what, by, now)


def _record(store: Store, what: str, by: str, now: datetime) -> None:
    store.journal.add([JournalEntry(at=now, by=by, what=what)])
