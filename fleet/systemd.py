"""systemd: the unit that runs the daemon, and what the daemon tells systemd (sd_notify(3)).

The messages are lines of text in one datagram to a socket; the libraries for it are unmaintained,
or need a compiler and libsystemd.
"""

from __future__ import annotations

import shlex
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WATCHDOG_SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Notifier:
    """Tells systemd how the daemon fares; `address` is empty where systemd does not listen.

    `watchdog` is how often, in seconds, it wants to hear that all is well; None: never.
    """

    address: str = ""
    watchdog: float | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str], pid: int) -> Notifier:
        """Read what systemd gave to the process `pid` in its environment."""
        usec = environ.get("WATCHDOG_USEC", "")
        is_ours = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        return cls(
            address=environ.get("NOTIFY_SOCKET", ""),
            watchdog=int(usec) / 1e6 if usec.isdecimal() and is_ours else None,
        )

    def ready(self) -> None:
        """Say that the start is over."""
        self._tell("READY=1")

    def alive(self) -> None:
        """Say that all is well; without it systemd starts the daemon anew."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the daemon ends."""
        self._tell("STOPPING=1")

    def reloading(self) -> None:
        """Say that the settings are read again; `ready` ends that."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def status(self, text: str) -> None:
        """Say in a line what `systemctl status` shall show."""
        self._tell(f"STATUS={text}")

    def _tell(self, message: str) -> None:
        if not self.address:
            return
        # An @ stands for the zero byte with which the name of an abstract socket begins.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.sendto(message.encode(), address)
        except OSError:
            return  # systemd that does not listen any more is no reason to end


_UNIT = """\
# fleet, as a service. Put this into /etc/systemd/system/fleet.service, then:
#   systemctl daemon-reload && systemctl enable --now fleet
# Put secrets (FLEET_WEB_UI_PASSWORD=..., FLEET_WATCHDOG_PING_URL=...) into
# {environment}, owned by root, readable for the group of {user} alone (mode 640).

[Unit]
Description=fleet: watches Aastra SIP desk phones
Wants=network-online.target
After=network-online.target postgresql.service

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory={folder}
EnvironmentFile=-{environment}
User={user}
Restart=always
RestartSec=5
WatchdogSec={watchdog}
TimeoutStopSec=30
KillMode=mixed
# Every phone that is polled, pushes or fetches needs a file descriptor.
LimitNOFILE=65536

# It reads phones over the network and writes to its own folders; nothing else is open to it.
ProtectSystem=strict
ReadWritePaths={writable}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet={capabilities}
AmbientCapabilities={capabilities}
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077

[Install]
WantedBy=multi-user.target
"""


def unit(
    *,
    command: Sequence[str],
    folder: Path,
    user: str,
    writable: Sequence[Path],
    environment: Path,
    port: int,
) -> str:
    """Give the text of the unit. `writable` are the folders of database, key and reports.

    ProtectProc is left out on purpose: who holds a sweep's lease is looked up in /proc, also where
    another user ran `fleet poll`.
    """
    return _UNIT.format(
        command=" ".join(_quoted(word).replace("$", "$$") for word in command),
        folder=str(folder).replace("%", "%%"),
        user=user,
        watchdog=WATCHDOG_SECONDS,
        writable=" ".join(_quoted(str(each)) for each in writable),
        environment=str(environment).replace("%", "%%"),
        capabilities="CAP_NET_BIND_SERVICE" if 0 < port < 1024 else "",
    )


def _quoted(word: str) -> str:
    """Quote a word as systemd.syntax(7) wants it."""
    if shlex.quote(word) == word:
        return word.replace("%", "%%")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.replace("%", "%%")


def service() -> dict[str, str] | None:
    """Give what systemd knows of fleet.service; None where systemd does not run this machine."""
    systemctl = shutil.which("systemctl")
    if systemctl is None or not Path("/run/systemd/system").is_dir():  # sd_booted(3)
        return None
    asked = ["LoadState", "ActiveState", "WatchdogUSec", "NRestarts"]
    said = subprocess.run(  # noqa: S603  nothing here comes from outside
        [systemctl, "show", "fleet.service", "--property", ",".join(asked)],
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(line.split("=", 1) for line in said.stdout.splitlines() if "=" in line)
