"""Check of what phones need to get their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.doctor.checked import fail, ok, warn
from fleet.provision.readiness import is_used, obstacles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.doctor.checked import Checked


def files(app: App) -> Iterator[Checked]:
    """See whether phones may fetch their files; says nothing where none are configured."""
    if not is_used(app.settings, app.store):
        return
    found = list(obstacles(app.settings, app.store))
    for obstacle in found:
        say = fail if obstacle.is_fatal else warn
        yield say("files", obstacle.text, obstacle.remedy)
    if not found:
        yield ok("files", "All phones can fetch their files.")
