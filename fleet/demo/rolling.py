"""The demo of the whole loop: phones boot from our server, get new passwords, and prove it.

Then the same with a password that the registrar does not have: the canary fails, and the roll-out
stops, is diagnosed, and taken back.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from fleet.clock import now
from fleet.model import IntendedAccount, Intent, Phone, RolloutState, Site, Wanted
from fleet.opening import open_store
from fleet.provision.build import diagnoser_of
from fleet.provision.rollout import Pace, StageOrder
from fleet.provision.rollout.service import Terms, begin, roll_back
from fleet.provision.serve import listeners
from fleet.simulator import (
    BootSpec,
    PhoneSpec,
    RegistrarSpec,
    SimulatedRegistrar,
    Simulator,
    SipLogin,
)
from fleet.store import Change, IntentChange, Secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fleet.app import App
    from fleet.demo.sweeping import Demo
    from fleet.model import Rollout
    from fleet.provision.rollout.service import RolloutProgress

    Say = Callable[[str], None]
    Progress = Callable[[App], RolloutProgress]

SETTINGS = "[poll]\nconnect_timeout = 2\nread_timeout = 5\n\n[provisioning]\nport = 0\n"
_WAIT = 60.0  # seconds until a phone that does not come is given up
_PACE = Pace(settle=timedelta(seconds=1))
_BY = "demo"


def _password() -> str:
    return secrets.token_urlsafe(12)


@dataclass(frozen=True, kw_only=True)
class RolloutDemo:
    """A folder with settings and database of its own."""

    demo: Demo
    deadline: float = 12.0
    passwords: dict[str, str] = field(default_factory=dict, repr=False)

    def prepare(self) -> App:
        """Make the folder anew and open its database. Raises `UsageError` as `Demo` does."""
        return self.demo.prepare(more=SETTINGS)

    async def run(self, app: App, say: Say, progress: Progress) -> None:
        """Show the loop, step by step."""
        users = [f"1{number:03}" for number in range(1, self.demo.phones + 1)]
        self.passwords.update((user, _password()) for user in users)
        logins = tuple(SipLogin(user=each, password=self.passwords[each]) for each in users)
        async with SimulatedRegistrar(RegistrarSpec(accounts=logins)) as pbx:
            await asyncio.to_thread(self._intend, app, pbx)
            _apply(app)
            async with self._phones(app, pbx):
                say(f"{len(users)} phones booted from our server, with revision 1, and registered.")
                await self._good(app, pbx, say, progress)
                await self._bad(app, say, progress)

    async def _good(self, app: App, pbx: SimulatedRegistrar, say: Say, progress: Progress) -> None:
        say("\nNew SIP passwords in the inventory and at the registrar; plan, apply, rollout:")
        for user in self.passwords:
            self.passwords[user] = _password()
            pbx.set_password(user, self.passwords[user])
        await asyncio.to_thread(self._change, app, self.passwords)
        _apply(app)
        await _roll(app, begin(app.store, self._terms, now()), progress)

    async def _bad(self, app: App, say: Say, progress: Progress) -> None:
        say("\nAnd passwords that the registrar does not have:")
        wrong = {user: _password() for user in self.passwords}
        await asyncio.to_thread(self._change, app, wrong)
        _apply(app)
        ended = await _roll(app, begin(app.store, self._terms, now()), progress)
        if ended.state is not RolloutState.STOPPED:
            return
        canary = next(
            each.phone_id
            for each in app.store.rollouts.proofs(ended.id)
            if each.stage == ended.stage
        )
        [stored] = app.store.phones.load(ids=[canary])
        say(f"\nfleet diagnose {stored.phone.label}:")
        found = await diagnoser_of(app.settings, app.store, app.provisioner(), by=_BY).diagnose(
            stored
        )
        say(found.conclusions[0].text)
        say("\nfleet provision rollout rollback:")
        back = roll_back(app.store, Terms(deadline=self.deadline), to=None, by=_BY, now=now())
        await _roll(app, back, progress)

    @property
    def _terms(self) -> Terms:
        return Terms(order=StageOrder(canary_count=1, steps=()), deadline=self.deadline)

    def _intend(self, app: App, pbx: SimulatedRegistrar) -> None:
        """An inventory of phones whose addresses are not known yet."""
        admin = str(100_000_000 + secrets.randbelow(900_000_000))
        phones = [
            Phone(
                host=f"192.0.2.{number}",
                mac=_mac(number),
                model="6753i",
                name=f"phone {number}",
                site="demo",
                password=admin,
                accounts=(
                    IntendedAccount(
                        line=1,
                        user=user,
                        sip_password=password,
                        registrar=pbx.address,
                        registrar_port=pbx.port,
                    ),
                ),
            )
            for number, (user, password) in enumerate(self.passwords.items(), 1)
        ]
        common = Intent(parameters={"admin password": Wanted(value=admin, lock=True)})
        site = Site(name="demo", networks=("127.0.0.0/8",))
        changes = [Change(id=None, phone=phone) for phone in phones]
        app.store.inventory.apply([site], changes, IntentChange(at=now(), fleet=common))

    def _change(self, app: App, passwords: dict[str, str]) -> None:
        changes = []
        for stored in app.store.phones.load(secrets=Secrets.ALL):
            accounts = tuple(
                replace(account, sip_password=passwords[account.user])
                for account in stored.phone.accounts
            )
            changes.append(Change(id=stored.id, phone=replace(stored.phone, accounts=accounts)))
        app.store.inventory.apply([], changes)

    @asynccontextmanager
    async def _phones(self, app: App, pbx: SimulatedRegistrar) -> AsyncIterator[None]:
        """Phones that booted from what was applied, and are registered."""
        opened = partial(open_store, app.settings)
        async with listeners(app.settings, app.store, open_store=opened, clock=now) as service:
            server = f"{service.urls['http']}/"
            specs = [
                PhoneSpec(mac=_mac(number), boot=BootSpec(server=server, patience=2.0, seconds=1.0))
                for number in range(1, self.demo.phones + 1)
            ]
            async with Simulator(specs) as simulator:
                hosts = zip(range(1, len(specs) + 1), simulator.hosts, strict=True)
                places = {app.store.phones.find(_mac(number)): host for number, host in hosts}
                await asyncio.to_thread(app.store.inventory.rehost, places, now())
                async with asyncio.timeout(_WAIT):
                    await pbx.until(lambda one: len(one.registered) == len(specs))
                yield


def _apply(app: App) -> None:
    provisioner = app.provisioner()
    provisioner.apply(provisioner.plan(), by=_BY)


async def _roll(app: App, rollout: Rollout, progress: Progress) -> Rollout:
    return await app.roll_out(rollout, progress(app), by=_BY, pace=_PACE)


def _mac(number: int) -> str:
    return f"00:08:5D:D0:{number // 256:02X}:{number % 256:02X}"
