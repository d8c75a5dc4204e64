"""A fleet on loopback, whole: phones that boot from our server, a registrar, and the app."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from fleet.app import App, rules_of, words_of
from fleet.clock import now
from fleet.model import IntendedAccount, Intent, Phone, Site, Wanted
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.transport import Timers
from fleet.provision.build import resyncer_of
from fleet.provision.rollout.preconditions import NoPreconditions
from fleet.provision.rollout.service import RolloutService
from fleet.provision.rollout.state_machine import Pace
from fleet.provision.serve import listeners
from fleet.push import Push, PushEvent, PushIngest, PushState
from fleet.settings import settings_of
from fleet.simulator import (
    BootSpec,
    PhoneSpec,
    RegistrarSpec,
    SimulatedRegistrar,
    Simulator,
    SipLogin,
)
from fleet.simulator.control import Control
from fleet.store import Change, IntentChange, Store
from fleet.sweep import Order
from tests.simulator.boot.phones import quick_clock, within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from fleet.model import Proof, Revision, Rollout
    from fleet.provision.rollout.preconditions import Preconditions
    from fleet.provision.serve import FileService
    from fleet.settings import Settings
    from fleet.simulator.phone import SimulatedPhone

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
    users: frozenset[str] = frozenset()
    runs_in: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    control: str = ""  # the URL of the simulator's control API, for the registrar

    # what the simulator's control API needs of one
    phones: tuple[SimulatedPhone, ...] = ()
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def trap(self) -> SimulatedPhone:
        return self.simulator.trap

    @property
    def registrars(self) -> tuple[SimulatedRegistrar, ...]:
        return (self.pbx,)

    @property
    def store(self) -> Store:
        return self.app.store

    def intend(self, number: int, password: str) -> None:
        """Change a phone's SIP password in the inventory."""
        (stored,) = self.store.phones.load(ids=[self.ids[number - 1]])
        accounts = tuple(
            replace(account, sip_password=password) for account in stored.phone.accounts
        )
        changed = replace(stored.phone, accounts=accounts)
        self.store.inventory.apply([], [Change(id=stored.id, phone=changed)])

    def move(self, *, to: SimulatedRegistrar, password: str) -> None:
        """Change the registrar and the SIP password of all phones in the inventory."""
        changes = []
        for stored in self.store.phones.load():
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
        self.store.inventory.apply([], changes)

    def apply(self) -> Revision:
        """Plan, and apply the plan."""
        provisioner = self.app.provisioner()
        return provisioner.apply(provisioner.plan(), by="test")

    async def until_registered(self) -> None:
        await within(self.pbx.until(lambda pbx: set(pbx.registered) == self.users))

    async def until_written(self) -> None:
        """Wait until the fetches of every phone's own file are in the database."""

        async def written() -> None:
            while len(self._fetchers()) < len(self.ids):  # noqa: ASYNC110  nobody tells of it
                await asyncio.sleep(0.05)

        await within(written())

    def _fetchers(self) -> set[int]:
        """The phones whose fetch of their own file is in the database."""
        return {number for number, name in self.store.fetches.last() if name[0] == "0"}

    async def poll(self) -> None:
        await poll(self.app, self.ids)

    def push(self, number: int, state: PushState = PushState.REGISTERED) -> None:
        """Have a phone say of its line how it is registered."""
        push = Push(
            at=now(),
            mac=mac(number),
            event=PushEvent.REGISTRATION,
            state=state,
            user=f"10{number:02}",
        )
        PushIngest(self.store, {}, None).take([(self.ids[number - 1], push)])

    async def run(
        self,
        rollout: Rollout,
        preconditions: Callable[[Rollout], Preconditions] = lambda _: NoPreconditions(),
        *,
        polls: bool = True,
        pace: Pace = PACE,
    ) -> Rollout:
        """Run a roll-out, quickly; without `polls` nobody looks at the phones' pages."""
        look = partial(poll, self.app) if polls else _nothing
        return await within(run_quickly(self.app, rollout, preconditions, pace, look))

    def proofs(self) -> Mapping[int, Proof]:
        """What the phones of the last roll-out came to, by the phones' numbers here."""
        rollout = self.store.rollouts.get()
        assert rollout
        found = {proof.phone_id: proof for proof in self.store.rollouts.proofs(rollout.id)}
        return {number: found[each] for number, each in enumerate(self.ids, 1) if each in found}


async def poll(app: App, ids: Sequence[int]) -> None:
    order = Order(ids=tuple(ids), selection="test", insist=True, anew=True)
    await app.sweep(order, lambda _: None)


async def _nothing(_ids: Sequence[int]) -> None:
    """Look at nobody."""


async def run_quickly(
    app: App,
    rollout: Rollout,
    preconditions: Callable[[Rollout], Preconditions],
    pace: Pace,
    look: Callable[[Sequence[int]], Awaitable[None]] | None = None,
) -> Rollout:
    """Run a roll-out, looking often."""
    async with app.client() as client:
        resyncer = resyncer_of(app.settings, app.store, client, by="test", reboot=True)
        service = RolloutService(
            store=app.store,
            resyncer=replace(resyncer, sip=SipClient(timers=Timers(t1=0.05, connect=1.0))),
            logins=app.logins,
            poll=look or partial(poll, app),
            clock=now,
            pace=pace,
            tick=0.05,
            poll_every=timedelta(seconds=0.2),
            preconditions=preconditions,
        )
        return await service.run(rollout, lambda *_: None)


def settings_in(folder: Path, place: str = "", login: str = "none") -> Settings:
    said: dict[str, dict[str, object]] = {"provisioning": {"port": 0, "login": login}}
    if place:
        said["database"] = {"url": place}
    return settings_of(said, folder=folder)


def fill(store: Store, pbx: SimulatedRegistrar, count: int, shared: str = "") -> tuple[int, ...]:
    """An inventory of phones that are not anywhere yet. Line 2 of all is `shared`, if that is."""
    users = {1: "", 2: shared} if shared else {1: ""}
    phones = [
        Phone(
            host=f"10.0.0.{number}",
            mac=mac(number),
            model="6753i",
            site="here",
            password=ADMIN,
            accounts=tuple(
                IntendedAccount(
                    line=line,
                    user=user or f"10{number:02}",
                    sip_password=OLD,
                    registrar=pbx.address,
                    registrar_port=pbx.port,
                )
                for line, user in users.items()
            ),
        )
        for number in range(1, count + 1)
    ]
    common = Intent(parameters={"admin password": Wanted(value=ADMIN, lock=True)})
    site = Site(name="here", networks=("127.0.0.0/8",))
    changes = [Change(id=None, phone=phone) for phone in phones]
    store.inventory.apply([site], changes, IntentChange(at=now(), fleet=common))
    return tuple(store.phones.find(mac(number)) for number in range(1, count + 1))


@asynccontextmanager
async def whole_loop(
    store: Store, tmp_path: Path, count: int = 2, *, shared: str = "", login: str = "none"
) -> AsyncIterator[Loop]:
    """Phones that have booted from revision 1 and are registered. They may share their line 2."""
    settings = settings_in(tmp_path, login=login)
    app = App(settings=settings, store=store, words=words_of(settings), rules=rules_of(settings))
    users = frozenset({f"10{number:02}" for number in range(1, count + 1)} | {shared} - {""})
    accounts = tuple(SipLogin(user=user, password=OLD) for user in sorted(users))
    async with SimulatedRegistrar(RegistrarSpec(accounts=accounts)) as pbx:
        ids = await asyncio.to_thread(fill, store, pbx, count, shared)
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
                store.inventory.rehost(dict(zip(ids, simulator.hosts, strict=True)), now())
                loop = Loop(
                    app=app, pbx=pbx, service=service, simulator=simulator, ids=ids, users=users
                )
                async with Control(loop) as control:
                    assert control.address
                    loop.control = "http://{}:{}".format(*control.address)
                    await loop.until_registered()
                    await loop.until_written()
                    yield loop
