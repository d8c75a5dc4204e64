"""What one poll changes, against what was known before it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from fleet.model import Line, Reach, Reason
    from fleet.store.values import Known, Recorded

T = TypeVar("T")


def once_each(batch: Iterable[T], phone_id: Callable[[T], int]) -> Iterator[list[T]]:
    """Cut a batch so that no phone is twice in a part."""
    part: dict[int, T] = {}
    for each in batch:
        if phone_id(each) in part:
            yield list(part.values())
            part = {}
        part[phone_id(each)] = each
    yield list(part.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What is to be written for one poll.

    `after` is what is known then. A poll that changes nothing but its time is only `touched`.
    `reach_ended` says that there was another reach before the one that begins.
    """

    after: Known
    touched: bool
    reach_changed: bool
    reach_ended: bool = False
    ended: tuple[int, ...] = ()
    begun: tuple[Line, ...] = ()
    trusted: bool = False

    @property
    def at(self) -> datetime:
        """When the poll took place, as history has it."""
        assert self.after.observed is not None  # noqa: S101  made by `difference`
        return self.after.observed.at


def difference(recorded: Recorded, known: Known, sweep_id: int) -> Difference:
    """Compare a poll with what was `known`."""
    after = _known_after(recorded, known, sweep_id)
    trusted = after.stored is not known.stored
    if recorded.evidence is None and not trusted and _says_the_same(known, after):
        return Difference(after=after, touched=True, reach_changed=False)
    ended, begun = _line_changes(known, after)
    before = _reach(known)
    reach_changed = before != _reach(after)
    return Difference(
        after=after,
        touched=False,
        reach_changed=reach_changed,
        reach_ended=reach_changed and before is not None,
        ended=ended,
        begun=begun,
        trusted=trusted,
    )


def _known_after(recorded: Recorded, known: Known, sweep_id: int) -> Known:
    """What is known after the poll. A clock that went back does not take history along."""
    observed, before, stored = recorded.observation, known.observed, known.stored
    if before is not None and observed.at < before.at:
        observed = replace(observed, at=before.at)
    if recorded.fingerprint and not stored.tls_fingerprint:
        stored = replace(stored, tls_fingerprint=recorded.fingerprint)
    read = observed.facts is not None
    return replace(
        known,
        stored=stored,
        observed=observed,
        facts=observed.facts if read else known.facts,
        page_key=recorded.page_key if read else known.page_key,
        settings_password=recorded.settings_password if read else known.settings_password,
        refusals=recorded.refusals,
        next_try_at=recorded.next_try_at,
        sweep_id=sweep_id,
    )


def _reach(known: Known) -> tuple[Reach, Reason | None] | None:
    return (known.observed.reach, known.observed.reason) if known.observed else None


def _says_the_same(before: Known, after: Known) -> bool:
    old, new = before.observed, after.observed
    if old is None or new is None:
        return False
    if new.facts is not None and new.facts.mac and not after.stored.phone.mac:
        return False  # a MAC to learn
    return (
        (old.reach, old.reason, old.detail) == (new.reach, new.reason, new.detail)
        and before.facts == after.facts
        and before.page_key == after.page_key
        and before.settings_password == after.settings_password
        and before.refusals == after.refusals
        and before.next_try_at == after.next_try_at
    )


def _line_changes(before: Known, after: Known) -> tuple[tuple[int, ...], tuple[Line, ...]]:
    """The lines whose periods end, and those that begin."""
    if before.facts is after.facts:
        return (), ()
    old = {line.number: line for line in before.facts.lines} if before.facts else {}
    new = {line.number: line for line in after.facts.lines} if after.facts else {}
    ended = tuple(number for number, line in old.items() if new.get(number) != line)
    begun = tuple(line for number, line in new.items() if old.get(number) != line)
    return ended, begun
