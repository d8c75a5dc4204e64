"""One phone, as its page shows it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from fleet.status import findings_of, history_records, line_records, worst

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fleet.model import Fetch, Incident, Severity
    from fleet.report import HistoryRecord, LineRecord
    from fleet.store import PhoneStatus, Store

HISTORY = timedelta(days=30)
MOST_PERIODS = 40
MOST_FETCHES = 8
LARGEST_ID = 2**31 - 1  # of the databases' numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneDetail:
    """What there is to say of a phone. `wanted` are numbers of lines that only the inventory has.

    `severities` are the worst of what is wrong with each line or its phone. `fetches` are the last
    ones of each file, `history` the last periods; the newest first.
    """

    status: PhoneStatus
    lines: Sequence[LineRecord]
    wanted: Sequence[int]
    findings: Sequence[Incident]
    severities: Mapping[int | None, Severity | None]
    incidents: Sequence[Incident]
    fetches: Sequence[Fetch]
    history: Sequence[HistoryRecord]


def detail_of(store: Store, phone_id: int, now: datetime) -> PhoneDetail | None:
    """Find what there is to say of a phone; None: there is no such phone."""
    if phone_id > LARGEST_ID:
        return None
    found = list(store.observations.statuses(ids=[phone_id]))
    if not found:
        return None
    [status] = found
    findings, phone = findings_of(status), status.stored.phone
    lines = [each for each in line_records([status]) if each.line is not None]
    shown = {each.line for each in lines}
    periods = deque(
        store.observations.history(ids=[phone_id], since=now - HISTORY), maxlen=MOST_PERIODS
    )
    fetches = sorted(store.fetches.last(phone_id).values(), key=attrgetter("at"), reverse=True)
    return PhoneDetail(
        status=status,
        lines=lines,
        wanted=[each.line for each in phone.accounts if each.line not in shown],
        findings=findings,
        severities={
            number: worst(each for each in findings if each.line in (None, number))
            for number in shown
        },
        incidents=store.findings.incidents(open_only=True, phone_id=phone_id),
        fetches=fetches[:MOST_FETCHES],
        history=list(history_records(reversed(periods), {phone_id: phone}, now)),
    )
