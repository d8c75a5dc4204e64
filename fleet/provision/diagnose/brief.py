"""A sentence for each of a few lines, within a time: for alerts, which wait for nobody.

What fails or hangs costs its own sentence. The asking is done in a thread that nobody waits for:
a name service that hangs must hold up neither the alert nor the end of the process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fleet.errors import FleetError
from fleet.provision.diagnose.facts import What

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet.model import Incident
    from fleet.provision.diagnose.diagnoser import Diagnoser
    from fleet.provision.diagnose.facts import Conclusion
    from fleet.store import Store

# What tells nobody more than that the line is not registered.
_SAYS_NOTHING = (
    What.ASKED_BEFORE,
    What.UNDECIDED,
    What.NOT_THERE,
    What.WELL,
    What.PHONE_SILENT,  # many phones take SIP from their registrar only
)
_log = logging.getLogger(__name__)


def sentence(conclusions: Sequence[Conclusion]) -> str:
    """The conclusion that matters most and says something; empty where none does."""
    return next((each.text for each in conclusions if each.what not in _SAYS_NOTHING), "")


@dataclass(frozen=True, kw_only=True)
class Brief:
    """Diagnoses the lines of incidents; called in a thread. `within` is in seconds, for all.

    Primary, backup and phone are asked one after the other, each for `PATIENCE` seconds at most.
    """

    PATIENCE: ClassVar[float] = 3.0

    store: Store
    make: Callable[[], Diagnoser]
    within: float = 10.0

    def __call__(self, incidents: Sequence[Incident]) -> dict[int, str]:
        """Give the sentences that were found in time, by the incidents' ids."""
        found: dict[int, str] = {}
        asking = threading.Thread(
            target=self._work, args=(incidents, found), daemon=True, name="fleet-diagnosis"
        )
        asking.start()
        asking.join(self.within)
        return dict(found)

    def _work(self, incidents: Sequence[Incident], found: dict[int, str]) -> None:
        try:
            diagnoser = self.make()
            asyncio.run(self._ask(diagnoser, incidents, found))
        except TimeoutError:
            _log.warning("A diagnosis for an alert took longer than %g s.", self.within)
        except FleetError as error:
            _log.warning("No diagnosis for an alert: %s", error)
        except Exception:  # noqa: BLE001  a bug costs the sentences, never the alert
            _log.exception("A diagnosis for an alert failed.")

    async def _ask(
        self, diagnoser: Diagnoser, incidents: Sequence[Incident], found: dict[int, str]
    ) -> None:
        async with asyncio.timeout(self.within):
            await asyncio.gather(*(self._one(diagnoser, one, found) for one in incidents))

    async def _one(self, diagnoser: Diagnoser, incident: Incident, found: dict[int, str]) -> None:
        ids = [incident.phone_id or 0]
        try:
            for stored in await asyncio.to_thread(lambda: self.store.phones.load(ids=ids)):
                diagnosis = await diagnoser.diagnose(stored, incident.line)
                found[incident.id or 0] = sentence(diagnosis.conclusions)
        except FleetError as error:
            _log.info("%s was not diagnosed for its alert: %s", incident.phone, error)
        except Exception:  # noqa: BLE001  a bug costs one sentence, not those of the others
            _log.exception("The diagnosis of %s for its alert failed.", incident.phone)
