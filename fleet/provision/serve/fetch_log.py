"""Writes down what was fetched, in batches, and outlives a database that is away for a while."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.errors import FleetError
from fleet.phone.config_file import FileKind, requested_file
from fleet.phone.redact import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fleet.model import Fetch
    from fleet.provision.files.handshakes import Handshakes
    from fleet.store import FetchLogin, Store

_log = logging.getLogger(__name__)

FLUSH_EVERY = 1.0  # seconds: what a kill may lose
BATCH = 1000  # fetches to a transaction
MOST = 200_000  # fetches that wait for a database that is away
_LAST_TRIES = 3
_LONGEST_AGENT = 300
_MOST_CHECKED = 50_000
_PLAIN_AGENT = re.compile(
    r"(?:Aastra|Mitel)[0-9]{2,4}(?:i|iCT|i CT)? MAC:(?:[0-9A-F]{2}-){5}[0-9A-F]{2}"
    r" V:[0-9]{1,2}(?:\.[0-9]{1,4}){1,4}(?:-SIP)?"
)
_OUR_NAMES = (FileKind.GLOBAL, FileKind.MODEL, FileKind.MAC, FileKind.FIRMWARE)


class FetchLog:
    """Takes fetches and used logins at any time; `run` writes them.

    Serving goes on while the database cannot be written: what waits is kept, up to 200,000 fetches,
    then the oldest are lost. Both are logged once.
    """

    def __init__(
        self,
        store: Store,
        handshakes: Handshakes,
        clock: Callable[[], datetime],
        *,
        flush_every: float = FLUSH_EVERY,
        known_secrets: Sequence[str] = (),
    ) -> None:
        """`known_secrets` are redacted in what phones send, beside those of each phone."""
        self._secrets = tuple(known_secrets)
        self._checked: dict[tuple[int, str, str], None] = {}
        self._store = store
        self._handshakes = handshakes
        self._clock = clock
        self._flush_every = flush_every
        self._fetches: deque[Fetch] = deque(maxlen=MOST)
        self._used: dict[tuple[int, datetime], tuple[FetchLogin, datetime]] = {}
        self._marked: dict[int, datetime] = {}
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._stopping = False
        self._lost = 0
        self._is_away = False

    def put(self, fetch: Fetch) -> None:
        """Take a fetch."""
        self._lost += len(self._fetches) == MOST
        self._fetches.append(fetch)
        if len(self._fetches) >= BATCH:
            self._wake.set()

    def put_used(self, login: FetchLogin, at: datetime) -> None:
        """Take note that a phone used its newest password."""
        if login.used is None and self._marked.get(login.phone_id) != login.changed:
            self._used.setdefault((login.phone_id, login.changed), (login, at))

    async def run(self) -> None:
        """Write until `stop` is called, and then what is left."""
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._flush_every):
                    await self._wake.wait()
            self._wake.clear()
            self._take_lonely(self._clock())
            await self.flush()
            if self._is_away:
                await self._pause()
        self._take_lonely(None)
        for _ in range(_LAST_TRIES):
            if await self.flush():
                return

    def stop(self) -> None:
        """Let `run` write what waits, and end."""
        self._stopping = True
        self._wake.set()

    async def flush(self) -> bool:
        """Write what waits; False if it could not be, and waits still."""
        async with self._writing:
            while self._fetches or self._used:
                if not await self._write_some():
                    return False
            self._is_back()
            return True

    def _take_lonely(self, now: datetime | None) -> None:
        for fetch in self._handshakes.left_alone(now):
            self.put(fetch)

    async def _write_some(self) -> bool:
        fetches = [self._fetches.popleft() for _ in range(min(BATCH, len(self._fetches)))]
        used, self._used = self._used, {}
        written = asyncio.ensure_future(
            asyncio.to_thread(self._write, fetches, list(used.values()))
        )
        try:
            await asyncio.shield(written)
        except asyncio.CancelledError:
            await written  # a thread cannot be stopped: see it through, then end
            raise
        except FleetError as error:
            self._fetches.extendleft(reversed(fetches))
            self._used = used | self._used
            self._say_away(error)
            return False
        self._marked.update(used.keys())
        return True

    def _write(self, fetches: Sequence[Fetch], used: Sequence[tuple[FetchLogin, datetime]]) -> None:
        for login, at in used:
            self._store.fetch_logins.mark_used(login, at)
        self._store.fetches.record(self._redacted(fetches))

    def _redacted(self, fetches: Sequence[Fetch]) -> list[Fetch]:
        """Redact phones' own secrets, decrypted only where a phone sends a new text."""
        odd = {
            fetch.phone_id
            for fetch in fetches
            if fetch.phone_id is not None and not self._is_clean(fetch)
        }
        secrets = self._store.phones.secrets(sorted(odd), self._secrets) if odd else {}
        redacted = []
        for fetch in fetches:
            if fetch.phone_id is not None and fetch.phone_id not in odd:
                redacted.append(fetch)  # the same texts were written before as they are
                continue
            one = _without(fetch, secrets.get(fetch.phone_id or 0, ()))
            one = replace(one, agent=one.agent[:_LONGEST_AGENT])
            if one == fetch and fetch.phone_id in secrets:
                self._checked[_texts(fetch)] = None
            redacted.append(one)
        while len(self._checked) > _MOST_CHECKED:
            del self._checked[next(iter(self._checked))]
        return redacted

    def _is_clean(self, fetch: Fetch) -> bool:
        """Whether a phone sent nothing that could hold a secret, or the same as before."""
        is_ours = not fetch.modules and requested_file(fetch.file).kind in _OUR_NAMES
        is_plain = is_ours and _PLAIN_AGENT.fullmatch(fetch.agent) is not None
        return is_plain or _texts(fetch) in self._checked

    def _say_away(self, error: FleetError) -> None:
        if not self._is_away:
            _log.error("Fetches cannot be recorded and wait in memory: %s", error)
        self._is_away = True

    def _is_back(self) -> None:
        if self._lost:
            _log.error(
                "%d fetches were lost: the database was unavailable for too long.", self._lost
            )
        elif self._is_away:
            _log.warning("Fetches are recorded again.")
        self._is_away, self._lost = False, 0

    async def _pause(self) -> None:
        await asyncio.sleep(self._flush_every)


def _texts(fetch: Fetch) -> tuple[int, str, str]:
    """Return the words in which a phone could have put a secret."""
    file = "" if requested_file(fetch.file).kind in _OUR_NAMES else fetch.file
    return fetch.phone_id or 0, file, f"{fetch.agent}\n{fetch.modules}"


def _without(fetch: Fetch, secrets: Sequence[str]) -> Fetch:
    return replace(
        fetch,
        file=redact_text(fetch.file, secrets),
        agent=redact_text(fetch.agent, secrets),
        model=redact_text(fetch.model, secrets),
        firmware=redact_text(fetch.firmware, secrets),
        modules=tuple(redact_text(each, secrets) for each in fetch.modules),
    )
