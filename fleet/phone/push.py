"""XML push: hand a phone an XML object over HTTP (facts/provisioning 2.3).

The phone takes it from the addresses in its `xml application post list` only.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.errors import PhoneError
from fleet.phone.http.errors import clean
from fleet.phone.http.session import MOST_401S, read_challenge

if TYPE_CHECKING:
    from fleet.model import Reason
    from fleet.phone.http.client import PhoneClient
    from fleet.phone.http.response import Head
    from fleet.phone.http.target import Target
    from fleet.phone.xml_object import XmlObject

_MEANT = {
    401: "it wants a web UI login, or does not have us in its XML push list",
    403: "it does not have us in its XML push list",
    404: "it takes no XML push",
    405: "it takes no XML push",
    501: "it takes no XML push",
    503: "it is busy",
}


class PushResult(StrEnum):
    """How a push ended."""

    ACCEPTED = "accepted"  # 200: the phone took it, which is not yet that it did it
    REFUSED = "refused"  # any other code; see `code` and `detail`
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  401 although we logged in
    LOGIN_WANTED = "login_wanted"  # 401 and no login was given, or one that we cannot make
    NO_ANSWER = "no_answer"  # see `reason`; the phone may have taken it all the same


@dataclass(frozen=True, kw_only=True, slots=True)
class PushOutcome:
    """How a push ended. `detail` is one plain sentence, free of secrets.

    `code` is the HTTP status, 0 where there is none; `reason` says why there is none.
    """

    result: PushResult
    detail: str
    code: int = 0
    reason: Reason | None = None

    @property
    def accepted(self) -> bool:
        """Whether the phone took it."""
        return self.result is PushResult.ACCEPTED


async def push(
    client: PhoneClient, target: Target, thing: XmlObject, *, referer: str
) -> PushOutcome:
    """Push an XML object to a phone.

    `referer` is our address or name as it stands in the phone's list. Where the target has a login
    it is sent along. A 401 is then repeated as polls do, for the first may be a phone's greeting
    (facts/web-ui 1.3). Raises ValueError where `referer` cannot be meant.
    """
    request = push_request(target, thing, referer=referer)
    try:
        head = await client.send(target, request)
        for _ in range(MOST_401S - 1):
            if not _rejected(head, target):
                break
            await asyncio.sleep(client.retry_pause)
            head = await client.send(target, request)
    except PhoneError as error:
        return PushOutcome(result=PushResult.NO_ANSWER, detail=error.detail, reason=error.reason)
    return _outcome(head, target)


def push_request(target: Target, thing: XmlObject, *, referer: str) -> bytes:
    """The whole request, to be sent in one write: the 6739i hangs over two (facts/web-ui 5.1).

    The body is not URL-encoded. Raises ValueError where `referer` cannot be meant.
    """
    if not referer or not referer.isascii() or not referer.isprintable() or " " in referer:
        raise ValueError(f"{referer!r} is no address or name that can stand in a Referer header")
    body = b"xml=" + thing.data
    login = f"Authorization: {target.authorization}\r\n" if target.credentials else ""
    head = (
        "POST / HTTP/1.1\r\n"
        f"Host: {target.authority}\r\n"
        f"Referer: {referer}\r\n"
        f"{login}"
        "Connection: Keep-Alive\r\n"
        "Content-Type: text/xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def _rejected(head: Head, target: Target) -> bool:
    """Whether a login was sent, of the kind that is asked for, and not taken."""
    basic = head.status == 401 and read_challenge(head.values("www-authenticate")).basic
    return basic and target.credentials is not None


def _outcome(head: Head, target: Target) -> PushOutcome:
    code = head.status
    if code == 200:
        detail = f"{target.authority} accepts the XML push."
        return PushOutcome(result=PushResult.ACCEPTED, detail=detail, code=code)
    result, meant = PushResult.REFUSED, _MEANT.get(code, "see its manual for what that means")
    if code == 401:
        rejected = _rejected(head, target)
        result = PushResult.WRONG_PASSWORD if rejected else PushResult.LOGIN_WANTED
    detail = f"{target.authority} refuses the XML push ({clean(f'{code}: {meant}')})."
    return PushOutcome(result=result, detail=detail, code=code)
