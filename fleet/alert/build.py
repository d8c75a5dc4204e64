"""Makes of the settings what alerting works with; says of what is wrong where it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fleet.alert.compose import Composer
from fleet.alert.deliver import Deliverer
from fleet.alert.planner import Policy
from fleet.alert.routes import DEFAULT, Route, channels_of
from fleet.alert.run import Alerting
from fleet.alert.sender import check
from fleet.alert.windows import DAYS, Window
from fleet.clock import daily_span
from fleet.errors import SettingsError
from fleet.judge import RULES, CauseSettings, find_causes
from fleet.settings.watching import urls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, tzinfo

    from fleet.alert.planner import Diagnose, FindCauses
    from fleet.settings import Settings
    from fleet.settings.watching import AlertsSettings, MaintenanceSettings
    from fleet.store import Store


def alerting_of(settings: Settings, store: Store, *, diagnose: Diagnose | None = None) -> Alerting:
    """Make what decides who is told. Raises `SettingsError` for what is wrong with it."""
    folder = settings.alerts.templates
    return Alerting(
        store=store,
        policy=policy_of(settings),
        find_causes=_finder(settings.alerts),
        composer=Composer(
            settings.folder / folder if folder else None, settings.alerts.dashboard_url
        ),
        windows=windows_of(settings),
        diagnose=diagnose,
    )


def deliverer_of(settings: Settings, store: Store, *, clock: Callable[[], datetime]) -> Deliverer:
    """Make what delivers alerts. Raises `SettingsError` for a URL that cannot be used."""
    channels = channels_of(routes_of(settings))
    check(channels)
    return Deliverer(
        store=store,
        channels=channels,
        give_up_after=timedelta(seconds=settings.alerts.give_up_after),
        clock=clock,
    )


def _finder(alerts: AlertsSettings) -> FindCauses:
    wanted = CauseSettings(at_least=alerts.cause_at_least, share=alerts.cause_share)
    return lambda standing, causes, population, now: find_causes(
        standing, causes, population, wanted, now
    )


def policy_of(settings: Settings) -> Policy:
    """Who is told of what and when. Raises `SettingsError` for a rule that there is not."""
    alerts = settings.alerts
    zone = ZoneInfo(settings.timezone)
    return Policy(
        routes=routes_of(settings),
        group_wait=timedelta(seconds=alerts.group_wait),
        repeat_after=timedelta(seconds=alerts.repeat_after) if alerts.repeat_after else None,
        quiet_hours=daily_span(alerts.quiet_hours, zone),
        most_per_hour=alerts.most_per_hour,
        zone=zone,
    )


def routes_of(settings: Settings) -> tuple[Route, ...]:
    """The routes: that of `[alerts] urls`, which takes everything, then those with a name."""
    routes = [Route(name=DEFAULT, urls=urls_of(settings.alerts))]
    for name, each in settings.alerts.routes.items():
        place = f"[alerts.routes.{name}]"
        if name == DEFAULT:
            raise SettingsError(
                f"{place}: this name is reserved for [alerts] urls; choose another."
            )
        if not each.urls:
            raise SettingsError(f"{place} has no urls, so it would alert nobody.")
        routes.append(
            Route(
                name=name,
                urls=urls_of(each),
                severities=frozenset(each.severities),
                sites=frozenset(each.sites),
                rules=_rules(each.rules, place),
            )
        )
    return tuple(route for route in routes if route.urls)


def windows_of(settings: Settings) -> tuple[Window, ...]:
    """The maintenance windows. Raises `SettingsError` for a rule that there is not."""
    zone = settings.timezone
    return tuple(_window(name, each, zone) for name, each in settings.maintenance.items())


def _window(name: str, of: MaintenanceSettings, otherwise: str) -> Window:
    zone = ZoneInfo(of.timezone or otherwise)
    return Window(
        name=name,
        zone=zone,
        sites=frozenset(of.sites),
        phones=frozenset(phone.lower() for phone in of.phones),
        rules=_rules(of.rules, f"[maintenance.{name}]"),
        start=of.start,
        duration=timedelta(seconds=of.duration),
        days=frozenset(map(DAYS.index, of.days)),
        since=_in_zone(of.since, zone),
        until=_in_zone(of.until, zone),
    )


def _in_zone(moment: datetime | None, zone: tzinfo) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone)


def _rules(names: Iterable[str], place: str) -> frozenset[str]:
    for name in names:
        if name not in RULES:
            raise SettingsError(
                f"{place} rules: there is no rule {name}; rules: {', '.join(RULES)}."
            )
    return frozenset(names)
