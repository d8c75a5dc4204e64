"""From levels, profiles and accounts to one phone's parameters, and where each comes from."""

from __future__ import annotations

import pytest

from fleet.model import IntendedAccount, Intents, Phone, Wanted
from fleet.phone.timezones import phone_clock
from fleet.provision.resolve import Resolver
from tests.provision.fleets import AT, intent, phone, resolved, texts

LEVELS = Intents(
    fleet=intent("office", sip_vmail="*1", sip_dial_plan="f", lldp="0"),
    models={"6753i": intent(sip_vmail="*2", tone_set="m")},
    sites={"Berlin": intent("de", sip_vmail="*3", web_language="1")},
    phones={1: intent("own", sip_vmail="*4")},
    profiles={
        "office": intent(sip_dial_plan="p", vlan_id="20"),
        "de": intent(web_language="2", language="1"),
        "own": intent(language="2", lldp=None),
    },
)


def test_a_later_level_overrides_and_profiles_come_before_their_level() -> None:
    assert texts(resolved(phone(site="Berlin"), LEVELS)) == {
        "contact rcs": "0",
        "vlan id": "20",
        "sip dial plan": "f",
        "sip vmail": "*4",
        "tone set": "m",
        "web language": "1",
        "language": "2",
    }


def test_every_value_knows_where_it_comes_from_and_what_it_overrode() -> None:
    values = resolved(phone(site="Berlin"), LEVELS).values
    vmail = values["sip vmail"]
    assert [str(vmail.origin), *(str(one.origin) for one in vmail.over)] == [
        "phone",
        "site Berlin",
        "model 6753i",
        "fleet",
    ]
    assert str(values["vlan id"].origin) == "fleet, profile office"
    assert str(values["language"].origin) == "phone, profile own"
    assert str(values["contact rcs"].origin) == "fleet's own default"


def test_null_removes_also_a_default_and_what_was_never_there() -> None:
    intents = Intents(
        fleet=intent(contact_rcs=None, lldp="1"),
        sites={"Berlin": intent(lldp=None)},
    )
    assert texts(resolved(phone(site="Berlin"), intents)) == {}
    assert texts(resolved(phone(), intents)) == {"lldp": "1"}


def test_a_model_goes_by_any_of_its_names_and_by_what_the_phone_said() -> None:
    for one, seen in ((phone(model="53i"), ""), (phone(model=""), "6753i")):
        found = Resolver(LEVELS, timezones={}, at=AT).phone(2, one, seen)
        assert texts(found)["tone set"] == "m"
        assert found.problem == ""


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (phone(mac=""), "its MAC is unknown; poll it once, or add it to the inventory."),
        (phone(model=""), "its model is unknown; poll it once, or add it to the inventory."),
        (phone(model="9999i"), "9999i is not a model that fleet knows."),
    ],
)
def test_a_phone_whose_files_are_not_known_is_told_of(one: Phone, problem: str) -> None:
    assert resolved(one).problem == problem


def clock(zone: str) -> dict[str, str]:
    return {one.name: one.value for one in phone_clock(zone, at=AT).parameters}


def clock_of(one: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in one.items() if name.startswith(("time zone", "dst"))}


def test_the_clock_is_that_of_the_sites_time_zone() -> None:
    found = resolved(phone(site="Berlin"), Berlin="Europe/Berlin")
    assert clock_of(texts(found)) == clock("Europe/Berlin")
    origin = found.values["dst config"].origin
    assert str(origin) == "the time zone Europe/Berlin of site Berlin"
    assert found.base.valid_until is None


def test_a_later_time_zone_replaces_the_whole_clock() -> None:
    intents = Intents(
        fleet=intent(timezone="Europe/Berlin"),
        phones={1: intent(timezone="Asia/Tokyo"), 2: intent(timezone="")},
    )
    assert clock_of(texts(resolved(phone(), intents))) == clock("Asia/Tokyo")
    other = Resolver(intents, timezones={}, at=AT).phone(2, phone(2))
    assert clock_of(texts(other)) == {}


def test_a_zone_said_by_hand_replaces_the_whole_clock_too() -> None:
    intents = Intents(
        sites={"Berlin": intent(time_zone_name="DE-Berlin")},
        phones={2: intent(dst_config="0")},
    )
    found = resolved(phone(site="Berlin"), intents, Berlin="Europe/Berlin")
    assert clock_of(texts(found)) == {"time zone name": "DE-Berlin"}
    one = Resolver(intents, timezones={"Bonn": "Europe/Berlin"}, at=AT).phone(2, phone(site="Bonn"))
    assert clock_of(texts(one)) == {**clock("Europe/Berlin"), "dst config": "0"}


def test_a_clock_of_dates_knows_until_when_it_is_right() -> None:
    found = resolved(phone(site="Santiago"), Santiago="America/Santiago")
    expected = phone_clock("America/Santiago", at=AT).valid_until
    assert expected is not None
    assert found.base.valid_until == expected


def test_a_zone_that_no_phone_can_follow_is_its_phones_problem() -> None:
    found = resolved(phone(site="Chatham"), Chatham="Pacific/Chatham")
    assert found.problem.startswith("Pacific/Chatham changes its clocks")
    intents = Intents(sites={"Chatham": intent(timezone="")})
    assert not resolved(phone(site="Chatham"), intents, Chatham="Pacific/Chatham").problem


ACCOUNT = IntendedAccount(
    line=2,
    user="1002",
    auth_name="auth2",
    sip_password="hush",
    display_name="Two",
    registrar="pbx.example",
    registrar_port=5070,
    backup_registrar="b.example",
    backup_registrar_port=0,
)


def line(found: dict[str, object], number: int = 2) -> dict[str, object]:
    prefix = f"sip line{number} "
    return {n.removeprefix(prefix): v for n, v in found.items() if n.startswith(prefix)}


def test_an_account_says_all_of_its_line() -> None:
    found = resolved(phone(1, ACCOUNT))
    assert line(texts(found)) == {
        "user name": "1002",
        "auth name": "auth2",
        "password": "hush",
        "display name": "Two",
        "registrar ip": "pbx.example",
        "registrar port": "5070",
        "proxy ip": "pbx.example",
        "proxy port": "5070",
        "backup registrar ip": "b.example",
        "backup registrar port": "0",
        "backup proxy ip": "b.example",
        "backup proxy port": "0",
    }
    assert str(found.values["sip line2 user name"].origin) == "the account of line 2"
    assert "hush" not in repr(found)


def test_an_account_says_no_more_than_it_knows() -> None:
    found = resolved(phone(1, IntendedAccount(line=1, user="1001")))
    assert line(texts(found), 1) == {"user name": "1001", "auth name": "1001"}


def test_accounts_stand_between_a_phones_profiles_and_its_own_parameters() -> None:
    intents = Intents(
        sites={"Berlin": intent(sip_line2_user_name="site", sip_line2_vmail="*9")},
        phones={1: intent("p", **{"sip_line2_auth name": "own", "sip line2 display name": None})},
        profiles={"p": intent(sip_line2_user_name="profile")},
    )
    found = resolved(phone(1, ACCOUNT, site="Berlin"), intents)
    said = line(texts(found))
    assert (said["user name"], said["auth name"], said["vmail"]) == ("1002", "own", "*9")
    assert "display name" not in said
    overridden = found.values["sip line2 user name"].over
    assert [str(one.origin) for one in overridden] == ["phone, profile p", "site Berlin"]


@pytest.mark.parametrize(
    ("registrar", "fleet", "proxy"),
    [
        ("pbx.example", {}, "pbx.example"),
        ("pbx.example", {"sip_proxy_ip": "sbc.example"}, "sbc.example"),
        ("pbx.example", {"sip_proxy_ip": "sbc", "sip_registrar_ip": "pbx.example"}, "sbc"),
        ("pbx.example", {"sip_proxy_ip": "sbc", "sip_registrar_ip": "other"}, "pbx.example"),
        ("0.0.0.0", {}, None),
    ],
)
def test_a_registrar_is_the_proxy_too_unless_the_levels_name_one_for_it(
    registrar: str, fleet: dict[str, str], proxy: str | None
) -> None:
    account = IntendedAccount(line=1, user="1001", registrar=registrar)
    found = texts(resolved(phone(1, account), Intents(fleet=intent(**fleet))))
    assert found.get("sip line1 proxy ip") == proxy


BACKUP = {"sip_backup_registrar_ip": "b.example", "sip_backup_registrar_port": "5061"}


def test_a_line_with_a_registrar_inherits_the_phones_backup() -> None:
    fleet = intent(**BACKUP, sip_backup_proxy_ip="b.example")
    account = IntendedAccount(line=1, user="1001", registrar="pbx.example")
    found = resolved(phone(1, account), Intents(fleet=fleet))
    said = line(texts(found), 1)
    assert {name: said[name] for name in said if name.startswith("backup")} == {
        "backup registrar ip": "b.example",
        "backup registrar port": "5061",
        "backup proxy ip": "b.example",
    }
    origin = found.values["sip line1 backup registrar ip"].origin
    assert str(origin) == "settings for all lines"


def test_a_lines_own_backup_or_none_is_not_overridden() -> None:
    plain = IntendedAccount(line=1, user="1001")
    own = IntendedAccount(line=2, user="1002", registrar="pbx", backup_registrar="0.0.0.0")
    removed = IntendedAccount(line=3, user="1003", registrar="pbx")
    intents = Intents(
        fleet=intent(**BACKUP), phones={1: intent(sip_line3_backup_registrar_ip=None)}
    )
    found = texts(resolved(phone(1, plain, own, removed), intents))
    assert "sip line1 backup registrar ip" not in found
    assert found["sip line2 backup registrar ip"] == "0.0.0.0"
    assert "sip line2 backup registrar port" not in found
    assert "sip line3 backup registrar ip" not in found


def test_what_our_server_asks_of_a_phone_can_be_overridden_by_the_phone_alone() -> None:
    asked = {number: {"http digest username": Wanted(value=f"u{number}")} for number in (1, 2)}
    intents = Intents(
        fleet=intent(http_digest_username="fleet"), phones={2: intent(http_digest_username="me")}
    )
    found = Resolver(intents, timezones={}, at=AT, asked=asked)
    said = [texts(found.phone(n, phone(n)))["http digest username"] for n in (1, 2, 3)]
    assert said == ["u1", "me", "fleet"]


def test_phones_that_differ_by_their_accounts_alone_share_the_rest() -> None:
    found = Resolver(LEVELS, timezones={}, at=AT)
    first = found.phone(2, phone(2, ACCOUNT, site="Berlin"))
    second = found.phone(3, phone(3, site="Berlin"))
    assert first.base is second.base
    assert found.phone(1, phone(1, site="Berlin")).base is not first.base
