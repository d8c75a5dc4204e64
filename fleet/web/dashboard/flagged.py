"""The fleet's overview: counts, and a page of what is flagged, read from the rows of findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from fleet.judge import FLAGGING
from fleet.status import findings_of, line_records, worst

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from fleet.model import Incident, Severity
    from fleet.report import LineRecord
    from fleet.store import PhoneStatus, States, Store

T = TypeVar("T")

AT_ONCE = 500  # phones; some 70 ms


@dataclass(frozen=True, kw_only=True, slots=True)
class FlaggedLine:
    """A line that is flagged, or a phone where its record has no line; `words` say what is wrong.

    What is wrong with a phone is in one row, and not in the rows of its lines.
    """

    phone_id: int
    record: LineRecord
    severity: Severity | None
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The fleet at a moment. `flagged` counts lines and phones that are flagged.

    `sites` are those where something is flagged, `rules` those that flag it, the most first.
    """

    at: datetime
    states: States
    flagged: int
    sites: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What somebody wants to see; empty texts choose everything."""

    site: str = ""
    rule: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """A page of many things. Pages are numbered from 1 to `last`."""

    items: Sequence[T]
    number: int
    last: int
    total: int


def pages(total: int, size: int) -> int:
    """How many pages so many things fill, one at least."""
    return max(-(-total // size), 1)


def overview(
    store: Store, now: datetime, choice: Choice, number: int, size: int
) -> tuple[Overview, Page[FlaggedLine]]:
    """Return the counts of the fleet, and a page of what is flagged and chosen.

    The nearest page there is, for a number that is none.
    """
    number = max(number, 1)
    found = store.findings.flagged(
        FLAGGING,
        site=choice.site,
        rule=choice.rule,
        text=choice.text,
        limit=size,
        offset=(number - 1) * size,
    )
    last = pages(found.total, size)
    if number > last:
        return overview(store, now, choice, last, size)
    ids = list(dict.fromkeys(phone_id for phone_id, _ in found.places))
    lines = {
        (one.phone_id, one.record.line or 0): one
        for status in store.observations.statuses(ids=ids)
        for one in _flagged(status)
    }
    page = Page(
        items=[lines[place] for place in found.places if place in lines],
        number=number,
        last=last,
        total=found.total,
    )
    counts = Overview(
        at=now,
        states=store.observations.count(),
        flagged=found.everywhere,
        sites=found.sites,
        rules=found.rules,
    )
    return counts, page


def some_at_once(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Part phones into as many as are read at once."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _flagged(status: PhoneStatus) -> Iterator[FlaggedLine]:
    """Return the flagged places of a phone: itself, and its lines, each with its own flags."""
    findings, records = findings_of(status), list(line_records([status]))
    for number in dict.fromkeys(each.line for each in findings):
        here = [each for each in findings if each.line == number]
        flags = " ".join(dict.fromkeys(each.rule for each in here))
        if number is None:
            record = replace(
                records[0], line=None, account="", state="", code=None, backup="",
                since=min(each.first_seen for each in here), flags=flags,
            )  # fmt: skip
        else:
            record = replace(next(each for each in records if each.line == number), flags=flags)
        words = tuple(words_of(here, record))
        yield FlaggedLine(
            phone_id=status.stored.id, record=record, severity=worst(here), words=words
        )


def words_of(findings: Sequence[Incident], record: LineRecord) -> Iterator[str]:
    """What is held against a line and its phone, without what stands beside it."""
    for each in findings:
        if each.line in (None, record.line):
            text = each.text.removeprefix(f"line {each.line}: ")
            yield text.removesuffix(f" ({record.account})")
