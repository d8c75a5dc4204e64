"""What an import changes, and that an export read back changes nothing."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.errors import InventoryError
from fleet.inventory import (
    ChangeKind,
    InventoryFile,
    Plan,
    parse_csv,
    parse_yaml,
    plan,
    write_csv,
    write_yaml,
)
from fleet.model import IntendedAccount, Inventory, Phone, Site

if TYPE_CHECKING:
    from collections.abc import Callable

MAC_A, MAC_B = "00:08:5D:00:00:0A", "00:08:5D:00:00:0B"
STORED = Phone(
    host="10.0.0.1",
    site="Berlin",
    mac=MAC_A,
    name="Reception",
    password="secret",
    accounts=(
        IntendedAccount(line=1, user="1001", sip_password="s1", registrar="pbx.example"),
        IntendedAccount(line=2, user="1002"),
    ),
)
CURRENT = Inventory(sites=(Site(name="Berlin", timezone="Europe/Berlin"),), phones=(STORED,))


def planned(text: str, current: Inventory = CURRENT) -> Plan:
    return plan(current, parse_csv(text))


def changes(text: str, current: Inventory = CURRENT) -> list[str]:
    (phone,) = planned(text, current).phones
    return [str(change) for change in phone.changes]


def test_a_host_that_is_not_known_is_added_with_its_site() -> None:
    result = planned("host,site\n10.0.0.9,Paris\n")
    (phone,) = result.phones_that_are(ChangeKind.ADDED)
    assert (phone.before, phone.after) == (None, Phone(host="10.0.0.9", site="Paris"))
    assert [(site.kind, site.after) for site in result.sites] == [
        (ChangeKind.ADDED, Site(name="Paris"))
    ]
    assert result.absent == (STORED,)


def test_absent_columns_leave_everything_alone() -> None:
    result = planned("host\n10.0.0.1\n")
    assert result.changes_nothing
    assert result.phones[0].after == STORED
    assert result.phones_that_are(ChangeKind.UNCHANGED) == result.phones


def test_fields_change_one_by_one() -> None:
    assert changes("host,name,model\n10.0.0.1,Door,6753i\n") == [
        "model: (empty) → 6753i",
        "name: Reception → Door",
    ]


def test_an_empty_cell_clears_but_not_a_secret_nor_a_mac() -> None:
    text = "host,name,password,mac\n10.0.0.1,,,\n"
    assert changes(text) == ["name: Reception → (empty)"]
    after = planned(text).phones[0].after
    assert (after.password, after.mac) == ("secret", MAC_A)


def test_a_secrets_change_shows_neither_value() -> None:
    (phone,) = planned("host,password\n10.0.0.1,other\n").phones
    assert [str(change) for change in phone.changes] == ["password: changed"]
    assert "other" not in repr(phone)
    assert "secret'" not in repr(phone)


def test_a_phone_is_matched_by_its_mac_at_another_host() -> None:
    text = f"host,mac\n10.0.0.7,{MAC_A}\n"
    assert changes(text) == ["host: 10.0.0.1 → 10.0.0.7"]
    assert planned(text).absent == ()


def test_a_phone_known_by_host_alone_gets_its_mac() -> None:
    current = Inventory(phones=(Phone(host="10.0.0.1"),))
    assert changes(f"host,mac\n10.0.0.1,{MAC_A}\n", current) == [f"mac: (empty) → {MAC_A}"]


def test_a_replaced_device_changes_its_phones_mac() -> None:
    assert changes(f"host,mac\n10.0.0.1,{MAC_B}\n") == [f"mac: {MAC_A} → {MAC_B}"]


def test_two_phones_may_swap_their_hosts() -> None:
    other = Phone(host="10.0.0.2", mac=MAC_B)
    current = Inventory(phones=(STORED, other))
    result = planned(f"host,mac\n10.0.0.1,{MAC_B}\n10.0.0.2,{MAC_A}\n", current)
    assert [(c.before, c.after.host) for c in result.phones] == [
        (other, "10.0.0.1"),
        (STORED, "10.0.0.2"),
    ]


def test_a_new_phone_at_a_moved_phones_old_host_is_new() -> None:
    result = planned(f"host,mac\n10.0.0.1,\n10.0.0.7,{MAC_A}\n")
    assert [change.kind for change in result.phones] == [ChangeKind.ADDED, ChangeKind.CHANGED]


def test_moving_to_a_host_that_is_taken_is_refused() -> None:
    current = Inventory(phones=(STORED, Phone(host="10.0.0.2", mac=MAC_B)))
    with pytest.raises(InventoryError) as caught:
        planned(f"host,mac\n10.0.0.2,{MAC_A}\n", current)
    (row,) = caught.value.bad_rows
    assert row.where == "row 2"
    assert f"belongs to the phone {MAC_B}" in row.reason


def test_the_files_lines_are_all_of_a_phones_accounts() -> None:
    assert changes("host,line,user\n10.0.0.1,1,1001\n,3,1003\n") == [
        "line 2: 1002 → (empty)",
        "line 3: (empty) → 1003",
    ]


def test_a_lines_absent_columns_and_secret_stay() -> None:
    after = planned("host,line,user,sip_password\n10.0.0.1,1,2001,\n").phones[0].after
    assert after.accounts == (
        IntendedAccount(line=1, user="2001", sip_password="s1", registrar="pbx.example"),
    )


def test_a_lines_field_change_names_the_line() -> None:
    text = "host,line,user,registrar,sip_password\n10.0.0.1,1,1001,new.example,x\n,2,1002,,\n"
    assert changes(text) == [
        "line 1 sip_password: changed",
        "line 1 registrar: pbx.example → new.example",
    ]


def test_a_file_without_lines_leaves_accounts_alone() -> None:
    assert planned("host,name\n10.0.0.1,Door\n").phones[0].after.accounts == STORED.accounts


def test_a_sites_fields_change_one_by_one() -> None:
    file = parse_yaml("sites: {Berlin: {networks: [10.0.0.0/24], legacy_tls: true, password: x}}")
    (site,) = plan(CURRENT, file).sites
    assert [str(change) for change in site.changes] == [
        "networks: (empty) → 10.0.0.0/24",
        "password: changed",
        "legacy_tls: (empty) → yes",
    ]
    assert site.after.timezone == "Europe/Berlin"


TEXTS = st.text(
    st.one_of(
        st.sampled_from("'=+-@＝;,\"#:{}[]&*!|>%` \u200d"),
        st.characters(exclude_categories=("C", "Z")),
    ),
    max_size=12,
).map(str.strip)
PORTS = st.one_of(st.none(), st.integers(0, 65535))
REGISTRARS = st.sampled_from(["", "pbx.example", "0.0.0.0", "10.0.0.1", "[2001:db8::1]", "::1"])
CHOICES = st.sampled_from([None, True, False])
NAMES = TEXTS.map(lambda text: text.replace(":", ""))


@st.composite
def accounts(draw: st.DrawFn) -> tuple[IntendedAccount, ...]:
    lines = draw(st.lists(st.integers(1, 99), unique=True, max_size=3))
    return tuple(
        draw(
            st.builds(
                IntendedAccount,
                line=st.just(line),
                user=TEXTS,
                auth_name=TEXTS,
                sip_password=TEXTS,
                display_name=TEXTS,
                registrar=REGISTRARS,
                registrar_port=PORTS,
                backup_registrar=REGISTRARS,
                backup_registrar_port=PORTS,
            )
        )
        for line in lines
    )


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    names = draw(st.lists(TEXTS.filter(bool), unique=True, max_size=3))
    sites = tuple(
        draw(
            st.builds(
                Site,
                name=st.just(name),
                timezone=st.sampled_from(["", "Europe/Berlin", "UTC"]),
                networks=st.sampled_from([(), ("10.0.0.0/8",), ("10.0.0.0/8", "2001:db8::/32")]),
                username=NAMES,
                password=TEXTS,
                legacy_tls=CHOICES,
            )
        )
        for name in names
    )
    numbers = draw(st.lists(st.integers(1, 250), unique=True, max_size=4))
    phones = tuple(
        draw(
            st.builds(
                Phone,
                host=st.sampled_from([f"10.0.0.{n}", f"p{n}:81", f"https://[::{n}]"]),
                site=st.sampled_from(["", *names]),
                mac=st.sampled_from(["", f"00:08:5D:00:00:{n:02X}"]),
                model=TEXTS,
                name=TEXTS,
                username=NAMES,
                password=TEXTS,
                legacy_tls=CHOICES,
                accounts=accounts(),
            )
        )
        for n in numbers
    )
    return Inventory(sites=sites, phones=phones)


def via_csv(inventory: Inventory, *, with_secrets: bool) -> InventoryFile:
    out = io.StringIO(newline="")
    write_csv(inventory, out, with_secrets=with_secrets)
    return parse_csv(out.getvalue()) if inventory.phones else InventoryFile()


def via_yaml(inventory: Inventory, *, with_secrets: bool) -> InventoryFile:
    out = io.StringIO()
    write_yaml(inventory, out, with_secrets=with_secrets)
    return parse_yaml(out.getvalue()) if inventory.phones or inventory.sites else InventoryFile()


@pytest.mark.parametrize("there_and_back", [via_csv, via_yaml])
@given(inventory=inventories(), with_secrets=st.booleans())
@settings(max_examples=60, deadline=None)
def test_an_export_read_back_changes_nothing(
    there_and_back: Callable[..., InventoryFile], inventory: Inventory, with_secrets: bool
) -> None:
    result = plan(inventory, there_and_back(inventory, with_secrets=with_secrets))
    assert [str(c) for change in (*result.sites, *result.phones) for c in change.changes] == []
    assert result.changes_nothing
    assert result.absent == ()


@given(inventory=inventories())
@settings(max_examples=60, deadline=None)
def test_a_yaml_export_with_secrets_is_the_whole_inventory(inventory: Inventory) -> None:
    result = plan(Inventory(), via_yaml(inventory, with_secrets=True))
    assert {site.after for site in result.sites} == set(inventory.sites)
    by_line = {p.host: sorted(p.accounts, key=lambda a: a.line) for p in inventory.phones}
    assert {p.after.host: list(p.after.accounts) for p in result.phones} == by_line
