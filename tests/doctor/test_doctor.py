"""What the doctor finds, and what it says to do."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from fleet.app import App
from fleet.clock import now
from fleet.doctor import Checked, State, examine
from fleet.errors import UsageError
from fleet.model import MissedSweeps, Phone, Site
from fleet.settings import Settings, settings_of
from fleet.settings.section import Secret
from fleet.simulator import PhoneSpec
from fleet.store import Change, Store
from fleet.systemd import service
from tests.cli.conftest import answering
from tests.daemon.running import add

if TYPE_CHECKING:
    from pathlib import Path


def settings(database_url: str, folder: Path, **values: Any) -> Settings:
    return settings_of({"database": {"url": database_url}, **values}, folder=folder)


def found(made: Settings) -> dict[str, list[Checked]]:
    """What is found, by the check's name."""
    checks: dict[str, list[Checked]] = {}
    for each in examine(made):
        checks.setdefault(each.name, []).append(each)
    return checks


def states(checks: list[Checked]) -> list[State]:
    return [each.state for each in checks]


def test_a_fresh_fleet_is_in_order(database_url: str, tmp_path: Path) -> None:
    checks = found(settings(database_url, tmp_path))
    assert {each.state for found in checks.values() for each in found} == {State.OK}
    assert "fleet inventory import FILE" in checks["phones"][0].text
    assert "password" not in str(checks["database"][0].text)


def test_with_phones_a_daemon_and_receivers_are_missed(database_url: str, tmp_path: Path) -> None:
    made = settings(database_url, tmp_path)
    with closing(App.open(made)) as app:
        add(app, Phone(host="127.0.0.1:9"))
    checks = found(made)
    assert states(checks["daemon"]) == [State.WARN]
    assert states(checks["alerts"]) == [State.WARN, State.OK]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"alerts": {"urls": ["nosuch://geheim@host"]}}, "is not one that Apprise understands"),
        ({"audit": {"at": "61 2 * * *"}}, "[audit] at: 61 2 * * * is not a time"),
        ({"maintenance": {"x": {"start": "02:00", "rules": ["foo"]}}}, "there is no rule foo"),
        ({"alerts": {"templates": "nowhere"}}, "[alerts] templates: there is no folder"),
    ],
)
def test_what_the_daemon_would_not_start_with_is_found(
    sqlite_url: str, tmp_path: Path, values: dict[str, Any], said: str
) -> None:
    checks = found(settings(sqlite_url, tmp_path, **values))["settings"]
    assert State.FAIL in states(checks)
    assert said in checks[0].text
    assert "geheim" not in str(checks)


def test_names_that_name_nothing_are_found(sqlite_url: str, tmp_path: Path) -> None:
    values = {
        "alerts": {"routes": {"noc": {"urls": ["json://localhost"], "sites": ["here", "hree"]}}},
        "maintenance": {"x": {"start": "02:00", "phones": ["recepion"], "sites": ["here"]}},
        "audit": {"sites": {"there": {"recipients": ["json://localhost"]}}},
    }
    made = settings(sqlite_url, tmp_path, **values)
    with closing(App.open(made)) as app:
        add(app, Phone(host="10.0.0.1", site="here"))
    checks = found(made)["settings"]
    assert states(checks) == [State.WARN] * 3
    assert [each.text.partition(":")[0] for each in checks] == [
        "[alerts.routes.noc] sites",
        "[audit.sites.there]",
        "[maintenance.x] phones",
    ]


@pytest.mark.parametrize(
    ("server", "state", "said"),
    [
        ({}, State.OK, "this machine alone"),
        ({"host": "::1", "password": "geheim-4711"}, State.OK, "anyone with the password"),
        ({"host": "0.0.0.0"}, State.WARN, "has no password"),
        ({"host": "10.0.0.5", "password": "geheim-4711"}, State.WARN, "can be overheard"),
        (
            {"host": "0.0.0.0", "password": "geheim-4711", "trusted_proxies": ["10.0.0.1"]},
            State.OK,
            "anyone with the password",
        ),
        (
            {"host": "0.0.0.0", "password": "geheim-4711", "certificate": "fleet.pem"},
            State.OK,
            "anyone with the password",
        ),
    ],
)
def test_who_sees_the_dashboard_is_told(
    sqlite_url: str, tmp_path: Path, server: dict[str, Any], state: State, said: str
) -> None:
    [check] = found(settings(sqlite_url, tmp_path, server=server))["dashboard"]
    assert check.state is state
    assert said in check.text
    assert "geheim" not in str(check)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_key_that_others_can_read_is_the_first_thing_to_mend(
    sqlite_url: str, tmp_path: Path
) -> None:
    key = tmp_path / "fleet.key"
    key.write_text("not looked at")
    key.chmod(0o644)
    checks = found(settings(sqlite_url, tmp_path))
    assert checks["key"][0].mend == f"chmod 600 {key}"
    assert states(checks["key"]) == states(checks["database"]) == [State.FAIL]


def test_the_key_where_init_puts_it_is_well(sqlite_url: str, tmp_path: Path) -> None:
    made = settings(sqlite_url, tmp_path)
    with closing(App.open(made)) as app:
        app.ensure_key()
    assert states(found(made)["key"]) == [State.OK]
    in_variable = structs.replace(settings(sqlite_url, tmp_path), secrets_key=Secret("x"))
    assert next(iter(examine(in_variable))).state is State.OK


def test_a_database_that_cannot_be_had_is_the_last_thing_told(tmp_path: Path) -> None:
    checks = found(settings("postgresql://u:secret@127.0.0.1:1/x", tmp_path))
    assert states(checks["database"]) == [State.FAIL]
    assert "secret" not in checks["database"][0].text
    assert "phones" not in checks


def test_a_wrong_setting_is_no_finding_but_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        list(examine(settings("mysql://x/y", tmp_path)))


def test_phones_that_take_no_connection_are_named(database_url: str, tmp_path: Path) -> None:
    made = settings(database_url, tmp_path)
    off = Phone(host="127.0.0.1:1", name="attic")
    with answering([PhoneSpec(name="reception")]) as phones, closing(App.open(made)) as app:
        add(app, Phone(host=phones.simulator.hosts[0], name="reception"))
        assert states(found(made)["phones"]) == [State.OK]
        add(app, off)
        [said] = found(made)["phones"]
        assert (said.state, said.text) == (
            State.WARN,
            "1 of 2 tried accept no connection: attic.",
        )
        app.store.inventory.remove([app.store.phones.find("reception")], now())
        assert states(found(made)["phones"]) == [State.FAIL]


def test_a_daemon_that_stopped_is_told_by_its_last_sweep(database_url: str, tmp_path: Path) -> None:
    made = settings(database_url, tmp_path)
    with closing(App.open(made)) as app:
        for ago, expected in ((timedelta(hours=3), State.FAIL), (timedelta(minutes=4), State.OK)):
            sweep = app.store.sweeps.begin(
                trigger="schedule",
                selection="planned",
                planned=0,
                now=now() - ago,
                ttl=timedelta(minutes=1),
                schedule="sweep",
                planned_for=now() - ago,
            )
            app.store.sweeps.finish(sweep.id, sweep.counts, now())
            assert states(found(made)["daemon"]) == [expected]


def test_missed_sweeps_are_counted_with_the_newest_reason(
    database_url: str, tmp_path: Path
) -> None:
    made = settings(database_url, tmp_path)
    with closing(App.open(made)) as app:
        for hours, reason in ((3, "fleet was not running"), (1, "another sweep held the lease")):
            moment = now() - timedelta(hours=hours)
            app.store.sweeps.add_missed(
                MissedSweeps(schedule="sweep", first=moment, last=moment, count=2, reason=reason)
            )
    [said] = found(made)["sweeps"]
    assert said.text == (
        "4 missed since yesterday, the last time because another sweep held the lease."
    )


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_systemd_is_asked_where_it_runs() -> None:
    assert service() is None or "LoadState" in service()


NO_NETWORK = (
    "No phone may fetch a file: neither [provisioning] networks nor any site has a network."
)


def test_where_nobody_may_fetch_doctor_says_what_to_set(sqlite_url: str, tmp_path: Path) -> None:
    assert "files" not in found(settings(sqlite_url, tmp_path))
    (check,) = found(settings(sqlite_url, tmp_path, provisioning={"enabled": True}))["files"]
    assert (check.state, check.text) == (State.FAIL, NO_NETWORK)
    assert "[provisioning] networks" in check.mend
    allowed = {"enabled": True, "networks": ["10.0.0.0/8"]}
    (check,) = found(settings(sqlite_url, tmp_path, provisioning=allowed))["files"]
    assert check.state is State.OK


def test_phones_without_network_or_login_are_counted(sqlite_url: str, tmp_path: Path) -> None:
    with closing(Store.open(sqlite_url, keyring=None)) as store:
        sites = [Site(name="a", networks=("10.0.0.0/8",)), Site(name="b")]
        phones = [
            Phone(host=f"10.0.0.{n}", mac=f"00:08:5D:00:00:0{n}", site=site)
            for n, site in enumerate("abb", 1)
        ]
        store.inventory.apply(sites, [Change(id=None, phone=phone) for phone in phones])
    checks = found(
        settings(sqlite_url, tmp_path, provisioning={"enabled": True, "login": "digest"})
    )["files"]
    assert [(check.state, check.text) for check in checks] == [
        (
            State.WARN,
            "2 phones may not fetch: their sites have no network, and [provisioning] networks is "
            "not set.",
        ),
        (
            State.WARN,
            "3 phones without a login for fetching: fleet refuses to serve their own files.",
        ),
    ]
    assert checks[1].mend == "fleet provision apply creates the logins."
