"""Finds what pages show, in threads, a few at a time: a sweep must not wait for a reader."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from fleet.errors import FleetError
from fleet.status import phone_records
from fleet.web.dashboard.detail import LARGEST_ID, PhoneDetail, detail_of
from fleet.web.dashboard.flagged import Choice, FlaggedLine, Overview, Page, overview, pages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from fleet.model import Sweep
    from fleet.provision.diagnose import Conclusion, Diagnoser
    from fleet.report import PhoneRecord
    from fleet.store import Store
    from fleet.web.health import Health

T = TypeVar("T")

PAGE = 100  # rows
LONGEST_DIAGNOSIS = 20.0  # seconds that somebody waits for a page
_READERS = 2  # threads that read for us: the sweep's own must find others free
_DIAGNOSES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class DiagnosisResult:
    """What came of a diagnosis: its conclusions, or in `trouble` why there are none."""

    line: int
    conclusions: tuple[Conclusion, ...] = ()
    trouble: str = ""


@dataclass(kw_only=True)
class Queries:
    """Reads from the store, and has lines diagnosed. `diagnoser` makes one in somebody's name."""

    store: Store
    health: Callable[[], Awaitable[Health]]
    diagnoser: Callable[[str], Diagnoser]
    clock: Callable[[], datetime]
    _readers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_READERS))
    _diagnoses: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_DIAGNOSES))

    async def read(self, work: Callable[[], T]) -> T:
        """Do something that waits for the database."""
        async with self._readers:
            return await asyncio.to_thread(work)

    async def overview(self, choice: Choice, number: int) -> tuple[Overview, Page[FlaggedLine]]:
        """Return the counts of the fleet, and a page of what is flagged and chosen."""
        return await self.read(lambda: overview(self.store, self.clock(), choice, number, PAGE))

    async def last_sweep(self) -> Sweep | None:
        """Return the sweep that began last."""
        return await self.read(self.store.sweeps.last)

    async def phones(self, site: str, text: str, number: int) -> Page[tuple[int, PhoneRecord]]:
        """Return a page of phones: all, or those of a site, or with a text in what they show."""
        return await self.read(lambda: self._phones(site, text, number))

    async def sites(self) -> list[str]:
        """Return the names of all sites."""
        return await self.read(lambda: sorted(site.name for site in self.store.inventory.sites()))

    async def phone(self, phone_id: int) -> PhoneDetail | None:
        """Return the details of a phone."""
        return await self.read(lambda: detail_of(self.store, phone_id, self.clock()))

    async def diagnose(self, phone_id: int, line: int, by: str) -> DiagnosisResult:
        """Find out why a line is not registered."""
        result = DiagnosisResult(line=line)
        if self._diagnoses.locked():
            return replace(
                result, trouble="Other lines are being diagnosed: try again in a moment."
            )
        async with self._diagnoses:
            try:
                async with asyncio.timeout(LONGEST_DIAGNOSIS):
                    return await self._diagnose(result, phone_id, by)
            except FleetError as error:
                return replace(result, trouble=f"{error}")
            except TimeoutError:
                return replace(
                    result,
                    trouble=f"The diagnosis took longer than {LONGEST_DIAGNOSIS:g} s. fleet "
                    "diagnose, "
                    "on the command line, waits longer.",
                )

    async def _diagnose(self, result: DiagnosisResult, phone_id: int, by: str) -> DiagnosisResult:
        found = await self.read(lambda: self.store.phones.load(ids=[phone_id]))
        diagnoser = await asyncio.to_thread(self.diagnoser, by)
        for stored in found:
            diagnosis = await diagnoser.diagnose(stored, result.line)
            return replace(result, conclusions=diagnosis.conclusions)
        return replace(result, trouble="This phone is no longer in the inventory.")

    def _phones(self, site: str, text: str, number: int) -> Page[tuple[int, PhoneRecord]]:
        number = min(max(number, 1), LARGEST_ID // PAGE)
        wanted = site or None
        total, ids = self.store.phones.search(
            site=wanted, text=text, limit=PAGE, offset=(number - 1) * PAGE
        )
        last = pages(total, PAGE)
        if number > last:
            return self._phones(site, text, last)
        found = list(self.store.observations.statuses(ids=ids))
        records = zip((one.stored.id for one in found), phone_records(found), strict=True)
        return Page(items=list(records), number=number, last=last, total=total)
