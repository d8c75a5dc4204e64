"""What listings show, choose and print as JSON; small commands beside them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import time_machine

from tests.cli.every_command import ARGUMENTS
from tests.cli.steps import LINE, REFUSED, Simulate, done, imported, spec
from tests.cli.test_every_command import PHONES, SETTINGS
from tests.cli.test_main import every_command

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

LISTINGS = (
    ("inventory list", "phones"),
    ("status", "lines"),
    ("incidents list", "incidents"),
    ("incidents silences", "silences"),
    ("alert pending", "deliveries"),
    ("provision secret list", "secrets"),
    ("provision fetches", "fetches"),
    ("provision journal", "journal"),
    ("provision logins list", "logins"),
    ("provision revisions", "revisions"),
)


@pytest.mark.parametrize(("words", "key"), LISTINGS)
def test_a_listing_as_json_is_one_object(words: str, key: str, fleet: Fleet) -> None:
    assert json.loads(done(fleet, *words.split(), "--json"))[key] == []


def test_every_document_is_one_object_whose_keys_are_nouns(fleet: Fleet) -> None:
    Path("fleet.toml").write_text(f'{SETTINGS}login = "digest"\n')
    Path("phones.csv").write_text(PHONES)
    Path("old").mkdir()
    done(fleet, "inventory", "import", "phones.csv")
    done(fleet, "provision", "apply", "--allow", "default-password")
    kinds = {}
    for name, command in every_command():
        if any("--json" in parameter.opts for parameter in command.params):
            ran = fleet(*name.split(), *ARGUMENTS.get(name, ()), "--json")
            assert ran.out, (name, ran.err)
            document = json.loads(ran.out)
            keys = [*document] if isinstance(document, dict) else []
            kinds[name] = bool(keys) and all(key.isidentifier() and key.islower() for key in keys)

    assert len(kinds) > 20
    assert [name for name, is_right in kinds.items() if not is_right] == []


IN_BERLIN = '[alerts]\ntimezone = "Europe/Berlin"\n'


def test_every_listing_shows_times_in_one_zone_and_names_it(fleet: Fleet) -> None:
    Path("fleet.toml").write_text(f"{IN_BERLIN}[provisioning]\nport = 0\n")
    Path("phones.csv").write_text(PHONES)
    with time_machine.travel(datetime(2026, 7, 1, 12, tzinfo=UTC), tick=False):
        done(fleet, "inventory", "import", "phones.csv")
        done(fleet, "provision", "apply", "--allow", "default-password")
        done(fleet, "poll")
        shown = {
            words: done(fleet, *words.split())
            for words in ("provision revisions", "provision journal", "explain alpha")
        }
        past = done(fleet, "history", "alpha")
        document = json.loads(done(fleet, "provision", "revisions", "--json"))

    assert [each for each in shown if "2026-07-01 14:00:00 CEST" not in shown[each]] == []
    assert "2026-07-01 14:00 CEST" in past
    assert document["revisions"][0]["at"] == "2026-07-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("settings", "machine", "named"),
    [
        ("", "Asia/Tokyo", "JST"),
        ("", ":Asia/Tokyo", "JST"),
        ("", "no/where", "UTC"),
        ('[alerts]\ntimezone = ""\n', "Asia/Tokyo", "JST"),
        (IN_BERLIN, "Asia/Tokyo", "CE"),
    ],
)
def test_the_zone_is_that_of_the_settings_else_that_of_the_machine(
    settings: str, machine: str, named: str, fleet: Fleet
) -> None:
    Path("fleet.toml").write_text(settings)
    done(fleet, "incidents", "silence", "--everything", "--for", "2h")

    ran = subprocess.run(
        [sys.executable, "-m", "fleet", "incidents", "silences"],
        env={**os.environ, "TZ": machine}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.search(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d {named}", ran.stdout)


def test_a_time_without_offset_is_read_in_the_zone_that_is_shown(fleet: Fleet) -> None:
    Path("elsewhere.toml").write_text('[alerts]\ntimezone = "Asia/Tokyo"\n')
    words = ("incidents", "silence", "--everything", "--until", "2099-01-01T09:00")
    done(fleet, *words, "--config", "elsewhere.toml")

    [silence] = json.loads(done(fleet, "incidents", "silences", "--json"))["silences"]
    assert silence["until"] == "2099-01-01T00:00:00+00:00"


def test_status_chooses_sorts_and_shows_columns(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1), spec(2, LINE, REFUSED), spec(3)])
    imported(fleet, phones)
    done(fleet, "poll")
    phones.set(2, behaviour="closes_at_once")
    done(fleet, "poll")

    def rows(*words: str) -> list[tuple[str, str]]:
        text = done(fleet, "status", "--format", "csv", *words)
        return [(row["phone"], row["line"]) for row in csv.DictReader(io.StringIO(text))]

    every = rows()
    assert rows("phone2") == [("phone2", "1"), ("phone2", "2")]
    assert rows("--state", "failed") == [("phone2", "2")]
    assert rows("--state", "not-reachable") == [("phone3", "1")]
    assert rows("--rule", "line-failed") == [("phone2", "2")]
    assert rows("--model", "6757I") == [] or rows("--model", "nosuch") == []
    assert rows("--sort", "-phone") == sorted(every, key=lambda row: row[0], reverse=True)
    shown = done(fleet, "status", "phone2", "--columns", "line,phone").splitlines()
    assert shown[0].split() == ["line", "phone"]
    table = done(fleet, "status")
    assert phones.simulator.phones[0].host in table
    assert "not reachable (" in table
    assert "last known: registered" in table


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--columns", "phone,acount"), "Did you mean account?"),
        (("--sort", "fone"), "phone"),
        (("--state", "regisered"), "registered"),
        (("--rule", "line-faild"), "line-failed"),
        (("nobody",), "nobody"),
    ],
)
def test_a_slip_of_a_choice_is_answered_with_what_there_is(
    words: tuple[str, ...], hint: str, fleet: Fleet
) -> None:
    ran = fleet("status", *words)

    assert (ran.code, hint in ran.err) == (2, True)


def test_a_phone_is_added_by_its_address(fleet: Fleet) -> None:
    done(fleet, "inventory", "add", "10.0.0.1", "--name", "hall")
    done(fleet, "inventory", "add", "10.0.0.2", "--dry-run")
    done(fleet, "inventory", "add", "10.0.0.1", "--site", "berlin")

    [phone] = json.loads(done(fleet, "inventory", "list", "--json"))["phones"]
    assert (phone["site"], phone["phone"], phone["host"]) == ("berlin", "hall", "10.0.0.1")
    for words, reason in (
        (("10.0.0.300",), "host '10.0.0.300': not an IPv4 address"),
        (("10.0.0.3", "--mac", "00085D12641G"), "mac '00085D12641G': not a MAC address"),
        ((" ",), "The host is empty"),
    ):
        ran = fleet("inventory", "add", *words)
        assert (ran.code, reason in ran.err, "row" in ran.err) == (2, True, False)


@pytest.mark.parametrize(
    "text", ["host,name\n10.0.0.1,hall\n", "phones:\n  - host: 10.0.0.1\n    name: hall\n"]
)
def test_an_inventory_is_read_from_standard_input(
    text: str, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    done(fleet, "inventory", "import", "-")

    assert "hall" in done(fleet, "inventory", "list")


def test_unknown_columns_are_left_out_when_that_is_asked_for(fleet: Fleet) -> None:
    Path("a.csv").write_text("room,host,name,floor\n1.01,10.0.0.1,hall,2\n")

    refused = fleet("inventory", "import", "a.csv")
    done(fleet, "inventory", "import", "a.csv", "--ignore-unknown-columns")

    assert (refused.code, "--ignore-unknown-columns" in refused.err) == (2, True)
    assert "hall" in done(fleet, "inventory", "list")


def test_an_acknowledgement_is_taken_back(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, LINE, REFUSED)]))
    for _ in range(3):
        done(fleet, "poll")
    [incident] = json.loads(done(fleet, "incidents", "--json"))["incidents"]
    number = str(incident["id"])
    done(fleet, "incidents", "ack", number)
    done(fleet, "incidents", "unack", number)

    [again] = json.loads(done(fleet, "incidents", "--json"))["incidents"]
    assert again["acked_at"] is None
    assert fleet("incidents", "unack", number).code == 2


def test_a_folder_is_linted_file_by_file(fleet: Fleet) -> None:
    Path("old").mkdir()
    Path("old/aastra.cfg").write_text("admin password: 22222\n")
    Path("old/00085d000001.cfg").write_text("sip line1 user name: 1001\n")

    found = json.loads(done(fleet, "provision", "lint", "old", "--json"))["findings"]

    assert list(found) == ["old/00085d000001.cfg", "old/aastra.cfg"]
    assert [one["check"] for one in found["old/aastra.cfg"]] == ["default-password"]
    Path("empty").mkdir()
    assert fleet("provision", "lint", "empty").code == 2
