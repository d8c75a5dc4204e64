"""The fleet at a glance: counts, and what is flagged, found in one pass and then kept for a while.

A rule may look at anything, so that what is flagged can be told only by judging every phone. That
is done for a few hundred at a time, off the event loop, once for all who ask within half a minute.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, TypeVar

from fleet.status import findings_of, line_records, one_per_unread_phone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Incident
    from fleet.report import LineRecord
    from fleet.store import PhoneStatus, Store

T = TypeVar("T")

AT_ONCE = 500  # phones; some 70 ms
NOT_POLLED = "not-polled"


@dataclass(frozen=True, kw_only=True, slots=True)
class FlaggedLine:
    """A line that is flagged, or a phone that could not be read; `words` says what is wrong."""

    phone_id: int
    record: LineRecord
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """The fleet at a moment: phones by reach, lines by registration, what is flagged.

    `sites` are those where something is flagged, `rules` those that flag it, the most first.
    """

    at: datetime
    phones: Mapping[str, int]
    lines: Mapping[str, int]
    flagged: tuple[FlaggedLine, ...]
    sites: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What somebody wants to see; empty texts choose everything."""

    site: str = ""
    rule: str = ""
    text: str = ""

    def takes(self, one: FlaggedLine) -> bool:
        """Tell whether a flagged line is one of these."""
        record = one.record
        return (
            (not self.site or record.site == self.site)
            and (not self.rule or self.rule in record.flags.split())
            and (not self.text or self.text.lower() in _searched(record))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """A page of many things. Pages are numbered from 1 to `last`."""

    items: Sequence[T]
    number: int
    last: int
    total: int


def page_of(items: Sequence[T], number: int, size: int) -> Page[T]:
    """Give a page; the nearest there is for a number that is none."""
    last = pages(len(items), size)
    number = min(max(number, 1), last)
    some = items[(number - 1) * size : number * size]
    return Page(items=some, number=number, last=last, total=len(items))


def pages(total: int, size: int) -> int:
    """How many pages so many things fill, one at least."""
    return max(-(-total // size), 1)


def look_over(store: Store, now: datetime) -> Glance:
    """Count the whole fleet."""
    phones: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    flagged: list[FlaggedLine] = []
    for status in statuses(store):
        phones[status.reach or NOT_POLLED] += 1
        lines.update(str(each.line.registration) for each in status.lines)
        flagged += _flagged(status)
    flagged.sort(key=attrgetter("record.site", "record.phone"))
    rules = Counter(rule for one in flagged for rule in one.record.flags.split())
    return Glance(
        at=now,
        phones=phones,
        lines=lines,
        flagged=tuple(flagged),
        sites=tuple(sorted({one.record.site for one in flagged if one.record.site})),
        rules=tuple(rule for rule, _ in rules.most_common()),
    )


def statuses(store: Store) -> Iterator[PhoneStatus]:
    """Give all phones' states, read a few hundred at a time."""
    for ids in some_at_once(store.phone_ids()):
        yield from store.statuses(ids=ids)


def some_at_once(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Part phones into as many as are read at once."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _flagged(status: PhoneStatus) -> Iterator[FlaggedLine]:
    findings = findings_of(status)
    if not findings:
        return
    records = one_per_unread_phone(line_records([status]))
    for record in records:
        if record.flags:
            words = tuple(words_of(findings, record))
            yield FlaggedLine(phone_id=status.stored.id, record=record, words=words)


def words_of(findings: Sequence[Incident], record: LineRecord) -> Iterator[str]:
    """What is held against a line and its phone, without what stands beside it."""
    for each in findings:
        if each.line in (None, record.line):
            text = each.text.removeprefix(f"line {each.line}: ")
            yield text.removesuffix(f" ({record.account})")


def _searched(record: LineRecord) -> str:
    bare = record.mac.replace(":", "")
    parts = (record.phone, record.host, record.mac, bare, record.account, record.model)
    return "\n".join(parts).lower()
