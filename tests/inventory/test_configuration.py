"""The key `configuration`: what it says, what is refused, and that an export says the same."""

from __future__ import annotations

import io
import textwrap

import pytest
from hypothesis import given, settings

from fleet.errors import InventoryError
from fleet.inventory import (
    UNSAID,
    ChangeKind,
    InventoryFile,
    Plan,
    Unsaid,
    parse_yaml,
    plan,
    write_yaml,
)
from fleet.model import (
    NO_INTENT,
    Intent,
    Inventory,
    Phone,
    SecretKind,
    SecretRef,
    Site,
    Wanted,
)
from tests.inventory.intents import intended_inventories


def parsed(text: str) -> InventoryFile:
    return parse_yaml(textwrap.dedent(text))


def refused(text: str) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        parsed(text)
    return [str(row) for row in caught.value.bad_rows]


def configured(*lines: str) -> dict[str, Wanted]:
    """What these lines of a fleet's configuration stand for."""
    block = textwrap.indent("\n".join(lines), " " * 4)
    fleet = parsed(f"fleet:\n  configuration:\n{block}\n").fleet
    assert isinstance(fleet, Intent)
    return dict(fleet.parameters)


def wrong(*lines: str) -> list[str]:
    block = textwrap.indent("\n".join(lines), " " * 4)
    return refused(f"fleet:\n  configuration:\n{block}\n")


def texts(*lines: str) -> dict[str, object]:
    return {name: want.value for name, want in configured(*lines).items() if want.value is not None}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("registrar: pbx.example", {"sip registrar ip": "pbx.example"}),
        ("registrar_port: 5060", {"sip registrar port": "5060"}),
        ("backup_registrar: b.example", {"sip backup registrar ip": "b.example"}),
        ("backup_registrar_port: 5061", {"sip backup registrar port": "5061"}),
        ("proxy: pbx.example", {"sip proxy ip": "pbx.example"}),
        ("backup_proxy_port: 0", {"sip backup proxy port": "0"}),
        ("outbound_proxy: sbc.example", {"sip outbound proxy": "sbc.example"}),
        ("backup_outbound_proxy_port: 7", {"sip backup outbound proxy port": "7"}),
        ("transport: TCP", {"sip transport protocol": "2"}),
        ("transport: udp+tcp", {"sip transport protocol": "0"}),
        ("vlan: 20", {"vlan id": "20", "tagging enabled": "1"}),
        ("pc_port_vlan: 4095", {"vlan id port 1": "4095"}),
        ("language: 1", {"language": "1"}),
        ("web_language: 0", {"web language": "0"}),
        (
            "languages: [de, fr_ca, own.txt]",
            {
                "language 1": "lang_de.txt",
                "language 2": "lang_fr_ca.txt",
                "language 3": "own.txt",
            },
        ),
        (
            "ntp: [ntp.example]",
            {"time server1": "ntp.example", "time server disabled": "0"},
        ),
        ("push_servers: [10.0.0.1, 10.0.0.2]", {"xml application post list": "10.0.0.1,10.0.0.2"}),
        (
            "action_uris: {registration_event: 'http://f/r', poll_interval: 60}",
            {"action uri registration event": "http://f/r", "action uri poll interval": "60"},
        ),
        (
            "keys: {prgkey1: {type: blf, value: 1002, line: 1}}",
            {"prgkey1 type": "blf", "prgkey1 value": "1002", "prgkey1 line": "1"},
        ),
        (
            "keys: {expmod1 key05: {type: dnd, label: Ruhe}}",
            {"expmod1 key5 type": "dnd", "expmod1 key5 label": "Ruhe"},
        ),
        (
            "keys: {softkey2: {type: xml, states: idle, locked: 0}}",
            {"softkey2 type": "xml", "softkey2 states": "idle", "softkey2 locked": "0"},
        ),
        ('parameters: {SIP  Dial Plan: "x+#|xx+*"}', {"sip dial plan": "x+#|xx+*"}),
        ("parameters: {time zone minutes: -60}", {"time zone minutes": "-60"}),
    ],
)
def test_a_friendly_key_stands_for_exact_parameters(line: str, said: dict[str, str]) -> None:
    assert texts(line) == said


def test_null_removes_what_a_level_before_says() -> None:
    wanted = configured(
        "registrar: null",
        "keys: {prgkey1: null}",
        "vlan: null",
        "push_servers: null",
        "parameters: {sip vmail: null}",
    )
    assert set(wanted) == {
        "sip registrar ip",
        *(f"prgkey1 {word}" for word in ("type", "value", "line", "label", "locked", "states")),
        *("vlan id", "tagging enabled", "xml application post list", "sip vmail"),
    }
    assert {want.value for want in wanted.values()} == {None}


def test_a_key_says_all_of_itself_and_a_list_all_of_its_places() -> None:
    wanted = configured("keys: {prgkey1: {type: dnd}}", "ntp: [a.example]")
    removed = {name for name, want in wanted.items() if want.value is None}
    assert removed == {
        *(f"prgkey1 {word}" for word in ("value", "line", "label", "locked", "states")),
        *("time server2", "time server3"),
    }


def test_marks_lock_and_overwrite() -> None:
    wanted = configured(
        '"!registrar": pbx.example',
        "^vlan: 20",
        "parameters: {'!sip vmail': '*97', ^lldp: 1}",
        "keys: {^prgkey1: {type: dnd}}",
    )
    marks = {name: want.mark for name, want in wanted.items() if want.value is not None}
    assert marks == {
        "sip registrar ip": "!",
        "vlan id": "^",
        "tagging enabled": "^",
        "sip vmail": "!",
        "lldp": "^",
        "prgkey1 type": "^",
    }


def test_secrets_are_said_by_reference() -> None:
    wanted = configured(
        "'!admin_password': {secret: admin}",
        "user_password: {env: USER_PASSWORD}",
        "parameters: {ftp password: {file: /etc/fleet/ftp}}",
    )
    assert {name: want.value for name, want in wanted.items()} == {
        "admin password": SecretRef(kind=SecretKind.SECRET, name="admin"),
        "user password": SecretRef(kind=SecretKind.ENV, name="USER_PASSWORD"),
        "ftp password": SecretRef(kind=SecretKind.FILE, name="/etc/fleet/ftp"),
    }


SECRETS = """
    {top}
    profiles:
      office: {{configuration: {{admin_password: 48151623}}}}
    sites:
      Berlin:
        configuration: {{parameters: {{'!http digest password': hush}}}}
        phones:
          - {{host: 10.0.0.1, mac: 00085d000001, configuration: {{user_password: 4711}}}}
          - {{host: 10.0.0.2, configuration: {{parameters: {{sip line1 password: quiet}}}}}}
"""


def test_a_secret_in_clear_is_refused_without_being_shown() -> None:
    rows = refused(SECRETS.format(top=""))
    assert rows[0] == (
        "profiles.office.configuration.admin_password (line 4): `admin password` is a secret in "
        "clear text; write {env: VARIABLE}, {file: PATH} or {secret: NAME}, or put clear_secrets: "
        "true "
        "at the top of the file"
    )
    assert len(rows) == 4
    for secret in ("48151623", "hush", "4711", "quiet"):
        assert secret not in "".join(rows)


def test_a_secret_in_clear_moves_to_the_database_where_the_file_insists() -> None:
    file = parsed(SECRETS.format(top="clear_secrets: true"))
    assert file.secrets == {
        "profile office admin password": "48151623",
        "site Berlin http digest password": "hush",
        "phone 00:08:5D:00:00:01 user password": "4711",
        "phone 10.0.0.2 sip line1 password": "quiet",
    }
    assert file.profiles["office"].parameters["admin password"].value == SecretRef(
        kind=SecretKind.SECRET, name="profile office admin password"
    )
    assert "hush" not in repr(file)
    result = plan(Inventory(), file)
    assert [str(change) for change in result.secret_changes][:1] == [
        "secret profile office admin password: changed"
    ]
    assert "hush" not in repr(result)
    assert plan(Inventory(secrets=file.secrets), file).secrets == {}


def test_named_secrets_may_stand_in_such_a_file_too() -> None:
    file = parsed("clear_secrets: true\nsecrets: {admin: 4711}")
    assert file.secrets == {"admin": "4711"}
    (reason,) = refused("secrets: {admin: 4711}")
    assert reason == (
        "secrets (line 1): contains secrets in clear text; put clear_secrets: true at the top of "
        "the file"
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("registar: x", "registar (line 3): is unknown (did you mean registrar?); known are"),
        ("registrar: http://x", "registrar (line 3): `sip registrar ip` has to be an address or"),
        ("registrar_port: 70000", "`sip registrar port` has to be from 0 to 65535"),
        ("transport: carrier pigeon", "must be one of udp+tcp, udp, tcp, tls"),
        ("timezone: Berlin", "'Berlin': not an IANA time zone"),
        ("'!timezone': UTC", "cannot be marked !; mark its values"),
        ("modules: [M600i]", "must be a list of at most 3 of M670i, M675i"),
        ("modules: [M670i, M670i, M670i, M670i]", "must be a list of at most 3 of M670i"),
        ("modules: M670i", "modules (line 3): must be a list"),
        ("'!modules': [M670i]", "cannot be marked !; mark its values"),
        ("vlan: [1]", "vlan (line 3): must be a text"),
        ("vlan: 1.5", "put it in quotes"),
        ("ntp: [a, b, c, d]", "must be a list of 1 to 3 items"),
        ("ntp: []", "must be a list of 1 to 3 items"),
        ("ntp: a", "ntp (line 3): must be a list"),
        ("push_servers: [{a: b}]", "must be a text"),
        ("keys: {button1: {type: dnd}}", "keys.button1 (line 3): is not a key"),
        ("keys: {prgkey0: {type: dnd}}", "keys.prgkey0 (line 3): is not a key"),
        ("keys: {prgkey1: {tpye: dnd}}", "keys.prgkey1.tpye (line 3): is unknown (did you mean"),
        ("keys: {prgkey1: {locked: 2}}", "`prgkey1 locked` has to be 0 or 1"),
        ("action_uris: {pol: 'http://x'}", "action_uris.pol (line 3): is unknown (did you mean"),
        ("parameters: {'a:b': 1}", "cannot be a parameter's name"),
        ("parameters: {'!^lldp': 1}", "cannot be a parameter's name"),
        ("parameters: {lldp: 'a\"b'}", "contains a double quote"),
        ('parameters: {lldp: "1\\nadmin password: 1"}', "contains a line end"),
        ("parameters: {lldp: {secret: a, env: b}}", "must be one of {env: …}"),
        ("parameters: {lldp: {secret: ''}}", "must be one of {env: …}"),
        ("parameters: {lldp: {hidden: x}}", "hidden (line 3): is unknown"),
        ("parameters: {lldp: {env: a-b}}", "'a-b' is not the name of a variable"),
        ("{registrar: a, parameters: {sip registrar ip: b}}", "`sip registrar ip` is set twice"),
        ("parameters: {lldp: 1, LLDP: 0}", "`lldp` is set twice here"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_path_and_line(line: str, reason: str) -> None:
    text = "\n".join(wrong(line))
    assert reason in text
    assert "fleet.configuration" in text


LEVELS = """
    profiles:
      office: {registrar: pbx.example, configuration: {vlan: 20}}
      old: {registrar: front.example, username: admin}
      de: {configuration: {timezone: Europe/Berlin}}
    fleet: {profiles: [office], configuration: {dial_plan: x+}}
    models:
      53i: {configuration: {keys: {prgkey1: {type: dnd}}}}
    sites:
      Berlin:
        profile: office
        profiles: [de, old]
        phones:
          - {host: 10.0.0.1, lines: [{line: 1}]}
          - {host: 10.0.0.2, profile: old}
          - {host: 10.0.0.3, configuration: {}}
"""


def test_every_level_has_its_intent_and_its_profiles() -> None:
    file = parsed(LEVELS)
    assert file.fleet == Intent(
        parameters={"sip dial plan": Wanted(value="x+")}, profiles=("office",)
    )
    assert list(file.models) == ["6753i"]
    assert list(file.profiles) == ["office", "de"]
    assert file.profiles["de"] == Intent(timezone="Europe/Berlin")
    (site,) = file.sites
    assert site.intent == Intent(profiles=("office", "de"))
    assert site.username == "admin"
    assert [phone.intent for phone in file.phones] == [UNSAID, UNSAID, NO_INTENT]


def test_the_last_profiles_registrar_goes_to_the_lines() -> None:
    (account,) = parsed(LEVELS).phones[0].accounts  # type: ignore[misc]
    assert account.registrar == "front.example"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "models: {6754i: {configuration: {}}}",
            "models.6754i (line 1): is not a model that fleet knows (did you mean 675",
        ),
        ("fleet: {profiles: [x]}", "fleet.profiles[1] (line 1): 'x' is not a profile"),
        ("fleet: {site: x}", "fleet.site (line 1): is unknown"),
        ("profiles: {a: {profiles: [b]}}", "profiles.a.profiles (line 1): is unknown"),
    ],
)
def test_levels_are_checked(text: str, reason: str) -> None:
    assert reason in "\n".join(refused(text))


CURRENT = Inventory(
    sites=(Site(name="Berlin", intent=Intent(timezone="UTC")),),
    phones=(
        Phone(
            host="10.0.0.1",
            site="Berlin",
            intent=Intent(
                parameters={
                    "sip registrar ip": Wanted(value="old.example"),
                    "action uri poll": Wanted(value="http://me:hush@x/"),
                    "sip vmail": Wanted(value="*97", lock=True),
                },
                profiles=("office",),
            ),
        ),
    ),
    profiles={"office": Intent(parameters={"vlan id": Wanted(value="1")})},
)


def changes(result: Plan) -> list[str]:
    every = (*result.levels, *result.sites, *result.phones)
    return [str(one) for change in every for one in change.changes]


def test_a_plan_tells_intents_parameter_by_parameter() -> None:
    result = plan(
        CURRENT,
        parsed(
            """
            profiles: {office: {configuration: {parameters: {vlan id: 2}}}}
            sites:
              Berlin:
                configuration: {timezone: null}
                phones:
                  - host: 10.0.0.1
                    configuration:
                      registrar: new.example
                      parameters: {sip vmail: null, admin password: {secret: x}}
            """
        ),
    )
    assert changes(result) == [
        "configuration vlan id: 1 → 2",
        "configuration timezone: UTC → (none)",
        "profiles: office → (empty)",
        "configuration action uri poll: http://…@x/ → (empty)",
        "configuration admin password: (empty) → {secret: x}",
        "configuration sip registrar ip: old.example → new.example",
        "configuration sip vmail: !*97 → (removed)",
    ]
    assert [(level.label, level.kind) for level in result.levels] == [
        ("profile office", ChangeKind.CHANGED)
    ]


def test_what_a_file_does_not_mention_is_left_alone() -> None:
    file = parsed("sites: {Berlin: {phones: [{host: 10.0.0.1, name: A}]}}")
    result = plan(CURRENT, file)
    assert changes(result) == ["name: (empty) → A"]
    assert result.phones[0].after.intent == CURRENT.phones[0].intent
    assert result.sites[0].after.intent == CURRENT.sites[0].intent


def test_an_empty_configuration_clears() -> None:
    result = plan(CURRENT, parsed("phones: [{host: 10.0.0.1, configuration: {}}]"))
    assert result.phones[0].after.intent == NO_INTENT


def read_back(inventory: Inventory, *, with_secrets: bool = False) -> InventoryFile:
    out = io.StringIO()
    write_yaml(inventory, out, with_secrets=with_secrets)
    return parse_yaml(out.getvalue())


@given(inventory=intended_inventories())
@settings(max_examples=150, deadline=None)
def test_an_export_with_intents_read_back_changes_nothing(inventory: Inventory) -> None:
    for with_secrets in (False, True):
        result = plan(inventory, read_back(inventory, with_secrets=with_secrets))
        assert changes(result) == []
        assert result.changes_nothing


@given(inventory=intended_inventories())
@settings(max_examples=100, deadline=None)
def test_an_export_with_secrets_is_all_of_the_intent(inventory: Inventory) -> None:
    file = read_back(inventory, with_secrets=True)
    result = plan(Inventory(), file)
    assert result.sites[0].after.intent == inventory.sites[0].intent
    assert [phone.after.intent for phone in result.phones] == [
        phone.intent for phone in inventory.phones
    ]
    assert (NO_INTENT if isinstance(file.fleet, Unsaid) else file.fleet) == inventory.fleet
    said = {name: intent for name, intent in inventory.models.items() if intent != NO_INTENT}
    assert {name: each for name, each in file.models.items() if each != NO_INTENT} == said
    assert {name: each for name, each in file.profiles.items() if each != NO_INTENT} == {
        name: each for name, each in inventory.profiles.items() if each != NO_INTENT
    }
    assert file.secrets == inventory.secrets


def test_an_export_is_friendly_where_it_can_be() -> None:
    text = """\
        fleet:
          configuration:
            timezone: Europe/Berlin
            modules:
            - M670i
            registrar: pbx.example
            registrar_port: 5060
            transport: udp
            '!vlan': 20
            admin_password:
              secret: admin
            ntp:
            - a.example
            languages:
            - de
            push_servers:
            - 10.0.0.1
            action_uris:
              poll: http://f/p
            keys:
              prgkey1:
                type: blf
                value: 1002
              prgkey2: null
            parameters:
              sip vmail: '*97'
        """
    file = parsed(text)
    assert isinstance(file.fleet, Intent)
    out = io.StringIO()
    write_yaml(Inventory(fleet=file.fleet), out)
    assert out.getvalue() == textwrap.dedent(text)
