"""Many phones boot at once, and the inventory that gives a fleet its accounts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet.inventory import read_inventory
from fleet.phone.config_file import mac_file
from fleet.simulator import (
    BootingFleet,
    BootSpec,
    Simulator,
    believable_fleet,
    booting_fleet,
    booting_inventory,
)
from tests.simulator.boot.file_server import FileServer, file_server
from tests.simulator.boot.phones import quick_clock, within

if TYPE_CHECKING:
    from pathlib import Path

PLACES = (("primary.example", 5060), ("backup.example", 5060))


def planned(server: FileServer, count: int) -> BootingFleet:
    phones = believable_fleet(count, mix={})
    return booting_fleet(phones, BootSpec(server=server.url), places=PLACES)


def files_of(fleet: BootingFleet) -> dict[str, bytes]:
    """What a provisioning server would give these phones."""
    files = {"aastra.cfg": b"sip registrar ip: primary.example\n"}
    for mac, lines in fleet.wanted.items():
        text = "".join(
            f"sip line{line.number} user name: {line.user}\n"
            f"sip line{line.number} password: {fleet.passwords[line.user]}\n"
            for line in lines
        )
        files[mac_file(mac)] = text.encode()
    return files


async def test_a_fleet_boots_and_registers_every_line():
    async with file_server() as server:
        fleet = planned(server, 150)
        server.files |= files_of(fleet)
        registrars = [
            spec.__class__(name=spec.name, accounts=spec.accounts) for spec in fleet.registrars
        ]
        async with Simulator(
            fleet.phones, registrars=registrars, clock=quick_clock(60)
        ) as simulator:
            primary = simulator.registrars[0]
            users = {line.user for lines in fleet.wanted.values() for line in lines}
            await within(primary.until(lambda pbx: set(pbx.registered) == users), 120)
            devices = [phone.device for phone in simulator.phones]
            await asyncio.gather(
                *(device.until(lambda one: one.record.boots == 1) for device in devices if device)
            )
        assert {request.path for request in server.requests} >= {
            f"/cfg/{mac_file(mac)}" for mac in fleet.wanted
        }


async def test_the_inventory_of_a_booting_fleet_says_what_each_line_is_to_be(tmp_path: Path):
    async with file_server() as server:
        fleet = planned(server, 4)
        async with Simulator(fleet.phones) as simulator:
            with (tmp_path / "made.yaml").open("w") as out:
                booting_inventory(fleet, simulator.phones, out)
    inventory = read_inventory(tmp_path / "made.yaml")
    assert [phone.mac for phone in inventory.phones] == list(fleet.wanted)
    accounts = inventory.phones[0].accounts
    wanted = next(iter(fleet.wanted.values()))
    assert [account.user for account in accounts] == [line.user for line in wanted]
    first = accounts[0]
    assert (first.registrar, first.backup_registrar) == ("primary.example", "backup.example")
    assert first.sip_password == fleet.passwords[wanted[0].user]
    assert {phone.password for phone in inventory.phones} == {fleet.admin_password}


def test_a_fleets_secrets_are_not_shown():
    fleet = booting_fleet(believable_fleet(2), BootSpec(server="http://127.0.0.1/"), places=PLACES)
    for password in (*fleet.passwords.values(), fleet.admin_password, fleet.user_password):
        assert password not in repr(fleet)
