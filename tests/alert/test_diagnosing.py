"""Alerts that say why a line is not registered: rounds on real databases, real SIP questions."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from fleet.alert import Alerting, Composer, Policy, Telling
from fleet.alert.diagnosing import FEW_OF_CAUSE, MOST_OF_ROUND, to_diagnose
from fleet.app import App, rules_of, words_of
from fleet.clock import now
from fleet.daemon import Services
from fleet.errors import StoreError
from fleet.model import AlertKind, Cause, CauseKind, IntendedAccount, Phone, Severity
from fleet.provision.diagnose import Brief
from fleet.settings import Settings, settings_of
from fleet.simulator import RegistrarSpec, RegistrarState, SimulatedRegistrar, SipLogin
from fleet.store import Change
from tests.alert.makers import incident, resolved
from tests.alert.test_round import Causes, alerts
from tests.alert.world import ALL
from tests.daemon.running import opened, running, until
from tests.store.fleets import MINUTE
from tests.store.watching import finding, look

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet.model import Incident
    from fleet.provision.diagnose import Diagnoser
    from fleet.store import Keyring, Store
    from tests.alert.servers import Webhook

RIGHT, WRONG = "Right-pass-4711x", "Wrong-pass-4712y"


@dataclass(kw_only=True)
class World:
    """Phones 1… with line 1 of user 1001…, a registrar that knows them, and rounds of alerting."""

    store: Store
    pbx: SimulatedRegistrar
    ids: list[int]
    app: App

    async def refused(self, *numbers: int, code: int = 401) -> None:
        for number in numbers:
            found = finding(1, code=code)
            await asyncio.to_thread(look, self.store, self.ids[number - 1], now(), found)

    async def round(
        self, brief: Brief | None = None, least: int = 1000, after: timedelta = MINUTE
    ) -> None:
        """A round, after the time for which a new problem waits."""
        rounds = Alerting(
            store=self.store,
            policy=Policy(routes=(ALL,)),
            find_causes=Causes(least=least),
            composer=Composer(),
            diagnose=brief or self.brief(),
        )
        await asyncio.to_thread(rounds.run, now() + after)

    def brief(self, patience: float | None = 0.3, within: float = 20.0) -> Brief:
        make = partial(self.app.diagnoser, by="test", patience=patience)
        return Brief(store=self.store, make=make, within=within)

    @property
    def tries(self) -> int:
        return sum(self.pbx.record.queries.values())

    @property
    def texts(self) -> list[str]:
        return [alert.text for alert in alerts(self.store)]


@asynccontextmanager
async def world(store: Store, password: str = WRONG, count: int = 7) -> AsyncIterator[World]:
    users = [f"10{number:02}" for number in range(1, count + 1)]
    logins = tuple(SipLogin(user=user, password=RIGHT) for user in users)
    async with SimulatedRegistrar(RegistrarSpec(accounts=logins)) as pbx:
        phones = [
            Phone(
                host=f"127.0.0.1:{9000 + number}",
                accounts=(
                    IntendedAccount(
                        line=1, user=user, sip_password=password, registrar=pbx.address,
                        registrar_port=pbx.port,
                    ),
                ),
            )
            for number, user in enumerate(users, 1)
        ]  # fmt: skip
        await asyncio.to_thread(
            store.inventory.apply, [], [Change(id=None, phone=phone) for phone in phones]
        )
        ids = [store.phones.find(phone.host) for phone in phones]
        settings = settings_of({"alerts": {"urls": ["json://x"], "diagnose": True}})
        app = App(
            settings=settings, store=store, words=words_of(settings), rules=rules_of(settings)
        )
        yield World(store=store, pbx=pbx, ids=ids, app=app)


def has(*said: Telling) -> list[int | None]:
    return [one.id for one in to_diagnose(said, ())]


async def test_an_alert_of_a_refused_line_says_what_the_registrar_says(store: Store) -> None:
    async with world(store) as made:
        await made.refused(1)
        await asyncio.to_thread(made.app.alerting().run, now() + MINUTE)
        [text] = made.texts
        said = "rejects the inventory's user and password of 1001 (401 Unauthorized)."
        assert (
            f"  diagnosis: The primary registrar {made.pbx.address}:{made.pbx.port} {said}" in text
        )
        assert made.pbx.record.wrong_passwords["1001"] == 1
        [entry] = store.journal.load(phone_id=made.ids[0])
        assert entry.by == "fleet, for an alert"
        [alert] = alerts(store)
        assert said in alert.html.replace("&#39;", "'")


async def test_the_daemon_tells_it(database_url: str, webhook: Webhook, keyring: Keyring) -> None:
    with closing(opened(database_url, told=[webhook.url], diagnose=True)) as app:
        app.store.use_keyring(keyring)
        async with world(app.store, count=1) as made:
            await made.refused(1)
            async with running(app, Services.of(app)):
                await until(lambda: bool(webhook.bodies))
    assert "rejects the inventory's user and password" in webhook.bodies[0]["message"]


async def test_nobody_is_asked_unless_the_settings_say_so(store: Store) -> None:
    assert Settings().alerts.diagnose is False
    async with world(store) as made:
        quiet = replace(made.app, settings=settings_of({"alerts": {"urls": ["json://x"]}}))
        await made.refused(1)
        await asyncio.to_thread(quiet.alerting().run, now() + MINUTE)
        [text] = made.texts
        assert "diagnosis" not in text
        assert made.tries == 0


async def test_a_reminder_asks_nobody_again(store: Store) -> None:
    async with world(store) as made:
        await made.refused(1)
        await made.round()
        tries = made.tries
        await made.round(after=timedelta(days=2))
        kinds = [alert.kind for alert in alerts(store)]
        assert kinds == [AlertKind.PROBLEM, AlertKind.REMINDER]
        assert "diagnosis" not in made.texts[1]
        assert made.tries == tries


async def test_a_line_that_was_asked_about_a_moment_ago_is_told_without_a_sentence(
    store: Store,
) -> None:
    async with world(store) as made:
        [stored] = store.phones.load(ids=[made.ids[0]])
        await made.app.diagnoser(by="somebody", patience=0.3).diagnose(stored)
        tries = made.tries
        await made.refused(1)
        await made.round()
        [text] = made.texts
        assert "diagnosis" not in text
        assert made.tries == tries


async def test_a_round_asks_about_five_lines_at_most(store: Store) -> None:
    async with world(store) as made:
        await made.refused(*range(1, 8))
        await made.round()
        [text] = made.texts
        assert text.count("diagnosis: ") == MOST_OF_ROUND
        assert sum(made.pbx.record.wrong_passwords.values()) == MOST_OF_ROUND


async def test_of_a_cause_only_two_lines_are_asked_about(store: Store) -> None:
    async with world(store) as made:
        await made.refused(*range(1, 6))
        await made.round(least=3)
        [alert] = alerts(store)
        assert alert.cause_id is not None
        assert alert.text.count("diagnosis: ") == FEW_OF_CAUSE
        await made.refused(6)
        await made.round(least=3)
        assert sum(made.pbx.record.wrong_passwords.values()) == FEW_OF_CAUSE


async def test_a_registrar_that_says_nothing_is_told_as_dead(store: Store) -> None:
    async with world(store) as made:
        made.pbx.state = RegistrarState.DOWN
        await made.refused(1)
        await made.round()
        [text] = made.texts
        assert "does not answer from here" in text


async def test_a_diagnosis_that_hangs_costs_its_sentence_and_not_the_alert(store: Store) -> None:
    async with world(store) as made:
        made.pbx.state = RegistrarState.DOWN
        await made.refused(1)
        await made.round(made.brief(patience=None, within=0.3))
        [text] = made.texts
        assert "diagnosis" not in text
        assert store.alerts.unhandled_notices() == []


@pytest.mark.parametrize("error", [StoreError("The database is gone."), RuntimeError("a bug")])
async def test_a_diagnosis_that_fails_costs_its_sentence_and_not_the_alert(
    store: Store, error: Exception
) -> None:
    async with world(store) as made:

        def fails() -> Diagnoser:
            raise error

        await made.refused(1)
        await made.round(Brief(store=store, make=fails))
        [text] = made.texts
        assert "diagnosis" not in text


async def test_one_that_fails_does_not_cost_the_others_theirs(store: Store) -> None:
    async with world(store) as made:
        [stored] = store.phones.load(ids=[made.ids[0]])
        bare = replace(stored.phone, accounts=())
        store.inventory.apply([], [Change(id=stored.id, phone=bare)])
        await made.refused(1, 2)
        await made.round()
        [text] = made.texts
        assert text.count("diagnosis: ") == 1


def test_what_hangs_for_ever_is_left_behind(store: Store) -> None:
    release = threading.Event()

    def hangs() -> Diagnoser:
        release.wait()
        raise StoreError("The end.")

    try:
        assert Brief(store=store, make=hangs, within=0.05)([incident(1)]) == {}
    finally:
        release.set()


def telling(*incidents: Incident, kind: AlertKind = AlertKind.PROBLEM, **fields: object) -> Telling:
    return Telling(
        kind=kind, route=ALL, key="key", severity=Severity.CRITICAL, due=incidents[0].first_seen,
        incidents=incidents, **fields,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "is_asked"),
    [
        ({"code": 401}, True),
        ({"code": 403}, True),
        ({"code": 407}, True),
        ({"code": 404}, False),
        ({"code": 503}, False),
        ({"code": None, "rule": "line-unregistered"}, True),
        ({"rule": "account-mismatch"}, False),
        ({"phone_id": None}, False),
        ({"rule": "phone-unreachable", "line": None}, False),
    ],
)
def test_lines_are_diagnosed_of_which_the_registrar_can_say_more(
    fields: dict[str, object], is_asked: bool
) -> None:
    made = replace(incident(1), **fields)  # type: ignore[arg-type]
    assert has(telling(made)) == ([1] if is_asked else [])


def test_what_is_over_or_was_told_before_is_not_diagnosed() -> None:
    one = incident(1)
    assert has(telling(one, kind=AlertKind.REMINDER)) == []
    assert has(telling(one, kind=AlertKind.RECOVERY)) == []
    assert has(telling(resolved(one, one.first_seen))) == []
    cause = Cause(
        id=7, kind=CauseKind.REGISTRAR, name="pbx", began=one.first_seen, failing=1, looked_at=1
    )
    assert to_diagnose([telling(one, cause=cause)], {7}) == ()
    assert to_diagnose([telling(one, cause=cause)], {8}) == (one,)


def test_receivers_of_two_routes_are_told_of_one_diagnosis() -> None:
    assert has(telling(incident(1)), telling(incident(1), incident(2))) == [1, 2]
