"""`fleet serve` on a machine that fails it: nothing false about phones, and it goes on afterwards.

Each test takes something from a running daemon that watches phones which are well, waits until
health says what is wrong, gives it back, and sees that the daemon is well again by itself. In the
end the database holds nothing bad about any phone, and nobody was alerted about one.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import sqlalchemy as sa

from fleet.model import Reach
from fleet.store import Store
from tests import postgres
from tests.cli.conftest import Phones, answering
from tests.cli.serving import Served, run, serving, until, url
from tests.cli.steps import spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and mounts of Linux")

ROOT = Path(__file__).parents[2]
PHONES = 6


@dataclass(kw_only=True)
class Fleet:
    """Phones that are well, their database, and what receivers of alerts were sent."""

    folder: Path
    environ: dict[str, str]
    phones: Phones
    alerts: list[str] = field(default_factory=list)

    @property
    def database(self) -> str:
        return self.environ.get("FLEET_DATABASE_URL") or url(self.folder)

    def count_requests(self) -> int:
        return sum(phone.record.requests for phone in self.phones.simulator.phones)


@contextmanager
def fleet_of(folder: Path, database: str = "") -> Iterator[Fleet]:
    alerts: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            alerts.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    receiver = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    given = {
        "FLEET_POLL_INTERVAL": "2",
        "FLEET_POLL_CONFIRM_AFTER": "0",
        "FLEET_POLL_READ_TIMEOUT": "20",
        "FLEET_ALERTS_URLS": f"json://127.0.0.1:{receiver.server_port}",
        "FLEET_ALERTS_GROUP_WAIT": "0",
        "FLEET_AUDIT_AT": "",
        **({"FLEET_DATABASE_URL": database} if database else {}),
    }
    try:
        with answering([spec(n) for n in range(1, PHONES + 1)]) as simulated:
            hosts = "".join(f"{host}\n" for host in simulated.simulator.hosts)
            (folder / "phones.csv").write_text(f"host\n{hosts}", encoding="utf-8")
            run(folder, "inventory", "import", "phones.csv", **given)
            yield Fleet(folder=folder, environ=given, phones=simulated, alerts=alerts)
    finally:
        receiver.shutdown()
        thread.join()
        receiver.server_close()


def health(served: Served) -> tuple[int, dict[str, Any]]:
    """Return the status and the document of /healthz; 0 while it does not answer."""
    try:
        with urlopen(f"http://127.0.0.1:{served.port}/healthz", timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())
    except OSError:
        assert served.process.poll() is None, served.stop()
        return 0, {}


def wait_until_well(served: Served, since: str | None) -> str:
    """Wait for a sweep that ended after `since` and for health 200; return when it ended."""
    found: list[str] = []

    def is_well() -> bool:
        status, document = health(served)
        ended = document.get("last_sweep_finished")
        found.append(ended or "")
        return status == 200 and ended is not None and ended != since

    until(is_well)
    return found[-1]


def wait_for_trouble(served: Served, text: str) -> None:
    """Wait for health 503 with a problem that has this text."""

    def fails() -> bool:
        status, document = health(served)
        return status == 503 and any(text in each for each in document["problems"])

    until(fails)


def assert_nothing_false(fleet: Fleet) -> None:
    with closing(Store.open(fleet.database, keyring=None)) as store:
        assert [each.reach for each in store.observations.statuses()] == [Reach.OK] * PHONES
        assert store.findings.incidents(pending=True) == []
    engine = sa.create_engine(fleet.database.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        seen = connection.exec_driver_sql("SELECT DISTINCT reach FROM reach_periods").all()
        notices = connection.exec_driver_sql("SELECT count(*) FROM notices").scalar()
    engine.dispose()
    assert ([reach.lower() for (reach,) in seen], notices) == (["ok"], 0)
    assert [each for each in fleet.alerts if "[fleet] phones cannot be asked" not in each] == []


LIMITED = """
import resource, sys
import fleet.app, fleet.audit, fleet.cli.serve
kind, limit = sys.argv[1], int(sys.argv[2])
if kind == "RLIMIT_AS":
    limit += int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(getattr(resource, kind), (limit, limit))
sys.argv = ["fleet", *sys.argv[3:]]
from fleet.cli import main
main()
"""


@pytest.mark.parametrize(
    ("kind", "limit"), [("RLIMIT_NOFILE", 64), ("RLIMIT_NOFILE", 256), ("RLIMIT_AS", 200_000_000)]
)
def test_it_works_with_little_while_clients_hold_connections(
    tmp_path: Path, kind: str, limit: int
) -> None:
    begin = (sys.executable, "-c", LIMITED, kind, str(limit))
    with fleet_of(tmp_path) as fleet, serving(tmp_path, begin=begin, **fleet.environ) as served:
        ended = wait_until_well(served, None)
        idle = []
        for _ in range(300):
            with suppress(OSError):
                idle.append(socket.create_connection(("127.0.0.1", served.port), timeout=5))
        until(lambda: sweeps_since(fleet, ended) >= 2)
        for each in idle:
            each.close()
        wait_until_well(served, ended)
        code, log = served.stop(signal.SIGTERM)
    assert (code, "Traceback" in log) == (0, False), log
    assert_nothing_false(fleet)
    assert fleet.alerts == []


def sweeps_since(fleet: Fleet, moment: str) -> int:
    with closing(Store.open(fleet.database, keyring=None)) as store:
        return sum(
            sweep.finished is not None and sweep.finished.isoformat() > moment
            for sweep in store.sweeps.load()
        )


def first_free_descriptor(pid: int) -> int:
    """The lowest descriptor that a process does not have at rest: those of polls come and go."""
    free = []
    for _ in range(30):
        taken = {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}
        free.append(next(number for number in count() if number not in taken))
        time.sleep(0.1)
    return min(free)


def test_descriptors_that_run_out_while_it_runs(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet, serving(tmp_path, **fleet.environ) as served:
        ended = wait_until_well(served, None)
        before = resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE)
        few = first_free_descriptor(served.process.pid)
        resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE, (few, before[1]))
        said = served.wait_for_line(" failed: ")
        resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE, before)
        wait_until_well(served, ended)
        code, log = served.stop(signal.SIGTERM)
    assert "This machine has no file descriptors left" in said
    assert (code, "Traceback" in log) == (0, False), log
    assert_nothing_false(fleet)


def test_a_database_locked_by_another_process(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet, serving(tmp_path, **fleet.environ) as served:
        ended = wait_until_well(served, None)
        with closing(sqlite3.connect(tmp_path / "fleet.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            wait_for_trouble(served, f"was locked by process {os.getpid()}")
            other.execute("ROLLBACK")
        wait_until_well(served, ended)
        code, log = served.stop(signal.SIGTERM)
    assert (code, "Traceback" in log) == (0, False), log
    assert_nothing_false(fleet)
    assert fleet.alerts == []


def small_disk(folder: Path) -> Callable[[], None]:
    """Return what puts a small disk of its own under a folder, for the process that calls it."""
    held = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def enter() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        new_user, new_mounts, private = 0x10000000, 0x00020000, 0x44000
        if libc.unshare(new_mounts if os.geteuid() == 0 else new_user | new_mounts):
            raise OSError(ctypes.get_errno(), "unshare")
        libc.mount(b"none", b"/", None, private, None)
        if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, b"size=8m"):
            raise OSError(ctypes.get_errno(), "mount")
        for name, content in held.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
        os.chdir(folder)

    return enter


@pytest.fixture
def disk_of_its_own(tmp_path: Path) -> None:
    made = [sys.executable, "-c", ""]
    try:
        subprocess.run(made, preexec_fn=small_disk(tmp_path), check=True)
    except subprocess.SubprocessError as error:
        pytest.skip(f"no disk can be mounted here: {error}")


@pytest.mark.usefixtures("disk_of_its_own")
def test_a_full_disk(tmp_path: Path) -> None:
    with (
        fleet_of(tmp_path) as fleet,
        serving(tmp_path, enter=small_disk(tmp_path), **fleet.environ) as served,
    ):
        disk = Path(f"/proc/{served.process.pid}/root{tmp_path}")
        ended = wait_until_well(served, None)
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"\0" * 4096)
        wait_for_trouble(served, "is full")
        (disk / "filler").unlink()
        wait_until_well(served, ended)
        after = os.open(disk, os.O_DIRECTORY)  # keeps the disk when its process has ended
        code, log = served.stop(signal.SIGTERM)
        shutil.copyfile(f"/proc/self/fd/{after}/fleet.db", tmp_path / "fleet.db")
        os.close(after)
    assert_nothing_false(fleet)
    assert fleet.alerts == []
    assert (code, "Traceback" in log) == (0, False), log


UNPRIVILEGED = """
import sys
from fleet.cli import main
from tests.cli.every_command import heed_file_modes
heed_file_modes()
sys.argv = ["fleet", *sys.argv[1:]]
main()
"""


def test_a_database_that_is_read_only_at_the_start(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet:
        with serving(tmp_path, **fleet.environ) as served:
            ended = wait_until_well(served, None)
            served.stop(signal.SIGTERM)
        (tmp_path / "fleet.db").chmod(0o444)
        tmp_path.chmod(0o555)
        begin = (sys.executable, "-c", UNPRIVILEGED)
        environ = fleet.environ | {"PYTHONPATH": str(ROOT)}
        with serving(tmp_path, begin=begin, make=False, **environ) as served:
            wait_for_trouble(served, "it is read-only")
            tmp_path.chmod(0o755)
            (tmp_path / "fleet.db").chmod(0o644)
            wait_until_well(served, ended)
            code, log = served.stop(signal.SIGTERM)
    assert (code, "Traceback" in log) == (0, False), log
    assert_nothing_false(fleet)
    assert fleet.alerts == []


@pytest.fixture
def own_server() -> Iterator[Path]:
    """The folder of a PostgreSQL server that a test may kill."""
    if postgres.find_programs() is None:
        pytest.skip("no PostgreSQL server can be had here")
    folder = Path(tempfile.mkdtemp(prefix="fleet-pg-"))
    folder.chmod(0o755)
    try:
        postgres.start(folder)
        yield folder
    finally:
        postgres.kill(folder)
        shutil.rmtree(folder, ignore_errors=True)


def test_postgresql_that_is_killed(tmp_path: Path, own_server: Path) -> None:
    database = f"postgresql://postgres@/postgres?host={own_server}"
    with (
        fleet_of(tmp_path, database=database) as fleet,
        serving(tmp_path, **fleet.environ) as served,
    ):
        ended = wait_until_well(served, None)
        postgres.kill(own_server)
        wait_for_trouble(served, "fails: The database postgresql://")
        postgres.start_again(own_server)
        wait_until_well(served, ended)
        code, log = served.stop(signal.SIGTERM)
        assert_nothing_false(fleet)
    assert "another sweep held the lease" not in log
    assert (code, "Traceback" in log) == (0, False), log
    assert fleet.alerts == []


FAKE_TIME = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))


@pytest.mark.skipif(not FAKE_TIME, reason="no libfaketime, which sets the clock of one process")
@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_a_clock_that_is_set(tmp_path: Path, hours: int) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": str(FAKE_TIME[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with fleet_of(tmp_path) as fleet, serving(tmp_path, **fleet.environ, **faked) as served:
        wait_until_well(served, None)
        clock.write_text(f"{hours * 3600:+}")
        served.wait_for_line("The clock was set ")
        moment = datetime.now(UTC) + timedelta(hours=hours)
        until(partial(_swept_after, served, moment), lambda: f"{moment}: {health(served)}")
        code, log = served.stop(signal.SIGTERM)
    assert (code, "Traceback" in log) == (0, False), log
    assert_nothing_false(fleet)
    assert fleet.alerts == []


def _swept_after(served: Served, moment: datetime) -> bool:
    """Return whether all is well, and a sweep ended in the minute after a moment."""
    status, document = health(served)
    ended = document.get("last_sweep_finished")
    return (
        status == 200
        and ended is not None
        and moment <= datetime.fromisoformat(ended) <= moment + timedelta(minutes=1)
    )


def test_a_password_that_is_forgotten_at_a_restart(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet:
        with serving(tmp_path, **fleet.environ) as served:
            ended = wait_until_well(served, None)
            served.stop(signal.SIGTERM)
        asked = fleet.count_requests()
        without = fleet.environ | {"FLEET_WEB_UI_PASSWORD": ""}
        with serving(tmp_path, **without) as served:
            wait_for_trouble(
                served, f"{PHONES} phones were last read with the web UI password of the settings"
            )
            served.stop(signal.SIGTERM)
        assert fleet.count_requests() == asked
        assert_nothing_false(fleet)
        with serving(tmp_path, **fleet.environ) as served:
            wait_until_well(served, ended)
            served.stop(signal.SIGTERM)
    assert fleet.alerts == []
