"""XML objects that make a phone do something (facts/provisioning 2.3; pure).

Only what is named here can be said: nothing that drops settings or lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from html import escape
from urllib.parse import urlsplit

MAX_BYTES = 2150
"""How large an object may be in firmware 2.x; what 3.x takes is not known."""


class Command(StrEnum):
    """What a phone may be told to do; it waits until it is idle."""

    RESET = "Command: Reset"  # boots: firmware, language packs, configuration
    FAST_REBOOT = "Command: FastReboot"  # boots without asking for firmware; from 2.0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class XmlObject:
    """An object as it is sent, of at most 2150 bytes. Made by `command` and `fetch`."""

    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) > MAX_BYTES:
            raise ValueError(
                f"The XML object has {len(self.data)} bytes, but phones take {MAX_BYTES} at most; "
                "shorten its address"
            )


def command(what: Command) -> XmlObject:
    """Tell the phone to do `what` when it is idle, without a beep and without ending a call."""
    item = f'<ExecuteItem URI="{what}" interruptCall="no"/>'
    return XmlObject(data=f'<AastraIPPhoneExecute Beep="no">{item}</AastraIPPhoneExecute>'.encode())


def fetch(url: str) -> XmlObject:
    """Tell the phone to fetch an object and to show or do it.

    Raises ValueError where `url` is not plain http (the phones take no https here), holds what no
    address holds, or is too long.
    """
    if not url.isascii() or not url.isprintable() or " " in url or not _is_http(url):
        raise ValueError("A phone can be sent to an http:// address only")
    item = f'<ExecuteItem URI="{escape(url)}"/>'
    return XmlObject(data=f"<AastraIPPhoneExecute>{item}</AastraIPPhoneExecute>".encode())


def _is_http(url: str) -> bool:
    try:
        place = urlsplit(url)
    except ValueError:
        return False
    return url.startswith("http://") and bool(place.hostname)
