"""One request of a phone: which action URI it called, and what it says. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.phone.catalog import parse_user_agent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_CODE = re.compile(r"[0-9]{3}", re.ASCII)
_LONGEST = 64  # characters of a user's name


class PushEvent(StrEnum):
    """Which action URI the phone called."""

    REGISTRATION = "registration"
    REGISTERED = "registered"  # the first registration of a line
    STARTUP = "startup"
    POLL = "poll"  # a heartbeat; says nothing of any line


class PushState(StrEnum):
    """What the phone says of a registration; manuals print it in either case."""

    REGISTERED = "registered"
    UNREGISTERED = "unregistered"
    EXPIRED = "expired"
    REFUSED = "refused"
    TIMEOUT = "timeout"


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """One request of a phone. `code` is the SIP code, None for none; `user` may be empty."""

    at: datetime
    mac: str
    event: PushEvent
    state: PushState | None = None
    code: int | None = None
    user: str = ""

    @property
    def is_loss(self) -> bool:
        """Whether it says that a line lost its registration."""
        return self.state not in (None, PushState.REGISTERED)


def read_push(
    event: PushEvent, query: Mapping[str, str], user_agent: str, at: datetime
) -> Push | None:
    """Read a request; None if its `User-Agent` is not a phone's.

    `s` is `$$REGISTRATIONSTATE$$`, `c` `$$REGISTRATIONCODE$$` (three digits, 001: success), `u`
    `$$SIPUSERNAME$$`. What is not understood counts as not said.
    """
    phone = parse_user_agent(user_agent)
    if phone is None or not phone.mac:
        return None
    says_line = event in (PushEvent.REGISTRATION, PushEvent.REGISTERED)
    return Push(
        at=at,
        mac=phone.mac,
        event=event,
        state=_state(query.get("s", "")) if event is PushEvent.REGISTRATION else None,
        code=_code(query.get("c", "")),
        user=_user(query.get("u", "")) if says_line else "",
    )


def _state(text: str) -> PushState | None:
    try:
        return PushState(text.strip().casefold())
    except ValueError:
        return None


def _code(text: str) -> int | None:
    """A code that says why not: 001 is success, and SIP's failures begin with 300."""
    code = int(text) if _CODE.fullmatch(text.strip()) else 0
    return code if 300 <= code <= 699 else None


def _user(text: str) -> str:
    """A name as it is shown; a variable that the phone did not fill in is none."""
    user = text.strip()
    return "" if "$$" in user or len(user) > _LONGEST or not user.isprintable() else user
