"""Which accounts are rotated, with whom, and what their new passwords are."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fleet.model import AccountLine, Credentials, RotatedAccount, SipServer
from fleet.phone.config_file import Parameter, read, render_line
from fleet.phone.sip.transport import Peer
from fleet.provision.lines import IntendedLine
from fleet.provision.rotate.accounts import (
    PhoneLines,
    accounts_of,
    groups_of,
    new_password,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

PBX = Peer(host="pbx.example", port=5060)


def line(number: int, user: str, password: str = "old", registrar: Peer | None = PBX):
    login = Credentials(username=user, password=password)
    return IntendedLine(number=number, user=user, login=login, registrar=registrar)


def phone(phone_id: int, *lines: IntendedLine, problem: str = "") -> PhoneLines:
    return PhoneLines(phone_id=phone_id, label=f"phone {phone_id}", lines=lines, problem=problem)


def users(phones: Sequence[PhoneLines], *chosen: int) -> dict[str, tuple[int, ...]]:
    return {each.user: each.phones for each in accounts_of(phones, chosen)[0]}


def whys(phones: Sequence[PhoneLines], *chosen: int) -> list[str]:
    return [f"{each.label}, {each.line}: {each.why}" for each in accounts_of(phones, chosen)[1]]


def test_an_account_is_that_of_all_phones_that_have_it() -> None:
    phones = [phone(1, line(1, "1001"), line(2, "1099")), phone(2, line(3, "1099")), phone(3)]
    assert users(phones, 1) == {"1001": (1,), "1099": (1, 2)}
    assert users(phones, 3) == {}


def test_the_same_user_at_another_registrar_is_another_account() -> None:
    other = Peer(host="pbx.example", port=5070)
    phones = [phone(1, line(1, "1001"), line(2, "1001", registrar=other))]
    assert len(accounts_of(phones, [1])[0]) == 2


def test_lines_that_cannot_be_rotated_are_left_out_with_the_reason() -> None:
    phones = [phone(1, line(1, "1001", registrar=None), line(2, "1002", password=""))]
    assert users(phones, 1) == {}
    assert whys(phones, 1) == ["phone 1, 1: it registers nowhere", "phone 1, 2: it has no password"]
    assert whys(phones, 2) == []


def test_no_phone_is_left_behind_by_another_that_has_its_account() -> None:
    here = phone(1, line(1, "1099"))
    for other in (
        phone(2, line(1, "1099"), problem="it has not fetched"),
        phone(2, line(1, "1099", password="")),
    ):
        assert users([here, other], 1) == {}
        assert whys([here, other], 1)[0].startswith("phone 1, 1: phone 2 has the same account, and")
    at_odds = phone(2, line(1, "1099", password="another"))
    assert whys([here, at_odds], 1) == ["phone 1, 1: its phones have different passwords"]


def test_a_password_of_several_lines_is_not_split_behind_their_backs() -> None:
    shared = phone(1, line(1, "1001"), line(2, "1002"))
    shared = replace(shared, parameters={1: "sip password", 2: "sip password"})
    assert users([shared], 1) == {}
    own = replace(shared, parameters={1: "sip password", 2: "sip line2 password"})
    accounts, _ = accounts_of([own], [1])
    assert [each.lines[0].secret for each in accounts] == [
        "sip-1001-pbx.example:5060",
        "sip-1002-pbx.example:5060",
    ]


@given(st.lists(st.sets(st.integers(1, 8), min_size=1, max_size=3), max_size=8))
def test_groups_share_no_phone_and_lose_no_account(sharing: list[set[int]]) -> None:
    accounts = [
        RotatedAccount(
            id=number,
            user=str(number),
            auth_name="",
            registrar=SipServer(host="pbx.example"),
            lines=tuple(AccountLine(phone_id=each, line=1) for each in phones),
            old="",
            new="",
        )
        for number, phones in enumerate(sharing)
    ]
    groups = groups_of(accounts)
    every = [each for group in groups for each in group.phones]
    assert len(every) == len(set(every))
    assert set(every) == {each for phones in sharing for each in phones}
    assert sorted(a.id for g in groups for a in g.accounts) == list(range(len(sharing)))
    assert all(set(a.phones) <= group.phones for group in groups for a in group.accounts)


@given(st.integers(10, 64), st.integers())
def test_a_new_password_means_the_same_to_a_file_and_to_everybody_else(
    length: int, seed: int
) -> None:
    password = new_password(length, random.Random(seed).randrange)
    assert len(password) == length
    assert password.isascii()
    assert password.isalnum()
    assert any(c.isdigit() for c in password)
    assert any(c.isalpha() for c in password)
    name = "sip line1 password"
    text = render_line(Parameter(name=name, value=password, lock=False, overwrite=False))
    assert text.rstrip().endswith(password), "it needs no quoting"
    assert read(text.encode(), name="a.cfg").parameters[0].value == password
