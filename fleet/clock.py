"""The time, and the time zone of this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import tzlocal


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def machine_zone() -> str:
    """Return the IANA name of this machine's time zone; UTC where it has none, or a wrong one."""
    try:
        name = tzlocal.get_localzone_name()
        ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return "UTC"
    return "UTC" if name == "Etc/UTC" else name
