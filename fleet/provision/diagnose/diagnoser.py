"""Gathers the facts: asks registrars and the phone, once each, and writes down that it did.

Nothing is registered, nothing is changed: a REGISTER without a Contact is a query (RFC 3261,
10.2.3). Each try of a password counts at a registrar, so it is asked in turns (`asking`).
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.phone.http.target import Target
from fleet.phone.sip.no_answer import NOTHING_SENT
from fleet.phone.sip.query import ask_options, ask_registration
from fleet.phone.sip.transport import Peer
from fleet.provision.applied import AppliedRevision
from fleet.provision.diagnose.asking import Turns
from fleet.provision.diagnose.conclude import conclude
from fleet.provision.diagnose.facts import (
    Conclusion,
    FileFacts,
    LineFacts,
    PhoneFacts,
    RegistrarFacts,
    Role,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fleet.model import Line
    from fleet.phone.sip.ask import SipClient
    from fleet.provision.lines import IntendedLine, IntendedSip
    from fleet.store import PhoneStatus, Store, StoredPhone


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """The facts, and what is concluded of them."""

    phone: PhoneFacts
    lines: tuple[LineFacts, ...]
    conclusions: tuple[Conclusion, ...]


@dataclass(frozen=True, kw_only=True)
class Diagnoser:
    """Diagnoses phones. `intended` says what the inventory wants of one by SIP."""

    store: Store
    sip: SipClient
    intended: Callable[[StoredPhone], IntendedSip]
    clock: Callable[[], datetime]
    by: str

    async def diagnose(self, stored: StoredPhone, number: int | None = None) -> Diagnosis:
        """Diagnose a phone, or one of its lines. Raises `UsageError` if there is no such line."""
        sip = await asyncio.to_thread(self.intended, stored)
        wanted = [line for line in sip.lines if number in (None, line.number)]
        if not wanted:
            which = "lines" if number is None else f"line {number}"
            raise UsageError(
                f"The inventory has no {which} for {stored.phone.label}. "
                "Import the user, registrar and SIP password first: fleet queries the registrar "
                "with them."
            )
        [status] = await asyncio.to_thread(
            lambda: list(self.store.observations.statuses(ids=[stored.id]))
        )
        seen = {each.line.number: each.line for each in status.lines}
        known = _secrets(stored, sip)
        lines = [await self._line(stored.id, line, seen.get(line.number), known) for line in wanted]
        phone = await self._phone(stored, status, lines, sip)
        return Diagnosis(phone=phone, lines=tuple(lines), conclusions=conclude(phone, tuple(lines)))

    async def _line(
        self, phone_id: int, line: IntendedLine, seen: Line | None, secrets: Sequence[str]
    ) -> LineFacts:
        roles = (Role.PRIMARY, Role.BACKUP)
        asked = [
            await self._registrar(phone_id, line, peer, role, secrets)
            for peer, role in zip(line.registrars, roles, strict=False)
        ]
        return LineFacts(number=line.number, user=line.user, registrars=tuple(asked), seen=seen)

    async def _registrar(
        self,
        phone_id: int,
        line: IntendedLine,
        peer: Peer,
        role: Role,
        secrets: Sequence[str],
    ) -> RegistrarFacts:
        turns = Turns(store=self.store, clock=self.clock, by=self.by)
        taken = await turns.take(phone_id, peer, line.user)
        if taken is None:
            return RegistrarFacts(role=role, name=str(peer))
        login = line.login if line.login.password else None
        try:
            answer = await ask_registration(
                self.sip, peer, user=line.user, login=login, secrets=secrets
            )
        except ValueError as error:
            raise UsageError(f"Line {line.number}: {error}.") from None
        if answer.outcome.silence in NOTHING_SENT:
            await turns.give_back(taken)
        return RegistrarFacts(role=role, name=str(peer), answer=answer)

    async def _phone(
        self,
        stored: StoredPhone,
        status: PhoneStatus,
        lines: Sequence[LineFacts],
        sip: IntendedSip,
    ) -> PhoneFacts:
        host = _host(stored.phone.host)
        try:
            peer = Peer(
                host=host,
                port=_port(lines, host),
                transport=sip.transport,
                any_certificate=True,
            )
            options = await ask_options(self.sip, peer, secrets=_secrets(stored, sip))
        except ValueError:
            options = None
        return PhoneFacts(
            label=stored.phone.label,
            address=host if _is_address(host) else "",
            reach=status.reach,
            polled_at=status.observed_at,
            options=options,
            file=await asyncio.to_thread(self._file, stored, status, sip),
        )

    def _file(self, stored: StoredPhone, status: PhoneStatus, sip: IntendedSip) -> FileFacts:
        applied = AppliedRevision(self.store, self.store.revisions.last())
        proof = applied.proof_of(stored.id)
        if proof is None:
            return FileFacts()
        fetch = self.store.fetches.last(stored.id).get((stored.id, proof[0]))
        given = applied.sip(stored.id, status.model or stored.phone.model)
        return FileFacts(
            is_applied=True,
            is_pending=[line.login for line in given.lines] != [line.login for line in sip.lines],
            fetched_at=fetch.at if fetch else None,
            is_current=fetch is not None and fetch.digest == proof[1],
        )


def _secrets(stored: StoredPhone, sip: IntendedSip) -> list[str]:
    """Return the secrets that a phone or its registrar may send back."""
    web_ui = (stored.phone.password, stored.site.password if stored.site else None)
    accounts = (account.sip_password for account in stored.phone.accounts)
    lines = (line.login.password for line in sip.lines)
    return [secret for secret in (*web_ui, *accounts, *lines) if secret]


def _port(lines: Sequence[LineFacts], host: str) -> int | None:
    """The port at which the phone says it is reached, where a registrar knows it."""
    for line in lines:
        for one in line.registrars:
            for binding in one.answer.bindings if one.answer else ():
                if binding.host == host:
                    return binding.port
    return None


def _host(host: str) -> str:
    """The address or name in a phone's host, which may be a URL, and may have a port."""
    try:
        return Target.parse(host, credentials=None).address
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
