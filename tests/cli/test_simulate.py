"""`fleet simulate` and `fleet demo`: phones that do not exist."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.cli.steps import done
from tests.daemon.running import free_port

DOCS = Path(__file__).parents[2] / "docs"

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


def test_simulated_phones_can_be_imported_and_polled(fleet: Fleet) -> None:
    command = [sys.executable, "-m", "fleet", "simulate", "--phones", "3", "--bad-mix", "none"]
    with subprocess.Popen(
        [*command, "--inventory", "made.csv"], stdout=subprocess.PIPE, text=True
    ) as simulator:
        assert simulator.stdout
        assert "3" in simulator.stdout.readline()
        assert "made.csv" in simulator.stdout.readline()
        done(fleet, "inventory", "import", "made.csv")
        out = done(fleet, "poll")
        simulator.send_signal(signal.SIGINT)

    assert "3 polled, 3 read. Lines flagged: 0." in out
    assert simulator.returncode == 0


def test_an_inventory_that_is_there_is_left_alone(fleet: Fleet) -> None:
    Path("mine.csv").write_text("host\n10.1.1.1\n", encoding="utf-8")

    ran = fleet("simulate", "--inventory", "mine.csv")

    assert (ran.code, ran.out) == (2, "")
    assert "already exists" in ran.err
    assert Path("mine.csv").read_text(encoding="utf-8") == "host\n10.1.1.1\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["simulate", "--inventory", "gone/made.csv"], "gone/made.csv cannot be written"),
        (["simulate", "--bad-mix", "line-401"], "line-401 needs a share"),
        (["simulate", "--bad-mix", "rain=0.1"], "unknown trouble rain"),
        (["demo", "--folder", "file/demo"], "file/demo cannot be written"),
    ],
)
def test_what_cannot_be_simulated_is_told_in_a_sentence(
    words: list[str], sentence: str, fleet: Fleet
) -> None:
    Path("file").touch()

    ran = fleet(*words)

    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert "Traceback" not in ran.err


def test_the_behaviours_are_listed(fleet: Fleet) -> None:
    page = (DOCS / "simulated-phones.md").read_text(encoding="utf-8")
    table = page.partition("## Phones with problems")[2].partition("\n## ")[0]
    documented = [
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`(\w+)`", row.split("|")[1])
    ]

    assert done(fleet, "simulate", "--list-behaviours").split() == documented


def test_the_demo_flags_every_kind_of_trouble(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = done(fleet, "demo", "--phones", "40")

    for trouble in ("failed 401", "on backup", "unregistered", "wrong_password", "unreachable"):
        assert trouble in out
    monkeypatch.setenv("FLEET_CONFIG", "fleet-demo/fleet.toml")
    assert "failed 401" in done(fleet, "status", "--flagged")
    assert "40 polled" in done(fleet, "demo", "--phones", "40")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_serves_the_dashboard_until_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    words = ["demo", "--phones", "20", "--serve", str(port)]
    with subprocess.Popen(
        [sys.executable, "-m", "fleet", *words],
        cwd=tmp_path,
        env=os.environ | {"FLEET_CONFIG": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = next(line for line in process.stdout if "Dashboard: " in line)
            home = re.search(r"http://\S+", said)
            assert home
            with urlopen(home[0], timeout=60) as answer:
                page = answer.read().decode()
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert "<h1>The fleet at a glance</h1>" in page
    assert (process.returncode, errors) == (0, "")


def test_two_demos_at_once_are_refused(fleet: Fleet) -> None:
    ran = fleet("demo", "--provision", "--serve")
    assert (ran.code, ran.out) == (2, "")
    assert "choose one" in ran.err


def test_the_demo_takes_no_folder_of_somebody_else(fleet: Fleet) -> None:
    Path("mine").mkdir()
    Path("mine/fleet.db").write_text("mine", encoding="utf-8")

    ran = fleet("demo", "--folder", "mine")

    assert (ran.code, ran.out) == (2, "")
    assert Path("mine/fleet.db").read_text(encoding="utf-8") == "mine"


class Files(BaseHTTPRequestHandler):
    """A provisioning server that knows nobody but has something for everybody."""

    def do_GET(self) -> None:
        body = b"# nothing\n" if self.path.endswith("/aastra.cfg") else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path.endswith(".st"):
            self.server.asked.set()  # type: ignore[attr-defined]

    def log_message(self, *args: object) -> None:
        pass


def test_simulated_phones_can_boot_and_their_inventory_has_accounts(
    fleet: Fleet, free_port: int
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    server.asked = Event()  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/cfg/"
    command = [sys.executable, "-m", "fleet", "simulate", "--phones", "2", "--boot", url]
    command += ["--sip-port", str(free_port), "--speed", "60", "--inventory", "made.yaml"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout
        told = "".join(simulator.stdout.readline() for _ in range(4))
        assert server.asked.wait(60)  # type: ignore[attr-defined]
        simulator.send_signal(signal.SIGINT)
    server.shutdown()
    server.server_close()

    assert "Phones that boot: 2" in told
    assert told.count("Registrar: 127.") == 2
    assert simulator.returncode == 0
    assert "added" in done(fleet, "inventory", "import", "made.yaml")
    assert "Applied revision 1" in done(fleet, "provision", "apply")


@pytest.mark.parametrize(
    ("name", "more"), [("made.yaml", []), ("made.csv", ["--boot", "http://127.0.0.1:9/"])]
)
def test_an_inventory_that_could_not_be_imported_by_its_name_is_not_written(
    fleet: Fleet, name: str, more: list[str]
) -> None:
    ran = fleet("simulate", "--inventory", name, *more)
    assert (ran.code, "The name of the inventory must end with" in ran.err) == (2, True)


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://127.0.0.1/", "http://[::", "http://"])
def test_phones_boot_from_web_addresses_only(url: str, fleet: Fleet) -> None:
    ran = fleet("simulate", "--boot", url)

    assert ran.code == 2
    assert "is not a URL such as" in ran.err
