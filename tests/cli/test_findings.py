"""What an import, applied files, a rollback or other settings change is shown without a poll."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cli.steps import LINE, REFUSED, Simulate, done, imported, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


def flags(fleet: Fleet, *words: str) -> dict[str, str]:
    """The flags of each line that has some, as `phone line`."""
    found = json.loads(done(fleet, "status", "--format", "json", *words))["lines"]
    return {f"{each['phone']} {each['line']}": each["flags"] for each in found if each["flags"]}


def rules(fleet: Fleet) -> list[str]:
    found = json.loads(done(fleet, "incidents", "list", "--json"))["incidents"]
    return sorted(each["rule"] for each in found)


def intend(fleet: Fleet, user: str) -> None:
    """Import another user for line 1 of the phone."""
    head, row = Path("phones.csv").read_text(encoding="utf-8").splitlines()
    text = f"{head},line,user\n{row},1,{user}\n"
    Path("wanted.csv").write_text(text, encoding="utf-8")
    done(fleet, "inventory", "import", "wanted.csv")


def moment() -> str:
    """A time that lies between what was done before and what is done next."""
    time.sleep(1.1)  # `--at` is to the second
    said = datetime.now(UTC).isoformat(timespec="seconds")
    time.sleep(1.1)
    return said


def test_an_import_is_judged_at_once_and_the_past_stays(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1)]))
    for _ in range(2):
        done(fleet, "poll", "--anew")
    well = moment()
    intend(fleet, "2002")
    assert flags(fleet) == {"phone1 1": "account-mismatch"}
    assert flags(fleet, "--at", well) == {}
    for _ in range(2):
        done(fleet, "poll", "--anew")
    assert rules(fleet) == ["account-mismatch"]
    wrong = moment()

    intend(fleet, "1001")

    assert flags(fleet) == {}
    assert rules(fleet) == []
    assert flags(fleet, "--at", wrong) == {"phone1 1": "account-mismatch"}


def test_applied_files_that_are_rolled_back_leave_no_incident(
    fleet: Fleet, simulated: Simulate
) -> None:
    Path("fleet.toml").write_text("[provisioning]\nstale_after = 0\n", encoding="utf-8")
    imported(fleet, simulated([spec(1)]))
    Path("fleet.yaml").write_text(
        "fleet: {configuration: {parameters: {sip vmail: '*97'}}}\n", encoding="utf-8"
    )
    done(fleet, "inventory", "import", "fleet.yaml")
    done(fleet, "provision", "apply")  # the phone's MAC is not known yet: it gets no file
    done(fleet, "poll", "--anew")
    before = moment()
    done(fleet, "provision", "apply", "--allow", "default-password")
    assert flags(fleet) == {"phone1 1": "config-stale"}
    assert flags(fleet, "--at", before) == {}
    for _ in range(2):
        done(fleet, "poll", "--anew")
    assert rules(fleet) == ["config-stale"]

    done(fleet, "provision", "rollback", "1")

    assert rules(fleet) == []
    assert flags(fleet) == {}


def test_a_rule_that_is_switched_off_is_closed_by_the_next_sweep(
    fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1, LINE, REFUSED)]))
    for _ in range(2):
        done(fleet, "poll", "--anew")
    assert rules(fleet) == ["line-failed"]

    Path("fleet.toml").write_text("[rules.line-failed]\nenabled = false\n", encoding="utf-8")
    done(fleet, "poll", "--anew")

    assert rules(fleet) == []
    assert flags(fleet) == {}
