"""`fleet discover`: phones among the addresses of a network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.steps import Simulate, done, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


def test_phones_are_found_and_taken_into_the_inventory_once(
    fleet: Fleet, simulated: Simulate
) -> None:
    phone = simulated([spec(1)]).simulator.phone(0)
    words = ["discover", phone.address, "--port", str(phone.port), "--import", "--site", "here"]

    ran = fleet(*words)
    again = fleet(*words)

    assert phone.host in ran.out
    assert ran.out.endswith("1 phone at 1 address.\n")
    assert ran.err == "Added 1 phone to the inventory.\n"
    assert again.err == "Added 0 phones to the inventory; already known: 1 phone.\n"
    assert phone.host in done(fleet, "inventory", "list", "--site", "here")
    assert phone.record.authorizations == 0


def test_what_is_no_phone_is_not_found(fleet: Fleet, simulated: Simulate) -> None:
    phone = simulated([spec(1, behaviour="printer")]).simulator.phone(0)

    out = done(fleet, "discover", phone.address, "--port", str(phone.port), "--json")

    assert json.loads(out) == {"phones": []}


def test_a_site_is_of_no_use_without_an_import(fleet: Fleet) -> None:
    ran = fleet("discover", "127.0.0.1", "--site", "here")

    assert (ran.code, ran.out) == (2, "")
    assert "--import" in ran.err
