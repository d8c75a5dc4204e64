"""`fleet audit`, and the exports of what it and the incidents say."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fleet.app import App
from fleet.model import Finding, Incident, IncidentState, Severity, Sighting, Step
from fleet.report import IncidentRecord, columns
from fleet.settings import load_settings
from tests.alert.servers import mail_server
from tests.cli.steps import LINE, REFUSED, Simulate, done, imported, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet

BAD = replace(REFUSED, number=1, user="1001")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_an_audit_sweeps_says_what_changed_and_writes_files(
    fleet: Fleet, simulated: Simulate
) -> None:
    phones = simulated([spec(1), spec(2, LINE, REFUSED), spec(3)])
    imported(fleet, phones)
    first = done(
        fleet, "audit", "--record", "--output", "here", "--format", "html", "--format", "csv"
    )
    phones.set(0, lines=(BAD,))
    phones.set(2, behaviour="closes_at_once")

    out = done(fleet, "audit", "--output", "here", "--format", "json")

    assert "This is the first audit of these phones" in first
    assert sorted(path.suffix for path in Path("here").iterdir()) == [".csv", ".html", ".json"]
    assert max(map(len, out.splitlines())) <= 80
    lines = out.splitlines()
    assert lines[1].startswith("2 regressions since the audit of ")
    assert lines[2] == "Changes: 2 regression, 1 still."
    assert lines[3].startswith("  regression  here, phone1, line 1: 401 Unauthorized")
    assert "Phones: 3, 1 not read. Lines: 3, 2 flagged." in lines
    assert lines[-2:] == ["Files:", f"  {next(Path('here').glob('*.json'))}"]


def test_what_an_audit_fails_on(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1), spec(2, LINE, REFUSED)])
    imported(fleet, phones)

    def code(*words: str) -> int:
        return fleet("audit", "--record", "--format", "csv", *words).code

    assert code("--fail-on", "new") == 0
    assert code("--fail-on", "flagged") == 1
    assert code("--fail-on", "new") == 0
    phones.set(0, lines=(BAD,))
    assert code("--no-sweep", "--fail-on", "new") == 0
    assert code("--fail-on", "new") == 1


def test_an_audit_of_a_site_is_compared_with_those_of_that_site(
    fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1), spec(2, site="there")]))
    done(fleet, "audit")

    told = json.loads(done(fleet, "audit", "--site", "there", "--json"))

    assert told["phones"] == 1
    assert told["compared_with"] is None
    assert [Path(path).suffix for path in told["files"]] == [".html", ".xlsx"]
    assert all(Path(path).stem.endswith("-there") for path in told["files"])
    assert fleet("audit", "--site", "nowhere").code == 2


def test_what_the_last_audit_flagged_is_exported(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, LINE, REFUSED), spec(2, site="there")]))
    none = fleet("export", "audit")
    assert (none.code, "fleet audit" in none.err) == (2, True)
    done(fleet, "audit", "--format", "csv")

    [row] = rows(done(fleet, "export", "audit"))

    assert (row["phone"], row["line"], row["rule"], row["code"]) == (
        "phone1", "2", "line-failed", "401",
    )  # fmt: skip
    assert rows(done(fleet, "export", "audit", "--site", "there")) == []
    assert json.loads(done(fleet, "export", "audit", "--format", "json"))[0]["times"] == 1
    [path] = Path("audits").glob("*.csv")
    assert path.read_bytes().decode() == done(fleet, "export", "audit")


def test_incidents_are_exported(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1)]))
    done(fleet, "poll")
    began = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    app = App.open(load_settings(None, {}))
    phone_id = app.store.phones.find("phone1")
    finding = Finding(rule="line-failed", severity=Severity.CRITICAL, text="=1+1", check="", line=1)
    sighting = Sighting(phone_id=phone_id, at=began, verdicts={"line-failed": (finding,)})
    incident = Incident(
        phone_id=phone_id, rule="line-failed", line=1, severity=Severity.CRITICAL, text="=1+1",
        check="", state=IncidentState.RESOLVED, first_seen=began, opened=began, site="here",
        phone="phone1", code=401, registrar="pbx.example",
        resolved=began.replace(hour=8),
    )  # fmt: skip
    app.store.findings.record([sighting], lambda *_: Step(incidents=(incident,)))
    app.close()

    out = done(fleet, "export", "incidents")

    assert out.splitlines()[0] == (
        "site,phone,mac,host,rule,line,severity,state,text,code,registrar,first_seen,opened,"
        "resolved,seconds,acked_by,cause"
    )
    [row] = rows(out)
    assert (row["mac"], row["text"], row["seconds"], row["state"]) == (
        "00:08:5D:00:00:01", "'=1+1", "3600", "resolved",
    )  # fmt: skip
    assert rows(done(fleet, "export", "incidents", "--since", "1s")) == []
    assert columns(IncidentRecord) == tuple(out.splitlines()[0].split(","))


def test_an_audit_is_mailed_to_everybody_and_to_each_sites_own(
    fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1, LINE, REFUSED), spec(2, site="there")]))
    with mail_server() as everybody, mail_server() as there:
        Path("fleet.toml").write_text(
            f"[audit]\nrecipients = ['{everybody.url}']\nformats = ['csv', 'html']\n"
            f"[audit.sites.there]\nrecipients = ['{there.url}']\n"
        )
        out = done(fleet, "audit", "--send")
        parts = sorted(path.name for path in Path("audits").glob("*-there.*"))
        there.refuses = "550 no"
        ran = fleet("audit", "--send", "--no-sweep")

    assert out.endswith("Sent: 2 reports.\n")
    whole, part = everybody.mails[0], there.mails[0]
    assert whole["Subject"].endswith(": 1 line flagged")
    assert part["Subject"].startswith("fleet audit of there ")
    assert [file.get_filename() for file in part.iter_attachments()] == parts
    page, shown = part.get_body(("html",)), whole.get_body(("html",))
    assert page is not None
    assert shown is not None
    assert ("phone1" in page.get_content(), "phone1" in shown.get_content()) == (False, True)
    assert ran.code == 3
    assert "could not be sent to the recipients of site there: receiver 1: " in ran.err
    assert "Sent: 1 report." in ran.out


def test_an_audit_by_hand_is_no_baseline_and_replaces_no_file(
    fleet: Fleet, simulated: Simulate
) -> None:
    phones = simulated([spec(1), spec(2)])
    imported(fleet, phones)
    done(fleet, "audit", "--record", "--format", "csv")
    phones.set(0, lines=(BAD,))
    by_hand = json.loads(done(fleet, "audit", "--format", "csv", "--json"))
    again = json.loads(done(fleet, "audit", "--format", "csv", "--no-sweep", "--json"))
    against_that = json.loads(
        done(fleet, "audit", "--format", "csv", "--no-sweep", "--json", "--against", "0.001s")
    )

    assert (by_hand["change_counts"]["regression"], again["change_counts"]["regression"]) == (1, 1)
    assert against_that["change_counts"]["still"] == 1
    names = [Path(each["files"][0]).name for each in (by_hand, again, against_that)]
    assert len({*names, *(path.name for path in Path("audits").iterdir())}) == 4
    assert all(re.fullmatch(r"audit-\d{4}-\d\d-\d\d-\d{4,6}(-\d+)?\.csv", name) for name in names)


def test_an_audit_that_read_nothing_ends_with_3(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, behaviour="closes_at_once")]))

    ran = fleet("audit", "--format", "csv")

    assert ran.code == 3
    assert "No phone could be read" in ran.err


@pytest.mark.parametrize("words", [(), ("--site", "here")])
def test_sending_an_audit_to_nobody_is_refused_before_anybody_is_asked(
    words: tuple[str, ...], fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1)]))

    ran = fleet("audit", "--send", *words)

    assert ran.code == 2
    assert "recipients" in ran.err
    assert not Path("audits").exists()


@pytest.mark.parametrize(
    ("words", "begin"),
    [
        (("export", "lines", "--output", "a.xlsx"), b"PK"),
        (("export", "lines", "--output", "a.JSON"), b"["),
        (("export", "lines", "--output", "a.csv"), b"site,"),
        (("export", "lines", "--output", "a.txt"), b"site,"),
        (("export", "lines", "--output", "a.txt", "--format", "json"), b"["),
        (("inventory", "export", "--output", "a.yml"), b"phones:"),
        (("inventory", "export", "--output", "a.csv"), b"site,"),
    ],
)
def test_the_suffix_chooses_the_format(words: tuple[str, ...], begin: bytes, fleet: Fleet) -> None:
    Path("a.csv").write_text("host\n10.0.0.1\n")
    done(fleet, "inventory", "import", "a.csv")
    done(fleet, *words)

    made = Path(words[words.index("--output") + 1]).read_bytes()
    assert made.startswith(begin)


@pytest.mark.parametrize(
    "words",
    [
        ("export", "lines", "--output", "a.xlsx", "--format", "csv"),
        ("export", "audit", "--output", "a.csv", "--format", "json"),
        ("inventory", "export", "--output", "a.yaml", "--format", "csv"),
    ],
)
def test_a_suffix_that_contradicts_the_format_is_refused(
    words: tuple[str, ...], fleet: Fleet
) -> None:
    ran = fleet(*words)

    assert (ran.code, Path(words[words.index("--output") + 1]).exists()) == (2, False)
    assert "contradicts" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("export", "lines", "--output", "a.yaml"),
        ("export", "audit", "--output", "a.html"),
        ("export", "lines", "--output", "a.xlsm"),
        ("export", "phones", "--output", "a.csv.gz"),
        ("export", "history", "--output", "a.jsonl", "--format", "json"),
        ("inventory", "export", "--output", "a.XLSX"),
        ("inventory", "export", "--output", "a.json", "--format", "csv"),
    ],
)
def test_a_suffix_of_a_format_that_a_command_does_not_write_is_refused(
    words: tuple[str, ...], fleet: Fleet
) -> None:
    ran = fleet(*words)

    assert (ran.code, Path(words[words.index("--output") + 1]).exists()) == (2, False)
    assert "this command writes .csv" in ran.err


@pytest.mark.parametrize("what", ["lines", "phones", "audit"])
def test_only_history_and_incidents_have_a_beginning(what: str, fleet: Fleet) -> None:
    ran: Any = fleet("export", what, "--since", "1d")

    assert ran.code == 2
    assert "--since works for history and incidents only" in ran.err
