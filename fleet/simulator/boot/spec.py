"""How a simulated phone boots: where from, and the state it is in before it does so first."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.model import Credentials
from fleet.phone.catalog import model_named
from fleet.phone.config_file import firmware_file, model_files

if TYPE_CHECKING:
    from fleet.phone.config_file import Parameter

FACTORY_LOGIN = Credentials(username="aastra", password="aastra")  # noqa: S106  facts 1.3
FACTORY_PASSWORD = "22222"  # noqa: S105  facts/provisioning 1.3


class FirmwareCheck(StrEnum):
    """How a phone looks whether its firmware is another; which one real phones do is not known."""

    GET = "get"
    HEAD = "head"  # GET only where HEAD tells another length, date or ETag than the last time
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class BootSpec:
    """How a phone boots. `server` is the folder's URL, http or https, as DHCP would give it.

    `model_file`: the name by which it asks for its model's file; empty: the short one (`53i.cfg`).
    `local` are values set on the phone itself; `login` is what it gives a server that asks for
    Digest, until its configuration says otherwise. `trusted`: PEM of the authorities it trusts.
    `legacy_tls`: it speaks TLS 1.0 alone, as real ones. `encrypted`: it also asks for the `.tuz`.
    `modules` are the expansion modules' headers (`536M`).

    `seconds` is how long a boot takes and `retry` after how long it boots again where it has no
    configuration at all (0: never), both by the phone's clock. `patience` is in real seconds:
    how long a registrar may say nothing; `fetch_patience` the same for a file.
    """

    server: str
    model_file: str = ""
    local: tuple[Parameter, ...] = field(default=(), repr=False)
    login: Credentials = FACTORY_LOGIN
    trusted: str = field(default="", repr=False)
    legacy_tls: bool = False
    firmware: FirmwareCheck = FirmwareCheck.GET
    encrypted: bool = False
    modules: tuple[str, ...] = ()
    seconds: float = 0.0
    retry: float = 0.0
    patience: float = 32.0  # RFC 3261's Timer F
    fetch_patience: float = 30.0
    line_in_events: bool = True  # whether a registration event names its line is not known
    one_segment: bool = False  # hangs over a push in two pieces, as the 6739i (facts/web-ui 5.1)


def short_name(model: str) -> str:
    """What a model calls itself: `53i` for the 6753i, `57iCT` for the 6757i CT (facts 1.5)."""
    stem = firmware_file(model).removesuffix(".st")
    return stem or model_named(model).replace(" ", "")


def model_file_name(model: str, boot: BootSpec) -> str:
    """By which name the phone asks for its model's file."""
    return boot.model_file or model_files(model)[-1]
