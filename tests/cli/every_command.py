"""Runs every command of the command line under one trouble, and prints how each ended, as JSON.

Called as `python -m tests.cli.every_command TROUBLE TEMPLATE FOLDER`: a process of its own that
loads fleet once and forks for each command, so that eight hundred runs take seconds. TEMPLATE is a
folder with a fleet.toml, a database and a key; each command works on a copy of it. The commands
are those of click's tree: a new one cannot be forgotten, only lack its arguments.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from fleet.cli import cli, main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PHONE = "alpha"
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "init": ("made",),
    "demo": ("--phones", "1", "--folder", "demo"),
    "discover": ("127.0.0.1/32", "--port", "1"),
    "history": (PHONE,),
    "explain": (PHONE,),
    "diagnose": (PHONE,),
    "export": ("lines",),
    "capture": ("127.0.0.1:1",),
    "simulate": ("--phones", "1", "--port", "0"),
    "help": (),
    "inventory import": ("phones.csv",),
    "inventory add": ("127.0.0.1:3",),
    "inventory remove": (PHONE, "--yes"),
    "inventory trust": (PHONE,),
    "incidents ack": ("1",),
    "incidents unack": ("1",),
    "incidents silence": ("--everything", "--for", "1h"),
    "incidents unsilence": ("1",),
    "db backup": ("copy.db",),
    "db restore": ("older.db",),
    "provision render": ("--output", "rendered"),
    "provision explain": (PHONE,),
    "provision dhcp": ("--for", "kea", "--url", "http://10.1.0.5:8090"),
    "provision set": (PHONE, "sip vmail", "*97"),
    "provision unset": (PHONE, "sip vmail"),
    "provision unknown approve": ("00:08:5D:0F:0F:0E",),
    "provision swap": (PHONE, "00:08:5D:0F:0F:0F"),
    "provision show": ("1",),
    "provision diff": ("1", "1"),
    "provision rollback": ("1",),
    "provision resync": ("--all", "--spread", "0"),
    "provision rotate admin": ("--all", "--deadline", "1s"),
    "provision rotate sip": ("--all",),
    "provision secret set": ("pbx",),
    "provision secret remove": ("pbx",),
    "provision adopt": ("old",),
    "provision rollout start": ("--detach",),
    "provision logins show": (PHONE,),
    "provision logins rotate": (PHONE,),
    "completion": ("bash",),
}
"""What a command needs to be called at all. The others are called bare."""

UNTIL_STOPPED = ("serve", "provision serve", "simulate", "worker")
STOPPED_AFTER = 8  # seconds, where a command says nothing by which one sees that it runs
LONGEST = 60  # seconds until a command counts as hanging
AT_ONCE = 12  # commands that wait for a lock, or for a network, cost no processor


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong with the world. `prepare` changes the copied folder, the others the process."""

    prepare: Callable[[Path], object] = lambda _: None
    enter: Callable[[Path], None] = lambda _: None
    encoding: str = "utf-8"
    more_words: tuple[str, ...] = ()
    keep: list[object] = field(default_factory=list)


def _read_only_file(folder: Path) -> None:
    for path in folder.glob("fleet.db*"):
        path.chmod(0o444)


def _read_only_folder(folder: Path) -> None:
    _read_only_file(folder)
    folder.chmod(0o555)


def _lock(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "fleet.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def heed_file_modes() -> None:
    """Let file modes hold for root too: drop the capabilities that pass over them."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget")
    for place in range(3):
        sets[place] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


def _fill_disk(folder: Path) -> None:
    """Put a small disk of its own under the folder, and fill it to the last byte."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_user, new_mounts, private = 0x10000000, 0x00020000, 0x44000
    if libc.unshare(new_mounts if os.geteuid() == 0 else new_user | new_mounts):
        raise OSError(ctypes.get_errno(), "unshare")
    libc.mount(b"none", b"/", None, private, None)
    held = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, b"size=4m"):
        raise OSError(ctypes.get_errno(), "mount")
    for name, content in held.items():
        (folder / name).write_bytes(content)
    (folder / "old").mkdir()
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"\0" * 4096)
    os.chdir(folder)


def _on_descriptor(number: int, path: str | None) -> Callable[[Path], None]:
    def enter(_: Path) -> None:
        os.close(number)
        if path:
            os.dup2(os.open(path, os.O_WRONLY), number)

    return enter


def _unread_pipe(_: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, 1)


TROUBLES: dict[str, Trouble] = {
    "none": Trouble(),
    "full-disk": Trouble(enter=_fill_disk),
    "read-only-file": Trouble(prepare=_read_only_file, enter=lambda _: heed_file_modes()),
    "read-only-folder": Trouble(prepare=_read_only_folder, enter=lambda _: heed_file_modes()),
    "locked": Trouble(prepare=_lock),
    "missing-key": Trouble(prepare=lambda folder: (folder / "fleet.key").unlink()),
    "closed-stdout": Trouble(enter=_on_descriptor(1, None)),
    "closed-stderr": Trouble(enter=_on_descriptor(2, None)),
    "full-stdout": Trouble(enter=_on_descriptor(1, "/dev/full")),
    "full-stderr": Trouble(enter=_on_descriptor(2, "/dev/full")),
    "ascii": Trouble(encoding="ascii"),
    "not-utf-8": Trouble(more_words=("caf\udce9",)),
    "broken-pipe": Trouble(enter=_unread_pipe),
}


def commands(group: click.Group = cli, path: str = "") -> Iterator[str]:
    """The path of every command that does something, such as `provision secret set`."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            needed = any(p.required for p in command.params)
            assert f"{path}{name}" in ARGUMENTS or not needed, f"no arguments for {path}{name}"
            yield f"{path}{name}"


def run_all(trouble: Trouble, template: Path, folder: Path) -> dict[str, dict[str, object]]:
    """Run every command, some at once; how each ended."""
    ended: dict[str, dict[str, object]] = {}
    waiting, running = list(commands()), dict[int, tuple[str, Path, float]]()
    stopped = set[str]()
    gc.freeze()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            name = waiting.pop(0)
            place = folder / name.replace(" ", "-")
            shutil.copytree(template, place)
            for key in ("out", "err"):
                Path(f"{place}.{key}").touch()
            trouble.keep.append(trouble.prepare(place))
            running[_start(name, trouble, place)] = (name, place, time.monotonic())
        for pid, (name, place, began) in list(running.items()):
            lasted = time.monotonic() - began
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del running[pid]
                code = os.waitstatus_to_exitcode(status)
                ended[name] = {"code": code, **_outputs(place)}
            elif lasted > LONGEST:
                os.kill(pid, signal.SIGKILL)
            elif name in UNTIL_STOPPED and name not in stopped and _runs(pid, place, lasted):
                stopped.add(name)
                os.kill(pid, signal.SIGTERM)
        time.sleep(0.02)
    return ended


def _runs(pid: int, place: Path, lasted: float) -> bool:
    """Whether a command is at work: it says something, or had the time for it.

    One that says an error is ending by itself, and one that does not catch SIGTERM yet, or no
    more, would be ended by it with -15.
    """
    outputs = _outputs(place)
    if "Error: " in outputs["err"] or not _catches_sigterm(pid):
        return False
    return lasted > STOPPED_AFTER or any(outputs.values())


def _catches_sigterm(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")  # proc(5)
    if not status.exists():
        return True
    [caught] = re.findall(r"(?m)^SigCgt:\s*([0-9a-f]+)", status.read_text())
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def _outputs(place: Path) -> dict[str, str]:
    return {
        key: Path(f"{place}.{key}").read_text(encoding="utf-8", errors="replace")
        for key in ("out", "err")
    }


def _start(name: str, trouble: Trouble, place: Path) -> int:
    if pid := os.fork():
        return pid
    try:
        _child(name, trouble, place)
    except BaseException as error:  # noqa: BLE001  the child must not run the parent's code
        os.write(2, f"Traceback of the test itself: {error!r}".encode())
        os._exit(99)


def _child(name: str, trouble: Trouble, place: Path) -> NoReturn:
    os.chdir(place)
    for number, path in ((0, place / "input"), (1, f"{place}.out"), (2, f"{place}.err")):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
    trouble.enter(place)
    for stream, number in (("stdout", 1), ("stderr", 2)):
        try:
            os.fstat(number)
        except OSError:
            setattr(sys, stream, None)  # as the interpreter has it
            continue
        raw = open(number, "wb", closefd=False)  # noqa: SIM115
        setattr(sys, stream, io.TextIOWrapper(raw, trouble.encoding, errors="strict"))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["fleet", *name.split(), *ARGUMENTS.get(name, ()), *trouble.more_words]
    code = 99
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    for out in (sys.stdout, sys.stderr):
        if out is not None and not out.closed:
            out.flush()
    os._exit(code)


if __name__ == "__main__":
    for key in [key for key in os.environ if key.startswith("FLEET_")]:
        del os.environ[key]
    results = run_all(TROUBLES[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3]))
    sys.stdout.write(json.dumps(results))
