"""What systemd is told, and the unit that it runs."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.systemd import Notifier, unit


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
@pytest.mark.parametrize("is_abstract", [False, True])
def test_systemd_hears_what_it_is_told(tmp_path: Path, is_abstract: bool) -> None:
    name = f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name[1:] if is_abstract else name)
        address = "@" + name[1:] if is_abstract else name
        notifier = Notifier.of({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "120000000"}, 7)
        notifier.ready()
        notifier.alive()
        notifier.status("all is well")
        notifier.stopping()
        heard = [systemd.recv(100) for _ in range(4)]
    assert heard == [b"READY=1", b"WATCHDOG=1", b"STATUS=all is well", b"STOPPING=1"]
    assert notifier.watchdog == 120


def test_without_systemd_nothing_is_told() -> None:
    notifier = Notifier.of({}, 7)
    notifier.ready()
    assert notifier == Notifier()


def test_a_watchdog_of_another_process_is_not_ours() -> None:
    assert Notifier.of({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "8"}, 7).watchdog is None
    assert Notifier.of({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "7"}, 7).watchdog == 5


def test_a_socket_that_is_gone_is_no_reason_to_end(tmp_path: Path) -> None:
    Notifier(address=f"{tmp_path}/gone").ready()


def text(port: int = 8080) -> str:
    return unit(
        command=[sys.executable, "-m", "fleet", "serve", "--config", "/srv/a folder/100%.toml"],
        folder=Path("/tmp"),
        user="root",
        writable=[Path("/tmp"), Path("/var/tmp")],
        environment=Path("/etc/fleet.env"),
        port=port,
    )


def test_the_unit_names_command_folders_and_user() -> None:
    said = text()
    assert f'ExecStart={sys.executable} -m fleet serve --config "/srv/a folder/100%%.toml"' in said
    assert "ReadWritePaths=/tmp /var/tmp\n" in said
    assert "\nCapabilityBoundingSet=\n" in said
    assert "CAP_NET_BIND_SERVICE" in text(443)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_itself_finds_the_unit_sound_and_hardened(tmp_path: Path) -> None:
    file = tmp_path / "fleet.service"
    file.write_text(text())
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", file], capture_output=True, text=True, check=False
    )
    assert [line for line in verified.stderr.splitlines() if "fleet.service" in line] == []
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout + rated.stderr
