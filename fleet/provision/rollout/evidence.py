"""What is known of the phones of a roll-out: what they fetched, and what the last poll saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Reach, Registration
from fleet.provision.rollout.machine import Look

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Fetch
    from fleet.provision.applied import AppliedRevision
    from fleet.store import PhoneStatus, Store

_ONE_BY_ONE = 100  # phones; of more, all fetches are read at once


class Evidence:
    """Looks at phones as the store has them. A line that shall not register is not waited for."""

    def __init__(self, store: Store, applied: AppliedRevision, models: Mapping[int, str]) -> None:
        self._store = store
        self._applied = applied
        self._models = models
        self._lines: dict[int, tuple[int, ...]] = {}

    def look(self, ids: Sequence[int]) -> dict[int, Look]:
        """What is known now of these phones."""
        if not ids:
            return {}
        fetches = self._fetches(ids)
        return {
            status.stored.id: self._one(status, fetches) for status in self._store.statuses(ids=ids)
        }

    def is_current(self, phone_id: int, fetches: Mapping[tuple[int, str], Fetch]) -> bool:
        """Whether a phone has fetched all of its files as they are, the shared ones too."""
        if self._fetched_at(phone_id, fetches) is None:
            return False
        shared = self._applied.shared_digests(self._models.get(phone_id, ""))
        last = {name: fetches.get((phone_id, name)) for name in shared}
        return all(fetch is None or fetch.digest == shared[name] for name, fetch in last.items())

    def _fetches(self, ids: Sequence[int]) -> dict[tuple[int, str], Fetch]:
        if len(ids) > _ONE_BY_ONE:
            return self._store.last_fetches()
        found: dict[tuple[int, str], Fetch] = {}
        for phone_id in ids:
            found |= self._store.last_fetches(phone_id)
        return found

    def _one(self, status: PhoneStatus, fetches: Mapping[tuple[int, str], Fetch]) -> Look:
        phone_id = status.stored.id
        wrong = list(wrongs(status, self._intended(phone_id)))
        return Look(
            fetched_at=self._fetched_at(phone_id, fetches),
            polled_at=status.observed_at,
            registered=status.reach is Reach.OK and not wrong,
            wrong="; ".join(wrong),
        )

    def _fetched_at(
        self, phone_id: int, fetches: Mapping[tuple[int, str], Fetch]
    ) -> datetime | None:
        proof = self._applied.proof_of(phone_id)
        fetch = fetches.get((phone_id, proof[0])) if proof else None
        return fetch.at if proof and fetch and fetch.digest == proof[1] else None

    def _intended(self, phone_id: int) -> tuple[int, ...]:
        if phone_id not in self._lines:
            sip = self._applied.sip(phone_id, self._models.get(phone_id, ""))
            self._lines[phone_id] = tuple(line.number for line in sip.lines if line.registrar)
        return self._lines[phone_id]


def wrongs(status: PhoneStatus, intended: Collection[int]) -> Iterator[str]:
    """What the last poll saw that is not as it should be, in a few words each."""
    if status.reach is not Reach.OK:
        yield status.detail.rstrip(".") or f"the phone is {status.reach or 'not polled yet'}"
        return
    shown = {each.line.number: each.line for each in status.lines}
    for number in intended:
        line = shown.get(number)
        if line is None:
            yield f"line {number} is not shown"
        elif line.registration is not Registration.REGISTERED:
            code = f" ({line.code})" if line.code is not None else ""
            yield f"line {number} is {line.registration}{code}"
