"""Which login a phone is sent: an empty password is one, and another login's never goes out."""

from __future__ import annotations

import io

import pytest

from fleet.enrolment import enrol
from fleet.inventory import parse_yaml, plan, write_yaml
from fleet.model import Phone, Site
from fleet.store import Store, StoredPhone
from fleet.sweep import LoginDefaults, target_of
from tests.store.fleets import START

DEFAULTS = LoginDefaults(username="admin", password="48151623")


def login(phone: Phone, site: Site | None = None, defaults: LoginDefaults = DEFAULTS) -> str | None:
    target = target_of(StoredPhone(id=1, phone=phone, site=site), defaults)
    given = target.credentials
    return f"{given.username}:{given.password}" if given else None


@pytest.mark.parametrize(
    ("phone", "site", "expected"),
    [
        (("", None), ("", None), "admin:48151623"),
        (("Admin", None), ("", None), "Admin:48151623"),
        (("user", ""), ("", None), "user:"),
        (("user", ""), ("admin", "1"), "user:"),
        (("user", None), ("", None), None),
        (("user", None), ("admin", "1"), None),
        (("", None), ("user", ""), "user:"),
        (("", None), ("user", None), None),
        (("", "7"), ("user", "1"), "user:7"),
        (("", ""), ("", None), "admin:"),
        (("user", None), ("user", "1"), "user:1"),
    ],
)
def test_a_login_is_a_pair(
    phone: tuple[str, str | None], site: tuple[str, str | None], expected: str | None
) -> None:
    of_phone = Phone(host="10.1.1.1", username=phone[0], password=phone[1])
    of_site = Site(name="s", username=site[0], password=site[1])

    assert login(of_phone, of_site) == expected


def test_without_any_password_no_login_is_sent() -> None:
    assert login(Phone(host="10.1.1.1", username="user"), defaults=LoginDefaults()) is None


YAML = """
sites:
  hall:
    username: user
    password: ""
    phones: [{host: 10.1.1.1, password: ""}, {host: 10.1.1.2, password: }]
"""


def test_an_empty_password_is_kept_for_phone_and_site(store: Store) -> None:
    enrol(store, plan(store.inventory.load(), parse_yaml(YAML)), now=START)

    inventory = store.inventory.load()

    assert [site.password for site in inventory.sites] == [""]
    assert [phone.password for phone in inventory.phones] == ["", None]
    text = io.StringIO()
    write_yaml(inventory, text, with_secrets=True)
    assert plan(inventory, parse_yaml(text.getvalue())).changes_nothing
    assert text.getvalue().count("password: ''") == 2
