"""From resolved phones to files, and that the files say what was resolved."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.errors import SecretMissing
from fleet.model import NO_INTENT, IntendedAccount, Intent, Intents, Phone, SecretRef, Wanted
from fleet.phone.config_file import effective, read
from fleet.phone.parameters import is_secret
from fleet.provision.render import Rendered, render
from fleet.provision.resolve import Resolver
from tests.inventory.intents import intents as any_intent
from tests.provision.fleets import AT, bodies, intent, phone, rendered, resolver, secret

FLEET = Intents(
    fleet=replace(
        intent(sip_registrar_ip="pbx.example", lldp="1"),
        parameters={
            **intent(sip_registrar_ip="pbx.example", lldp="1").parameters,
            "admin password": Wanted(value=secret("admin"), lock=True),
        },
    ),
    models={"6753i": intent(lldp="0", prgkey1_type="dnd")},
    sites={"Berlin": intent(web_language="1", sip_registrar_ip="pbx.example")},
)
LINE = IntendedAccount(line=1, user="1001", sip_password="x#y")


def test_each_file_holds_its_level_and_the_phones_own_the_rest_and_the_secrets() -> None:
    files = rendered(FLEET, phone(1, LINE, site="Berlin"), phone(2, model="6757i"))
    assert bodies(files) == {
        "aastra.cfg": "contact rcs: 0\nlldp: 1\nsip registrar ip: pbx.example\n",
        "6753i.cfg": "lldp: 0\nprgkey1 type: dnd\n",
        "53i.cfg": "lldp: 0\nprgkey1 type: dnd\n",
        "00085D000001.cfg": "!admin password: 48151623\n"
        "sip line1 auth name: 1001\n"
        'sip line1 password: "x#y"\n'
        "sip line1 user name: 1001\n"
        "web language: 1\n",
        "00085D000002.cfg": "!admin password: 48151623\n",
    }


def test_names_are_sorted_as_people_count() -> None:
    keys = {f"prgkey{n}_type": "dnd" for n in (10, 2, 1)}
    body = bodies(rendered(Intents(phones={1: intent(**keys)}), phone()))["00085D000001.cfg"]
    assert body == "prgkey1 type: dnd\nprgkey2 type: dnd\nprgkey10 type: dnd\n"


def test_files_are_never_empty_and_say_who_writes_them() -> None:
    files = rendered(Intents(fleet=intent(contact_rcs=None)), phone())
    heading = b"# Written by fleet from its inventory; changes made here are lost.\n"
    assert {file.name: file.body for file in (*files.shared, *files.own)} == {
        "aastra.cfg": heading,
        "00085D000001.cfg": heading,
    }


def test_a_fleet_without_phones_has_its_shared_files() -> None:
    assert set(bodies(rendered(FLEET))) == {"aastra.cfg", "6753i.cfg", "53i.cfg"}


def test_what_one_phone_shall_not_have_stands_in_no_file_that_it_reads() -> None:
    intents = replace(FLEET, phones={1: intent(lldp=None, sip_registrar_ip=None)})
    files = bodies(rendered(intents, phone(1), phone(2), phone(3, model="6757i")))
    assert files["aastra.cfg"] == "contact rcs: 0\n"
    assert files["6753i.cfg"] == "prgkey1 type: dnd\n"
    assert "lldp: 0\n" in files["00085D000002.cfg"]
    assert "lldp" not in files["00085D000001.cfg"]
    assert files["6757i.cfg"] == "lldp: 1\nsip registrar ip: pbx.example\n"


def test_a_model_that_shall_not_have_something_leaves_the_others_files_short() -> None:
    intents = Intents(fleet=intent(lldp="1"), models={"6753i": intent(lldp=None)})
    files = bodies(rendered(intents, phone(1), phone(2, model="6757i")))
    assert files["aastra.cfg"] == "contact rcs: 0\n"
    assert files["6757i.cfg"] == files["57i.cfg"] == "lldp: 1\n"
    assert "6753i.cfg" not in files
    assert files["00085D000002.cfg"] == ""


def test_a_phone_that_cannot_be_rendered_has_its_reason_and_no_file() -> None:
    def find(ref: SecretRef) -> str:
        raise SecretMissing(f"The secret {ref.name!r} is not set.")

    found = resolver(FLEET)
    every = [found.phone(1, phone(1)), found.phone(2, phone(2, mac=""))]
    files = render(found, every, find)
    assert [(file.body, file.problem) for file in files.own] == [
        (b"", "The secret 'admin' is not set."),
        (b"", "its MAC is unknown; poll it once, or add it to the inventory."),
    ]


def test_a_value_that_no_file_can_hold_is_its_phones_problem_without_being_shown() -> None:
    bad = IntendedAccount(line=1, user="1001", sip_password='hush"')
    (file, fine) = rendered(Intents(), phone(1, bad), phone(2, LINE)).own
    assert "`sip line1 password` contains a double quote" in file.problem
    assert "hush" not in file.problem
    assert fine.body


def test_no_secret_shows_in_a_repr() -> None:
    files = rendered(FLEET, phone(1, LINE))
    assert "48151623" not in repr(files)
    assert "x#y" not in repr(files)


def _find(ref: SecretRef) -> str:
    return f"found {ref.name}"


@st.composite
def fleets(draw: st.DrawFn) -> tuple[Intents, list[Phone]]:
    """Phones of two models and two sites under intents at every level."""
    profiles = ("a", "b")
    any_level = any_intent(profiles) | st.just(NO_INTENT)
    accounts = st.lists(
        st.builds(
            IntendedAccount,
            line=st.integers(1, 9),
            user=st.sampled_from(["", "1001"]),
            sip_password=st.sampled_from(["", "hush#"]),
            registrar=st.sampled_from(["", "pbx.example", "0.0.0.0"]),
            backup_registrar=st.sampled_from(["", "b.example"]),
            registrar_port=st.sampled_from([None, 0, 5060]),
        ),
        unique_by=lambda account: account.line,
        max_size=2,
    ).map(tuple)
    phones = [
        replace(
            phone(number, model=draw(st.sampled_from(["6753i", "6757i"]))),
            site=draw(st.sampled_from(["", "Berlin"])),
            accounts=draw(accounts),
        )
        for number in range(1, draw(st.integers(0, 4)) + 1)
    ]
    intents = Intents(
        fleet=draw(any_level),
        models={"6753i": draw(any_level)},
        sites={"Berlin": draw(any_level)},
        phones={1: draw(any_level)},
        profiles={"a": draw(any_intent()), "b": draw(any_intent())},
    )
    return intents, phones


def _rendered(intents: Intents, phones: list[Phone]) -> Rendered:
    found = Resolver(intents, timezones={"Berlin": "Europe/Berlin"}, at=AT)
    return render(found, [found.phone(n, one) for n, one in enumerate(phones, 1)], _find)


@given(fleet=fleets())
@settings(max_examples=200, deadline=None)
def test_the_three_files_together_say_exactly_what_was_resolved(
    fleet: tuple[Intents, list[Phone]],
) -> None:
    files = _rendered(*fleet)
    shared = {file.model: read(file.body, name=file.name) for file in files.shared}
    for file in files.own:
        assert not file.problem
        own = read(file.body, name=file.name)
        stack = [shared[""], shared.get(file.phone.base.model), own]
        assert not own.unread
        found = effective(one for one in stack if one is not None)
        wanted = {name: value.wanted for name, value in file.phone.values.items()}
        assert {name: (value.value, value.locked) for name, value in found.items()} == {
            name: (
                _find(want.value) if isinstance(want.value, SecretRef) else want.value,
                want.lock,
            )
            for name, want in wanted.items()
        }
        assert file.names == {one.key for one in own.parameters}
        assert {name: (e.value, e.locked) for name, e in file.effective.items()} == {
            name: (e.value, e.locked) for name, e in found.items()
        }
        marks = {one.key: one.overwrite for each in stack if each for one in each.parameters}
        assert marks == {name: want.overwrite for name, want in wanted.items()}


@given(fleet=fleets())
@settings(max_examples=100, deadline=None)
def test_the_same_intent_gives_the_same_bytes_and_shared_files_no_secret(
    fleet: tuple[Intents, list[Phone]],
) -> None:
    intents, phones = fleet
    files = _rendered(intents, phones)
    again = _rendered(_reversed(intents), phones)
    assert {f.name: f.body for f in files.shared} == {f.name: f.body for f in again.shared}
    assert [f.body for f in files.own] == [f.body for f in again.own]
    for file in files.shared:
        assert file.body.startswith(b"#")
        assert b"found " not in file.body
        assert not [one.key for one in read(file.body).parameters if is_secret(one.key)]


def _reversed(intents: Intents) -> Intents:
    """The same intents, their parameters in another order."""

    def turned(one: Intent) -> Intent:
        return replace(one, parameters=dict(reversed(list(one.parameters.items()))))

    return Intents(
        fleet=turned(intents.fleet),
        models={name: turned(one) for name, one in intents.models.items()},
        sites={name: turned(one) for name, one in intents.sites.items()},
        phones={number: turned(one) for number, one in intents.phones.items()},
        profiles={name: turned(one) for name, one in reversed(intents.profiles.items())},
    )
