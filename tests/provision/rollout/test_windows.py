"""When phones may be asked: spans of the day, in their site's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fleet.model import Site
from fleet.provision.rollout.windows import windows_of
from fleet.settings import settings_of

if TYPE_CHECKING:
    from fleet.store import Store

NIGHT = {"berlin": "22:00-05:00", "*": "20:00-06:00"}


@pytest.mark.parametrize(
    ("site", "utc", "is_open"),
    [
        ("berlin", 21, True),  # 22:00 there, in winter
        ("berlin", 20, False),
        ("berlin", 4, False),
        ("berlin", 3, True),
        ("tokyo", 11, True),  # 20:00 there
        ("tokyo", 20, True),
        ("tokyo", 21, False),
        ("", 20, True),  # the settings' zone
        ("", 19, False),
    ],
)
def test_a_site_has_its_own_window_or_that_of_all(
    site: str, utc: int, is_open: bool, store: Store
) -> None:
    sites = [
        Site(name="berlin", timezone="Europe/Berlin"),
        Site(name="tokyo", timezone="Asia/Tokyo"),
    ]
    store.inventory.apply(sites, [])
    settings = settings_of({"provisioning": {"windows": NIGHT}, "alerts": {"timezone": "UTC"}})
    at = datetime(2026, 1, 15, utc, tzinfo=UTC)
    assert windows_of(settings, store).is_open(site, at) is is_open


def test_without_windows_it_is_always_time(store: Store) -> None:
    assert windows_of(settings_of({}), store).is_open("berlin", datetime.now(UTC))
