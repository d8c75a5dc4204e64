"""`fleet alert` and `fleet incidents`, as a user calls them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet.model import Phone, Site
from fleet.store import Alerting, Change, Store
from tests.alert import servers
from tests.alert.test_round import Causes
from tests.cli.conftest import answering
from tests.cli.steps import done, spec
from tests.store.watching import finding, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.alert.servers import Webhook
    from tests.cli.conftest import Fleet


@contextmanager
def opened() -> Iterator[Store]:
    store = Store.open("sqlite:///fleet.db", keyring=None)
    yield store
    store.close()


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with servers.webhook() as made:
        monkeypatch.setenv("FLEET_ALERTS_URLS", made.url)
        yield made


@pytest.fixture
def trouble(fleet: Fleet) -> datetime:
    """Two lines of a phone at site berlin were refused; gives when."""
    begun = datetime.now(UTC) - timedelta(minutes=10)
    with opened() as store:
        phone = Phone(host="10.0.0.1", name="reception", site="berlin")
        store.inventory.apply([Site(name="berlin")], [Change(id=None, phone=phone)])
        look(store, store.phones.find("reception"), begun, finding(1), finding(2))
    return begun


def test_a_test_is_a_real_alert_by_each_route(fleet: Fleet, webhook: Webhook) -> None:
    assert done(fleet, "alert", "test") == "default: accepted\n"
    [body] = webhook.bodies
    assert body["title"] == "[fleet] test of route default"


def test_a_test_that_is_not_taken_says_why_and_ends_with_3(fleet: Fleet, webhook: Webhook) -> None:
    webhook.status = 403
    ran = fleet("alert", "test", "--route", "default")
    assert ran.code == 3
    assert "default: not accepted: " in ran.out
    assert "403" in ran.out
    assert "geheim" not in ran.out + ran.err


def test_nobody_to_tell_is_said(fleet: Fleet, trouble: datetime) -> None:
    ran = fleet("alert", "test")
    assert ran.code == 2
    assert "FLEET_ALERTS_URLS" in ran.err
    sent = fleet("alert", "send")
    assert (sent.code, sent.out) == (2, "Delivered: 0; delayed: 2 (fleet alert pending).\n")
    assert "FLEET_ALERTS_URLS" in sent.err


def test_a_route_that_there_is_not_is_answered_with_those_there_are(
    fleet: Fleet, webhook: Webhook
) -> None:
    ran = fleet("alert", "test", "--route", "boss")
    assert (ran.code, "There is no route boss; routes: default." in ran.err) == (2, True)


def test_a_wrong_url_is_refused_and_not_shown(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_ALERTS_URLS", "jsn://geheim@host")
    for words in (["alert", "test"], ["alert", "send"]):
        ran = fleet(*words)
        assert ran.code == 2
        assert "the URL of default is not one that Apprise understands" in ran.err
        assert "geheim" not in ran.err


def test_send_decides_and_delivers(fleet: Fleet, webhook: Webhook, trouble: datetime) -> None:
    assert done(fleet, "alert", "send") == "Delivered: 1.\n"
    assert done(fleet, "alert", "send") == "Delivered: 0.\n"
    assert [body["title"] for body in webhook.bodies] == ["[fleet] 2 lines: 2 × 401 Unauthorized"]


def test_what_is_not_delivered_is_shown_with_why(
    fleet: Fleet, webhook: Webhook, trouble: datetime
) -> None:
    webhook.status = 500
    ran = fleet("alert", "send")
    assert (ran.code, ran.out) == (3, "Delivered: 0; to be retried: 1.\n")
    shown = done(fleet, "alert", "pending")
    assert "Not delivered: 1 alert." in shown
    assert "500" in shown
    [delivery] = json.loads(done(fleet, "alert", "pending", "--json"))["deliveries"]
    assert (delivery["route"], delivery["state"], delivery["attempts"]) == ("default", "waiting", 1)
    assert "geheim" not in json.dumps(delivery)


def test_what_is_silenced_is_pending_with_why(
    fleet: Fleet, webhook: Webhook, trouble: datetime
) -> None:
    done(fleet, "incidents", "silence", "--phone", "reception", "--line", "1", "--for", "2h")
    assert "silence 1 until" in done(fleet, "alert", "pending")
    assert done(fleet, "alert", "send") == "Delivered: 1; delayed: 1 (fleet alert pending).\n"
    shown = done(fleet, "incidents", "silences")
    assert "reception, line 1" in shown
    done(fleet, "incidents", "unsilence", "1")
    assert done(fleet, "incidents", "silences") == "No silences.\n"
    assert "1" in done(fleet, "incidents", "silences", "--past")
    assert done(fleet, "alert", "send") == "Delivered: 1.\n"
    assert done(fleet, "alert", "pending").startswith("No alert is delayed")


def test_a_rule_that_is_switched_off_ends_what_was_told_of_it(
    fleet: Fleet, webhook: Webhook, trouble: datetime
) -> None:
    assert done(fleet, "alert", "send") == "Delivered: 1.\n"
    Path("fleet.toml").write_text("[rules.line-failed]\nenabled = false\n")
    with answering([spec(1)]) as phones, opened() as store:
        [stored] = store.phones.load()
        phone = replace(stored.phone, host=phones.simulator.hosts[0])
        store.inventory.apply([], [Change(id=stored.id, phone=phone)])
        done(fleet, "poll")
    assert done(fleet, "alert", "send") == "Delivered: 1.\n"
    assert webhook.bodies[-1]["title"].startswith("[fleet] recovered: 2 lines")
    assert "the rule was switched off" in webhook.bodies[-1]["message"]


@pytest.mark.parametrize("words", [["list", "--cause"], ["ack"], ["ack", "--cause"], ["unsilence"]])
def test_a_number_that_can_be_no_id_is_refused(fleet: Fleet, words: list[str]) -> None:
    ran = fleet("incidents", *words, str(10**20))
    assert ran.code == 2
    assert "is not in the range" in ran.err


def test_incidents_are_listed_and_acknowledged(fleet: Fleet, trouble: datetime) -> None:
    shown = done(fleet, "incidents")
    assert shown.count("reception") == 2
    assert "2 incidents." in shown
    assert done(fleet, "incidents", "--site", "berlin") == shown
    acked = done(fleet, "incidents", "ack", "1", "--until", "4h", "--comment", "on my way")
    assert acked == "Acknowledged 1 incident.\n"
    [two, one] = json.loads(done(fleet, "incidents", "list", "--json"))["incidents"]
    assert (one["id"], two["acked_by"]) == (1, "")
    assert one["acked_by"].endswith(": on my way")
    assert done(fleet, "incidents").count("acked") == 1


def test_what_is_over_is_listed_when_asked(fleet: Fleet, trouble: datetime) -> None:
    with opened() as store:
        look(store, 1, trouble + timedelta(minutes=1))
    assert done(fleet, "incidents") == "No incidents.\n"
    assert done(fleet, "incidents", "--all").count("resolved") == 2
    assert done(fleet, "incidents", "--all", "--since", "1m") == "No incidents.\n"


def test_a_cause_is_shown_with_its_members_and_acknowledged(
    fleet: Fleet, trouble: datetime
) -> None:
    with opened() as store:
        standing = store.findings.incidents(open_only=True)
        found = Causes(least=2)(standing, (), store.phones.population(()), trouble)
        store.alerts.apply(Alerting(at=trouble, causes=found))
    shown = done(fleet, "incidents", "list", "--cause", "1")
    assert shown.startswith("Cause 1: registrar pbx.example, 2 of 2 fail, since ")
    assert shown.count("reception") == 2
    assert done(fleet, "incidents", "ack", "--cause", "1") == "Acknowledged cause 1.\n"
    assert ", acked\n" in done(fleet, "incidents")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ack"], "Name the IDs of incidents, or use --cause."),
        (["ack", "9"], "Not open: 9; see fleet incidents."),
        (["ack", "--cause", "9"], "Cause 9 is not open"),
        (["list", "--cause", "9"], "There is no cause 9"),
        (["list", "--site", "nowhere"], "There is no site nowhere"),
        (
            ["silence", "--for", "2h"],
            "Choose what to silence: --site, --phone, --line, --rule or --everything.",
        ),
        (["silence", "--site", "berlin"], "Set the end: --for 2h, or --until TIME."),
        (["silence", "--line", "1", "--for", "2h"], "--line requires --phone."),
        (["silence", "--rule", "x", "--for", "2h"], "There is no rule x; rules: line-failed"),
        (["silence", "--everything", "--until", "2020-01-01"], "is in the past"),
        (["silence", "--everything", "--for", "soon"], "a duration from now: 90m, 6h, 2d"),
        (["unsilence", "9"], "Silence 9 is not active"),
    ],
)
def test_what_cannot_be_meant_is_answered_in_words(
    words: list[str], sentence: str, fleet: Fleet, trouble: datetime
) -> None:
    ran = fleet("incidents", *words)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in " ".join(ran.err.split())
