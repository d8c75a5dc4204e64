"""Whether everything is as it should be, and what to mend: a check is a function in a table."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from fleet.app import App
from fleet.doctor.checked import Checked, State, fail
from fleet.doctor.dashboard import dashboard
from fleet.doctor.files import files
from fleet.doctor.place import clock, database, disk, env_file, key
from fleet.doctor.reach import phones
from fleet.doctor.running import alerts, daemon, missed, unit
from fleet.doctor.wishes import settings as wishes
from fleet.errors import FleetError, NoDatabase, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.settings import Settings

__all__ = ["Checked", "State", "examine"]

BEFORE = (key, env_file, disk)  # what can be told without the database
WITH_DATABASE = (database, clock, wishes, phones, files, daemon, unit, missed, alerts, dashboard)


def examine(settings: Settings) -> Iterator[Checked]:
    """Check one thing after the other. Only a wrong setting is an error, a `UsageError`."""
    for check in BEFORE:
        yield from check(settings)
    try:
        app = App.open(settings)
    except (UsageError, NoDatabase):
        raise
    except FleetError as error:
        yield fail("database", f"{error}", "Fix this first: the other checks need the database.")
        return
    with closing(app):
        for look in WITH_DATABASE:
            yield from look(app)
