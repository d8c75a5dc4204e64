"""What the store gives to those who serve files: phones that may ask, and their logins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import FetchOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchingPhone:
    """A phone that may fetch files: what has to be known of it for that, and no secret.

    `networks` are its site's, as CIDR texts; empty where it has no site, or the site names none.
    """

    id: int
    mac: str
    model: str = ""
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StrangerFetches:
    """What somebody who is no phone of ours asked for from one address, and was refused.

    `times` is how often, for `macs` different MACs; `file` and `at` are those of the last time.
    """

    address: str
    outcome: FetchOutcome
    times: int
    macs: int
    file: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchLogin:
    """A phone's login for fetching files (HTTP Digest).

    `previous` is valid as well as `password`, under whichever user name the phone gives, until the
    phone has used that one; then it is empty. `used` is when the phone used `password` first.
    """

    phone_id: int
    username: str
    password: str = field(repr=False)
    changed: datetime
    previous: str = field(default="", repr=False)
    used: datetime | None = None
