"""Checks of what the settings want: what the daemon would refuse, and names that name nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fleet.doctor.checked import fail, ok, warn
from fleet.errors import PhoneNotFound, SettingsError
from fleet.schedule import Nightly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet.app import App
    from fleet.doctor.checked import Checked
    from fleet.settings import Settings

_REFUSED = "fleet serve does not start until this is fixed."
_NOBODY = "Correct the name: it matches nothing. fleet inventory list shows the names."


def settings(app: App) -> Iterator[Checked]:
    """See whether alerts and audits can be as the settings want them."""
    found = [*_refused(app), *_unknown_sites(app), *_unknown_phones(app)]
    yield from found or [ok("settings", "Alerts, maintenance and audits are set up correctly.")]


def _refused(app: App) -> Iterator[Checked]:
    for make in (app.alerting, app.deliverer, partial(_audit_time, app.settings)):
        try:
            make()
        except SettingsError as error:
            yield fail("settings", f"{error}", _REFUSED)


def _audit_time(given: Settings) -> None:
    audit = given.audit
    try:
        if audit.at:
            Nightly(audit.at, ZoneInfo(given.audit_timezone))
    except ValueError as error:
        raise SettingsError(f"[audit] at: {audit.at} is not a time: {error}.") from None


def _unknown_sites(app: App) -> Iterator[Checked]:
    known = {site.name for site in app.store.inventory.sites()}
    for place, names in _chosen_sites(app.settings):
        for name in names:
            if name not in known:
                yield warn("settings", f"{place}: there is no site {name}.", _NOBODY)


def _chosen_sites(given: Settings) -> Iterator[tuple[str, Iterable[str]]]:
    for name, route in given.alerts.routes.items():
        yield f"[alerts.routes.{name}] sites", route.sites
    for name, window in given.maintenance.items():
        yield f"[maintenance.{name}] sites", window.sites
    for name in given.audit.sites:
        yield f"[audit.sites.{name}]", [name]


def _unknown_phones(app: App) -> Iterator[Checked]:
    for name, window in app.settings.maintenance.items():
        for phone in window.phones:
            try:
                app.store.phones.find(phone)
            except PhoneNotFound as error:
                yield warn("settings", f"[maintenance.{name}] phones: {error}", _NOBODY)
