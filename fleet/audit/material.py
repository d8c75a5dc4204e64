"""What an audit is made from, read from the store; and what it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.audit.availability import DAY, LOOKS_HOLD_FOR
from fleet.errors import StoreError
from fleet.store import EventKind, Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fleet.model import Incident, MissedSweeps, Sweep
    from fleet.store import Event, Period, PhoneStatus, Store, StoredPhone

# What these phones have from the factory (web-ui facts 1.2). It is looked for in the inventory
# alone, where an administrator wrote it; no phone is ever asked with it.
DEFAULT_PASSWORD = "22222"  # noqa: S105

_LONGEST_SWEEP = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is audited, and how: everything but the data. `site` None means all phones.

    `interval` is `[poll] interval`, `month` the history to look at, in seconds; `zone` the IANA
    time zone of the readers. `rules` are those that are not switched off.
    """

    at: datetime
    rules: frozenset[str]
    interval: float
    month: int
    zone: str
    site: str | None = None

    @property
    def selection(self) -> str:
        """What is audited, in words that stay the same from audit to audit."""
        return "all" if self.site is None else f"site {self.site}"

    @property
    def since(self) -> datetime:
        """The beginning of the history looked at."""
        return self.at - timedelta(seconds=self.month)


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """The data. `statuses` are those of the whole fleet, whatever is audited; the rest as well.

    `passwords` are the phones that the inventory says have the default password; None where its
    passwords cannot be read for want of the key.
    """

    statuses: tuple[PhoneStatus, ...]
    sweeps: tuple[Sweep, ...] = ()
    missed: tuple[MissedSweeps, ...] = ()
    incidents: tuple[Incident, ...] = ()
    conflicts: tuple[Event, ...] = ()
    passwords: frozenset[int] | None = frozenset()


def gather(store: Store, question: Question) -> Material:
    """Read the material, all but the history, which is streamed."""
    since = question.since
    # A sweep that ended within the history, or soon before, began earlier.
    began = since - timedelta(seconds=LOOKS_HOLD_FOR * question.interval) - _LONGEST_SWEEP
    events = store.events.load(since=question.at - timedelta(seconds=DAY))
    return Material(
        statuses=tuple(store.observations.statuses()),
        sweeps=tuple(store.sweeps.load(since=began, until=question.at)),
        missed=tuple(store.sweeps.missed(since)),
        incidents=tuple(store.findings.incidents(since=since, until=question.at)),
        conflicts=tuple(event for event in events if event.kind is EventKind.MAC_CONFLICT),
        passwords=_default_passwords(store),
    )


def past(store: Store, question: Question, material: Material) -> Iterator[Period]:
    """Stream the history looked at of the audited phones."""
    ids = None
    if question.site is not None:
        stored = (each.stored for each in material.statuses)
        ids = [each.id for each in stored if each.phone.site == question.site]
    return store.observations.history(ids=ids, since=question.since)


def _default_passwords(store: Store) -> frozenset[int] | None:
    try:
        stored = store.phones.load(secrets=Secrets.WEB_UI)
    except StoreError:
        return None
    return frozenset(each.id for each in stored if _password(each) == DEFAULT_PASSWORD)


def _password(stored: StoredPhone) -> str:
    """The password that the inventory gives for a phone: its own, else its site's."""
    return stored.phone.password or (stored.site.password if stored.site else None) or ""
