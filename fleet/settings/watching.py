"""The settings of alerts and of maintenance windows."""

import re
from datetime import date, datetime, time
from typing import Annotated, Literal

from msgspec import Meta, field

from fleet.model import Severity
from fleet.settings.kinds import (
    Duration,
    Number,
    Seconds,
    Texts,
    Urls,
    Whole,
    Zone,
    daily_span,
)
from fleet.settings.section import About, Section

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _web_address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value):
        raise ValueError("not a web address")
    return value.rstrip("/")


def _moment(written: object) -> object:
    """Read a moment as TOML knows it, a day as its beginning, or a text that says one."""
    if isinstance(written, str):
        return datetime.fromisoformat(written)
    if isinstance(written, date) and not isinstance(written, datetime):
        return datetime.combine(written, time())
    return written


def _time_of_day(written: object) -> object:
    return time.fromisoformat(written) if isinstance(written, str) else written


class RouteSettings(Section, frozen=True, kw_only=True):
    """`[alerts.routes.<name>]`."""

    urls: Annotated[
        Urls,
        About(
            "Apprise URLs of receivers who get only the alerts that the keys below select.",
            examples=(["mailto://user:password@example.com?to=oncall@example.com"],),
        ),
    ] = field(default_factory=list)
    severities: Annotated[
        list[Severity],
        About(
            "Severities to send; empty: all.",
            examples=(["critical"],),
            allowed="a list of critical, warning and info",
        ),
    ] = field(default_factory=list)
    sites: Annotated[Texts, About("Sites to send; empty: all.", examples=(["berlin"],))] = field(
        default_factory=list
    )
    rules: Annotated[
        Texts,
        About("Rules to send; empty: all.", examples=(["line-failed", "line-unregistered"],)),
    ] = field(default_factory=list)


class AlertsSettings(Section, frozen=True, kw_only=True):
    """`[alerts]`."""

    urls: Annotated[
        Urls,
        About(
            "Apprise URLs of the receivers of every alert: mail, chat, webhooks and many more. "
            "Best set as FLEET_ALERTS_URLS, separated by spaces.",
            examples=(["mailto://user:password@example.com?to=you@example.com"],),
        ),
    ] = field(default_factory=list)
    group_wait: Annotated[
        Duration,
        Meta(ge=0, le=86_400),
        About("How long to wait for related problems before an alert is sent."),
    ] = 10
    repeat_after: Annotated[
        Duration,
        Meta(ge=0, le=316_224_000),
        About(
            "How often to send a reminder of incidents that stay open. Whole days: at 7 in "
            "the morning. 0: never."
        ),
    ] = 86_400
    quiet_hours: Annotated[
        str,
        About(
            "Time of day in which only critical alerts are sent; the others wait.",
            examples=("22:00-06:00",),
            check=daily_span,
            allowed="a span of the day, like 22:00-06:00, or empty",
        ),
    ] = ""
    timezone: Annotated[
        Zone,
        About(
            "IANA time zone of quiet_hours, of the times that the command line and the dashboard "
            "show, and of alerts about sites without a zone. Empty: that of this machine."
        ),
    ] = ""
    most_per_hour: Annotated[
        Whole,
        Meta(ge=1, le=10_000),
        About("Maximum number of alerts per receiver and hour; the others wait."),
    ] = 30
    give_up_after: Annotated[
        Seconds,
        About(
            "How long to retry an alert that cannot be delivered. Then fleet gives up and "
            "notifies the other receivers."
        ),
    ] = 86_400
    templates: Annotated[
        str,
        About(
            "Folder with templates that replace fleet's own, such as templates. Relative to "
            "this file's folder."
        ),
    ] = ""
    dashboard_url: Annotated[
        str,
        About(
            "URL at which receivers reach the dashboard; alerts link to it.",
            examples=("https://fleet.example.com",),
            allowed="a URL of http or https, like https://fleet.example.com, or empty",
            check=_web_address,
        ),
    ] = ""
    diagnose: Annotated[
        bool,
        About(
            "true: a new alert about refused (401, 403, 407) or unregistered lines includes a "
            "diagnosis, as by fleet diagnose, of up to five lines. Each diagnosis sends the "
            "inventory's password to a registrar once."
        ),
    ] = False
    cause_at_least: Annotated[
        Whole,
        Meta(ge=2, le=100_000),
        About("Minimum number of problems that are merged into one alert."),
    ] = 5
    cause_share: Annotated[
        Number,
        Meta(gt=0, le=1),
        About(
            "Minimum share of a site, network, login or registrar that is merged into one alert."
        ),
    ] = 0.5
    routes: dict[str, RouteSettings] = field(default_factory=dict)


class MaintenanceSettings(Section, frozen=True, kw_only=True):
    """`[maintenance.<name>]`."""

    sites: Annotated[Texts, About("Sites; empty: all.", examples=(["berlin"],))] = field(
        default_factory=list
    )
    phones: Annotated[
        Texts, About("Phones by MAC, host or name; empty: all.", examples=(["reception"],))
    ] = field(default_factory=list)
    rules: Annotated[Texts, About("Rules; empty: all.", examples=(["phone-unreachable"],))] = field(
        default_factory=list
    )
    start: Annotated[
        time | None,
        About(
            "Time of day at which the window begins.",
            examples=("02:00",),
            take=_time_of_day,
            allowed='a time of day in quotes, like "02:00"',
        ),
    ] = None
    duration: Annotated[Seconds, About("How long the window lasts.")] = 3600
    days: Annotated[
        list[Day],
        About(
            "Days of the week on which the window begins; empty: every day.",
            examples=(["sun"],),
            allowed="a list of mon, tue, wed, thu, fri, sat and sun",
        ),
    ] = field(default_factory=list)
    timezone: Annotated[Zone, About("IANA time zone of the window; empty: that of [alerts].")] = ""
    since: Annotated[
        datetime | None,
        About(
            "Without start: one window, from since to until. With start: windows begin only "
            "between since and until.",
            examples=("2026-11-23T22:00",),
            take=_moment,
            allowed="a date, or date and time, like 2026-11-23T22:00",
        ),
    ] = None
    until: Annotated[
        datetime | None,
        About(
            "See since.",
            examples=("2026-11-24T04:00",),
            take=_moment,
            allowed="a date, or date and time, like 2026-11-24T04:00",
        ),
    ] = None

    def problem(self) -> str:
        """Say why it has no time, or none that can come."""
        if self.start is None and (self.since is None or self.until is None):
            return "needs start (each day), or since and until (once)"
        if self.since and self.until and _bare(self.since) >= _bare(self.until):
            return "ends before it begins: since must come before until"
        return ""


def _bare(moment: datetime) -> datetime:
    """Compare moments as they are written: one may have an offset, the other none."""
    return moment.replace(tzinfo=None)


def urls_of(section: AlertsSettings | RouteSettings) -> tuple[str, ...]:
    """Give the URLs as they are; they hold passwords."""
    return tuple(url.get_secret_value() for url in section.urls)
