"""What strangers asked for: told once however much it is, and over after a quiet day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.judge import REFUSALS, RuleSetting, watch_for
from fleet.model import FetchOutcome, IncidentState, NoticeKind, Phone, Severity, Site
from fleet.provision.strangers import site_at, stranger_findings, watch_strangers
from fleet.store import Store, StrangerFetches
from tests.alert.test_round import alerting, alerts
from tests.store.fleets import HOUR, MINUTE, START, add
from tests.store.test_fetching import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.model import Fetch, Incident, Notice

DAY = timedelta(days=1)
BERLIN = Site(name="Berlin", networks=("10.1.0.0/16",))


def stranger(number: int = 1, **fields: object) -> Fetch:
    """A fetch for a MAC that nobody has."""
    mac = f"00:08:5D:{number >> 16:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"
    unknown = fetch(None, mac=mac, file=mac.replace(":", "") + ".cfg")
    values = {"outcome": FetchOutcome.UNKNOWN_MAC, "address": "10.9.9.9", **fields}
    return replace(unknown, **values)  # type: ignore[arg-type]


def watched(
    store: Store, at: datetime = START, rules: Mapping[str, RuleSetting] | None = None
) -> list[Notice]:
    rules = rules or {}
    return watch_strangers(store, rules, watch_for(rules), at)


def standing(store: Store) -> list[Incident]:
    return store.findings.incidents(open_only=True)


def test_a_scan_of_ten_thousand_macs_is_one_incident_and_one_alert(store: Store) -> None:
    for first in range(0, 10_000, 1000):
        store.fetches.record([stranger(number) for number in range(first, first + 1000)])
    (notice,) = watched(store)
    (incident,) = standing(store)
    assert notice.kind is NoticeKind.OPENED
    assert (incident.rule, incident.subject) == ("unexpected-fetch", "unknown-mac")
    assert (incident.phone_id, incident.phone, incident.line) == (None, "strangers", None)
    assert incident.text == (
        "10.9.9.9 asked for 00085D00270F.cfg, but no phone in the inventory has that MAC "
        "(10000 times, 10000 MACs, within a day)."
    )
    alerting(store).run(START + HOUR)
    (alert,) = alerts(store)
    assert "10.9.9.9" in alert.text
    assert alert.subject == "[fleet] strangers: unexpected-fetch"
    store.fetches.record([stranger(20_000, at=START + HOUR, address="10.9.9.8")])
    assert watched(store, START + HOUR) == []
    alerting(store).run(START + 2 * HOUR)
    assert len(alerts(store)) == 1
    assert standing(store)[0].text.startswith("10.9.9.8 and 1 more asked for 00085D004E20.cfg")


def test_each_reason_and_each_site_is_an_incident_of_its_own(store: Store) -> None:
    store.inventory.apply([BERLIN], [])
    store.fetches.record(
        [
            stranger(1),
            stranger(2, address="10.1.2.3"),
            stranger(3, address="10.1.2.4"),
            stranger(4, outcome=FetchOutcome.WRONG_NETWORK),
            stranger(5, outcome=FetchOutcome.NOT_FOUND),
        ]
    )
    assert len(watched(store)) == 3
    assert {(each.subject, each.site) for each in standing(store)} == {
        ("unknown-mac", ""),
        ("unknown-mac", "Berlin"),
        ("wrong-network", ""),
    }
    assert [each.site for each in store.findings.incidents(site="Berlin")] == ["Berlin"]


def test_it_is_over_after_a_quiet_day_and_may_come_again(store: Store) -> None:
    store.fetches.record([stranger()])
    watched(store)
    assert watched(store, START + DAY) == []
    (notice,) = watched(store, START + DAY + MINUTE)
    assert (notice.kind, notice.incident.state) == (NoticeKind.RESOLVED, IncidentState.RESOLVED)
    assert standing(store) == []
    store.fetches.record([stranger(at=START + 3 * DAY)])
    assert len(watched(store, START + 3 * DAY)) == 1
    assert len(store.findings.incidents()) == 2


def test_what_was_asked_for_a_phone_of_ours_is_that_phones(store: Store) -> None:
    (number,) = add(store, Phone(host="10.1.0.1", mac="00:08:5D:00:00:01"))
    store.fetches.record([stranger(1, phone_id=number, outcome=FetchOutcome.WRONG_NETWORK)])
    assert watched(store) == []


def test_a_phone_that_is_removed_ends_nothing_of_strangers(store: Store) -> None:
    (number,) = add(store, Phone(host="10.1.0.1", mac="00:08:5D:00:00:01"))
    store.fetches.record([stranger()])
    watched(store)
    store.inventory.remove([number], START)
    assert len(standing(store)) == 1


def test_the_rule_can_be_switched_off_and_be_made_as_bad_as_one_likes(store: Store) -> None:
    store.fetches.record([stranger()])
    watched(store, rules={"unexpected-fetch": RuleSetting(severity=Severity.INFO)})
    assert [each.severity for each in standing(store)] == [Severity.INFO]
    watched(store, START + MINUTE, {"unexpected-fetch": RuleSetting(enabled=False)})
    assert standing(store) == []


def test_somebody_may_work_on_it(store: Store) -> None:
    store.fetches.record([stranger()])
    watched(store)
    (incident,) = standing(store)
    assert store.findings.acknowledge([incident.id or 0], by="me", at=START) == 1
    watched(store, START + MINUTE)
    assert standing(store)[0].acked_by == "me"


@pytest.mark.parametrize(
    ("address", "site"),
    [("10.1.2.3", "Berlin"), ("10.2.0.1", ""), ("::ffff:10.1.0.9", "Berlin"), ("nonsense", "")],
)
def test_an_address_is_at_the_site_whose_network_it_is_in(address: str, site: str) -> None:
    assert site_at(address, [Site(name="none"), BERLIN]) == site


@given(
    st.lists(
        st.builds(
            StrangerFetches,
            address=st.sampled_from(["10.1.0.1", "10.2.0.1", "2001:db8::1"]),
            outcome=st.sampled_from(sorted(FetchOutcome)),
            times=st.integers(1, 10**6),
            macs=st.integers(0, 10**6),
            file=st.text(max_size=20),
            at=st.datetimes(),
        )
    )
)
def test_there_are_never_more_findings_than_reasons_and_sites(
    refused: list[StrangerFetches],
) -> None:
    found = stranger_findings(refused, lambda address: address[:4])
    expected = {(one.outcome.value, one.address[:4]) for one in refused if one.outcome in REFUSALS}
    assert found.keys() == expected
    assert all(each.text.endswith(".") for each in found.values())
