"""Ingests pushes: records what they report, and returns the phones to poll."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.model import Reach
from fleet.phone.redact import redact_text
from fleet.push.decide import last_word, sighting_of
from fleet.push.request import PushEvent
from fleet.store import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.judge import RuleSetting
    from fleet.push.request import Push
    from fleet.store import PhoneStatus, Store, TakeStep

_REMEMBERED = 20_000  # lines whose last word is kept, to tell a change from a repetition


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What pushes came to: phones to poll now, and whether something is to be told."""

    poll: tuple[int, ...] = ()
    has_notices: bool = False


class PushIngest:
    """Records what pushes report, and returns the phones to poll."""

    def __init__(
        self,
        store: Store,
        rules: Mapping[str, RuleSetting],
        step: TakeStep | None,
        known_secrets: Sequence[str] = (),
    ) -> None:
        """`known_secrets` are masked in what phones send, before it is recorded."""
        self._secrets = tuple(known_secrets)
        self._store, self._rules, self._step = store, rules, step
        self._said: dict[tuple[int, str], str] = {}

    def take(self, pushes: Sequence[tuple[int, Push]]) -> Taken:
        """Take in pushes of phones by their numbers. Raises `StoreError`."""
        pushes = [
            (phone_id, replace(push, user=redact_text(push.user, self._secrets)))
            for phone_id, push in pushes
        ]
        ids = sorted({phone_id for phone_id, _ in pushes})
        known = {each.stored.id: each for each in self._store.observations.statuses(ids=ids)}
        there = self._redacted(
            [(known[phone_id], push) for phone_id, push in pushes if phone_id in known]
        )
        words = (last_word(push, status) for status, push in there)
        self._store.pushes.record([word for word in words if word is not None])
        self._store.events.add(self._changes(there))
        return Taken(
            poll=tuple(dict.fromkeys(s.stored.id for s, push in there if _asks_for_poll(s, push))),
            has_notices=self._record(there),
        )

    def _redacted(
        self, there: Sequence[tuple[PhoneStatus, Push]]
    ) -> list[tuple[PhoneStatus, Push]]:
        """Redact the phones' own secrets, which are decrypted only for users we do not know."""
        odd = {status.stored.id for status, push in there if not _is_of_inventory(push, status)}
        secrets = self._store.phones.secrets(sorted(odd), ()) if odd else {}
        return [
            (status, replace(push, user=redact_text(push.user, secrets.get(status.stored.id, ()))))
            for status, push in there
        ]

    def _record(self, there: Sequence[tuple[PhoneStatus, Push]]) -> bool:
        found = (sighting_of(push, status, self._rules) for status, push in there)
        sightings = [each for each in found if each is not None]
        if self._step is None or not sightings:
            return False
        return bool(self._store.findings.record(sightings, self._step))

    def _changes(self, there: Sequence[tuple[PhoneStatus, Push]]) -> list[Event]:
        """Events of what a phone did not say of that line before."""
        events = []
        for status, push in there:
            if push.state is None:
                continue
            key, said = (status.stored.id, push.user), _said(push)
            if self._said.pop(key, None) != said:
                text = f"The phone reports about {push.user or 'a line'}: {said}."
                events.append(
                    Event(at=push.at, kind=EventKind.LINE_PUSHED, text=text, phone_id=key[0])
                )
            self._said[key] = said
        while len(self._said) > _REMEMBERED:
            del self._said[next(iter(self._said))]
        return events


def _is_of_inventory(push: Push, status: PhoneStatus) -> bool:
    return push.user in ("", *(account.user for account in status.stored.phone.accounts))


def _said(push: Push) -> str:
    return f"{push.state} {push.code}" if push.code is not None else f"{push.state}"


def _asks_for_poll(status: PhoneStatus, push: Push) -> bool:
    """A heartbeat says that the phone is there; that is news only where it could not be read."""
    return push.event is not PushEvent.POLL or status.reach is not Reach.OK
