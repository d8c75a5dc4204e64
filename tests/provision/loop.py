"""A fleet on loopback, whole: phones that boot from our server, a registrar, and the app."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from fleet.app import App, now, rules_of, words_of
from fleet.model import IntendedAccount, Intent, Phone, Site, Wanted
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.peer import Timers
from fleet.provision.build import resyncer_of
from fleet.provision.rollout.machine import Pace
from fleet.provision.rollout.service import RolloutService
from fleet.provision.serve import listeners
from fleet.push import Push, PushDesk, PushEvent, PushState
from fleet.settings import Settings
from fleet.simulator import (
    BootSpec,
    PhoneSpec,
    RegistrarSpec,
    SimulatedRegistrar,
    Simulator,
    SipLogin,
)
from fleet.store import Change, IntentChange, Store
from fleet.sweep import Order
from tests.simulator.boot.phones import quick_clock, within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from fleet.model import Proof, Revision, Rollout
    from fleet.provision.serve import FileService

ADMIN = "48151623"
OLD, NEW, WRONG = "Old-pass-4711x", "New-pass-4712y", "Wrong-pass-4713z"
SPEED = 10.0  # of the phones' clocks: registrations outlast the test
PACE = Pace(settle=timedelta(0))


def mac(number: int) -> str:
    return f"00:08:5D:00:01:{number:02X}"


@dataclass(kw_only=True)
class Loop:
    """The fleet; phones are numbered from 1."""

    app: App
    pbx: SimulatedRegistrar
    service: FileService
    simulator: Simulator
    ids: tuple[int, ...] = ()

    @property
    def store(self) -> Store:
        return self.app.store

    def intend(self, number: int, password: str) -> None:
        """Change a phone's SIP password in the inventory."""
        (stored,) = self.store.phones(ids=[self.ids[number - 1]])
        accounts = tuple(
            replace(account, sip_password=password) for account in stored.phone.accounts
        )
        changed = replace(stored.phone, accounts=accounts)
        self.store.apply_inventory([], [Change(id=stored.id, phone=changed)])

    def move(self, *, to: SimulatedRegistrar, password: str) -> None:
        """Change the registrar and the SIP password of all phones in the inventory."""
        changes = []
        for stored in self.store.phones():
            accounts = tuple(
                replace(
                    account,
                    registrar=to.address,
                    registrar_port=to.port,
                    sip_password=password,
                )
                for account in stored.phone.accounts
            )
            changed = replace(stored.phone, accounts=accounts)
            changes.append(Change(id=stored.id, phone=changed))
        self.store.apply_inventory([], changes)

    def apply(self) -> Revision:
        """Plan, and apply the plan."""
        provisioner = self.app.provisioner()
        return provisioner.apply(provisioner.plan(), by="test")

    async def until_registered(self) -> None:
        users = {f"10{number:02}" for number in range(1, len(self.ids) + 1)}
        await within(self.pbx.until(lambda pbx: set(pbx.registered) == users))

    async def until_written(self) -> None:
        """Wait until the fetches of every phone's own file are in the database."""

        async def written() -> None:
            while len(self._fetchers()) < len(self.ids):  # noqa: ASYNC110  nobody tells of it
                await asyncio.sleep(0.05)

        await within(written())

    def _fetchers(self) -> set[int]:
        """The phones whose fetch of their own file is in the database."""
        return {number for number, name in self.store.last_fetches() if name[0] == "0"}

    async def poll(self, *ids: int) -> None:
        order = Order(ids=ids or self.ids, selection="test", insist=True, anew=True)
        await self.app.sweep(order, lambda _: None)

    def push(self, number: int, state: PushState = PushState.REGISTERED) -> None:
        """Have a phone say of its line how it is registered."""
        push = Push(
            at=now(),
            mac=mac(number),
            event=PushEvent.REGISTRATION,
            state=state,
            user=f"10{number:02}",
        )
        PushDesk(self.store, {}, None).take([(self.ids[number - 1], push)])

    async def run(self, rollout: Rollout, *, polls: bool = True, pace: Pace = PACE) -> Rollout:
        """Run a roll-out, quickly; without `polls` nobody looks at the phones' pages."""

        async def poll(ids: Sequence[int]) -> None:
            if polls:
                await self.poll(*ids)

        async with self.app.client() as client:
            resyncer = resyncer_of(self.app.settings, self.store, client, by="test", reboot=True)
            service = RolloutService(
                store=self.store,
                resyncer=replace(resyncer, sip=SipClient(timers=Timers(t1=0.05, connect=1.0))),
                logins=self.app.logins,
                poll=poll,
                clock=now,
                pace=pace,
                tick=0.05,
                poll_every=timedelta(seconds=0.2),
            )
            return await within(service.run(rollout, lambda *_: None))

    def proofs(self) -> Mapping[int, Proof]:
        """What the phones of the last roll-out came to, by the phones' numbers here."""
        rollout = self.store.rollout()
        assert rollout
        found = {proof.phone_id: proof for proof in self.store.proofs(rollout.id)}
        return {number: found[each] for number, each in enumerate(self.ids, 1) if each in found}


def settings_of(folder: Path, place: str = "") -> Settings:
    said: dict[str, object] = {"folder": folder, "provisioning": {"port": 0}}
    if place:
        said["database"] = {"url": place}
    return Settings.model_validate(said)


def fill(store: Store, pbx: SimulatedRegistrar, count: int) -> tuple[int, ...]:
    """An inventory of phones that are not anywhere yet."""
    phones = [
        Phone(
            host=f"10.0.0.{number}",
            mac=mac(number),
            model="6753i",
            site="here",
            password=ADMIN,
            accounts=(
                IntendedAccount(
                    line=1,
                    user=f"10{number:02}",
                    sip_password=OLD,
                    registrar=pbx.address,
                    registrar_port=pbx.port,
                ),
            ),
        )
        for number in range(1, count + 1)
    ]
    common = Intent(parameters={"admin password": Wanted(value=ADMIN, lock=True)})
    site = Site(name="here", networks=("127.0.0.0/8",))
    changes = [Change(id=None, phone=phone) for phone in phones]
    store.apply_inventory([site], changes, IntentChange(at=now(), fleet=common))
    return tuple(store.find_phone(mac(number)) for number in range(1, count + 1))


@asynccontextmanager
async def whole_loop(store: Store, tmp_path: Path, count: int = 2) -> AsyncIterator[Loop]:
    """Phones that have booted from revision 1 and are registered."""
    settings = settings_of(tmp_path)
    app = App(settings=settings, store=store, words=words_of(settings), rules=rules_of(settings))
    accounts = tuple(
        SipLogin(user=f"10{number:02}", password=OLD) for number in range(1, count + 1)
    )
    async with SimulatedRegistrar(RegistrarSpec(accounts=accounts)) as pbx:
        ids = await asyncio.to_thread(fill, store, pbx, count)
        provisioner = app.provisioner()
        provisioner.apply(provisioner.plan(), by="test")
        opened = partial(Store.open, store.place, keyring=None)
        async with listeners(settings, store, open_store=opened, clock=now) as service:
            url = service.urls["http"] + "/"
            specs = [
                PhoneSpec(model="6753i", mac=mac(number), boot=BootSpec(server=url, patience=1.0))
                for number in range(1, count + 1)
            ]
            async with Simulator(specs, clock=quick_clock(SPEED)) as simulator:
                store.rehost(dict(zip(ids, simulator.hosts, strict=True)), now())
                loop = Loop(app=app, pbx=pbx, service=service, simulator=simulator, ids=ids)
                await loop.until_registered()
                await loop.until_written()
                yield loop
