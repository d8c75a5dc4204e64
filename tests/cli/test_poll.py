"""From a phone's web page to a flagged line, by the commands."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.cli.steps import LINE, REFUSED, Simulate, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet, Phones

COLUMNS = (
    "site,phone,mac,host,model,firmware,reach,reason,line,account,user,registrar,port,state,code,"
    "backup,status_text,since,observed_at,flags"
)
PASSWORD = "22222"  # of the simulated phones
ON_BACKUP = replace(LINE, number=3, user="1003", backup=True)


def imported(fleet: Fleet, phones: Phones, *, with_lines: bool = False) -> None:
    Path("phones.csv").write_text(phones.csv(with_lines=with_lines), encoding="utf-8")
    ran = fleet("inventory", "import", "phones.csv")
    assert ran.code == 0, ran.err


def polled(fleet: Fleet, *words: str) -> dict[str, Any]:
    ran = fleet("poll", "--json", *words)
    assert ran.code == 0, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


def flags(document: dict[str, Any]) -> dict[tuple[str, int | None], str]:
    return {(line["phone"], line["line"]): line["flags"] for line in document["lines"]}


def test_a_sweep_flags_what_is_wrong_and_nothing_else(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1, LINE, REFUSED, ON_BACKUP), spec(2)])
    imported(fleet, phones)

    document = polled(fleet)

    assert flags(document) == {
        ("phone1", 1): "",
        ("phone1", 2): "line-failed",
        ("phone1", 3): "line-on-backup",
        ("phone2", 1): "",
    }
    assert document["lines"][1]["code"] == 401
    assert document["lines"][2]["backup"] == "yes"
    assert document["sweep"]["ok"] == 2
    assert [phone["mac"] for phone in document["phones"]] == [
        "00:08:5D:00:00:01",
        "00:08:5D:00:00:02",
    ]


def test_every_reach_has_its_flag(fleet: Fleet, simulated: Simulate) -> None:
    kinds = ("off", "wrong_password", "session_expired", "french")
    phones = simulated([spec(n, behaviour=kind) for n, kind in enumerate(kinds)])
    imported(fleet, phones)
    Path("right.csv").write_text(
        f"host,password\n{phones.simulator.hosts[1]},77777\n", encoding="utf-8"
    )
    assert fleet("inventory", "import", "right.csv").code == 0

    document = polled(fleet)

    assert [line["flags"] for line in document["lines"]] == [
        "phone-unreachable",
        "phone-refused",
        "phone-unreadable",
        "",
    ]
    assert [phone["reach"] for phone in document["phones"]] == [
        "unreachable",
        "refused",
        "unreadable",
        "ok",
    ]


def test_fail_on_flagged_ends_with_1(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, REFUSED)]))

    assert fleet("poll", "--fail-on", "flagged").code == 1
    assert fleet("status", "--fail-on", "flagged").code == 1
    assert fleet("poll").code == 0


def test_what_the_inventory_wants_is_held_against_the_phone(
    fleet: Fleet, simulated: Simulate
) -> None:
    phones = simulated([spec(1, LINE, REFUSED)])
    imported(fleet, phones, with_lines=True)
    phones.set(0, lines=(replace(LINE, user="9999"),))

    assert flags(polled(fleet)) == {
        ("phone1", 1): "account-mismatch",
        ("phone1", 2): "line-missing",
    }


def test_lines_of_a_phone_that_went_away_are_unknown_and_kept(
    fleet: Fleet, simulated: Simulate
) -> None:
    phones = simulated([spec(1, LINE, REFUSED)])
    imported(fleet, phones)
    polled(fleet)
    phones.set(0, behaviour="closes_at_once")

    lines = polled(fleet)["lines"]

    assert [(line["line"], line["user"], line["state"], line["flags"]) for line in lines] == [
        (1, "1001", "unknown", "phone-unreachable"),
        (2, "1002", "unknown", "phone-unreachable"),
    ]


def test_the_lines_export_has_the_columns_of_the_contract(
    fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1, LINE, REFUSED, ON_BACKUP)]))
    document = polled(fleet)

    ran = fleet("export", "lines", "--format", "csv")

    assert ran.out.splitlines()[0] == COLUMNS
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["backup"] for row in rows] == ["no", "no", "yes"]
    as_csv = [
        {k: "" if v is None else str(v) for k, v in line.items()} for line in document["lines"]
    ]
    assert rows == as_csv
    assert json.loads(fleet("export", "lines", "--format", "json").out) == document["lines"]
    assert fleet("status", "--format", "csv").out == ran.out
    assert json.loads(fleet("status", "--format", "json").out)["lines"] == document["lines"]


def test_a_workbook_has_typed_cells(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, REFUSED)]))
    polled(fleet)

    assert fleet("export", "lines", "--format", "xlsx", "--output", "lines.xlsx").code == 0

    sheet = openpyxl.load_workbook("lines.xlsx").active
    assert sheet is not None
    names, row = ([cell.value for cell in line] for line in sheet.iter_rows())
    assert dict(zip(names, row, strict=True))["code"] == 401


def test_the_past_can_be_asked(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1)])
    imported(fleet, phones)
    first = polled(fleet)["lines"][0]["observed_at"]
    phones.set(0, lines=(replace(REFUSED, number=1),))
    polled(fleet)

    now = json.loads(fleet("status", "--format", "json").out)["lines"][0]
    history = json.loads(fleet("export", "history", "--format", "json").out)

    assert now["state"] == "failed"
    states = [(each["line"], each["state"]) for each in history if each["line"]]
    assert states == [(1, "registered"), (1, "failed")]
    assert history[-1]["since"] >= first
    assert "failed 401" in fleet("history", "phone1", "--format", "table").out


def test_a_sweep_that_sees_nothing_new_adds_no_history(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, LINE, REFUSED), spec(2, behaviour="clock_ticks")]))
    polled(fleet)
    before = periods(fleet)

    for _ in range(3):
        polled(fleet)

    assert periods(fleet) == before


def periods(fleet: Fleet) -> list[tuple[object, ...]]:
    rows = json.loads(fleet("export", "history", "--format", "json").out)
    return [(row["line"], row["state"], row["since"], row["until"]) for row in rows]


def test_a_phone_that_refuses_us_is_left_alone_until_somebody_insists(
    fleet: Fleet, simulated: Simulate
) -> None:
    phones = simulated([spec(1)])
    imported(fleet, phones)
    phones.set(0, password="77777")
    record = phones.simulator.phone(0).record

    assert polled(fleet)["sweep"]["refused"] == 1
    asked = record.requests
    again = polled(fleet)
    assert (again["sweep"]["backing_off"], record.requests) == (1, asked)
    assert again["lines"][0]["flags"] == "phone-refused"

    polled(fleet, "phone1")
    assert record.requests > asked

    Path("new.csv").write_text("mac,host,password\n" + f",{phones.simulator.hosts[0]},77777\n")
    assert fleet("inventory", "import", "new.csv").code == 0
    assert polled(fleet)["sweep"]["ok"] == 1


def test_phones_that_swapped_addresses_keep_their_records(
    fleet: Fleet, simulated: Simulate
) -> None:
    one, two = spec(1, REFUSED), spec(2)
    phones = simulated([one, two])
    imported(fleet, phones)
    polled(fleet)
    phones.set(0, mac=two.mac, lines=two.lines)
    phones.set(1, mac=one.mac, lines=one.lines)

    document = polled(fleet)

    hosts = phones.simulator.hosts
    assert {p["mac"]: p["host"] for p in document["phones"]} == {
        one.mac: hosts[1],
        two.mac: hosts[0],
    }
    assert len(document["notes"]) == 2
    assert flags(document) == {("phone1", 2): "line-failed", ("phone2", 1): ""}


def test_one_mac_at_two_hosts_is_reported_and_changes_nothing(
    fleet: Fleet, simulated: Simulate
) -> None:
    phones = simulated([spec(1), spec(2)])
    imported(fleet, phones)
    polled(fleet)
    phones.set(1, mac="00:08:5D:00:00:01")

    document = polled(fleet)

    assert [phone["host"] for phone in document["phones"]] == phones.simulator.hosts
    assert document["phones"][1]["reason"] == "other_phone"
    assert "nothing was changed" in document["notes"][0]


@pytest.mark.parametrize("words", [("history", "phone1"), ("explain", "phone1"), ("status",)])
def test_the_code_of_a_refused_line_is_shown(
    words: tuple[str, ...], fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1, REFUSED)]))
    polled(fleet)

    assert "401" in fleet(*words).out


def test_explain_says_what_to_check(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, REFUSED)]))
    polled(fleet)

    out = fleet("explain", "phone1").out

    assert "line-failed" in out
    assert "password" in out
    assert "not checked" not in out.split("phone-unreachable")[0]
    assert "SIP" in fleet("explain", "phone1", "--page").out


def test_no_password_shows_anywhere(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, REFUSED, password="31415926")]))
    shown = [polled(fleet) and ""]
    for words in (
        ["poll"],
        ["status"],
        ["explain", "phone1"],
        ["explain", "phone1", "--page"],
        ["inventory", "export"],
        ["inventory", "export", "--format", "yaml"],
        ["inventory", "list"],
        ["export", "phones", "--format", "json"],
        ["inventory", "import", "phones.csv", "--dry-run"],
    ):
        ran = fleet(*words)
        shown += [ran.out, ran.err]

    assert "31415926" not in "".join(shown)
    assert b"31415926" not in Path("fleet.db").read_bytes()
    assert "31415926" in fleet("inventory", "export", "--with-secrets").out


def test_a_problem_that_healed_is_not_what_fail_on_looks_for(
    fleet: Fleet, simulated: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_POLL_CONFIRM_AFTER", "1.5")
    phones = simulated([spec(1, REFUSED), spec(2)])
    imported(fleet, phones)
    heal = threading.Thread(target=heal_when_asked, args=[phones])
    heal.start()

    ran = fleet("poll", "--confirm", "--fail-on", "flagged")

    heal.join()
    assert (ran.code, ran.err.count("New problems")) == (0, 1)
    assert "Polled 1 phone again: 1 without a problem now." in ran.out


def heal_when_asked(phones: Phones) -> None:
    while not phones.simulator.phone(0).record.requests:
        time.sleep(0.01)
    phones.set(0, lines=(LINE,))


def test_a_problem_that_lasts_is(
    fleet: Fleet, simulated: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_POLL_CONFIRM_AFTER", "0")
    imported(fleet, simulated([spec(1, REFUSED)]))

    assert fleet("poll", "--confirm", "--fail-on", "flagged").code == 1


def test_confirm_looks_again_at_new_problems(
    fleet: Fleet, simulated: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_POLL_CONFIRM_AFTER", "0")
    phones = simulated([spec(1, REFUSED), spec(2)])
    imported(fleet, phones)

    polled(fleet, "--confirm")

    assert phones.simulator.phone(0).record.requests == 2
    assert phones.simulator.phone(1).record.requests == 1


def test_insisting_asks_phones_that_refused_us(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1)])
    imported(fleet, phones)
    phones.set(0, password="77777")
    polled(fleet)
    asked = phones.simulator.phone(0).record.requests

    told = fleet("poll").out
    assert "--insist" in told
    assert "FLEET_WEB_UI_PASSWORD" not in told
    assert phones.simulator.phone(0).record.requests == asked
    polled(fleet, "--insist")
    assert phones.simulator.phone(0).record.requests > asked


@pytest.mark.parametrize("words", [["poll"], ["poll", "phone1"], ["audit"]])
def test_a_forgotten_password_stops_the_sweep_before_anybody_is_asked(
    fleet: Fleet, simulated: Simulate, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    phones = simulated([spec(1), spec(2)])
    hosts = "".join(f"{host},phone{n}\n" for n, host in enumerate(phones.simulator.hosts, 1))
    Path("hosts.csv").write_text(f"host,name\n{hosts}", encoding="utf-8")
    assert fleet("inventory", "import", "hosts.csv").code == 0
    monkeypatch.setenv("FLEET_WEB_UI_PASSWORD", PASSWORD)
    polled(fleet)
    before = fleet("status", "--format", "json").out
    asked = phones.simulator.phone(0).record.requests
    monkeypatch.delenv("FLEET_WEB_UI_PASSWORD")

    ran = fleet(*words)

    assert ran.code == 2
    assert "FLEET_WEB_UI_PASSWORD" in ran.err
    assert "fleet.env" in ran.err
    assert phones.simulator.phone(0).record.requests == asked
    after = json.loads(fleet("status", "--format", "json").out)
    assert after["phones"] == json.loads(before)["phones"]
    Path("fleet.toml").touch()
    Path("fleet.env").write_text(f"FLEET_WEB_UI_PASSWORD={PASSWORD}\n", encoding="utf-8")
    assert polled(fleet)["sweep"]["ok"] == 2


def test_phones_with_passwords_of_their_own_do_not_need_that_of_the_settings(
    fleet: Fleet, simulated: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = simulated([spec(1), spec(2)])
    Path("hosts.csv").write_text("host\n" + "\n".join(phones.simulator.hosts), encoding="utf-8")
    assert fleet("inventory", "import", "hosts.csv").code == 0
    monkeypatch.setenv("FLEET_WEB_UI_PASSWORD", PASSWORD)
    polled(fleet)
    monkeypatch.delenv("FLEET_WEB_UI_PASSWORD")
    imported(fleet, phones)

    assert polled(fleet)["sweep"]["ok"] == 2


def test_a_fleet_without_any_password_is_told_so_and_not_left_alone(
    fleet: Fleet, simulated: Simulate
) -> None:
    phones = simulated([spec(1)])
    Path("hosts.csv").write_text(f"host\n{phones.simulator.hosts[0]}\n", encoding="utf-8")
    assert fleet("inventory", "import", "hosts.csv").code == 0

    first, second = fleet("poll"), fleet("poll")

    assert "FLEET_WEB_UI_PASSWORD" in first.out
    assert "1 refused" in second.out
    assert phones.simulator.phone(0).record.authorizations == 0
