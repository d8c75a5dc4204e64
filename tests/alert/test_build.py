"""What alerting makes of the settings."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from fleet.alert import channels_of, policy_of, routes_of, windows_of
from fleet.errors import SettingsError
from fleet.model import Severity
from fleet.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.settings import Settings


def loaded(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "fleet.toml").write_text(text)
    return load_settings(tmp_path / "fleet.toml", {})


def test_routes_and_their_channels(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """
        [alerts]
        urls = ["json://a", "json://b"]
        [alerts.routes.boss]
        urls = ["json://c"]
        severities = ["critical"]
        rules = ["line-failed", "line-flapping"]
        """,
    )
    default, boss = routes_of(settings)
    assert (default.name, boss.name) == ("default", "boss")
    assert boss.severities == {Severity.CRITICAL}
    assert channels_of((default, boss)) == {
        "default": "json://a",
        "default #2": "json://b",
        "boss": "json://c",
    }
    assert "json://" not in repr(default)


def test_nobody_is_told_without_urls(tmp_path: Path) -> None:
    assert routes_of(loaded(tmp_path, "")) == ()


def test_the_policy_has_the_defaults_of_the_settings(tmp_path: Path) -> None:
    policy = policy_of(loaded(tmp_path, "[alerts]\nquiet_hours = '22:00-06:00'\nrepeat_after = 0"))
    assert policy.repeat_after is None
    assert policy.group_wait == timedelta(seconds=10)
    assert policy.quiet_hours is not None
    assert policy.quiet_hours.begins == time(22)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[alerts.routes.default]\nurls = ['json://a']",
            "[alerts.routes.default]: this name is reserved for [alerts] urls; choose another.",
        ),
        ("[alerts.routes.boss]", "[alerts.routes.boss] has no urls, so it would alert nobody."),
        (
            "[alerts.routes.boss]\nurls = ['json://a']\nrules = ['line-bad']",
            "[alerts.routes.boss] rules: there is no rule line-bad; rules: line-failed",
        ),
        (
            "[maintenance.night]\nstart = '02:00'\nrules = ['line-bad']",
            "[maintenance.night] rules: there is no rule line-bad; rules: line-failed",
        ),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, text: str, said: str) -> None:
    settings = loaded(tmp_path, text)
    read = windows_of if "maintenance" in text else routes_of
    with pytest.raises(SettingsError) as raised:
        read(settings)
    assert str(raised.value).startswith(said)


def test_windows_have_the_zone_of_alerts_unless_they_say_otherwise(tmp_path: Path) -> None:
    one, two = windows_of(
        loaded(
            tmp_path,
            """
            [alerts]
            timezone = "Europe/Berlin"
            [maintenance.moving]
            phones = ["Reception"]
            since = 2026-11-23T22:00:00
            until = 2026-11-24T04:00:00Z
            [maintenance.sunday]
            start = "02:00"
            days = ["sun", "mon"]
            timezone = "America/New_York"
            """,
        )
    )
    assert one.since == datetime(2026, 11, 23, 21, tzinfo=UTC)
    assert one.until == datetime(2026, 11, 24, 4, tzinfo=UTC)
    assert one.phones == {"reception"}
    assert (two.zone, two.days, two.start) == (ZoneInfo("America/New_York"), {6, 0}, time(2))
