"""The YAML inventory: what is taken, and what is refused by path and line."""

from __future__ import annotations

import textwrap

import pytest

from fleet.errors import InventoryError
from fleet.inventory import UNSAID, InventoryFile, SiteEntry, parse_yaml


def parsed(text: str) -> InventoryFile:
    return parse_yaml(textwrap.dedent(text))


def refused(text: str) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        parsed(text)
    return [str(row) for row in caught.value.bad_rows]


def message(text: str) -> str:
    with pytest.raises(InventoryError) as caught:
        parsed(text)
    assert not caught.value.bad_rows
    return str(caught.value)


WHOLE = """
    profiles:
      office:
        registrar: pbx.example
        registrar_port: 5060
        backup_registrar: backup.example
        username: admin
        password: "22222"
      reception: {registrar: front.example}
    sites:
      Berlin:
        timezone: Europe/Berlin
        networks: [10.1.0.0/24, "2001:db8::/64"]
        profile: office
        legacy_tls: true
        phones:
          - host: 10.1.0.11
            mac: 00085d126411
            lines:
              - {line: 1, user: 1001, sip_password: 4711}
              - {line: 2, user: "0012", registrar: own.example, profile: reception}
          - host: 10.1.0.12
            profile: reception
            legacy_tls: null
            lines: [{line: 1, user: 1003}]
          - host: 10.1.0.13
    phones:
      - {host: 10.9.0.1, site: Berlin, name: Loose}
"""


def test_sites_hold_their_defaults_and_their_profiles_login() -> None:
    (site,) = parsed(WHOLE).sites
    assert site == SiteEntry(
        where="sites.Berlin (line 12)",
        name="Berlin",
        timezone="Europe/Berlin",
        networks=("10.1.0.0/24", "2001:db8::/64"),
        username="admin",
        password="22222",
        legacy_tls=True,
    )


def test_phones_know_their_site_and_nested_lines() -> None:
    phones = parsed(WHOLE).phones
    assert [(phone.host, phone.site) for phone in phones] == [
        ("10.1.0.11", "Berlin"),
        ("10.1.0.12", "Berlin"),
        ("10.1.0.13", "Berlin"),
        ("10.9.0.1", "Berlin"),
    ]
    assert phones[0].mac == "00:08:5D:12:64:11"
    assert phones[0].username is UNSAID
    assert phones[1].legacy_tls is None
    assert phones[2].accounts is UNSAID


def test_a_profile_goes_to_the_lines_below_and_the_nearest_counts() -> None:
    phones = parsed(WHOLE).phones
    lines = [account for phone in phones[:2] for account in phone.accounts]  # type: ignore[union-attr]
    assert [(a.user, a.registrar, a.registrar_port, a.backup_registrar) for a in lines] == [
        ("1001", "pbx.example", 5060, "backup.example"),
        ("0012", "own.example", 5060, "backup.example"),
        ("1003", "front.example", 5060, "backup.example"),
    ]
    assert lines[0].sip_password == "4711"


def test_anchors_and_merges_are_allowed() -> None:
    file = parsed(
        """
        phones:
          - &first {host: 10.0.0.1, name: A, model: 6753i}
          - {<<: *first, host: 10.0.0.2}
        """
    )
    assert [(p.host, p.name, p.model) for p in file.phones] == [
        ("10.0.0.1", "A", "6753i"),
        ("10.0.0.2", "A", "6753i"),
    ]


@pytest.mark.parametrize(
    "value", ["0012", "0x1F", "1_000", "12:30", "1.10", "+49", "yes", "no", "2024-05-01"]
)
def test_what_yaml_may_take_for_something_else_wants_quotes(value: str) -> None:
    (reason,) = refused(f"phones: [{{host: 10.0.0.1, name: {value}}}]")
    assert reason.endswith("put it in quotes")
    (phone,) = parsed(f"phones: [{{host: 10.0.0.1, name: '{value}'}}]").phones
    assert phone.name == value


@pytest.mark.parametrize("value", ["", "~", "null"])
def test_empty_clears_texts_but_not_secrets(value: str) -> None:
    (phone,) = parsed(
        f"phones:\n  - host: 10.0.0.1\n    name: {value}\n    password: {value}"
    ).phones
    assert (phone.name, phone.password) == ("", UNSAID)


def test_a_password_written_as_empty_is_a_password() -> None:
    """The phones' login `user` has an empty one by default (facts/web-ui 8)."""
    (phone,) = parsed("phones: [{host: 10.0.0.1, name: '', password: ''}]").phones
    assert (phone.name, phone.password) == ("", "")


def test_every_bad_place_is_named_with_its_line() -> None:
    assert refused(
        """
        sites:
          Berlin:
            timezone: Europe/Berln
            networks: [10.1.0.5/24, nonsense]
            legacy_tls: 1
            colour: red
            phones:
              - {host: 10.0.0.1, lines: [{line: 1, user: 1}, {line: 1}, {user: 2}, {line: 100}]}
              - {host: 10.0.0.1}
              - {hots: 10.0.0.2}
              - {host: http://x/y}
              - [1]
        """
    ) == [
        "sites.Berlin.colour (line 7): is unknown; known are timezone, username, password, "
        "legacy_tls, networks, profile, profiles, configuration, phones",
        "sites.Berlin.timezone (line 4): 'Europe/Berln': not an IANA time zone (did you mean "
        "Europe/Berlin?); write it as Europe/Berlin",
        "sites.Berlin.legacy_tls (line 6): must be true or false",
        "sites.Berlin.networks[1] (line 5): '10.1.0.5/24': has host bits set; the network is "
        "10.1.0.0/24",
        "sites.Berlin.networks[2] (line 5): 'nonsense': not a network; write it as 10.1.0.0/24",
        "sites.Berlin.phones[1].lines[3] (line 9): line is missing",
        "sites.Berlin.phones[1].lines[4].line (line 9): '100': must be from 1 to 99",
        "sites.Berlin.phones[3].hots (line 11): is unknown (did you mean host?); known are host, "
        "mac, model, name, username, password, legacy_tls, profile, profiles, configuration, lines",
        "sites.Berlin.phones[3] (line 11): host is missing",
        "sites.Berlin.phones[4].host (line 12): 'http://x/y': no path or query in the host; write "
        "address, address:port or http(s)://address",
        "sites.Berlin.phones[5] (line 13): must be keys with values",
        "sites.Berlin.phones[5] (line 13): host is missing",
        "sites.Berlin.phones[1].lines[2] (line 9): line 1 of 10.0.0.1 is already in "
        "sites.Berlin.phones[1].lines[1] (line 9)",
        "sites.Berlin.phones[2] (line 10): host 10.0.0.1 is already in sites.Berlin.phones[1] "
        "(line 9)",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sites: {A: {}, A: {}}", "sites.A (line 1): is there twice"),
        ("phones: [{host: h, host: i}]", "phones[1].host (line 1): is there twice"),
        ("phones: 3", "phones (line 1): must be a list"),
        ("sites: [A]", "sites (line 1): must be keys with values"),
        ("[1, 2]", "the file (line 1): must be keys with values"),
        ("sites: {? [a] : {}}", "sites (line 1): a key must be a plain word"),
        (
            "phones: [{host: h, name: [x]}]",
            "phones[1].name (line 1): must be a text",
        ),
        (
            "phones: [{host: h, profile: none}]",
            "phones[1].profile (line 1): 'none' is not a profile; the file has none",
        ),
    ],
)
def test_structure_is_checked(text: str, reason: str) -> None:
    assert reason in refused(text)


def test_a_bad_secret_is_not_shown() -> None:
    (reason,) = refused('phones: [{host: h, password: "hush\\x07"}]')
    assert "hush" not in reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("phones: [}", "not valid YAML (line 1)"),
        ("a: b: c", "not valid YAML (line 1)"),
        ("phones: *nowhere", "not valid YAML (line 1)"),
        ("phones: []", "no sites and no phones"),
        ("# only a comment", "is empty"),
        ("---\nphones: []\n---\nphones: []", "not valid YAML"),
        ("[" * 100_000, "nested too deeply"),
        ("{a: " * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_inventory_is_told_in_a_sentence(text: str, told: str) -> None:
    assert told in message(text)


def test_tags_of_python_objects_are_nothing_but_wrong() -> None:
    (reason,) = refused("phones: [{host: h, name: !!python/object/apply:os.getcwd []}]")
    assert reason == "phones[1].name (line 1): must be a text"


def test_alias_bombs_do_not_go_off() -> None:
    phones = ",".join(f"{{host: h{n}}}" for n in range(300))
    sites = ",".join(f"s{n}: {{phones: *p}}" for n in range(300))
    text = f"sites: {{s: {{phones: &p [{phones}]}}, {sites}}}"
    assert "expands too much" in message(text)


@pytest.mark.parametrize(
    "text",
    ["sites: &s {<<: *s}", "sites: &s {A: *s}", "phones: &p [*p]", "phones: &p [{lines: *p}]"],
)
def test_what_holds_itself_is_refused(text: str) -> None:
    assert refused(text)
