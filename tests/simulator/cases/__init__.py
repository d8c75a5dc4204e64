"""Every way in which a simulated phone behaves in the tests; a new one is an entry of a family."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.simulator.cases.case import packaged, reads
from tests.simulator.cases.devices import DEVICES
from tests.simulator.cases.doors import DOORS
from tests.simulator.cases.framing import FRAMING
from tests.simulator.cases.identity import IDENTITY
from tests.simulator.cases.languages import LANGUAGES
from tests.simulator.cases.logins import LOGINS
from tests.simulator.cases.markup import MARKUP
from tests.simulator.cases.redirects import REDIRECTS
from tests.simulator.cases.rows import ROWS
from tests.simulator.cases.sessions import SESSIONS
from tests.simulator.cases.statuses import STATUSES
from tests.simulator.cases.tables import TABLES
from tests.simulator.cases.transports import TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulator.cases.case import Case

_FAMILIES = (
    MARKUP,
    TABLES,
    ROWS,
    LANGUAGES,
    IDENTITY,
    FRAMING,
    TRANSPORTS,
    DOORS,
    LOGINS,
    SESSIONS,
    REDIRECTS,
    STATUSES,
    DEVICES,
)


def _all() -> dict[str, Case]:
    table: dict[str, Case] = {"healthy": packaged("healthy", expected=reads)}
    for family in _FAMILIES:
        twice = table.keys() & family.keys()
        if twice:
            message = f"two cases are named {min(twice)}"
            raise ValueError(message)
        table.update(family)
    return table


CASES: Mapping[str, Case] = MappingProxyType(_all())
