"""The books of an audit: availability of every line, entered phone by phone as history comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.audit.availability import Accountant
from fleet.audit.observed import coverage
from fleet.judge import NO_REGISTER
from fleet.report.audit import LineAvailability

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.audit.availability import PhonePast
    from fleet.audit.flags import Looked
    from fleet.audit.material import Question
    from fleet.model import Phone, Sweep
    from fleet.report.audit import DayAvailability


class Books:
    """Accounts for the lines of an audit's phones."""

    def __init__(
        self, question: Question, sweeps: Iterable[Sweep], phones: Iterable[Looked]
    ) -> None:
        self._now = question.at.timestamp()
        self._month = question.month
        self._phones = {each.status.stored.id: each.status.stored.phone for each in phones}
        self._covered = coverage(
            sweeps, interval=question.interval, since=self._now - self._month, now=self._now
        )
        self._accountants: dict[str, Accountant] = {}
        self._found: dict[int, list[LineAvailability]] = {}

    def enter(self, past: PhonePast) -> None:
        """Account for the lines of one phone."""
        phone = self._phones.get(past.phone_id)
        if phone is None:  # added since the statuses were read
            return
        accountant = self._accountants.get(phone.site)
        if accountant is None:
            accountant = Accountant(now=self._now, month=self._month)
            self._accountants[phone.site] = accountant
        covered = self._covered.of(past.phone_id, phone.site)
        self._found[past.phone_id] = [
            LineAvailability(
                site=phone.site,
                phone=phone.label,
                mac=phone.mac,
                host=phone.host,
                line=number,
                spans=spans,
            )
            for number, spans in accountant.account(past, covered, _muted(phone))
        ]

    def lines(self) -> tuple[LineAvailability, ...]:
        """Give what came of it, in the order of the phones."""
        return tuple(line for phone_id in self._phones for line in self._found.get(phone_id, ()))

    def days(self) -> dict[str, tuple[DayAvailability, ...]]:
        """Give the days of each site."""
        return {site: each.days() for site, each in sorted(self._accountants.items())}


def _muted(phone: Phone) -> list[int]:
    return [want.line for want in phone.accounts if want.registrar.strip() == NO_REGISTER]
