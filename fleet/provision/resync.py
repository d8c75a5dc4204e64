"""Ask phones to read their configuration again; never anything that wipes.

A phone is asked in the gentlest way that takes: SIP NOTIFY straight to the phone, then by XML push,
if the phone takes pushes from us, then SIP NOTIFY through its registrar, which gets behind NAT but
reaches every device with that account. Its web UI is only used where that was asked for
(facts/provisioning 2.5).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING

from fleet.model import JournalEntry
from fleet.phone.push import push
from fleet.phone.restart import restart
from fleet.phone.sip.notify import Recipient, check_sync, notify
from fleet.phone.sip.outcome import Result
from fleet.phone.xml_object import Command, command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Credentials
    from fleet.phone.http.client import PhoneClient
    from fleet.phone.http.target import Target
    from fleet.phone.sip.ask import SipClient
    from fleet.phone.sip.transport import Peer
    from fleet.provision.lines import IntendedLine, IntendedSip


class How(StrEnum):
    """A way to ask a phone."""

    NOTIFY = "notify"
    PUSH = "push"
    WEB_UI = "web-ui"


BY_DEFAULT = (How.NOTIFY, How.PUSH)


class Way(StrEnum):
    """How a phone was asked, more exactly."""

    REGISTRAR = "SIP NOTIFY through its registrar"
    DIRECT = "SIP NOTIFY straight to the phone"
    PUSH = "XML push"
    WEB_UI = "web UI restart"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One try. Accepted means that it was taken, which is not yet that the phone acts on it.

    `reaches` says who is reached beside the phone; empty where nobody. `is_final`: whoever was
    asked would say the same of another line.
    """

    way: Way
    accepted: bool
    detail: str
    reaches: str = ""
    is_final: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ResyncOutcome:
    """What was tried with a phone, in order, and what came of it."""

    phone_id: int
    label: str
    tried: tuple[Tried, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the phone, or whoever hands it on, took it."""
        return bool(self.tried) and self.tried[-1].accepted

    @property
    def how(self) -> str:
        """What came of it, in one sentence without its full stop."""
        if not self.tried:
            return "it could not be asked: it has no line with a registrar and no address"
        if self.accepted:
            last = self.tried[-1]
            return f"{last.way}: accepted{f'; it reaches {last.reaches}' if last.reaches else ''}"
        return "; ".join(each.detail.rstrip(".") for each in self.tried)


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressee:
    """A phone to be asked. `target` None: its host cannot be meant. `sip` is as it is intended.

    `shared` names the other phones that have a line's account, by the line's number.
    """

    phone_id: int
    label: str
    sip: IntendedSip
    target: Target | None = field(default=None, repr=False)
    shared: Mapping[int, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Resyncer:
    """Asks phones, many at a time, each once.

    `names` are ours, as they may stand in a phone's XML push list. `reboot`: the phone boots in any
    case, and not only if a file changed (assumed; see `check_sync`). `spares_others`: no phone is
    asked through its registrar that shares the account with others, for these would boot as well.
    """

    sip: SipClient
    http: PhoneClient
    names: Collection[str]
    write: Callable[[Sequence[JournalEntry]], None]
    clock: Callable[[], datetime]
    by: str
    ways: tuple[How, ...] = BY_DEFAULT
    reboot: bool = False
    spares_others: bool = False
    concurrency: int = 20

    async def ask(self, phone: Addressee) -> ResyncOutcome:
        """Ask one phone, way after way, until one takes; write it down."""
        tried: list[Tried] = []
        async for each in self._tries(phone):
            tried.append(each)
            if each.accepted:
                break
        outcome = ResyncOutcome(phone_id=phone.phone_id, label=phone.label, tried=tuple(tried))
        what = f"Asked to re-sync: {outcome.how}."
        entry = JournalEntry(at=self.clock(), by=self.by, what=what, phone_id=phone.phone_id)
        await asyncio.to_thread(self.write, [entry])
        return outcome

    async def ask_all(
        self,
        phones: Sequence[Addressee],
        *,
        spread: float,
        progress: Callable[[ResyncOutcome], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> list[ResyncOutcome]:
        """Ask phones one after the other over `spread` seconds, some at the same time."""
        room = asyncio.Semaphore(self.concurrency)
        pause = spread / len(phones) if phones else 0.0

        async def one(number: int, phone: Addressee) -> ResyncOutcome:
            await sleep(number * pause)
            async with room:
                outcome = await self.ask(phone)
            progress(outcome)
            return outcome

        return list(await asyncio.gather(*(one(*each) for each in enumerate(phones))))

    async def _tries(self, phone: Addressee) -> AsyncIterator[Tried]:
        if How.NOTIFY in self.ways and phone.target is not None:
            yield await self._straight(phone, phone.target)
        name = next((name for name in phone.sip.post_list if name in self.names), "")
        if phone.target is not None and How.PUSH in self.ways and name:
            thing = command(Command.RESET)
            ended = await push(self.http, phone.target, thing, referer=name)
            yield Tried(way=Way.PUSH, accepted=ended.accepted, detail=ended.detail)
        lines = [line for line in phone.sip.lines if line.registrar]
        if How.NOTIFY in self.ways:
            async for each in self._by_registrars(phone, lines):
                yield each
        if phone.target is not None and How.WEB_UI in self.ways:
            restarted = await restart(self.http, phone.target)
            yield Tried(way=Way.WEB_UI, accepted=restarted.accepted, detail=restarted.detail)

    async def _by_registrars(
        self, phone: Addressee, lines: Sequence[IntendedLine]
    ) -> AsyncIterator[Tried]:
        """Ask by each line, first by those whose accounts fewest have, then by their backups."""
        ordered = sorted(lines, key=lambda each: len(phone.shared.get(each.number, ())))
        asked: set[tuple[str, Peer]] = set()
        over: set[Peer] = set()
        for peers in zip_longest(*(line.registrars for line in ordered)):
            for line, peer in zip(ordered, peers, strict=True):
                if peer is None or peer in over or (line.user, peer) in asked:
                    continue
                tried = await self._by_registrar(phone, line, peer)
                asked.add((line.user, peer))
                if tried.is_final:
                    over.add(peer)
                yield tried

    async def _by_registrar(self, phone: Addressee, line: IntendedLine, registrar: Peer) -> Tried:
        others = ", ".join(phone.shared.get(line.number, ()))
        if others and self.spares_others:
            detail = f"It was not asked through its registrar: {others} would restart too"
            return Tried(way=Way.REGISTRAR, accepted=False, detail=f"{detail}.")
        recipient = Recipient.through(registrar, user=line.user)
        login = line.login if line.login.password else None
        tried = await self._notify(Way.REGISTRAR, recipient, login, phone)
        reaches = f"every device registered as {line.user}"
        return replace(tried, reaches=f"{reaches}, also {others}" if others else reaches)

    async def _straight(self, phone: Addressee, target: Target) -> Tried:
        user = phone.sip.lines[0].user if phone.sip.lines else ""
        transport = phone.sip.transport
        recipient = Recipient.direct(target.address, user=user, transport=transport)
        return await self._notify(Way.DIRECT, recipient, None, phone)

    async def _notify(
        self, way: Way, recipient: Recipient, login: Credentials | None, phone: Addressee
    ) -> Tried:
        secrets = [line.login.password for line in phone.sip.lines]
        if phone.target is not None:
            secrets += phone.target.known_secrets
        try:
            event = check_sync(reboot=self.reboot)
            outcome = await notify(self.sip, recipient, event, login=login, secrets=secrets)
        except ValueError as error:  # a user or login that cannot be sent
            return Tried(way=way, accepted=False, detail=f"{error}.")
        return Tried(
            way=way,
            accepted=outcome.accepted,
            detail=outcome.detail,
            is_final=outcome.result not in (Result.REFUSED, Result.UNKNOWN_USER),
        )
