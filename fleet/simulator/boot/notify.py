"""What a phone answers to SIP from outside, and what it then does (pure).

facts/provisioning 2.1 and 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.simulator.boot.configuration import Configuration
    from fleet.simulator.sip.message import SipMessage

EVENTS = ("check-sync", "aastra-xml")
_METHODS = "INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, OPTIONS, UPDATE, PRACK, SUBSCRIBE, INFO"


class Wish(Enum):
    """What a NOTIFY wants."""

    NOTHING = auto()
    CHECK = auto()  # look for new files, boot if there are any (assumed)
    REBOOT = auto()  # boot in any case (assumed of `;reboot=true`)
    OBEY = auto()  # do what the body says
    ASK = auto()  # fetch `action uri xml sip notify` and do what that says


@dataclass(frozen=True, kw_only=True, slots=True)
class Reaction:
    """The answer to a request, and what it sets off."""

    status: str
    headers: tuple[tuple[str, str], ...] = ()
    wish: Wish = Wish.NOTHING


def react(
    request: SipMessage, *, source: str, servers: frozenset[str], configuration: Configuration
) -> Reaction:
    """How a phone takes a request from the address `source`.

    `servers` are the addresses of its own registrars: with `sip whitelist` only they and those in
    the list are obeyed (which of the two forms real phones know is not known, so both are).
    """
    if request.method == "OPTIONS":
        return Reaction(
            status="200 OK", headers=(("Allow", _METHODS), ("Accept", "application/sdp"))
        )
    if request.method != "NOTIFY":
        return Reaction(status="405 Method Not Allowed", headers=(("Allow", "OPTIONS, NOTIFY"),))
    allowed = configuration.whitelist
    if allowed and source not in servers | allowed:
        return Reaction(status="403 Forbidden")
    wish = _wish(request, configuration)
    if wish is Wish.NOTHING:
        return Reaction(status="489 Bad Event", headers=(("Allow-Events", ", ".join(EVENTS)),))
    return Reaction(status="200 OK", wish=wish)


def _wish(request: SipMessage, configuration: Configuration) -> Wish:
    event, *said = request.first("event").lower().replace(" ", "").split(";")
    if event == "check-sync":
        return Wish.REBOOT if "reboot=true" in said else Wish.CHECK
    if event == "aastra-xml" and configuration.flag("sip xml notify event"):
        return Wish.OBEY if request.body.strip() else Wish.ASK
    return Wish.NOTHING
