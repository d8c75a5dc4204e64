"""Every way a simulated phone can behave, by name; a new one is a function and an entry."""

from __future__ import annotations

from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.simulator.behaviour import shown
from fleet.simulator.behaviours.devices import DEVICES
from fleet.simulator.behaviours.doors import DOORS
from fleet.simulator.behaviours.framing import FRAMING
from fleet.simulator.behaviours.identity import IDENTITY
from fleet.simulator.behaviours.languages import LANGUAGES
from fleet.simulator.behaviours.logins import LOGINS
from fleet.simulator.behaviours.markup import MARKUP
from fleet.simulator.behaviours.redirects import REDIRECTS
from fleet.simulator.behaviours.rows import ROWS
from fleet.simulator.behaviours.sessions import SESSIONS
from fleet.simulator.behaviours.statuses import STATUSES
from fleet.simulator.behaviours.tables import TABLES
from fleet.simulator.behaviours.transports import TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.simulator.behaviour import Behaviour

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


def _all() -> dict[str, Behaviour]:
    table: dict[str, Behaviour] = {"healthy": shown()}
    for family in _FAMILIES:
        twice = table.keys() & family.keys()
        if twice:
            message = f"two behaviours are named {min(twice)}"
            raise ValueError(message)
        table.update(family)
    return table


def behaviour_named(name: str) -> Behaviour:
    """The behaviour of that name; UsageError if there is none."""
    try:
        return BEHAVIOURS[name]
    except KeyError:
        near = ", ".join(get_close_matches(name, BEHAVIOURS)) or "healthy"
        message = f"There is no behaviour {name!r}; the nearest are: {near}."
        raise UsageError(message) from None


BEHAVIOURS: Mapping[str, Behaviour] = MappingProxyType(_all())
