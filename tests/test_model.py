"""The words that have behaviour."""

from __future__ import annotations

import pytest

from fleet.model import Reach, Reason, normalise_mac


@pytest.mark.parametrize(
    "text",
    [
        "00085D126411",
        "00085d126411",
        "00:08:5D:12:64:11",
        "00-08-5d-12-64-11",
        "00 08 5d 12 64 11",
        "0008.5d12.6411",
        "00085d-126411",
        "  00:08:5D:12:64:11 ",
    ],
)
def test_a_mac_has_one_spelling(text: str) -> None:
    assert normalise_mac(text) == "00:08:5D:12:64:11"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00085D12641",
        "00085D1264111",
        "00:08:5D:12:64",
        "00:08-5D:12:64:11",
        "00:08:5G:12:64:11",
        "0:8:5D:12:64:11",
        "٠٠085D126411",
        "00:00:00:00:00:00",
        "FF:FF:FF:FF:FF:FF",
        "01:00:5E:00:00:01",
    ],
)
def test_what_is_not_one_devices_mac_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not "):
        normalise_mac(text)


def test_every_reason_belongs_to_a_failed_reach() -> None:
    assert {reason.reach for reason in Reason} == set(Reach) - {Reach.OK}
