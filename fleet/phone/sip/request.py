"""The requests we make: what is said, and the envelope it travels in (RFC 3261, 8.1.1; pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.phone.sip.message import Request
from fleet.phone.sip.uri import SipUri, authority

if TYPE_CHECKING:
    from fleet.phone.sip.message import Headers
    from fleet.phone.sip.peer import Transport

_OURSELVES = "fleet"
_MAGIC_COOKIE = "z9hG4bK"  # RFC 3261, 8.1.1.7


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is to be said. `uri` is the request's, and To says the same unless `to` does not.

    `sender` None: ourselves, at our own address. `contact`: say where we can be reached.
    """

    method: str
    uri: SipUri
    to: SipUri | None = None
    sender: SipUri | None = None
    contact: bool = False
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What the tries of one question have in common. `local` is our address and port."""

    local: tuple[str, int]
    transport: Transport
    call_id: str
    tag: str

    def around(self, draft: Draft, *, branch: str, number: int, login: Headers = ()) -> Request:
        """The request, ready to be written; `branch` is random, `number` the CSeq's."""
        here = authority(*self.local)
        sender = str(draft.sender) if draft.sender else f"sip:{_OURSELVES}@{here}"
        via = f"SIP/2.0/{self.transport.upper()} {here};branch={_MAGIC_COOKIE}{branch};rport"
        contact = (("Contact", f"<{self._contact(here)}>"),) if draft.contact else ()
        headers = (
            ("Via", via),
            ("From", f"<{sender}>;tag={self.tag}"),
            ("To", f"<{draft.to or draft.uri}>"),
            *contact,
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {draft.method}"),
            ("Max-Forwards", "70"),
            *login,
            ("User-Agent", _OURSELVES),
            *draft.headers,
        )
        return Request(method=draft.method, uri=str(draft.uri), headers=headers, body=draft.body)

    def _contact(self, here: str) -> str:
        transport = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"sip:{_OURSELVES}@{here}{transport}"
