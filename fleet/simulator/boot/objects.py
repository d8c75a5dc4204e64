"""XML objects that a phone is handed: what they tell it to do (facts/provisioning 2.3; pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from html import unescape
from urllib.parse import unquote_to_bytes

_EXECUTE = re.compile(r"<AastraIPPhoneExecute\b[^>]*>(.*?)</AastraIPPhoneExecute\s*>", re.DOTALL)
_ITEM = re.compile(r"""<ExecuteItem\b[^<>]*?\bURI\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_COMMAND = re.compile(r"command\s*:\s*(\w+)", re.IGNORECASE)


class Act(Enum):
    """One thing that a phone does."""

    RESET = auto()  # a full boot, when idle
    FAST_REBOOT = auto()  # a boot without a look at the firmware, when idle
    CLEAR_LOCAL = auto()  # drop what was set on the phone, then boot
    FETCH = auto()  # get an object from `url` and do what it says


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """An act, and for `FETCH` its address."""

    act: Act
    url: str = ""


_COMMANDS = {
    "reset": Act.RESET,
    "fastreboot": Act.FAST_REBOOT,
    "clearlocal": Act.CLEAR_LOCAL,
}


def read_object(data: bytes) -> tuple[Deed, ...]:
    """What an object has the phone do; nothing for other objects, and for commands not simulated.

    https addresses are not taken (facts/provisioning 2.2).
    """
    whole = _EXECUTE.search(data.decode("utf-8", errors="replace"))
    if whole is None:
        return ()
    uris = (unescape(one or other).strip() for one, other in _ITEM.findall(whole[1]))
    return tuple(deed for uri in uris if (deed := _deed(uri)) is not None)


def _deed(uri: str) -> Deed | None:
    if command := _COMMAND.fullmatch(uri):
        act = _COMMANDS.get(command[1].lower())
        return Deed(act=act) if act else None
    return Deed(act=Act.FETCH, url=uri) if uri.lower().startswith("http://") else None


def pushed_object(body: bytes) -> bytes:
    """The object in a push's body, which is not URL-encoded, or is as in the older guides."""
    given = body.removeprefix(b"xml=")
    return unquote_to_bytes(given.replace(b"+", b" ")) if given[:3].lower() == b"%3c" else given
