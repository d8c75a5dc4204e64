"""Checks of what fleet stands on: its key, its database, the disk, the clock."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fleet.clock import now
from fleet.doctor.checked import fail, ok, warn
from fleet.settings import ENV_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.doctor.checked import Checked
    from fleet.settings import Settings

_LITTLE = 2 << 30  # bytes of free space; a database of years needs more
_HARDLY_ANY = 200 << 20
_SKEW = 2.0  # seconds between clocks that share a database


def key(settings: Settings) -> Iterator[Checked]:
    """See whether the key is where only fleet reads it."""
    path = settings.key_file
    if settings.secrets_key:
        yield ok("key", "It is in FLEET_SECRETS_KEY.")
    elif not path.exists():
        yield ok("key", f"No key at {path} yet; fleet creates it with the first password.")
    elif os.name == "posix" and path.stat().st_mode & 0o077:
        yield fail("key", f"Others can read {path}.", f"chmod 600 {path}")
    else:
        yield ok(
            "key", f"{path}, readable by its owner only. Keep its backup apart from the database's."
        )


def env_file(settings: Settings) -> Iterator[Checked]:
    """See whether fleet.env, which is for secrets, is there for those alone who need it."""
    path = settings.folder / ENV_FILE
    if not path.exists():
        return
    if os.name == "posix" and path.stat().st_mode & 0o007:
        yield fail("fleet.env", f"All users can read {path}.", f"chmod o= {path}")
    elif not os.access(path, os.R_OK):
        note = "Run fleet as a user who may read it; otherwise its variables are missing."
        yield warn("fleet.env", f"{path} cannot be read by this user.", note)


def database_file(settings: Settings) -> Path | None:
    """The SQLite file; None for PostgreSQL."""
    kind, _, path = settings.database_url.partition(":///")
    return Path(path) if kind.startswith("sqlite") and path else None


def disk(settings: Settings) -> Iterator[Checked]:
    """See whether there is room for the database to grow."""
    file = database_file(settings)
    folder = file.parent if file else settings.folder
    free = shutil.disk_usage(folder.resolve()).free
    text, mend = (
        f"{free / 1e9:.1f} GB free in {folder.resolve()}.",
        "Free some space: fleet db prune.",
    )
    if free < _HARDLY_ANY:
        yield fail("disk", text, mend)
    elif free < _LITTLE:
        yield warn("disk", text, mend)
    else:
        yield ok("disk", text)


def database(app: App) -> Iterator[Checked]:
    """See whether the database is in order."""
    problems = app.store.check()
    for problem in problems:
        yield fail("database", problem, "Restore a backup: see docs/upgrade-and-restore.md.")
    if not problems:
        text = f"{app.store.place}, version {app.store.version()}, in order."
        yield ok("database", text)


def clock(app: App) -> Iterator[Checked]:
    """See whether the clocks of those who share the database agree, and time zones are known."""
    before = now()
    theirs = app.store.time()
    skew = abs((theirs - (before + (now() - before) / 2)).total_seconds())
    if skew > _SKEW:
        text = f"The clocks of this machine and the database differ by {skew:.1f} s."
        yield fail("clock", text, "Synchronize both clocks by NTP.")
    elif database_file(app.settings):
        yield ok("clock", f"{before:%Y-%m-%d %H:%M:%S} UTC; no second clock to compare it with.")
    else:
        yield ok("clock", "It matches the database's clock.")
    for zone in sorted(
        {site.timezone for site in app.store.inventory.sites() if site.timezone} | {"UTC"}
    ):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield fail("clock", f"Unknown time zone {zone}.", "Set an IANA time zone.")
