"""What one poll, alert, fetch and plan run through: `python benchmarks/functions.py`.

Counts by `sys.setprofile`, in the process that does the work: the functions of the package that are
entered at least once, the modules they are in, and the classes of records that are made. Each piece
of work was done before, so that imports, first connections and first statements do not count. One
simulated phone runs in a process of its own. The poll is an unchanged one of a sweep of one phone:
what begins and ends a sweep counts too.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a script, from anywhere

from fleet.app import App
from fleet.model import (
    Finding,
    Incident,
    IncidentState,
    NewFile,
    Notice,
    NoticeKind,
    Severity,
    Sighting,
    Step,
)
from fleet.settings import load_settings
from fleet.sweep import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from fleet.model import Flap

_ROOT = Path(__file__).resolve().parents[1]
_PACKAGE = str(_ROOT / "fleet") + os.sep
_PATIENCE = 30.0  # seconds until the simulated phone must have started
_FILE = "aastra.cfg"
_SETTINGS = """
[web_ui]
password = "22222"
[alerts]
urls = ["json://127.0.0.1:1/"]
group_wait = 0
[provisioning]
host = "127.0.0.1"
port = 0
networks = ["127.0.0.0/8"]
"""


@dataclass
class Calls:
    """The functions entered while it is on, in every thread."""

    functions: set[tuple[str, str]] = field(default_factory=set)
    records: set[type] = field(default_factory=set)

    def __enter__(self) -> Calls:
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        if event != "call":
            return
        code = frame.f_code
        if code.co_filename.startswith(_PACKAGE):
            self.functions.add((code.co_filename, code.co_qualname))
        elif code.co_name == "__init__" and code.co_filename == "<string>":
            kind = type(frame.f_locals.get("self"))
            if dataclasses.is_dataclass(kind) and kind.__module__.startswith("fleet."):
                self.records.add(kind)

    def row(self, name: str) -> str:
        """Return a row of the table."""
        modules = {file for file, _ in self.functions}
        return f"| {name} | {len(self.functions)} | {len(modules)} | {len(self.records)} |"


def counted(name: str, work: Callable[[], object]) -> str:
    """Do a piece of work twice; count the second time."""
    work()
    with Calls() as calls:
        work()
    return calls.row(name)


def main() -> None:
    """Set up one phone, and print a table."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        phones = folder / "phones.csv"
        argv = [sys.executable, "-m", "fleet", "simulate", "--phones", "1", "--seed", "1"]
        process = subprocess.Popen(
            [*argv, "--inventory", str(phones)],
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(phones)
            (folder / "fleet.toml").write_text(_SETTINGS, encoding="utf-8")
            _measure(folder, phones)
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def _measure(folder: Path, phones: Path) -> None:
    app = App.open(load_settings(folder / "fleet.toml", {}), create=True, upgrade=True)
    app.ensure_key()
    subprocess.run(
        [sys.executable, "-m", "fleet", "inventory", "import", str(phones)],
        cwd=folder, check=True, env={**os.environ, "PYTHONPATH": str(_ROOT)}, capture_output=True,
    )  # fmt: skip
    print("| one | functions | modules | kinds of records |")
    print("|---|--:|--:|--:|")

    def poll() -> None:
        asyncio.run(app.sweep(Order(insist=True, anew=True), lambda _tally: None))

    poll()
    print(counted("poll, unchanged", poll))
    provisioner = app.provisioner()
    print(counted("plan", provisioner.plan))
    file = NewFile(name=_FILE, body=b"sip proxy ip: pbx.example\n")
    last = app.store.revisions.last()
    app.store.revisions.apply(
        [file], by="benchmark", comment="", now=datetime.now(UTC), expected=last
    )
    print(asyncio.run(_fetch(app)))
    print(_alert(app))
    app.close()


async def _fetch(app: App) -> str:
    async with app.file_service() as service:
        await asyncio.to_thread(_get, service.urls["http"] + _FILE)
        with Calls() as calls:
            await asyncio.to_thread(_get, service.urls["http"] + _FILE)
            await service.flush()
        return calls.row("fetch over HTTP")


def _alert(app: App) -> str:
    """An alerting run with one new finding: the alert is composed and recorded, not delivered."""
    (phone_id,) = app.store.phones.ids()
    alerting = app.alerting()
    for rule in ("phone-unreachable", "phone-unreadable"):
        found = Finding(rule=rule, severity=Severity.CRITICAL, text=rule, check="")
        at = datetime.now(UTC)
        seen = Sighting(phone_id=phone_id, at=at, verdicts={rule: (found,)}, phone="phone")
        app.store.findings.record([seen], _opening)
        with Calls() as calls:
            done = alerting.run(at)
        if done.alerts != 1:
            raise RuntimeError(f"there was no alert: {done}")
    return calls.row("alert, without its delivery")


def _opening(_known: Sequence[Incident], _flaps: Sequence[Flap], seen: Sighting) -> Step:
    """Open an incident for every finding."""
    opened = tuple(
        Incident(
            phone_id=seen.phone_id,
            rule=found.rule,
            severity=found.severity,
            text=found.text,
            check=found.check,
            line=found.line,
            phone=seen.phone,
            state=IncidentState.OPEN,
            first_seen=seen.at,
            opened=seen.at,
        )
        for held in seen.verdicts.values()
        for found in held
    )
    notices = tuple(Notice(incident=one, kind=NoticeKind.OPENED, at=seen.at) for one in opened)
    return Step(incidents=opened, notices=notices)


def _get(url: str) -> None:
    request = urllib.request.Request(
        url, headers={"User-Agent": "Aastra6753i MAC:00-08-5D-00-00-01"}
    )
    with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
        answer.read()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not path.exists() or not path.stat().st_size:
        if time.monotonic() > deadline:
            raise RuntimeError("the simulated phone did not start")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
