"""The use case: plan a rotation of SIP passwords, begin its roll-out, take it back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.errors import FleetError, UsageError
from fleet.model import AccountState, RolloutState, SecretKind, SecretRef, Wanted
from fleet.provision.addressees import account_sip
from fleet.provision.applied import AppliedRevision
from fleet.provision.lines import intended_sip
from fleet.provision.origin import Source
from fleet.provision.rollout.control import resume_paused
from fleet.provision.rollout.service import begin
from fleet.provision.rotate.accounts import (
    PhoneLines,
    accounts_of,
    groups_of,
    with_new_passwords,
)
from fleet.report.wording import counted
from fleet.store import Change, IntentChange, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import datetime

    from fleet.model import Phone, Rollout, RotatedAccount, Rotation
    from fleet.provision.provisioner import Provisioner
    from fleet.provision.render import OwnFile
    from fleet.provision.rollout.service import Terms
    from fleet.provision.rotate.accounts import Skipped
    from fleet.store import Store

_BEHIND = "it has not fetched its applied file (fleet provision rollout start)"
_STANDING = (RolloutState.RUNNING, RolloutState.PAUSED)


@dataclass(frozen=True, kw_only=True)
class Rotator:
    """Rotates SIP passwords. `provisioner` makes what turns the inventory into files, as it is now.

    `below` gives a random number from 0 up to its argument (`secrets.randbelow`).
    """

    store: Store
    provisioner: Callable[[], Provisioner]
    below: Callable[[int], int]
    clock: Callable[[], datetime]
    by: str

    def choose(
        self, ids: Collection[int], length: int
    ) -> tuple[list[RotatedAccount], list[Skipped]]:
        """Choose the accounts of these phones, each with a new password, and who is left out.

        Raises `UsageError`, and changes nothing, where no account is left, or while something else
        waits to be applied; `RolloutRunning` while a roll-out is not over.
        """
        provisioner = self.provisioner()
        self._check(provisioner)
        found, skipped = accounts_of(list(self._phones(provisioner)), ids)
        return with_new_passwords(found, length, self.below), skipped

    def plan(self, accounts: Sequence[RotatedAccount], *, gives_back: bool = False) -> Rotation:
        """Write a rotation; nothing is changed yet. Raises `RolloutRunning` while one stands."""
        if not accounts:
            raise UsageError(
                "None of these phones has a line with a password and a registrar to rotate."
            )
        self._refer(accounts)
        now = self.clock()
        return self.store.rotations.begin(accounts, by=self.by, now=now, gives_back=gives_back)

    def enact(self, rotation: Rotation, terms: Terms) -> Rollout:
        """Apply a rotation's new passwords, held back from every phone, and begin the roll-out.

        Where that cannot be, everything is as it was before.
        """
        if rotation.revision is not None:
            self._undo(rotation)
        self._check(self.provisioner())
        self.store.rotations.intend(rotation, last=self.store.revisions.last(), now=self.clock())
        try:
            provisioner = self.provisioner()
            many = len(rotation.phones)
            comment = f"SIP passwords of {counted(many, 'phone')}"
            provisioner.apply(provisioner.plan(), by=self.by, comment=comment)
            groups = tuple(group.phones for group in groups_of(rotation.accounts))
            # What is held back from a phone is its own file alone, until its registrar is ready.
            return begin(self.store, replace(terms, groups=groups, hold=False), self.clock())
        except FleetError:
            self._undo(rotation)
            raise

    def open_rotation(self) -> Rotation:
        """Return the rotation in progress. Raises `UsageError` if there is none."""
        rotation = self.store.rotations.get(is_open=True)
        if rotation is None:
            raise UsageError("No rotation of SIP passwords is in progress.")
        return rotation

    def resume(self, rotation: Rotation, terms: Terms) -> Rollout:
        """Begin the roll-out of a rotation that was exported, or resume it; return the roll-out."""
        started = self.rollout_of(rotation)
        if started is None:
            return self.enact(rotation, terms)
        resume_paused(self.store, started, self.clock())
        return started

    def abandon(self, rotation: Rotation) -> None:
        """End a rotation whose roll-out did not begin; the old passwords stay.

        Raises `UsageError` if it began.
        """
        if self.rollout_of(rotation):
            raise UsageError(
                "Its roll-out has started: use fleet provision rollout stop or rollback."
            )
        kept = [replace(each, state=AccountState.KEPT) for each in rotation.accounts]
        ended = replace(rotation, accounts=tuple(kept))
        self.store.rotations.end(ended, by=self.by, now=self.clock())

    def rollout_of(self, rotation: Rotation) -> Rollout | None:
        """The roll-out of a rotation, if it began."""
        rollouts = (
            each for each in self.store.rollouts.load() if each.revision == rotation.revision
        )
        return next(rollouts, None)

    def _phones(self, provisioner: Provisioner) -> Iterator[PhoneLines]:
        """All phones, each with why it would not get a new password, if it would not."""
        applied = AppliedRevision(self.store, self.store.revisions.last())
        last = self.store.fetches.last()
        stored = {each.id: each for each in self.store.phones.load(secrets=Secrets.ALL)}
        for own in provisioner.rendered.own:
            phone_id = own.phone.phone_id
            if own.problem:
                sip, why = account_sip(stored[phone_id]), f"no file can be made: {own.problem}"
                yield replace(_lines(own), lines=sip.lines, problem=why.rstrip("."))
                continue
            proof = applied.proof_of(phone_id)
            fetch = last.get((phone_id, proof[0])) if proof else None
            is_current = proof is not None and fetch is not None and fetch.digest == proof[1]
            yield replace(_lines(own), problem="" if is_current else _BEHIND)

    def _undo(self, rotation: Rotation) -> None:
        self.store.rotations.end(
            self.store.rotations.get(rotation.id) or rotation,
            by=self.by,
            now=self.clock(),
            is_over=False,
        )

    def _check(self, provisioner: Provisioner) -> None:
        self.store.rollouts.check_none(self.clock())
        if not provisioner.plan().changes_nothing:
            raise UsageError(
                "Other changes wait to be applied and would go out with the new passwords: see "
                "fleet provision plan, then apply or revert them."
            )

    def _refer(self, accounts: Sequence[RotatedAccount]) -> None:
        """Have lines whose password a parameter gives refer to a secret of the same value."""
        names = {line.secret for each in accounts for line in each.lines} - {""}
        if not names:
            return
        provisioner = self.provisioner()
        own = {file.phone.phone_id: file for file in provisioner.rendered.own}
        of_phones: dict[int, dict[str, Wanted]] = {}
        for account in accounts:
            for line in account.lines:
                if line.secret:
                    name = _lines(own[line.phone_id]).parameters[line.line]
                    before = own[line.phone_id].values[name]
                    ref = SecretRef(kind=SecretKind.SECRET, name=line.secret)
                    of_phones.setdefault(line.phone_id, {})[name] = replace(before, value=ref)
        stored = self.store.phones.load(ids=list(of_phones), secrets=Secrets.ALL)
        changes = [
            Change(id=each.id, phone=_with(each.phone, of_phones[each.id])) for each in stored
        ]
        values = {line.secret: each.old for each in accounts for line in each.lines if line.secret}
        change = IntentChange(at=self.clock(), secrets=values)
        self.store.inventory.apply([], changes, change)


def taken_back(rotation: Rotation) -> list[RotatedAccount]:
    """The accounts whose phones did not all prove the new password, to be given the old one."""
    return [
        replace(each, old=each.new, new=each.old, state=AccountState.PLANNED, detail="", id=0)
        for each in rotation.accounts
        if each.state is AccountState.TAKEN and each.old
    ]


def _with(phone: Phone, parameters: dict[str, Wanted]) -> Phone:
    intent = replace(phone.intent, parameters={**phone.intent.parameters, **parameters})
    return replace(phone, intent=intent)


def _lines(own: OwnFile) -> PhoneLines:
    sip = intended_sip(own.effective)
    return PhoneLines(
        phone_id=own.phone.phone_id,
        label=own.phone.label,
        lines=sip.lines,
        parameters=dict(_parameters(own, [line.number for line in sip.lines])),
    )


def _parameters(own: OwnFile, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    """The parameter that gives each line's password, unless an account of the inventory does."""
    given, values = own.effective, own.phone.values
    for number in numbers:
        of_line = f"sip line{number} password"
        name = of_line if of_line in given and given[of_line].value else "sip password"
        if name in values and values[name].origin.source is not Source.ACCOUNT:
            yield number, name
