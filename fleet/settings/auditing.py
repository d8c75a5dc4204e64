"""The settings of the nightly audit: when, what it writes, and who gets it."""

import re
from typing import Annotated, Literal

from msgspec import Meta, field

from fleet.settings.kinds import Urls, Whole, Zone, seconds_of
from fleet.settings.section import About, Section

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


class AuditSiteSettings(Section, frozen=True, kw_only=True):
    """`[audit.sites.<name>]`."""

    recipients: Annotated[
        Urls,
        About(
            "Apprise URLs of the receivers of this site's part of the audit only.",
            examples=(["mailto://user:password@example.com?to=berlin@example.com"],),
        ),
    ] = field(default_factory=list)


class AuditSettings(Section, frozen=True, kw_only=True):
    """`[audit]`."""

    at: Annotated[
        str,
        About(
            "When fleet serve audits: a time of day, or a cron expression such as 30 2 * * "
            "mon-fri. Empty: never.",
            allowed='a time of day in quotes, like "02:30", or a cron expression, or empty',
            check=_planned,
        ),
    ] = "02:30"
    timezone: Annotated[
        Zone, About("IANA time zone of at and of the report's times; empty: that of [alerts].")
    ] = ""
    formats: Annotated[
        list[Formats],
        About(
            "Files to write: html, xlsx, csv, json.",
            allowed="a list of html, xlsx, csv and json",
            take=_words,
        ),
    ] = field(default_factory=lambda: ["html", "xlsx"])
    output: Annotated[
        str,
        Meta(min_length=1),
        About("Folder for the files, relative to this file's folder; created when needed."),
    ] = "audits"
    recipients: Annotated[
        Urls,
        About(
            "Apprise URLs of the receivers of the audit of all sites. Best set as "
            "FLEET_AUDIT_RECIPIENTS, separated by spaces.",
            examples=(["mailto://user:password@example.com?to=you@example.com"],),
        ),
    ] = field(default_factory=list)
    history: Annotated[
        Annotated[Whole, About(take=seconds_of, is_duration=True)],
        Meta(ge=7 * 86_400, le=366 * 86_400),
        About(
            "Period for availability and for how often a line was flagged (30 days). At most "
            "[retention] sweeps."
        ),
    ] = 30 * 86_400
    sites: dict[str, AuditSiteSettings] = field(default_factory=dict)

    @property
    def cron(self) -> str:
        """When to audit as a cron expression; empty for never."""
        time = _TIME.fullmatch(self.at)
        return f"{int(time['minute'])} {int(time['hour'])} * * *" if time else self.at
