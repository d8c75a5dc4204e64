"""Who may have a file: every reason by itself, and in which order they count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import FetchOutcome
from fleet.phone.catalog import parse_user_agent
from fleet.provision.files.decide import (
    TFTP,
    Caller,
    Decision,
    FileRequest,
    LastFetch,
    LoginState,
    Rules,
    decide,
)
from fleet.provision.files.names import known_as
from fleet.provision.files.networks import parse_networks

NOW = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
MAC = "00:08:5D:12:64:11"
AGENT = parse_user_agent("Aastra53i MAC:00-08-5D-12-64-11 V:3.3.1.4365-SIP")
OTHER_AGENT = parse_user_agent("Aastra53i MAC:00-08-5D-12-64-12 V:3.3.1.4365-SIP")
SITE = parse_networks(("10.1.0.0/16",))
PHONE = Caller(phone_id=7, mac=MAC, networks=SITE)
RULES = Rules(
    networks=parse_networks(("10.99.0.0/16",)), second_address_after=timedelta(minutes=10)
)
STRICT = replace(RULES, wants_login=True, wants_secret=True)


def asked(name: str = "00085D126411.cfg", **fields: Any) -> FileRequest:
    plain = FileRequest(
        at=NOW,
        file=known_as(name),
        address="10.1.0.5",
        agent=AGENT,
        with_secret=True,
        login=LoginState.GOOD,
    )
    return replace(plain, **fields)


def outcome(
    request: FileRequest, caller: Caller | None = PHONE, **more: Any
) -> FetchOutcome | None:
    return decide(request, caller, more.pop("rules", STRICT), **more).refused


def test_the_phone_itself_gets_its_file() -> None:
    assert decide(asked(), PHONE, STRICT) == Decision()


def test_a_mac_that_nobody_has_is_refused() -> None:
    assert outcome(asked(), None) is FetchOutcome.UNKNOWN_MAC


@pytest.mark.parametrize("address", ["10.2.0.1", "10.99.0.1", "fd00::1", "", "unix"])
def test_another_network_than_the_sites_is_refused(address: str) -> None:
    assert outcome(asked(address=address)) is FetchOutcome.WRONG_NETWORK


def test_the_settings_networks_are_for_phones_whose_site_names_none() -> None:
    nowhere = replace(PHONE, networks=())
    assert outcome(asked(address="10.99.0.1"), nowhere) is None
    assert outcome(asked(), nowhere) is FetchOutcome.WRONG_NETWORK


@pytest.mark.parametrize("agent", [None, OTHER_AGENT, parse_user_agent("Aastra53i")])
def test_another_agent_than_the_phones_is_refused(agent: Any) -> None:
    assert outcome(asked(agent=agent)) is FetchOutcome.WRONG_AGENT


@pytest.mark.parametrize(
    "text",
    [
        "Aastra53i MAC:00-08-5D-12-64-11 V:3.3.1.4365-SIP",
        "Aastra53i MAC:00-08-5D-12-64-11 V:3.3.1.4365",
        "Aastra6753i MAC:00-08-5d-12-64-11 V:2.3.1.26-SIP",
        "Aastra 57i CT MAC:00-08-5D-12-64-11 V:3.2.2.56",
    ],
)
def test_every_form_of_a_phones_agent_is_its_own(text: str) -> None:
    assert outcome(asked(agent=parse_user_agent(text))) is None


def test_without_the_secret_in_the_path_it_is_refused() -> None:
    without = decide(asked(with_secret=False), PHONE, STRICT)
    assert without == Decision(refused=FetchOutcome.WRONG_LOGIN)
    assert outcome(asked(with_secret=False), rules=RULES) is None


def test_a_wrong_login_is_refused_and_one_to_come_is_a_handshake() -> None:
    assert decide(asked(login=LoginState.WRONG), PHONE, STRICT) == Decision(
        refused=FetchOutcome.WRONG_LOGIN
    )
    for state in (LoginState.MISSING, LoginState.STALE):
        assert decide(asked(login=state), PHONE, STRICT).is_handshake
    assert outcome(asked(login=LoginState.MISSING), rules=RULES) is None


def test_a_handshake_is_only_what_is_right_otherwise() -> None:
    request = asked(login=LoginState.MISSING, agent=OTHER_AGENT)
    assert decide(request, PHONE, STRICT) == Decision(refused=FetchOutcome.WRONG_AGENT)
    assert not decide(asked(login=LoginState.MISSING), None, STRICT).is_handshake


def test_a_second_address_waits_until_the_first_is_quiet() -> None:
    seen = LastFetch(address="10.1.0.4", at=NOW - timedelta(minutes=9))
    assert outcome(asked(), last=seen) is FetchOutcome.SECOND_ADDRESS
    assert outcome(asked(address="10.1.0.4"), last=seen) is None
    quiet = replace(seen, at=NOW - timedelta(minutes=10))
    assert outcome(asked(), last=quiet) is None
    anywhere = replace(STRICT, second_address_after=timedelta(0))
    assert outcome(asked(), last=replace(seen, at=NOW), rules=anywhere) is None


def test_tftp_knows_no_agent_and_gets_no_file_that_needs_a_login() -> None:
    request = asked(protocol=TFTP, agent=None, login=LoginState.MISSING)
    assert outcome(request, rules=RULES) is None
    assert decide(request, PHONE, STRICT) == Decision(refused=FetchOutcome.WRONG_LOGIN)


@pytest.mark.parametrize("name", ["aastra.cfg", "6753i.cfg", "53i.st", "lang_de.txt", "a.csv"])
def test_files_without_secrets_are_for_everybody_in_a_known_network(name: str) -> None:
    stranger = asked(name, agent=None, login=LoginState.MISSING, with_secret=False)
    assert decide(stranger, None, STRICT, is_known_network=True) == Decision()
    assert outcome(stranger, None, is_known_network=False) is FetchOutcome.WRONG_NETWORK


@pytest.mark.parametrize("name", ["aastra.tuz", "security.tuz", "00085D126411.tuz"])
def test_encrypted_files_are_not_there(name: str) -> None:
    assert outcome(asked(name), None, is_known_network=True) is FetchOutcome.NOT_FOUND


@given(
    known=st.booleans(),
    at_home=st.booleans(),
    itself=st.booleans(),
    secret=st.booleans(),
    moved=st.booleans(),
    login=st.sampled_from(LoginState),
)
def test_a_file_is_given_exactly_if_nothing_is_wrong(
    *, known: bool, at_home: bool, itself: bool, secret: bool, moved: bool, login: LoginState
) -> None:
    request = asked(
        address="10.1.0.5" if at_home else "10.2.0.5",
        agent=AGENT if itself else OTHER_AGENT,
        with_secret=secret,
        login=login,
    )
    last = LastFetch(address="10.1.0.9" if moved else request.address, at=NOW)
    decision = decide(request, PHONE if known else None, STRICT, last=last)
    good = login is LoginState.GOOD
    all_well = known and at_home and itself and secret and not moved and good
    assert (decision.refused is None) == all_well
