"""Where lines register: the vendor's sets, in everything of fleet that reads or writes lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import IntendedAccount, Intents
from fleet.phone.config_file import ConfigFile, EffectiveValue, effective, read
from fleet.phone.lint import LintContext, lint
from fleet.provision.lines import IntendedLine, intended_sip
from fleet.provision.resolve import Resolver
from fleet.simulator.boot.account import LineAccount, accounts
from fleet.simulator.boot.configuration import Configuration
from tests.provision.fleets import AT, intent, phone
from tests.provision.independent.cases import cases

RANKS = ("", "backup ")
HOSTS_OF = ("registrar ip", "proxy ip", "outbound proxy")
PORTS_OF = ("registrar port", "proxy port", "outbound proxy port")
NETWORK = (
    *(f"{rank}{name}" for rank in RANKS for name in (*HOSTS_OF, *PORTS_OF)),
    "registration period",
)


def files_of(case: dict[str, Any]) -> tuple[ConfigFile, ConfigFile]:
    common, own = case["common"].encode(), case["own"].encode()
    return read(common, name="aastra.cfg"), read(own, name="00085D126411.cfg")


def intended(case: dict[str, Any]) -> IntendedLine | None:
    lines = intended_sip(effective(files_of(case))).lines
    return next((line for line in lines if line.number == case["line"]), None)


def simulated(case: dict[str, Any]) -> LineAccount | None:
    found = accounts(Configuration(values=effective(files_of(case))), "6753i")
    return next((line for line in found if line.number == case["line"]), None)


@cases("servers")
def test_what_fleet_asks_a_registrar_is_what_the_phone_would_ask(case: dict[str, Any]) -> None:
    line = intended(case)
    said = ("", "", "")
    if line is not None:
        servers = (line.registrar, line.backup)
        said = (line.user, *(f"{one.host}:{one.port or 0}" if one else "" for one in servers))

    assert said == (case["user"], case["registrar"], case["backup"])


@cases("servers")
def test_a_simulated_phone_registers_where_a_phone_would(case: dict[str, Any]) -> None:
    line = simulated(case)
    said = ("", "", "", "")
    if line is not None:
        servers = (line.registrar, line.backup)
        named = (f"{one.host}:{one.port}" if one else "" for one in servers)
        said = (line.user, *named, line.proxy)

    by_default = (case[name].replace(":0", ":5060") for name in ("registrar", "backup"))
    assert said == (case["user"], *by_default, case["proxy"])


@cases("servers")
def test_a_backup_is_missed_where_a_phone_would_have_none(case: dict[str, Any]) -> None:
    parameters = [one for file in files_of(case) for one in file.parameters]
    found = lint(parameters, "6753i", LintContext(demand_backup=True))
    name = f"sip line{case['line']} backup registrar ip"
    missed = name in {one.parameter for one in found if one.check == "registrar-without-backup"}

    assert missed == case["misses_backup"]


HOSTS = st.sampled_from(["", "a.example", "b.example", "0.0.0.0"])
PORTS = st.sampled_from([None, 0, 5060, 5070])
ACCOUNT = st.builds(
    IntendedAccount,
    line=st.integers(1, 2),
    user=st.just("1001"),
    registrar=HOSTS,
    registrar_port=PORTS,
    backup_registrar=HOSTS,
    backup_registrar_port=PORTS,
)
COMMON = st.dictionaries(
    st.sampled_from([f"sip {name}" for name in NETWORK]),
    st.sampled_from(["a.example", "b.example", "5060"]),
)


def taken(values: dict[str, str], line: int) -> dict[str, str]:
    """A line's network set as the guide has a phone take it: its own, or that of all lines."""
    own = {name: values.get(f"sip line{line} {name}", "") for name in NETWORK}
    return own if any(own.values()) else {name: values.get(f"sip {name}", "") for name in NETWORK}


@given(account=ACCOUNT, common=COMMON)
def test_a_line_gets_its_own_servers_and_for_the_rest_those_of_all_lines(
    account: IntendedAccount, common: dict[str, str]
) -> None:
    resolver = Resolver(Intents(fleet=intent(**common)), timezones={}, at=AT)
    found = resolver.phone(1, phone(1, account)).values
    values = {name: str(value.wanted.value) for name, value in found.items()}
    has = taken(values, account.line)

    for rank, registrar in (("", account.registrar), ("backup ", account.backup_registrar)):
        of_all = common.get(f"sip {rank}registrar ip", "")
        assert has[f"{rank}registrar ip"] == (registrar or of_all)
        assert has[f"{rank}outbound proxy"] == common.get(f"sip {rank}outbound proxy", "")
        if registrar and registrar != "0.0.0.0":
            assert has[f"{rank}proxy ip"], "a line that registers has a proxy"
    assert has["registration period"] == common.get("sip registration period", "")


@pytest.mark.parametrize(
    ("common", "says", "told"),
    [
        ({"sip vmail": "*97", "sip mode": "1"}, {}, {"vmail": "*97", "mode": "1"}),
        ({"sip vmail": "*97"}, {"sip line1 vmail": "*98"}, {"vmail": "*98"}),
        ({"sip password": "shared-word"}, {}, {"password": "shared-word"}),
        ({"sip user name": "9", "sip password": "word-of-9"}, {}, {}),
        ({"sip screen name": "ACME"}, {"sip line1 screen name": None}, {}),
    ],
)
def test_who_a_line_is_keeps_what_is_said_for_all_lines(
    common: dict[str, str], says: dict[str, str | None], told: dict[str, str]
) -> None:
    account = IntendedAccount(line=1, user="1001")
    intents = Intents(fleet=intent(**common), phones={1: intent(**says)})
    found = Resolver(intents, timezones={}, at=AT).phone(1, phone(1, account)).values

    prefix = "sip line1 "
    said = {
        name.removeprefix(prefix): v.wanted.value for name, v in found.items() if prefix in name
    }
    assert said == {"user name": "1001", "auth name": "1001", **told}


def test_nobody_becomes_a_user_by_what_is_said_for_all_lines() -> None:
    common = intent(**{"sip user name": "1001", "sip password": "word", "sip line2 vmail": "*97"})
    found = Resolver(Intents(fleet=common), timezones={}, at=AT).phone(1, phone(1)).values
    values = {
        name: EffectiveValue(name=name, value=str(one.wanted.value)) for name, one in found.items()
    }

    assert "sip line2 user name" not in found
    assert [line.number for line in intended_sip(values).lines] == [1]
