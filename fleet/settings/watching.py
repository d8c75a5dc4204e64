"""The settings of watching: who is told of what and when, and when everybody expects trouble."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from fleet.model import Severity
from fleet.settings.section import Number, Seconds, Section, Whole

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_BETWEEN_URLS = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9]*://)")  # a URL may hold a comma
_URL = re.compile(r"[A-Za-z][A-Za-z0-9]*://\S+")
_SPAN = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_URL_LIST = "a list of Apprise URLs, like mailto://user:password@example.com?to=you@example.com"


def _split(value: object) -> object:
    """Take what a variable holds for a list; it can only hold a text."""
    return _BETWEEN_URLS.split(value.strip(" \t\r\n,")) if isinstance(value, str) else value


def _url(value: SecretStr) -> SecretStr:
    if not _URL.fullmatch(value.get_secret_value()):
        raise ValueError("not a URL")
    return value


def _zone(value: str) -> str:
    """Refuse a name that is no zone's; the error of the look-up depends on how it is wrong."""
    try:
        ZoneInfo(value)
    except (OSError, KeyError, ValueError):
        raise ValueError("no such time zone") from None
    return value


def _allowed(text: str) -> Any:
    """What to say of a wrong value, where its kind does not tell."""
    return Field(json_schema_extra={"allowed": text})


Url = Annotated[SecretStr, AfterValidator(_url)]
Urls = Annotated[list[Url], BeforeValidator(_split), _allowed(_URL_LIST)]
Zone = Annotated[str, AfterValidator(_zone), _allowed("an IANA time zone, like Europe/Berlin")]
Texts = Annotated[list[str], _allowed("a list of texts")]


class RouteSettings(Section):
    """`[alerts.routes.<name>]`."""

    urls: Urls = Field(
        default_factory=list,
        examples=[["tgram://bottoken/chatid"]],
        description="Further receivers, who are told only of what the keys below choose.",
    )
    severities: Annotated[list[Severity], _allowed("a list of critical, warning and info")] = Field(
        default_factory=list,
        examples=[["critical"]],
        description="Which severities; all when it is empty.",
    )
    sites: Texts = Field(
        default_factory=list, examples=[["berlin"]], description="Which sites; all when empty."
    )
    rules: Texts = Field(
        default_factory=list,
        examples=[["line-failed", "line-unregistered"]],
        description="Which rules; all when empty.",
    )


class AlertsSettings(Section):
    """`[alerts]`."""

    urls: Urls = Field(
        default_factory=list,
        examples=[["mailto://user:password@example.com?to=you@example.com"]],
        description="Apprise URLs of those who are told of everything: mail, chat, webhooks and "
        "many more. Better given as FLEET_ALERTS_URLS, with spaces between them.",
    )
    group_wait: Number = Field(
        default=10,
        ge=0,
        le=86_400,
        description="How long a new problem waits for others that belong to it.",
    )
    repeat_after: Number = Field(
        default=86_400,
        ge=0,
        le=316_224_000,
        description="What stays open and was told is told again in this rhythm, at seven in the "
        "morning when it is a day; 0: never.",
    )
    quiet_hours: Annotated[str, _allowed("a span of the day, like 22:00-06:00, or empty")] = Field(
        default="",
        examples=["22:00-06:00"],
        description="In this span of the day only what is critical is told; the rest waits.",
    )
    timezone: Zone = Field(
        default="UTC",
        description="IANA zone of quiet_hours, and of times in alerts where the site has none.",
    )
    most_per_hour: Whole = Field(
        default=30,
        ge=1,
        le=10_000,
        description="Most alerts an hour for each receiver; what is more waits, and is counted.",
    )
    give_up_after: Seconds = Field(
        default=86_400,
        description="An alert that nobody takes is tried for so long, then given up and told to "
        "the other receivers.",
    )
    templates: str = Field(
        default="",
        examples=["templates"],
        description="Folder, relative to this file's, with templates in place of fleet's own.",
    )
    diagnose: bool = Field(
        default=False,
        description="A new alert of lines that are refused (401, 403, 407) or unregistered says "
        "why, as fleet diagnose does, for five lines at most. Each is one try of the inventory's "
        "password at a registrar.",
    )
    cause_at_least: Whole = Field(
        default=5, ge=2, le=100_000, description="So many problems at least make one cause."
    )
    cause_share: Number = Field(
        default=0.5,
        gt=0,
        le=1,
        description="So large a share of a site, network, login or registrar makes one cause.",
    )
    routes: dict[str, RouteSettings] = Field(default_factory=dict)

    @field_validator("quiet_hours")
    @classmethod
    def _is_a_span(cls, value: str) -> str:
        if value and not (_SPAN.fullmatch(value) and value[:5] != value[6:]):
            raise ValueError("not a span")
        return value


class MaintenanceSettings(Section):
    """`[maintenance.<name>]`."""

    sites: Texts = Field(
        default_factory=list, examples=[["berlin"]], description="Sites; all when empty."
    )
    phones: Texts = Field(
        default_factory=list,
        examples=[["reception"]],
        description="Phones by MAC, host or name; all when empty.",
    )
    rules: Texts = Field(
        default_factory=list, examples=[["phone-unreachable"]], description="Rules; all when empty."
    )
    start: Annotated[time | None, _allowed('a time of day in quotes, like "02:00"')] = Field(
        default=None, examples=["02:00"], description="When it begins, on each of its days."
    )
    duration: Seconds = Field(default=3600, description="How long it lasts from then on.")
    days: Annotated[list[Day], _allowed("a list of mon, tue, wed, thu, fri, sat and sun")] = Field(
        default_factory=list,
        examples=[["sun"]],
        description="The days of the week on which it begins; every day when empty.",
    )
    timezone: Annotated[
        str, AfterValidator(lambda value: value and _zone(value)),
        _allowed("an IANA time zone, like Europe/Berlin, or empty"),
    ] = Field(
        default="", examples=["Europe/Berlin"], description="Its IANA zone; else that of [alerts]."
    )  # fmt: skip
    since: Annotated[
        datetime | None, _allowed("a date, or date and time, like 2026-11-23T22:00")
    ] = Field(
        default=None,
        examples=["2026-11-23T22:00"],
        description="Without start: it lasts from since to until, once. With start: only in "
        "this time does it begin at all.",
    )
    until: Annotated[
        datetime | None, _allowed("a date, or date and time, like 2026-11-24T04:00")
    ] = Field(default=None, examples=["2026-11-24T04:00"], description="See since.")

    @model_validator(mode="after")
    def _has_a_time(self) -> MaintenanceSettings:
        if self.start is None and (self.since is None or self.until is None):
            raise ValueError("needs start (each day), or since and until (once)")
        if self.since and self.until and _bare(self.since) >= _bare(self.until):
            raise ValueError("ends before it begins: since must come before until")
        return self


def _bare(moment: datetime) -> datetime:
    """Compare moments as they are written: one may have an offset, the other none."""
    return moment.replace(tzinfo=None)


def urls_of(section: AlertsSettings | RouteSettings) -> tuple[str, ...]:
    """Give the URLs as they are; they hold passwords."""
    return tuple(url.get_secret_value() for url in section.urls)
