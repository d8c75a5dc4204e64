"""A registrar is asked about a line once a minute at most, whoever asks; the journal tells."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.model import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fleet.phone.sip.transport import Peer
    from fleet.store import Store

AGAIN = timedelta(seconds=60)
_LOOK_EVERY = 1.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Turns:
    """Gives leave to ask. It is written down before it is used, so that nobody asks too often."""

    store: Store
    clock: Callable[[], datetime]
    by: str
    again: timedelta = AGAIN

    async def take(self, phone_id: int, registrar: Peer, user: str) -> JournalEntry | None:
        """Take leave to ask once, now, as it is recorded; None where there is none yet."""
        now = self.clock()
        what = f"Asked the registrar {registrar} about {user}."
        entry = JournalEntry(at=now, by=self.by, what=what, phone_id=phone_id)
        taken = await asyncio.to_thread(self.store.journal.add_once, entry, now - self.again)
        return entry if taken else None

    async def give_back(self, taken: JournalEntry) -> None:
        """Note that nothing reached the registrar: it may be asked again at once."""
        await asyncio.to_thread(self.store.journal.remove, taken)

    async def wait(self, phone_id: int, registrar: Peer, user: str) -> None:
        """Take leave to ask once, however long that takes."""
        while not await self.take(phone_id, registrar, user):  # noqa: ASYNC110  time is waited for
            await asyncio.sleep(_LOOK_EVERY)
