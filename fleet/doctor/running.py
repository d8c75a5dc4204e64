"""Checks of the daemon: whether it runs, what it missed, and who hears of trouble."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.clock import now
from fleet.doctor.checked import fail, ok, warn
from fleet.model import DeliveryState
from fleet.report.wording import ago
from fleet.sweep import SCHEDULE
from fleet.systemd import service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.doctor.checked import Checked

_LATE = 2.5  # intervals since a planned sweep
_DAY = timedelta(days=1)
_SKEW = timedelta(seconds=2)  # between the clocks of machines that share a database
_SLOW = timedelta(hours=1)  # an alert that waits for so long does not get through


def daemon(app: App) -> Iterator[Checked]:
    """See whether the daemon runs."""
    interval = timedelta(seconds=app.settings.poll.interval)
    planned = app.store.sweeps.planned(SCHEDULE, now() - interval * _LATE - _DAY)
    ahead = [moment for moment in planned if moment > now() + _SKEW]
    if ahead:
        text = f"{len(ahead)} planned sweeps have a start time in the future, the last at "
        text += f"{ahead[-1]:%Y-%m-%d %H:%M:%S} UTC: the clock was set back."
        yield fail(
            "daemon", text, "Check this machine's clock; fleet continues with the time it shows."
        )
    elif not planned and not app.store.phones.count():
        yield ok("daemon", "No sweep is planned: there are no phones yet.")
    elif not planned:
        mend = "fleet serve; fleet serve --systemd-unit prints a unit for it."
        yield warn("daemon", "No planned sweep for a day: fleet serve is not running.", mend)
    elif now() - planned[-1] > interval * _LATE:
        began = f"The last planned sweep began {ago(planned[-1], now())} ago"
        yield fail(
            "daemon",
            f"{began}: fleet serve is not running.",
            "Start it; its log shows why it stopped.",
        )
    else:
        yield ok("daemon", f"The last planned sweep began {ago(planned[-1], now())} ago.")


def unit(_: App) -> Iterator[Checked]:
    """See whether systemd looks after the daemon."""
    known = service()
    if known is None:
        return
    mend = "fleet serve --systemd-unit prints a unit and how to use it."
    if known.get("LoadState") != "loaded":
        yield warn("systemd", "There is no fleet.service.", mend)
    elif known.get("ActiveState") != "active":
        text = f"fleet.service is {known.get('ActiveState')}."
        yield fail(
            "systemd", text, "systemctl start fleet; journalctl -u fleet shows why it stopped."
        )
    elif known.get("WatchdogUSec") in (None, "0", "infinity"):
        yield warn("systemd", "fleet.service has no watchdog.", mend)
    else:
        yield ok("systemd", f"fleet.service is running, restarted {known.get('NRestarts')} times.")


def missed(app: App) -> Iterator[Checked]:
    """See whether all planned sweeps took place."""
    gaps = app.store.sweeps.missed(now() - _DAY)
    if gaps:
        count = sum(gap.count for gap in gaps)
        text = f"{count} missed since yesterday, the last time because {gaps[-1].reason}."
        yield warn("sweeps", text, "If sweeps take too long, raise [poll] interval.")
    else:
        yield ok("sweeps", "None missed since yesterday.")


def alerts(app: App) -> Iterator[Checked]:
    """See whether anybody hears of trouble."""
    settings = app.settings.alerts
    has_receivers = settings.urls or any(route.urls for route in settings.routes.values())
    if not has_receivers and app.store.phones.count():
        yield warn("alerts", "No receivers: nobody gets alerts.", "Set [alerts] urls.")
    given_up = app.store.alerts.deliveries([DeliveryState.GIVEN_UP])
    waiting = app.store.alerts.deliveries([DeliveryState.WAITING])
    late = [each for each in waiting if now() - each.alert.at > _SLOW]
    if given_up:
        text = f"{len(given_up)} alerts could not be delivered, the last by {given_up[-1].route}: "
        yield fail("alerts", text + f"{given_up[-1].error}", "fleet alert test")
    if late:
        text = f"{len(late)} alerts have waited for over an hour: {late[0].error}"
        yield warn("alerts", text, "fleet alert pending; fleet alert test")
    if not given_up and not late:
        open_now = len(app.store.findings.incidents(open_only=True))
        yield ok("alerts", f"None is stuck. Open incidents: {open_now}.")
