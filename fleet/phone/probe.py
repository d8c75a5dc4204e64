"""Is there a phone at this address? One request, without a login."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.errors import NotAsked, PhoneError
from fleet.phone.catalog import model_of_realm
from fleet.phone.http.connection import Hop, Turns, exchange
from fleet.phone.http.errors import clean
from fleet.phone.http.session import is_ours, read_challenge
from fleet.phone.http.target import Target
from fleet.phone.redact import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.phone.http.response import Head
    from fleet.phone.http.target import Timeouts

_MAX_BODY = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A phone that was found. `model` is empty where the realm does not tell it."""

    address: str
    port: int
    scheme: str
    model: str
    realm: str
    server: str


async def probe(
    address: str, port: int, *, scheme: str, timeouts: Timeouts, secrets: Iterable[str] = ()
) -> Probe | None:
    """The phone at an address, by its 401's realm or its Server header (facts/web-ui 1.1).

    None where nothing answers, or something else than an Aastra or Mitel phone. Old TLS is let
    in, for nothing secret is sent. `secrets` are redacted in its answer. Raises ValueError where
    the address is none, and NotAsked where this machine could not ask.
    """
    host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    target = Target.parse(host, credentials=None, scheme=scheme, legacy_tls=True)
    deadline = asyncio.get_running_loop().time() + timeouts.total
    hop = Hop(
        target=target, timeouts=timeouts, deadline=deadline, max_body=_MAX_BODY, turns=Turns()
    )
    request = (
        f"GET / HTTP/1.1\r\nHost: {target.authority}\r\nUser-Agent: fleet\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
    try:
        exchanged = await exchange(hop, request.encode())
    except NotAsked:
        raise
    except PhoneError:
        return None
    return _recognised(exchanged.reply.head, target, secrets)


def _recognised(head: Head, target: Target, secrets: Iterable[str]) -> Probe | None:
    challenge = read_challenge(head.values("www-authenticate"))
    server = " ".join(head.values("server"))
    if not is_ours(challenge.realm, server):
        return None
    realm = redact_text(challenge.realm, secrets)
    return Probe(
        address=target.address,
        port=target.port,
        scheme=target.scheme,
        model=model_of_realm(realm),
        realm=clean(realm),
        server=clean(redact_text(server, secrets)),
    )
