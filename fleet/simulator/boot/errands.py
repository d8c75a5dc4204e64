"""What a phone fetches because something happened or somebody said so, and what it then does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet.simulator.boot.events import expanded
from fleet.simulator.boot.network import is_loopback
from fleet.simulator.boot.objects import Act, Deed, read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fleet.simulator.boot.http import HttpClient
    from fleet.simulator.boot.record import BootRecord
    from fleet.simulator.tasks import Tasks

_MOST_FETCHES = 3  # an object that sends to an object that sends to an object


class Errands:
    """Calls addresses without waiting for them (a dead server does not hang the phone).

    Only this machine and the host of `server` are called, so that a simulated fleet with the
    configuration of a real one does not report to the real one's servers. `order` is told what an
    object wants of the phone itself.
    """

    def __init__(
        self,
        *,
        client: Callable[[], HttpClient],
        order: Callable[[Act], None],
        tasks: Tasks,
        record: BootRecord,
        server: str,
    ) -> None:
        self._client = client
        self._order = order
        self._tasks = tasks
        self._record = record
        self._server = urlsplit(server).hostname

    def call(self, uri: str, variables: Mapping[str, str], *, times: int = 1) -> None:
        """Call an action URI; nothing where it is empty."""
        if uri:
            for _ in range(times):
                self._tasks.start(self._fetch(expanded(uri, variables), _MOST_FETCHES))

    def obey(self, deeds: Iterable[Deed], fetches: int = _MOST_FETCHES) -> None:
        """Do what an object says."""
        for deed in deeds:
            if deed.act is Act.FETCH:
                self._tasks.start(self._fetch(deed.url, fetches - 1))
            else:
                self._order(deed.act)

    async def _fetch(self, url: str, fetches: int) -> None:
        if fetches <= 0 or not self._within_reach(url):
            return
        self._record.called.append(url)
        answer = await self._client().ask(url)
        if answer.ok:
            self.obey(read_object(answer.body), fetches)

    def _within_reach(self, url: str) -> bool:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            return False
        return host == self._server or host == "localhost" or is_loopback(host)
