"""Unknown phones: what they get, who sees them, and how they become phones of ours."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet.clock import now
from fleet.model import Fetch, FetchOutcome, Phone, Site
from fleet.store import Change, Store
from tests.cli.steps import done
from tests.provision.serve.served import AGENT, UNKNOWN_MAC, fill, phone, serving

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

OWN = "00085D000099.cfg"
STRANGER = AGENT.replace("00-01", "00-99")


@pytest.mark.parametrize(
    ("agent", "enrol", "status", "outcome"),
    [
        (STRANGER, True, 200, FetchOutcome.NOT_APPROVED),
        (STRANGER, False, 404, FetchOutcome.UNKNOWN_MAC),
        (AGENT, True, 404, FetchOutcome.UNKNOWN_MAC),  # it says to be another phone
        ("curl/8.0", True, 404, FetchOutcome.UNKNOWN_MAC),
    ],
)
async def test_an_unknown_phone_gets_a_file_without_secrets_where_it_may_wait(
    agent: str, enrol: bool, status: int, outcome: FetchOutcome, store: Store, tmp_path: Path
) -> None:
    fill(store)
    async with serving(store, tmp_path, enrol=enrol) as service:
        async with phone(service, agent=agent) as client:
            answer = await client.get(OWN)
        await service.flush()
    assert answer.status_code == status
    assert [fetch.outcome for fetch in store.fetches.load()] == [outcome]
    if status == 200:
        assert "sip screen name: Not approved yet" in answer.text
        assert "password" not in answer.text
        [one] = store.fetches.unknown()
        assert (one.mac, one.model, one.address, one.waits) == (
            UNKNOWN_MAC,
            "6753i",
            "127.0.0.1",
            True,
        )


async def test_a_phone_that_waits_needs_no_login_and_a_foreign_network_gets_nothing(
    store: Store, tmp_path: Path
) -> None:
    fill(store)
    async with (
        serving(store, tmp_path, enrol=True, login="digest") as service,
        phone(service, agent=STRANGER) as client,
    ):
        assert (await client.get(OWN)).status_code == 200
    store.inventory.apply([Site(name="here", networks=("10.0.0.0/8",))], [])
    async with (
        serving(store, tmp_path, enrol=True) as service,
        phone(service, agent=STRANGER) as client,
    ):
        assert (await client.get(OWN)).status_code == 404


def record(store: Store, mac: str, address: str = "10.1.0.77", **fields: object) -> None:
    plain = {
        "at": now() - timedelta(minutes=1),
        "file": mac.replace(":", "") + ".cfg",
        "address": address,
        "outcome": FetchOutcome.NOT_APPROVED,
        "mac": mac,
        "model": "6753i",
        "firmware": "3.3.1.4365",
    }
    store.fetches.record([Fetch(**plain | fields)])  # type: ignore[arg-type]


def test_every_unknown_phone_is_listed_once_as_it_asked_last(store: Store) -> None:
    record(store, "00:08:5D:00:00:01")
    record(store, "00:08:5D:00:00:01", "10.1.0.78", at=now())
    record(store, "00:08:5D:00:00:02", outcome=FetchOutcome.UNKNOWN_MAC)
    record(store, "00:08:5D:00:00:03", outcome=FetchOutcome.WRONG_NETWORK)
    record(store, "00:08:5D:00:00:04")
    store.inventory.apply([], [Change(id=None, phone=Phone(host="x", mac="00:08:5D:00:00:04"))])
    found = {each.mac: (each.address, each.times, each.waits) for each in store.fetches.unknown()}
    assert found == {
        "00:08:5D:00:00:01": ("10.1.0.78", 2, True),
        "00:08:5D:00:00:02": ("10.1.0.77", 1, False),
    }


INVENTORY = """
clear_secrets: true
fleet:
  configuration: {admin_password: 48151623, user_password: 481516}
sites:
  berlin:
    networks: [10.1.0.0/16]
    phones: [{host: 10.1.0.21, mac: "00:08:5D:00:00:01", model: 6753i, name: one}]
"""


@pytest.fixture
def asked(fleet: Fleet) -> Fleet:
    """A fleet of one phone, and an unknown one that asked."""
    Path("phones.yaml").write_text(INVENTORY, encoding="utf-8")
    done(fleet, "inventory", "import", "phones.yaml")
    done(fleet, "provision", "apply")
    store = Store.open("sqlite:///fleet.db", keyring=None)
    record(store, UNKNOWN_MAC)
    store.close()
    return fleet


def test_an_approved_phone_has_its_file_at_once(asked: Fleet) -> None:
    [one] = json.loads(done(asked, "provision", "unknown", "--json"))["unknown"]
    assert (one["mac"], one["site"], one["state"]) == (UNKNOWN_MAC, "berlin", "waits")
    account = ("--user", "1001", "--registrar", "pbx.example.com")
    out = done(asked, "provision", "unknown", "approve", "00085d000099", "--name", "two", *account)
    assert "Applied revision 2" in out
    file = done(asked, "provision", "show", "2", OWN)
    assert "sip line1 user name: 1001" in file
    assert "No unknown phone asked" in done(asked, "provision", "unknown")
    phones = json.loads(done(asked, "inventory", "list", "--json"))["phones"]
    assert {"berlin", "10.1.0.77"} <= set(phones[-1].values())


def test_what_waits_to_be_applied_is_left_to_the_administrator(asked: Fleet) -> None:
    done(asked, "provision", "set", "fleet", "sip vmail", "*97")
    out = done(asked, "provision", "unknown", "approve", UNKNOWN_MAC)
    assert "To give it its file: fleet provision plan, then apply" in out
    assert "2" not in done(asked, "provision", "revisions").split("\n")[1].split()[:1]


@pytest.mark.parametrize(
    ("mac", "said"),
    [
        ("00:08:5D:00:00:55", "did not ask for a file"),
        ("00:08:5D:00:00:01", "is in the inventory already, as one"),
        ("reception", "not a MAC address"),
    ],
)
def test_who_did_not_ask_is_not_approved(asked: Fleet, mac: str, said: str) -> None:
    ran = asked("provision", "unknown", "approve", mac)
    assert (ran.code, said in ran.err) == (2, True), ran.err
