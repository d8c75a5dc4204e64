"""Before a phone is told of its new SIP password, its registrar is seen to take it.

    planned -- the registrar is told --> changing -- it takes the new one --> taken -> proven
                                            |
                                            `-- it does not: given the old one back --> kept

Phones that share accounts pass together. Until they do, they are given their old files, and the
old password stays in force. Whatever is done is written down before: whoever is killed is followed
by one who tells the registrar once more, which changes nothing where it had heard.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.model import AccountState, JournalEntry, ProofState
from fleet.provision.rollout.preconditions import Refusal
from fleet.provision.rotate.accounts import groups_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from fleet.model import Proof, RotatedAccount, Rotation
    from fleet.provision.rotate.accounts import Group
    from fleet.provision.rotate.registrars import Registrars
    from fleet.store import Store

_IN_FORCE = (AccountState.TAKEN, AccountState.PROVEN)
_OVER = (AccountState.KEPT, AccountState.UNKNOWN)
_BEGUN = (AccountState.CHANGING, AccountState.TAKEN)


class RotationGate:
    """The gate of one rotation's roll-out."""

    def __init__(
        self,
        rotation: Rotation,
        *,
        store: Store,
        registrars: Registrars,
        clock: Callable[[], datetime],
        by: str,
    ) -> None:
        self._rotation = rotation
        self._store = store
        self._registrars = registrars
        self._clock = clock
        self._by = by
        self._accounts = {account.id: account for account in rotation.accounts}
        self._groups = groups_of(rotation.accounts)
        self._of_phone = {
            phone_id: number
            for number, group in enumerate(self._groups)
            for phone_id in group.phones
        }
        self._opening: dict[int, asyncio.Task[Refusal | None]] = {}

    @property
    def companions(self) -> Mapping[int, Collection[int]]:
        """Who is told together with a phone."""
        return {
            phone_id: self._groups[number].phones - {phone_id}
            for phone_id, number in self._of_phone.items()
        }

    def shut(self) -> frozenset[int]:
        """The phones that are given their old files still."""
        return self._store.held_files.phones() & self._of_phone.keys()

    async def passes(self, phone_id: int) -> Refusal | None:
        """See to it that the registrars of a phone and of its companions take the new passwords."""
        number = self._of_phone.get(phone_id)
        if number is None:
            return None
        if number not in self._opening:
            self._opening[number] = asyncio.create_task(self._open(self._groups[number]))
        return await self._opening[number]

    async def give_back(self) -> None:
        """Try again with the accounts of which nobody knows which password is in force."""
        for account in self._accounts.values():
            if account.state is AccountState.UNKNOWN and account.lines:
                await self._give_one_back(account, "")

    async def close(self, proofs: Collection[Proof]) -> None:
        """Give back what no phone was told of; then inventory and files say what is in force."""
        shut = await asyncio.to_thread(self.shut)
        for group in self._groups:
            if group.phones & shut:
                await self._give_back(group, "the roll-out ended before its phones were asked")
        proven = {each.phone_id for each in proofs if each.state is ProofState.PROVEN}
        ended = [self._ended(account, proven) for account in self._accounts.values()]
        rotation = replace(self._rotation, accounts=tuple(ended))
        await asyncio.to_thread(self._store.rotations.end, rotation, by=self._by, now=self._clock())

    def _ended(self, account: RotatedAccount, proven: Collection[int]) -> RotatedAccount:
        if account.state is AccountState.TAKEN and set(account.phones) <= set(proven):
            return replace(account, state=AccountState.PROVEN)
        if account.state is AccountState.PLANNED:
            return replace(account, state=AccountState.KEPT)
        return account

    async def _open(self, group: Group) -> Refusal | None:
        for account in self._now(group):
            if account.state in _OVER:
                return _refusal(account)
        for account in self._now(group):
            if account.state not in _IN_FORCE and (why := await self._change(account)):
                await self._give_back(group, f"{account.name}: {why}")
                return _refusal(self._accounts[account.id])
        await asyncio.to_thread(self._store.held_files.release, sorted(group.phones))
        return None

    def _now(self, group: Group) -> list[RotatedAccount]:
        return [self._accounts[account.id] for account in group.accounts]

    async def _change(self, account: RotatedAccount) -> str:
        """Have the registrar take the new password; empty once it is seen to, else why not."""
        await self._registrars.may_ask(account)
        what = "Sets the new SIP password of {0}, unless it is already set."
        account = await self._save(account, AccountState.CHANGING, what)
        if why := await self._registrars.give(account, account.new):
            return why
        if why := await self._registrars.prove(account, account.new):
            return why
        await self._save(
            account, AccountState.TAKEN, "The registrar accepts the new SIP password of {0}."
        )
        return ""

    async def _give_back(self, group: Group, why: str) -> None:
        """Have the registrars of a group take the old passwords, as far as they were touched."""
        for account in self._now(group):
            if account.state in _BEGUN:
                await self._give_one_back(account, why)
            elif account.state is AccountState.PLANNED:
                await self._save(account, AccountState.KEPT, "", why)

    async def _give_one_back(self, account: RotatedAccount, why: str) -> None:
        failed = await self._registrars.give(account, account.old)
        await self._registrars.may_ask(account)
        unseen = await self._registrars.prove(account, account.old)
        if not unseen:
            kept = "{0} keeps its old SIP password."
            await self._save(account, AccountState.KEPT, kept, why)
            return
        lost = (
            "It is unknown which SIP password the registrar accepts for {0}: set the old one there."
        )
        also = "; ".join(filter(None, (why, failed, f"and the old one is not accepted: {unseen}")))
        await self._save(account, AccountState.UNKNOWN, lost, also)

    async def _save(
        self, account: RotatedAccount, state: AccountState, what: str, detail: str = ""
    ) -> RotatedAccount:
        """Write an account's state, and into the journal `what`; then go by it."""
        account = replace(account, state=state, detail=detail)
        await asyncio.to_thread(self._store.rotations.save_accounts, [account])
        if what:
            entries = [
                JournalEntry(
                    at=self._clock(), by=self._by, what=what.format(account.name), phone_id=phone_id
                )
                for phone_id in account.phones
            ]
            await asyncio.to_thread(self._store.journal.add, entries)
        self._accounts[account.id] = account
        return account


def _refusal(account: RotatedAccount) -> Refusal:
    if account.state is AccountState.UNKNOWN:
        text = "The phone was not asked, and it is unknown which password its registrar accepts"
    else:
        text = "It keeps its old password"
    return Refusal(detail=f"{text}: {account.detail or account.name}.")
