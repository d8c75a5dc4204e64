"""Rotations of SIP passwords: what was planned, how far it is, and what the inventory says of it.

Both passwords of an account are kept, encrypted, until it is known which one is in force.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.errors import RolloutRunning, StoreError
from fleet.model import AccountLine, AccountState, RotatedAccount, Rotation, SipServer
from fleet.store import held_files, keymark, revisions
from fleet.store.database import Repository
from fleet.store.intents import load_secrets, write_secrets
from fleet.store.inventory import change_password
from fleet.store.provision_tables import rotation_accounts, rotation_lines, rotations
from fleet.store.secrets import seal, unseal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.store.secrets import Keyring

_IN_FORCE = (AccountState.TAKEN, AccountState.PROVEN)
_SETTLED = (AccountState.PROVEN, AccountState.KEPT)


class Rotations(Repository):
    """The rotations of SIP passwords, and what the inventory says during one."""

    def begin(
        self,
        planned: Sequence[RotatedAccount],
        *,
        by: str,
        now: datetime,
        gives_back: bool = False,
    ) -> Rotation:
        """Write a new rotation. Raises `RolloutRunning` while another is not over."""
        with self._writing() as connection:
            keymark.hold(connection, self._keyring, needed=True)
            if load(connection, self._keyring, is_open=True):
                raise RolloutRunning(
                    "A rotation of SIP passwords is not finished: run fleet provision rotate sip "
                    "--continue."
                )
            forget_earlier(connection)
            values = {"began": now, "by": by, "gives_back": gives_back}
            made = connection.execute(sa.insert(rotations).values(values).returning(rotations.c.id))
            number = made.scalar_one()
            for account in planned:
                _insert(connection, self._keyring, number, account)
            found = load(connection, self._keyring, rotation_id=number)
            if found is None:
                raise StoreError("The rotation was not recorded.")
            return found

    def get(
        self,
        rotation_id: int | None = None,
        *,
        revision: int | None = None,
        is_open: bool = False,
    ) -> Rotation | None:
        """Give a rotation, that of a revision, the one that is not over, or else the newest."""
        with self._reading() as connection:
            return load(
                connection,
                self._keyring,
                rotation_id=rotation_id,
                revision=revision,
                is_open=is_open,
            )

    def intend(self, rotation: Rotation, *, last: int, now: datetime) -> None:
        """Have the inventory say the new passwords, and hold the phones' files as they are.

        The next revision after `last` is the one that has them. Raises `StoreError`, and changes
        nothing, where the inventory says another password by now than was planned.
        """
        with self._writing() as connection:
            keymark.hold(connection, self._keyring, needed=True)
            held_files.hold(connection, rotation.phones, last)
            set_revision(connection, rotation.id, last + 1)
            for each in rotation.accounts:
                if not intend(
                    connection, self._keyring, each, before=each.old, after=each.new, now=now
                ):
                    raise StoreError(
                        f"The password of {each.name} in the inventory has changed since the "
                        "rotation was planned: run fleet provision rotate sip --abandon, then "
                        "start the rotation again."
                    )

    def save_accounts(self, some: Sequence[RotatedAccount]) -> None:
        """Write how far accounts of a rotation are, and why."""
        with self._writing() as connection:
            save_accounts(connection, some)

    def end(self, rotation: Rotation, *, by: str, now: datetime, is_over: bool = True) -> None:
        """Have inventory and files say again what is in force, and hold no file any more.

        `is_over` False: the rotation is as it was before `intend_rotation`.
        """
        with self._writing() as connection:
            keymark.hold(connection, self._keyring, needed=True)
            for each in rotation.accounts:
                if each.state not in _IN_FORCE and each.old:
                    intend(
                        connection, self._keyring, each, before=each.new, after=each.old, now=now
                    )
            held_files.apply_held(connection, self._keyring, rotation.revision, by, now)
            if not is_over:
                set_revision(connection, rotation.id, None)
                return
            save_accounts(connection, rotation.accounts)
            settled = revisions.last_revision(connection)
            end(connection, rotation.id, now, settled)


def load(
    connection: sa.Connection,
    keyring: Keyring | None,
    *,
    rotation_id: int | None = None,
    revision: int | None = None,
    is_open: bool = False,
) -> Rotation | None:
    """Give a rotation, that of a revision, the one that is not over, or else the newest."""
    query = sa.select(rotations).order_by(rotations.c.id.desc()).limit(1)
    if rotation_id is not None:
        query = query.where(rotations.c.id == rotation_id)
    if revision is not None:
        query = query.where(rotations.c.revision == revision)
    if is_open:
        query = query.where(rotations.c.ended.is_(None))
    row = connection.execute(query).first()
    if row is None:
        return None
    return Rotation(
        id=row.id,
        began=row.began,
        by=row.by,
        revision=row.revision,
        gives_back=row.gives_back,
        ended=row.ended,
        settled=row.settled,
        accounts=_load_accounts(connection, keyring, row.id),
    )


def settled_after(connection: sa.Connection, revision: int) -> int:
    """Give the revision at the end of a revision's rotation; where it has none, itself."""
    query = sa.select(sa.func.max(rotations.c.settled)).where(rotations.c.revision == revision)
    return connection.scalar(query) or revision


def save_accounts(connection: sa.Connection, some: Sequence[RotatedAccount]) -> None:
    """Write how far accounts are, and why."""
    for account in some:
        connection.execute(
            sa.update(rotation_accounts)
            .where(rotation_accounts.c.id == account.id)
            .values(state=account.state, detail=account.detail)
        )


def set_revision(connection: sa.Connection, rotation_id: int, revision: int | None) -> None:
    """Note which revision has the new passwords."""
    connection.execute(
        sa.update(rotations).where(rotations.c.id == rotation_id).values(revision=revision)
    )


def end(connection: sa.Connection, rotation_id: int, now: datetime, settled: int) -> None:
    """Note that a rotation is over and by which revision, and forget what nobody needs any more."""
    connection.execute(
        sa.update(rotations)
        .where(rotations.c.id == rotation_id, rotations.c.ended.is_(None))
        .values(ended=now, settled=settled)
    )
    forget(connection, rotation_accounts.c.rotation_id == rotation_id, _SETTLED)


def forget_earlier(connection: sa.Connection) -> None:
    """Forget the passwords of rotations that are over, but for those nobody knows the end of."""
    over = sa.select(rotations.c.id).where(rotations.c.ended.is_not(None))
    forget(connection, rotation_accounts.c.rotation_id.in_(over), (*_SETTLED, AccountState.TAKEN))


def forget(
    connection: sa.Connection, which: sa.ColumnElement[bool], states: Sequence[AccountState]
) -> None:
    """Forget the passwords of these accounts in these states."""
    connection.execute(
        sa.update(rotation_accounts)
        .where(which, rotation_accounts.c.state.in_(states))
        .values(old_secret=None, new_secret=None)
    )


def intend(
    connection: sa.Connection,
    keyring: Keyring | None,
    account: RotatedAccount,
    *,
    before: str,
    after: str,
    now: datetime,
) -> bool:
    """Have the inventory say `after` where it says `before` of an account; False if it did not."""
    done = True
    names = {line.secret for line in account.lines if line.secret}
    if names:
        values = load_secrets(connection, keyring)
        same = [name for name in names if values.get(name) in (before, after)]
        write_secrets(connection, keyring, dict.fromkeys(same, after), now)
        done = len(same) == len(names)
    for line in account.lines:
        if not line.secret:
            done &= change_password(connection, keyring, line, before, after)
    return done


def _insert(
    connection: sa.Connection, keyring: Keyring | None, number: int, account: RotatedAccount
) -> None:
    backup = account.backup
    values = {
        "rotation_id": number,
        "user": account.user,
        "auth_name": account.auth_name,
        "transport": account.registrar.transport,
        "registrar": account.registrar.host,
        "registrar_port": account.registrar.port,
        "backup_registrar": backup.host if backup else "",
        "backup_registrar_port": backup.port if backup else None,
        "old_secret": seal(keyring, account.old or None),
        "new_secret": seal(keyring, account.new or None),
        "state": account.state,
        "detail": account.detail,
    }
    insert = sa.insert(rotation_accounts).values(values).returning(rotation_accounts.c.id)
    made = connection.execute(insert).scalar_one()
    lines = [
        {
            "account_id": made,
            "phone_id": line.phone_id,
            "line": line.line,
            "secret": line.secret,
        }
        for line in account.lines
    ]
    connection.execute(sa.insert(rotation_lines), lines)


def _load_accounts(
    connection: sa.Connection, keyring: Keyring | None, rotation_id: int
) -> tuple[RotatedAccount, ...]:
    lines: defaultdict[int, list[AccountLine]] = defaultdict(list)
    of_rotation = rotation_accounts.c.rotation_id == rotation_id
    query = sa.select(rotation_lines).join(rotation_accounts).where(of_rotation)
    for row in connection.execute(query.order_by(*rotation_lines.primary_key.columns)):
        line = AccountLine(phone_id=row.phone_id, line=row.line, secret=row.secret)
        lines[row.account_id].append(line)
    rows = connection.execute(
        sa.select(rotation_accounts).where(of_rotation).order_by(rotation_accounts.c.id)
    )
    return tuple(_account(row, keyring, tuple(lines[row.id])) for row in rows)


def _account(
    row: sa.Row[Any], keyring: Keyring | None, lines: tuple[AccountLine, ...]
) -> RotatedAccount:
    def server(host: str, port: int | None) -> SipServer:
        return SipServer(host=host, port=port, transport=row.transport)

    backup = server(row.backup_registrar, row.backup_registrar_port)
    return RotatedAccount(
        id=row.id,
        user=row.user,
        auth_name=row.auth_name,
        registrar=server(row.registrar, row.registrar_port),
        backup=backup if backup.host else None,
        lines=lines,
        old=unseal(keyring, row.old_secret),
        new=unseal(keyring, row.new_secret),
        state=row.state,
        detail=row.detail,
    )
