"""The part of the store that rolls out: roll-outs, their proofs, and the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import RolloutRunning
from fleet.model import RunBy
from fleet.store import held_files, journal, leases, pushes, rollouts, rotations
from fleet.store.database import Database
from fleet.store.holder import Holder

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    import sqlalchemy as sa

    from fleet.model import JournalEntry, LastPush, Proof, ProofState, Rollout, RolloutState
    from fleet.store.values import OwnFile, RolloutStart


class Rolling(Database):
    """What `Store` knows of the way of revisions to the phones."""

    def begin_rollout(self, start: RolloutStart, now: datetime) -> Rollout:
        """Write a new roll-out, running. Raises `RolloutRunning` while another is not over."""
        with self._writing() as connection:
            return rollouts.begin(connection, start, Holder.this_process(), now)

    def rollout(
        self, rollout_id: int | None = None, *, states: Collection[RolloutState] | None = None
    ) -> Rollout | None:
        """Give a roll-out, or the newest, or the newest in one of these states."""
        with self._reading() as connection:
            return rollouts.load(connection, rollout_id, states)

    def rollouts(self) -> list[Rollout]:
        """Give all roll-outs, the newest first."""
        with self._reading() as connection:
            return rollouts.load_all(connection)

    def revision_before(self, undone: Rollout) -> int:
        """Give the revision that phones had before a roll-out; 0 if there was none."""
        with self._reading() as connection:
            return _revision_before(connection, undone)

    def proofs(
        self, rollout_id: int, *, states: Collection[ProofState] | None = None
    ) -> list[Proof]:
        """Give what the phones of a roll-out came to, by stage."""
        with self._reading() as connection:
            return rollouts.load_proofs(connection, rollout_id, states)

    def take_rollout(
        self,
        *,
        now: datetime,
        ttl: timedelta,
        holder: Holder | None = None,
        rollout_id: int | None = None,
        run_by: RunBy = RunBy.FOREGROUND,
    ) -> None:
        """Be the one who runs roll-outs for `ttl`, this one at first.

        Raises `RolloutRunning` while another is.
        """
        with self._writing() as connection:
            rollouts.take(connection, holder or Holder.this_process(), now, ttl)
            if rollout_id is not None:
                rollouts.steer(connection, rollout_id, {"run_by": run_by})

    def rollout_to_take_over(self, now: datetime, holder: Holder | None = None) -> Rollout | None:
        """Give the running roll-out that was given to daemons, or whose runner crashed."""
        with self._writing() as connection:
            return rollouts.to_take_over(connection, holder or Holder.this_process(), now)

    def steer_rollout(
        self,
        rollout_id: int,
        *,
        run_by: RunBy | None = None,
        at_once: int | None = None,
        settle: float | None = None,
    ) -> None:
        """Say anew who is to run a roll-out, or how fast; None: as it was."""
        given = {"run_by": run_by, "at_once": at_once, "settle": settle}
        if values := {name: value for name, value in given.items() if value is not None}:
            with self._writing() as connection:
                rollouts.steer(connection, rollout_id, values)

    def save_rollout(
        self,
        rollout: Rollout,
        changed: Collection[Proof],
        *,
        now: datetime,
        ttl: timedelta,
        holder: Holder | None = None,
    ) -> Rollout:
        """Write a step as its one runner, and run it for `ttl` more; give what it is then.

        That it was paused or stopped meanwhile stays. Raises `RolloutRunning`, and writes nothing,
        if another process runs it by now.
        """
        me = holder or Holder.this_process()
        with self._writing() as connection:
            if not leases.renew(connection, rollouts.LEASE, me, now, ttl):
                raise RolloutRunning("Another process now runs this roll-out.")
            return rollouts.save(connection, rollout, changed)

    def leave_rollout(self, holder: Holder | None = None) -> None:
        """Let another process run roll-outs."""
        with self._writing() as connection:
            leases.give_back(connection, rollouts.LEASE, holder or Holder.this_process())

    def rollout_runner(self, now: datetime, holder: Holder | None = None) -> Holder | None:
        """Give the process that runs roll-outs now; None if none does."""
        with self._writing() as connection:
            return rollouts.runner(connection, holder or Holder.this_process(), now)

    def rollout_hold(self, phone_ids: Sequence[int]) -> tuple[int, frozenset[int]] | None:
        """Return the revision that phones are given whom a roll-out has not asked, and those."""
        with self._reading() as connection:
            found = rollouts.held_back(connection, phone_ids)
            return (_revision_before(connection, found[0]), found[1]) if found else None

    def check_no_rollout(self, now: datetime, holder: Holder | None = None) -> None:
        """Raise `RolloutRunning` while a roll-out is not over."""
        with self._writing() as connection:
            rollouts.check_none(connection, holder or Holder.this_process(), now)

    def control_rollout(
        self,
        rollout_id: int,
        state: RolloutState,
        *,
        among: Collection[RolloutState],
        why: str,
        now: datetime,
    ) -> bool:
        """Put a roll-out that is in a state `among` these into another; False if it is not."""
        with self._writing() as connection:
            return rollouts.control(
                connection,
                rollout_id,
                state,
                among=among,
                why=why,
                me=Holder.this_process(),
                now=now,
            )

    def own_files(self) -> dict[int, OwnFile]:
        """Give the phones' own files as they are given now, by the phones' numbers."""
        with self._reading() as connection:
            return held_files.own_files(connection)

    # What phones say of themselves

    def record_pushes(self, batch: Collection[LastPush]) -> None:
        """Keep what phones said last, in one transaction; what is older than that is left."""
        with self._writing() as connection:
            pushes.record(connection, batch)

    def last_pushes(self, ids: Sequence[int]) -> list[LastPush]:
        """Give what these phones said last, of each user."""
        with self._reading() as connection:
            return pushes.load(connection, ids)

    # The journal

    def add_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Write down what we did to phones or asked of registrars; never a secret."""
        with self._writing() as connection:
            journal.write_journal(connection, entries)

    def add_journal_once(self, entry: JournalEntry, since: datetime) -> bool:
        """Write an entry down unless its like, of the same phone, was from `since` on.

        Tells whether it was written: of many who ask for the same at once, one is told so.
        """
        with self._writing() as connection:
            return journal.write_journal_once(connection, entry, since)

    def remove_journal(self, entry: JournalEntry) -> None:
        """Remove an entry about what was not done after all."""
        with self._writing() as connection:
            journal.delete_journal(connection, entry)

    def journal(
        self, *, phone_id: int | None = None, since: datetime | None = None, limit: int = 1000
    ) -> list[JournalEntry]:
        """Give what we did, the newest first."""
        with self._reading() as connection:
            return journal.load_journal(connection, phone_id=phone_id, since=since, limit=limit)


def _revision_before(connection: sa.Connection, undone: Rollout) -> int:
    number = rollouts.before(rollouts.load_all(connection), undone)
    return min(rotations.settled_after(connection, number), undone.revision - 1)
