"""What a phone keeps over a boot: its files and their MD5s, its own values, its firmware."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.simulator.boot.spec import FACTORY_LOGIN

if TYPE_CHECKING:
    from fleet.model import Credentials
    from fleet.phone.config_file import Parameter
    from fleet.simulator.boot.spec import BootSpec


@dataclass(kw_only=True, slots=True)
class Flash:
    """A phone's memory. `digests` are MD5s in hex by file name (facts/provisioning 1.1).

    `files` holds the configuration files as they were last read; a name with None was not there.
    `headed` is what a HEAD for the firmware told the last time.
    """

    server: str
    firmware: str
    login: Credentials = FACTORY_LOGIN
    trusted: str = field(default="", repr=False)
    check_certificates: bool = True
    check_hostname: bool = True
    local: tuple[Parameter, ...] = field(default=(), repr=False)
    files: dict[str, bytes | None] = field(default_factory=dict, repr=False)
    digests: dict[str, str] = field(default_factory=dict)
    headed: tuple[str, ...] = ()

    @classmethod
    def as_delivered(cls, boot: BootSpec, firmware: str) -> Flash:
        """The memory of a phone that has not booted yet."""
        return cls(
            server=boot.server,
            firmware=firmware,
            login=boot.login,
            trusted=boot.trusted,
            local=boot.local,
        )
