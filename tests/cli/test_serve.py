"""`fleet serve` as a process: signals, two of them on one database, the log, the unit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fleet.store import Store
from tests.cli.conftest import answering
from tests.cli.serving import run, serving, until, url
from tests.cli.steps import REFUSED, spec

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.model import Sweep
    from tests.cli.conftest import Fleet

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_it_ends_well(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as served:
        assert json.loads(served.ask("/healthz"))["status"] == "well"
        code, log = served.stop(number)
    assert code == 0
    first, last = log.splitlines()
    assert first.endswith(" INFO Stopping; unfinished work continues at the next start.")
    assert last.endswith(" INFO Stopped.")


def test_a_stop_amid_a_sweep_of_silent_phones_leaves_it_to_be_carried_on(tmp_path: Path) -> None:
    phones = [spec(n, behaviour="hangs_when_connected") for n in range(1, 9)]
    with answering(phones) as simulated:
        (tmp_path / "phones.csv").write_text(simulated.csv(), encoding="utf-8")
        run(tmp_path, "inventory", "import", "phones.csv")
        patient = {"FLEET_POLL_READ_TIMEOUT": "300", "FLEET_POLL_TOTAL_TIMEOUT": "300"}
        with serving(tmp_path, FLEET_POLL_INTERVAL="5", **patient) as served:
            until(lambda: any(sweep.planned for sweep in sweeps(url(tmp_path))))
            code, log = served.stop(signal.SIGTERM)
    assert (code, "Traceback" in log) == (0, False)
    with closing(Store.open(url(tmp_path), keyring=None)) as store:
        assert store.sweeps.load()[-1].interrupted
        assert {status.reach for status in store.observations.statuses()} == {
            None
        }  # not polled, not failed


def sweeps(database_url: str) -> list[Sweep]:
    with closing(Store.open(database_url, keyring=None)) as store:
        return store.sweeps.load()


def test_of_two_on_one_database_each_sweep_is_run_once(
    tmp_path: Path, empty_database_url: str
) -> None:
    environ = {"FLEET_DATABASE_URL": empty_database_url, "FLEET_POLL_INTERVAL": "1"}
    with answering([spec(1), spec(2, REFUSED)]) as simulated:
        (tmp_path / "phones.csv").write_text(simulated.csv(), encoding="utf-8")
        with serving(tmp_path, **environ) as one, serving(tmp_path, **environ) as two:
            until(lambda: len(sweeps(empty_database_url)) >= 5)
            ended = [served.stop(signal.SIGTERM) for served in (one, two)]
    assert [code for code, _ in ended] == [0, 0]
    assert "Traceback" not in "".join(log for _, log in ended)
    planned = [sweep.planned_for for sweep in sweeps(empty_database_url)]
    assert len(planned) == len(set(planned))


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.process.send_signal(signal.SIGTERM)
        served.wait_for_line("Stopping")
        code, _ = served.stop(signal.SIGTERM)
    assert code in (0, -signal.SIGTERM)  # it may have ended by itself in between


def test_it_gives_phones_their_files_where_the_settings_say_so(tmp_path: Path) -> None:
    given = {
        "FLEET_PROVISIONING_ENABLED": "true",
        "FLEET_PROVISIONING_PORT": "0",
        "FLEET_PROVISIONING_NETWORKS": "10.1.0.0/16",
    }
    with serving(tmp_path, begins="Serving files at http://", **given) as served:
        served.wait_for_line("Watching")
        code, log = served.stop(signal.SIGTERM)
    assert (code, "Traceback" in log) == (0, False)


def test_the_log_can_be_json(tmp_path: Path) -> None:
    with serving(tmp_path, "--log-format", "json") as served:
        _, log = served.stop(signal.SIGTERM)
    assert json.loads(log.splitlines()[-1])["message"] == "Stopped."


def test_an_address_that_is_taken_ends_it_with_3(
    tmp_path: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("FLEET_SERVER_PORT", str(taken.getsockname()[1]))
        ran = fleet("serve")
    assert ran.code == 3
    assert "Error: fleet cannot listen on 127.0.0.1 port" in ran.err


def test_it_prints_a_unit_for_these_settings(fleet: Fleet, tmp_path: Path) -> None:
    fleet("init")
    ran = fleet("serve", "--systemd-unit")
    assert ran.code == 0
    assert f"serve --config {tmp_path}/fleet.toml\n" in ran.out
    assert f"\nReadWritePaths={tmp_path}\n" in ran.out
    assert "\nType=notify\n" in ran.out
    assert not (tmp_path / "fleet.db-wal").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder to somebody else")
def test_the_unit_runs_as_the_owner_of_the_database_where_the_settings_are_roots(
    fleet: Fleet, tmp_path: Path
) -> None:
    written = tmp_path / "var"
    written.mkdir()
    shutil.chown(written, "nobody")
    (tmp_path / "fleet.toml").write_text(
        f'[database]\nurl = "sqlite:///{written}/fleet.db"\n'
        f'[secrets]\nkey_file = "{written}/fleet.key"\n'
        f'[audit]\noutput = "{written}/audits"\n'
    )
    ran = fleet("serve", "--systemd-unit")
    assert "\nUser=nobody\n" in ran.out
    assert f"\nReadWritePaths={written}\n" in ran.out
    assert f"\nWorkingDirectory={tmp_path}\n" in ran.out


def test_the_unit_lets_it_write_audits_elsewhere(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_AUDIT_OUTPUT", "/srv/audits")
    ran = fleet("serve", "--systemd-unit")
    assert f"\nReadWritePaths=/srv/audits {tmp_path}\n" in ran.out


def test_sighup_reads_the_settings_again(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        (tmp_path / "fleet.toml").write_text("[nonsense]\n")
        served.process.send_signal(signal.SIGHUP)
        refused = served.wait_for_line("The new settings are not used")
        (tmp_path / "fleet.toml").write_text('[server]\nusername = "somebody"\n')
        served.process.send_signal(signal.SIGHUP)
        served.wait_for_line("Reloaded the settings")
        served.wait_for_line("Watching")
        served.ask("/healthz")
        code, _ = served.stop(signal.SIGTERM)

    assert "nonsense" in refused
    assert code == 0
