"""What a plan of a whole fleet's files costs: everything new, nothing new, one value, one secret.

    python -m benchmarks.provision_plan --phones 20000

CPU seconds are told beside the clock's: other work on the machine does not count in them.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from benchmarks.measure import peak_memory
from fleet.model import (
    IntendedAccount,
    Intent,
    Phone,
    SecretKind,
    SecretRef,
    Site,
    Wanted,
)
from fleet.provision.provisioner import Provisioner
from fleet.store import Change, IntentChange, Keyring, Store

AT, SITES = datetime(2026, 3, 1, tzinfo=UTC), 50
ADMIN = SecretRef(kind=SecretKind.SECRET, name="admin")
VALUES = {
    **{f"prgkey{key} {word}": value for key in range(1, 7)
       for word, value in (("type", "blf"), ("value", f"10{key}"), ("line", "1"))},
    "sip registrar ip": "pbx.example", "sip registrar port": "5060",
    "sip proxy ip": "pbx.example", "sip proxy port": "5060",
    "sip backup registrar ip": "backup.example", "sip backup proxy ip": "backup.example",
    "sip registration period": "600", "sip dial plan": "x+#|xx+*", "time server1": "ntp.example",
    "action uri registration event": "http://fleet.example/r", "lldp": "1",
    "language 1": "lang_de.txt", "language": "1", "auto resync mode": "3",
}  # fmt: skip
FLEET = Intent(
    parameters={
        **{name: Wanted(value=value) for name, value in VALUES.items()},
        "admin password": Wanted(value=ADMIN, lock=True),
    }
)


def make_fleet(folder: Path, phones: int) -> Store:
    """Fill a database: sites with a time zone and a VLAN, phones with a line each."""
    key = Fernet.generate_key().decode()
    store = Store.open(f"sqlite:///{folder}/fleet.db", keyring=Keyring(keys=(key,)))
    sites = [
        Site(
            name=f"site {n:02}",
            timezone="Europe/Berlin",
            intent=Intent(parameters={"vlan id": Wanted(value=str(n + 1))}),
        )
        for n in range(SITES)
    ]
    changes = [Change(id=None, phone=_phone(n)) for n in range(phones)]
    change = IntentChange(at=AT, fleet=FLEET, secrets={"admin": "48151623"})
    store.inventory.apply(sites, changes, change)
    return store


def _phone(n: int) -> Phone:
    three = (n >> 16, n >> 8 & 255, n & 255)
    account = IntendedAccount(
        line=1, user=str(10_000 + n), sip_password=f"Xy{n * 7919:012}", registrar="pbx.example"
    )
    return Phone(
        host="10.{}.{}.{}".format(*three),
        mac="00:08:5D:{:02X}:{:02X}:{:02X}".format(*three),
        model="6753i",
        name=f"phone {n:05}",
        site=f"site {n % SITES:02}",
        accounts=(account,),
    )


def measure(store: Store, what: str, *, apply: bool = True) -> None:
    """Plan, and apply; print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    provisioner = Provisioner(store=store, at=AT, environ={}, folder=Path())
    planned = provisioner.plan()
    took = f"{time.perf_counter() - wall:6.2f} s, CPU {time.process_time() - cpu:6.2f} s"
    parameters = sum(len(phone.changes) for phone in planned.phones)
    print(f"plan, {what:28} {took}: {len(planned.phones)} phones, {parameters} parameters")
    if apply:
        wall = time.perf_counter()
        made = provisioner.apply(planned, by="", allow=tuple(planned.critical))
        print(f"apply {'':29} {time.perf_counter() - wall:6.2f} s: {made.files} files")


def main() -> None:
    """Measure a fleet of so many phones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=20_000)
    phones = parser.parse_args().phones
    with tempfile.TemporaryDirectory() as folder:
        store = make_fleet(Path(folder), phones)
        measure(store, "everything new")
        measure(store, "nothing new", apply=False)
        more = {**FLEET.parameters, "sip registration period": Wanted(value="300")}
        change = IntentChange(at=AT, fleet=replace(FLEET, parameters=more))
        store.inventory.apply([], [], change)
        measure(store, "one value of the fleet")
        store.intents.set_secret("admin", "11235813", AT)
        measure(store, "one secret of the fleet")
        store.close()
    print(f"peak memory {peak_memory(os.getpid()) >> 20} MB")


if __name__ == "__main__":
    main()
