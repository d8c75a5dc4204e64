"""Roll-outs, what each phone of one came to, and the journal of what we did."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.errors import RolloutRunning
from fleet.model import FirmwareFile, Proof, ProofState, Rollout, RolloutState, RunBy
from fleet.store import firmware, leases
from fleet.store.database import Repository
from fleet.store.engine import insert_into
from fleet.store.findings import judge_again
from fleet.store.holder import Holder
from fleet.store.phones import of_phones, present
from fleet.store.provision_tables import proofs, rollouts
from fleet.store.rotations import settled_after
from fleet.store.values import RolloutStart

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta


LEASE = "rollout"
DONE = RolloutState.DONE
STANDING = (RolloutState.RUNNING, RolloutState.PAUSED)
NOT_ASKED = sa.and_(
    proofs.c.state.in_([ProofState.WAITING, ProofState.ABSENT]), proofs.c.told_at.is_(None)
)
_GIVEN = tuple(
    field.name for field in fields(RolloutStart) if field.name not in ("stages", "proofs")
)
_PROOF = tuple(column.name for column in proofs.columns if column.name != "rollout_id")


class Rollouts(Repository):
    """The roll-outs, the proofs of their phones, and the process that runs them."""

    def begin(self, start: RolloutStart, now: datetime) -> Rollout:
        """Write a new roll-out, running. Raises `RolloutRunning` while another is not over."""
        with self._writing() as connection:
            me = Holder.this_process()
            check_none(connection, me, now)
            _forget_who_crashed(connection, me, now)
            values = {name: getattr(start, name) for name in _GIVEN} | {
                "state": RolloutState.RUNNING,
                "began": now,
                "stage_began": now,
                "stages": json.dumps(start.stages, ensure_ascii=False),
                "firmware": json.dumps([asdict(file) for file in start.firmware]),
            }
            made = connection.execute(sa.insert(rollouts).values(values).returning(rollouts)).one()
            write_proofs(connection, made.id, start.proofs)
            _judge_waiting_again(connection, made.id)
            return _rollout(made)

    def get(
        self, rollout_id: int | None = None, *, states: Collection[RolloutState] | None = None
    ) -> Rollout | None:
        """Give a roll-out, or the newest, or the newest in one of these states."""
        with self._reading() as connection:
            return load(connection, rollout_id, states)

    def load(self) -> list[Rollout]:
        """Give all roll-outs, the newest first."""
        with self._reading() as connection:
            return load_all(connection)

    def revision_before(self, undone: Rollout) -> int:
        """Give the revision that phones had before a roll-out; 0 if there was none."""
        with self._reading() as connection:
            return _revision_before(connection, undone)

    def proofs(
        self, rollout_id: int, *, states: Collection[ProofState] | None = None
    ) -> list[Proof]:
        """Give what the phones of a roll-out came to, by stage."""
        with self._reading() as connection:
            query = sa.select(*(proofs.c[name] for name in _PROOF)).where(
                proofs.c.rollout_id == rollout_id
            )
            if states is not None:
                query = query.where(proofs.c.state.in_(list(states)))
            rows = connection.execute(query.order_by(proofs.c.stage, proofs.c.phone_id))
            return [Proof(**row._asdict()) for row in rows]

    def take(
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
            held = leases.take(connection, LEASE, holder or Holder.this_process(), now, ttl)
            if held is not None:
                raise RolloutRunning(
                    f"The roll-out is run by {Holder.parse(held.holder).label} since "
                    f"{held.since:%Y-%m-%d %H:%M:%S} UTC."
                )
            if rollout_id is not None:
                which = rollouts.c.id == rollout_id
                connection.execute(sa.update(rollouts).where(which).values(run_by=run_by))

    def to_take_over(self, now: datetime, holder: Holder | None = None) -> Rollout | None:
        """Give the running roll-out that was given to daemons, or whose runner crashed."""
        with self._writing() as connection:
            me = holder or Holder.this_process()
            found = load(connection, states=(RolloutState.RUNNING,))
            if found is None:
                return None
            held = leases.lock(connection, LEASE)
            if held is None:
                return found if found.run_by is RunBy.DAEMON else None
            return found if leases.is_free(held, me, now) else None

    def steer(
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
                which = rollouts.c.id == rollout_id
                connection.execute(sa.update(rollouts).where(which).values(values))

    def save(
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
            if not leases.renew(connection, LEASE, me, now, ttl):
                raise RolloutRunning("Another process now runs this roll-out.")
            names = ("state", "stage", "stage_began", "ended", "why")
            connection.execute(
                sa.update(rollouts)
                .where(rollouts.c.id == rollout.id, rollouts.c.state == RolloutState.RUNNING)
                .values({name: getattr(rollout, name) for name in names})
            )
            write_proofs(connection, rollout.id, changed)
            if rollout.ended:
                _judge_waiting_again(connection, rollout.id)
            query = sa.select(rollouts).where(rollouts.c.id == rollout.id)
            saved = _rollout(connection.execute(query).one())
            if saved.state is DONE and saved.firmware:
                firmware.accept(connection, saved.firmware, now)
            return saved

    def leave(self, holder: Holder | None = None) -> None:
        """Let another process run roll-outs."""
        with self._writing() as connection:
            leases.give_back(connection, LEASE, holder or Holder.this_process())

    def runner(self, now: datetime, holder: Holder | None = None) -> Holder | None:
        """Give the process that runs roll-outs now; None if none does."""
        with self._writing() as connection:
            return runner(connection, holder or Holder.this_process(), now)

    def held_back(self, phone_ids: Sequence[int]) -> tuple[int, frozenset[int]] | None:
        """Return the revision that phones are given whom a roll-out has not asked, and those.

        None where the last roll-out keeps no files back or is over; a stopped one still keeps them.
        """
        with self._reading() as connection:
            last = load(connection)
            holding = (*STANDING, RolloutState.STOPPED)
            if last is None or not last.hold or last.state not in holding:
                return None
            query = sa.select(proofs.c.phone_id).where(proofs.c.rollout_id == last.id, NOT_ASKED)
            rows = of_phones(connection, query, proofs.c.phone_id, phone_ids)
            held = frozenset(row.phone_id for row in rows)
            return _revision_before(connection, last), held

    def released_firmware(
        self, phone_ids: Sequence[int]
    ) -> tuple[tuple[FirmwareFile, ...], frozenset[int]]:
        """Return the firmware files of the last roll-out, and which of these phones it has asked.

        A stopped one asks nobody else, and who was asked may still have the files.
        """
        with self._reading() as connection:
            last = load(connection)
            if last is None or last.state not in (*STANDING, RolloutState.STOPPED):
                return (), frozenset()
            query = sa.select(proofs.c.phone_id).where(
                proofs.c.rollout_id == last.id, proofs.c.told_at.is_not(None)
            )
            rows = of_phones(connection, query, proofs.c.phone_id, phone_ids)
            return last.firmware, frozenset(row.phone_id for row in rows)

    def check_none(self, now: datetime, holder: Holder | None = None) -> None:
        """Raise `RolloutRunning` while a roll-out is not over."""
        with self._writing() as connection:
            check_none(connection, holder or Holder.this_process(), now)

    def control(
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
            me = Holder.this_process()
            _forget_who_crashed(connection, me, now)
            ended = None if state in STANDING else now
            put = connection.execute(
                sa.update(rollouts)
                .where(rollouts.c.id == rollout_id, rollouts.c.state.in_(list(among)))
                .values(state=state, why=why, ended=ended)
            )
            if ended:
                _judge_waiting_again(connection, rollout_id)
            return bool(put.rowcount)


def check_none(connection: sa.Connection, me: Holder, now: datetime) -> None:
    """Raise `RolloutRunning` while a roll-out is not over; it says who runs it and what to do."""
    standing = load(connection, states=STANDING)
    if standing is None:
        return
    if standing.state is RolloutState.PAUSED:
        how = "is paused: continue it with fleet provision rollout resume"
    elif holder := runner(connection, me, now):
        how = f"is run by {holder.label}: wait for it"
    else:
        how = (
            "is not finished, and no process runs it: continue it with fleet provision rollout "
            "resume"
        )
    raise RolloutRunning(
        f"The roll-out of revision {standing.revision} {how}, or end it with fleet provision "
        "rollout stop."
    )


def load(
    connection: sa.Connection,
    rollout_id: int | None = None,
    states: Collection[RolloutState] | None = None,
) -> Rollout | None:
    """Give a roll-out, or the newest, or the newest in one of these states."""
    query = sa.select(rollouts).order_by(rollouts.c.id.desc()).limit(1)
    if rollout_id is not None:
        query = query.where(rollouts.c.id == rollout_id)
    if states is not None:
        query = query.where(rollouts.c.state.in_(list(states)))
    row = connection.execute(query).first()
    return _rollout(row) if row else None


def load_all(connection: sa.Connection) -> list[Rollout]:
    """Give all roll-outs, the newest first."""
    rows = connection.execute(sa.select(rollouts).order_by(rollouts.c.id.desc()))
    return [_rollout(row) for row in rows]


def before(known: Sequence[Rollout], undone: Rollout) -> int:
    """What phones had before a roll-out: the revision of the last one before that was done.

    `known` are all, the newest first. Where none was done it is the revision before; 0: none. Those
    of firmware brought no revision.
    """
    done = (each.revision for each in known if each.state is DONE and not each.firmware)
    return next((number for number in done if number < undone.revision), undone.revision - 1)


def runner(connection: sa.Connection, me: Holder, now: datetime) -> Holder | None:
    """Give who runs roll-outs now; None if nobody does."""
    held = leases.lock(connection, LEASE)
    if held is None or leases.is_free(held, me, now):
        return None
    return Holder.parse(held.holder)


def _forget_who_crashed(connection: sa.Connection, me: Holder, now: datetime) -> None:
    """Delete the lease of a runner that is gone: it says nothing of what begins now."""
    held = leases.lock(connection, LEASE)
    if held is not None and leases.is_free(held, me, now):
        leases.give_back(connection, LEASE, Holder.parse(held.holder))


def _judge_waiting_again(connection: sa.Connection, rollout_id: int) -> None:
    """Have the phones judged again whose turn has not come: until then they are not behind."""
    waiting = sa.select(proofs.c.phone_id).where(proofs.c.rollout_id == rollout_id, NOT_ASKED)
    judge_again(connection, list(connection.scalars(waiting)))


def write_proofs(connection: sa.Connection, rollout_id: int, some: Collection[Proof]) -> None:
    """Write what phones came to. A phone that was removed meanwhile is left out."""
    there = present(connection, {proof.phone_id for proof in some})
    rows = [
        {"rollout_id": rollout_id, **asdict(proof)} for proof in some if proof.phone_id in there
    ]
    if not rows:
        return
    insert = insert_into(connection, proofs)
    new = {name: insert.excluded[name] for name in _PROOF if name != "phone_id"}
    connection.execute(
        insert.on_conflict_do_update(index_elements=list(proofs.primary_key.columns), set_=new),
        rows,
    )


def _rollout(row: sa.Row[Any]) -> Rollout:
    files = tuple(FirmwareFile(**file) for file in json.loads(row.firmware))
    return Rollout(**row._asdict() | {"stages": tuple(json.loads(row.stages)), "firmware": files})


def _revision_before(connection: sa.Connection, undone: Rollout) -> int:
    number = before(load_all(connection), undone)
    return min(settled_after(connection, number), undone.revision - 1)
