"""The part of the store that rotates SIP passwords. Each step is one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import StoreError
from fleet.model import AccountState
from fleet.store import held_files, keymark, revisions, rotations
from fleet.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.model import RotatedAccount, Rotation

_IN_FORCE = (AccountState.TAKEN, AccountState.PROVEN)


class Rotating(Database):
    """What `Store` knows of rotations, and of files that are held back for one."""

    def begin_rotation(
        self,
        planned: Sequence[RotatedAccount],
        *,
        by: str,
        now: datetime,
        gives_back: bool = False,
    ) -> Rotation:
        """Write a new rotation. Raises `RolloutRunning` while another is not over."""
        with self._writing() as connection:
            return rotations.begin(
                connection, self._keyring, planned, by=by, gives_back=gives_back, now=now
            )

    def rotation(
        self,
        rotation_id: int | None = None,
        *,
        revision: int | None = None,
        is_open: bool = False,
    ) -> Rotation | None:
        """Give a rotation, that of a revision, the one that is not over, or else the newest."""
        with self._reading() as connection:
            return rotations.load(
                connection,
                self._keyring,
                rotation_id=rotation_id,
                revision=revision,
                is_open=is_open,
            )

    def intend_rotation(self, rotation: Rotation, *, last: int, now: datetime) -> None:
        """Have the inventory say the new passwords, and hold the phones' files as they are.

        The next revision after `last` is the one that has them. Raises `StoreError`, and changes
        nothing, where the inventory says another password by now than was planned.
        """
        with self._writing() as connection:
            keymark.hold(connection, self._keyring, needed=True)
            held_files.hold(connection, rotation.phones, last)
            rotations.set_revision(connection, rotation.id, last + 1)
            for each in rotation.accounts:
                if not rotations.intend(
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
            rotations.save_accounts(connection, some)

    def end_rotation(
        self, rotation: Rotation, *, by: str, now: datetime, is_over: bool = True
    ) -> None:
        """Have inventory and files say again what is in force, and hold no file any more.

        `is_over` False: the rotation is as it was before `intend_rotation`.
        """
        with self._writing() as connection:
            keymark.hold(connection, self._keyring, needed=True)
            for each in rotation.accounts:
                if each.state not in _IN_FORCE and each.old:
                    rotations.intend(
                        connection, self._keyring, each, before=each.new, after=each.old, now=now
                    )
            held_files.apply_held(connection, self._keyring, rotation.revision, by, now)
            if not is_over:
                rotations.set_revision(connection, rotation.id, None)
                return
            rotations.save_accounts(connection, rotation.accounts)
            settled = revisions.last_revision(connection)
            rotations.end(connection, rotation.id, now, settled)

    # Files that are held back

    def release_files(self, phone_ids: Sequence[int]) -> None:
        """Give these phones their own files as they were applied last."""
        with self._writing() as connection:
            held_files.release(connection, phone_ids)

    def held_phones(self) -> frozenset[int]:
        """Give the phones whose own files are given as an older revision has them."""
        with self._reading() as connection:
            return held_files.held_phones(connection)

    def held_files(self, names: Sequence[str]) -> dict[str, int]:
        """Give the revision of each of these files that is given as an older one has it."""
        with self._reading() as connection:
            return held_files.load_held(connection, names)
