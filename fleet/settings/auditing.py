"""The settings of the nightly audit: when, what it writes, and who gets it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from fleet.settings.section import Section, Whole, allowed
from fleet.settings.watching import Urls, Zone

_TIME = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)")
_CRON = re.compile(r"[\w*,/?#-]+(?: +[\w*,/?#-]+){4}", re.ASCII)

Formats = Literal["html", "xlsx", "csv", "json"]


def _planned(value: str) -> str:
    """Refuse what is neither a time of day nor five fields; whoever plans reads the fields."""
    text = " ".join(value.split())
    if text and not (_TIME.fullmatch(text) or _CRON.fullmatch(text)):
        raise ValueError("neither a time of day nor a cron expression")
    return text


def _words(value: object) -> object:
    """Take what a variable holds for a list; it can only hold a text."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


class AuditSiteSettings(Section):
    """`[audit.sites.<name>]`."""

    recipients: Urls = Field(
        default_factory=list,
        examples=[["mailto://user:password@example.com?to=berlin@example.com"]],
        description="Apprise URLs of those who get this site's part of the audit, and no other's.",
    )


class AuditSettings(Section):
    """`[audit]`."""

    at: Annotated[
        str,
        AfterValidator(_planned),
        allowed('a time of day in quotes, like "02:30", or a cron expression, or empty'),
    ] = Field(
        default="02:30",
        description="When fleet serve audits: a time of day, or a cron expression such as "
        "30 2 * * mon-fri. Empty: never by itself.",
    )
    timezone: Zone = Field(default="UTC", description="IANA zone of at, and of the report's times.")
    formats: Annotated[
        list[Formats], BeforeValidator(_words), allowed("a list of html, xlsx, csv and json")
    ] = Field(default=["html", "xlsx"], description="Files to write: html, xlsx, csv, json.")
    output: str = Field(
        default="audits",
        min_length=1,
        description="Folder for the files, relative to this file's, made when it is needed.",
    )
    recipients: Urls = Field(
        default_factory=list,
        examples=[["mailto://user:password@example.com?to=you@example.com"]],
        description="Apprise URLs of those who get the audit of all sites. Better given as "
        "FLEET_AUDIT_RECIPIENTS, with spaces between them.",
    )
    history: Whole = Field(
        default=30 * 86_400,
        ge=7 * 86_400,
        le=366 * 86_400,
        description="How far back it looks: how often a line was flagged, and availability (30 "
        "days). No longer than [retention] keeps sweeps.",
    )
    sites: dict[str, AuditSiteSettings] = Field(default_factory=dict)

    @property
    def cron(self) -> str:
        """When to audit as a cron expression; empty for never."""
        time = _TIME.fullmatch(self.at)
        return f"{int(time['minute'])} {int(time['hour'])} * * *" if time else self.at
