"""Who holds a lease: a process, named so that another on its machine can tell that it is gone."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A process. `boot`, `namespace` and `started` are empty where the system does not say."""

    machine: str
    pid: int
    boot: str = ""
    namespace: str = ""
    started: str = ""

    @classmethod
    def this_process(cls) -> Holder:
        """Name the running process."""
        pid = os.getpid()
        return cls(
            machine=socket.gethostname(),
            pid=pid,
            boot=_read("/proc/sys/kernel/random/boot_id"),
            namespace=_namespace(),
            started=_started(pid),
        )

    @classmethod
    def parse(cls, text: str) -> Holder:
        """Read what `str` gave."""
        machine, pid, boot, namespace, started = text.split(" ")
        return cls(machine=machine, pid=int(pid), boot=boot, namespace=namespace, started=started)

    def __str__(self) -> str:
        return f"{self.machine} {self.pid} {self.boot} {self.namespace} {self.started}"

    @property
    def label(self) -> str:
        """Name it for people."""
        return f"process {self.pid} on {self.machine}"

    def is_surely_gone(self, me: Holder) -> bool:
        """Tell whether this process ended, as far as `me` can know; False when in doubt."""
        if self.machine != me.machine or self.namespace != me.namespace:
            return False
        if self.boot != me.boot:
            return bool(self.boot and me.boot)  # the same machine, started anew since
        return not _runs(self.pid) or (self.started != "" and _started(self.pid) != self.started)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _started(pid: int) -> str:
    """The process's start in clock ticks after boot; empty where /proc does not say."""
    # The command's name, in parentheses, may hold spaces: count from behind it (proc(5)).
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
