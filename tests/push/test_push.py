"""What a push is read as, what it lets a rule hold, and what is written of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.judge import RuleSetting
from fleet.model import IntendedAccount, LastPush, Phone, Reach, Severity, Site
from fleet.push import Push, PushEvent, PushIngest, PushState, callers, read_push
from fleet.push.decide import last_word, lines_of, sighting_of
from fleet.store import Change, EventKind, LineStatus, PhoneStatus, StoredPhone
from tests.daemon.running import opens_at_once
from tests.store.fleets import MINUTE, START, Sweeping, add, good, line

if TYPE_CHECKING:
    from fleet.store import Store

MAC = "00:08:5D:12:64:11"
AGENT = "Aastra57i CT MAC:00-08-5D-12-64-11 V:2.5.2.1010-SIP"
SAID = Push(at=START, mac=MAC, event=PushEvent.REGISTRATION, state=PushState.REFUSED, user="1001")


def read(event: PushEvent = PushEvent.REGISTRATION, **query: str) -> Push:
    push = read_push(event, query, AGENT, START)
    assert push is not None
    return push


def test_a_registration_event_is_read() -> None:
    push = read(s="Refused", c="401", u="1001", ip="10.1.0.7")
    assert push == replace(SAID, code=401)
    assert push.is_loss


@pytest.mark.parametrize(
    ("query", "state", "code", "user"),
    [
        ({"s": "REGISTERED", "c": "001", "u": "1001"}, PushState.REGISTERED, None, "1001"),
        ({"s": "TIMEOUT", "c": "408", "u": " 1001 "}, PushState.TIMEOUT, 408, "1001"),
        ({"s": "EXPIRED", "c": "", "u": "$$SIPUSERNAME$$"}, PushState.EXPIRED, None, ""),
        ({"s": "SOMETHING", "c": "4o1", "u": "a\nb"}, None, None, ""),
        ({"s": "UNREGISTERED", "c": "099", "u": "x" * 65}, PushState.UNREGISTERED, None, ""),
        ({}, None, None, ""),
    ],
)
def test_what_is_not_understood_counts_as_not_said(
    query: dict[str, str], state: PushState | None, code: int | None, user: str
) -> None:
    push = read(**query)
    assert (push.state, push.code, push.user) == (state, code, user)


def test_only_a_registration_event_says_a_state() -> None:
    assert read(PushEvent.STARTUP, s="REFUSED", u="1001").state is None
    assert read(PushEvent.POLL, u="1001").user == ""
    assert read(PushEvent.REGISTERED, u="1001").user == "1001"


@pytest.mark.parametrize("agent", ["", "curl/8.5", "Aastra 53i/2.2.0.166"])
def test_who_is_no_phone_with_a_mac_says_nothing(agent: str) -> None:
    assert read_push(PushEvent.STARTUP, {}, agent, START) is None


@given(st.dictionaries(st.sampled_from("scu"), st.text(max_size=100)), st.text(max_size=300))
def test_nothing_that_is_said_breaks_it(query: dict[str, str], agent: str) -> None:
    read_push(PushEvent.REGISTRATION, query, agent, START)
    read_push(PushEvent.REGISTRATION, query, AGENT, START)


def status(*wanted: IntendedAccount, shown: tuple[int, ...] = (1,)) -> PhoneStatus:
    """A phone whose lines show 1001, 1002 …"""
    phone = Phone(host="10.1.0.7", site="here", name="reception", accounts=wanted)
    return PhoneStatus(
        stored=StoredPhone(id=7, phone=phone),
        reach=Reach.OK,
        lines=tuple(LineStatus(line=line(number), since=START) for number in shown),
    )


def test_a_line_is_known_by_what_it_shows_or_shall_show() -> None:
    assert lines_of("1001", status()) == {1}
    assert lines_of("2002", status(IntendedAccount(line=2, user="2002"))) == {2}
    assert lines_of("1001", status(IntendedAccount(line=1, user="1001"))) == {1}
    assert lines_of("1001", status(IntendedAccount(line=3, user="1001"))) == {1, 3}
    assert lines_of("", status(IntendedAccount(line=3))) == set()


def test_a_refusal_of_a_known_line_is_a_failed_line() -> None:
    sighting = sighting_of(replace(SAID, code=401), status(), {})
    assert sighting is not None
    assert (sighting.phone_id, sighting.site, sighting.phone) == (7, "here", "reception")
    assert sighting.pushed
    [(rule, [finding])] = sighting.verdicts.items()
    assert (rule, finding.rule, finding.line, finding.code) == ("line-failed", rule, 1, 401)
    assert finding.registrar == "pbx.example"
    assert "401 Unauthorized" in finding.text


@pytest.mark.parametrize(
    "state", [PushState.UNREGISTERED, PushState.EXPIRED, PushState.TIMEOUT, PushState.REFUSED]
)
def test_a_loss_without_a_code_is_an_unregistered_line(state: PushState) -> None:
    sighting = sighting_of(replace(SAID, state=state), status(), {})
    assert sighting is not None
    assert list(sighting.verdicts) == ["line-unregistered"]


@pytest.mark.parametrize(
    ("push", "phone"),
    [
        (replace(SAID, state=PushState.REGISTERED), status()),
        (replace(SAID, state=None), status()),
        (replace(SAID, user="9999"), status()),
        (replace(SAID, user=""), status()),
        (SAID, status(IntendedAccount(line=2, user="1001"))),
        (SAID, status(IntendedAccount(line=1, user="1001", registrar="0.0.0.0"))),
    ],
)
def test_what_is_no_sure_loss_of_a_line_holds_nothing(push: Push, phone: PhoneStatus) -> None:
    assert sighting_of(push, phone, {}) is None


def test_a_rule_that_is_off_holds_nothing_and_a_severity_is_kept() -> None:
    assert sighting_of(SAID, status(), {"line-unregistered": RuleSetting(enabled=False)}) is None
    mild = {"line-unregistered": RuleSetting(severity=Severity.INFO)}
    sighting = sighting_of(SAID, status(), mild)
    assert sighting is not None
    assert sighting.verdicts["line-unregistered"][0].severity is Severity.INFO


@pytest.mark.parametrize(
    ("push", "user", "registered"),
    [
        (SAID, "1001", False),
        (replace(SAID, state=PushState.REGISTERED), "1001", True),
        (replace(SAID, state=None, event=PushEvent.REGISTERED), "1001", True),
        (replace(SAID, state=PushState.REGISTERED, code=403), "", None),
        (replace(SAID, state=None), "", None),
        (replace(SAID, state=PushState.REGISTERED, user=""), "", True),
        (replace(SAID, user="9999"), "", False),
        (replace(SAID, event=PushEvent.STARTUP, state=None, user=""), "", None),
    ],
)
def test_the_last_word_is_of_a_line_only_where_its_user_is_known(
    push: Push, user: str, registered: bool | None
) -> None:
    word = last_word(push, status())
    assert word is not None
    assert (word.phone_id, word.user, word.registered) == (7, user, registered)


@pytest.mark.parametrize(
    ("push", "user"),
    [
        (replace(SAID, state=PushState.REGISTERED), ""),
        (replace(SAID, state=None, event=PushEvent.REGISTERED), "1001"),
        (SAID, "1001"),
    ],
    ids=["a registration event", "the first registration of a line", "a loss"],
)
def test_with_many_lines_good_news_of_a_registration_event_is_of_none_for_sure(
    push: Push, user: str
) -> None:
    word = last_word(push, status(shown=(1, 2)))
    assert word is not None
    assert word.user == user


def test_a_heartbeat_is_nobodys_last_word() -> None:
    assert last_word(replace(SAID, event=PushEvent.POLL, state=None), status()) is None


def polled(store: Store) -> int:
    """A phone whose line 1 was seen registered."""
    [phone_id] = add(store, Phone(host="10.1.0.7", mac=MAC, site=""))
    sweeping = Sweeping(store)
    sweeping.write(good(sweeping.known[phone_id], START, line(1), mac=MAC))
    sweeping.finish()
    return phone_id


def test_a_loss_is_an_unconfirmed_incident_an_event_and_a_poll(store: Store) -> None:
    phone_id = polled(store)
    ingest = PushIngest(store, {}, opens_at_once)
    taken = ingest.take([(phone_id, replace(SAID, code=401))])
    assert taken.poll == (phone_id,)
    assert taken.has_notices
    [incident] = store.findings.incidents()
    assert (incident.rule, incident.line, incident.confirmed) == ("line-failed", 1, False)
    [event] = [each for each in store.events.load() if each.kind is EventKind.LINE_PUSHED]
    assert (event.text, event.phone_id) == ("The phone reports about 1001: refused 401.", phone_id)


def test_an_event_is_written_for_each_change_and_no_more(store: Store) -> None:
    phone_id = polled(store)
    ingest = PushIngest(store, {}, None)
    good_again = replace(SAID, state=PushState.REGISTERED, at=START + MINUTE)
    for push in (SAID, SAID, good_again, good_again, SAID, read(PushEvent.STARTUP)):
        assert ingest.take([(phone_id, push)]).poll == (phone_id,)
    kinds = [each.text for each in store.events.load() if each.kind is EventKind.LINE_PUSHED]
    assert kinds == [
        "The phone reports about 1001: registered.",
        "The phone reports about 1001: refused.",
        "The phone reports about 1001: refused.",
    ]
    assert store.findings.incidents() == []


def test_the_newest_word_of_each_line_is_kept_whatever_comes_late(store: Store) -> None:
    phone_id = polled(store)
    ingest = PushIngest(store, {}, None)
    later = replace(SAID, state=PushState.REGISTERED, at=START + MINUTE)
    for pushes in ([later, replace(SAID, code=401)], [SAID], [replace(later, user="?")]):
        ingest.take([(phone_id, push) for push in pushes])
    assert sorted(store.pushes.last([phone_id]), key=lambda word: word.user) == [
        LastPush(phone_id=phone_id, user="", at=START + MINUTE, registered=True),
        LastPush(phone_id=phone_id, user="1001", at=START + MINUTE, registered=True),
    ]
    assert store.pushes.last([phone_id + 1]) == []


def test_a_heartbeat_has_only_phones_polled_that_could_not_be_read(store: Store) -> None:
    phone_id = polled(store)
    [other] = add(store, Phone(host="10.1.0.8"))[-1:]
    ingest = PushIngest(store, {}, opens_at_once)
    heartbeat = read(PushEvent.POLL)
    assert ingest.take([(phone_id, heartbeat), (other, heartbeat)]).poll == (other,)


def test_a_phone_that_was_removed_meanwhile_is_passed_over(store: Store) -> None:
    phone_id = polled(store)
    store.inventory.remove([phone_id], START)
    taken = PushIngest(store, {}, opens_at_once).take([(phone_id, SAID)])
    assert (taken.poll, taken.has_notices) == ((), False)


def test_who_may_push_is_said_by_the_sites_networks(store: Store) -> None:
    macs = [f"00:08:5D:00:00:0{n}" for n in range(4)]
    sites = [Site(name="a", networks=("10.1.0.0/16", "10.2.0.5/16")), Site(name="b")]
    phones = [
        Phone(host="10.1.0.1", mac=macs[0], site="a"),
        Phone(host="10.1.0.2", mac=macs[1], site="b"),
        Phone(host="10.1.0.3", mac=macs[2]),
        Phone(host="10.1.0.4", site="a"),
    ]
    store.inventory.apply(sites, [Change(id=None, phone=phone) for phone in phones])
    assert set(callers(store, [])) == {macs[0]}
    found = callers(store, ["192.0.2.0/24"])
    assert set(found) == set(macs[:3])
    assert found[macs[0]].networks == (ip_network("10.1.0.0/16"), ip_network("10.2.0.0/16"))
    assert found[macs[2]].networks == (ip_network("192.0.2.0/24"),)


def test_a_push_that_holds_our_password_is_recorded_without_it(store: Store) -> None:
    phone_id = polled(store)
    ingest = PushIngest(store, {}, opens_at_once, known_secrets=["geheim-4711"])
    for user in ("geheim-4711", "1001 geheim-4711"):
        ingest.take([(phone_id, replace(SAID, user=user))])
    kept = f"{store.events.load()} {store.findings.incidents()}"
    assert "[redacted]" in kept
    assert "geheim" not in kept
