"""One request and its answer over a connection of its own: written at once, read to the end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.errors import PhoneError
from fleet.model import Reason
from fleet.phone.connect import connect
from fleet.phone.fair_timeout import FairTimeout
from fleet.phone.tls import handshake_trouble, legacy_context, modern_context
from fleet.phone.trouble import trouble
from fleet.phone.wire import Caller, Hop, Wire

if TYPE_CHECKING:
    from fleet.phone.answer_reader import Reply

__all__ = ["Exchanged", "Hop", "exchange"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchanged:
    """What came back, and the certificate's fingerprint (empty over plain HTTP)."""

    reply: Reply
    fingerprint: str


async def exchange(hop: Hop, request: bytes) -> Exchanged:
    """Send one request and read its answer. Raises PhoneError; leaves nothing open."""
    try:
        return await _exchange(hop, request)
    except PhoneError as error:
        if error.reason is Reason.TLS_FAILED and await _old_tls_would_do(hop):
            raise trouble(Reason.TLS_TOO_OLD, hop.target.authority) from None
        raise


async def _exchange(hop: Hop, request: bytes) -> Exchanged:
    wire = Wire(hop, request)
    try:
        await _open(hop, wire)
        outcome = await wire.outcome
    finally:
        wire.close()
    if isinstance(outcome, PhoneError):
        raise outcome
    return Exchanged(reply=outcome, fingerprint=wire.fingerprint)


async def _open(hop: Hop, caller: Caller) -> None:
    target = hop.target
    transport = await connect(
        caller,
        target.address,
        target.port,
        wait=hop.timeouts.connect,
        deadline=hop.deadline,
        where=target.authority,
    )
    if target.scheme == "https":
        caller.secured(await _shake_hands(hop, caller, transport))


async def _shake_hands(hop: Hop, caller: Caller, plain: asyncio.Transport) -> asyncio.Transport:
    target, where = hop.target, hop.target.authority
    context = legacy_context() if target.legacy_tls else modern_context()
    loop = asyncio.get_running_loop()
    try:
        async with FairTimeout(min(loop.time() + hop.timeouts.read, hop.deadline)):
            transport = await loop.start_tls(plain, caller, context, server_hostname=target.address)
    except TimeoutError:
        raise trouble(Reason.SILENT, where, "in the TLS handshake") from None
    except OSError as error:
        raise handshake_trouble(error, where, legacy=target.legacy_tls) from None
    if transport is None:
        raise trouble(Reason.TLS_FAILED, where, "it broke the handshake off")
    return transport


async def _old_tls_would_do(hop: Hop) -> bool:
    """Whether a handshake with old TLS works where the modern one was broken off without a word.

    Nothing is sent over it.
    """
    if hop.target.legacy_tls:
        return False
    visitor = Caller(hop)
    try:
        await _open(replace(hop, target=replace(hop.target, legacy_tls=True)), visitor)
    except PhoneError:
        return False
    finally:
        visitor.close()
    return True
