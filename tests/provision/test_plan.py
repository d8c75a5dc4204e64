"""What applying would change: by file, by phone, by parameter; and the findings with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from fleet.errors import ConfigurationError, StoreError
from fleet.model import (
    NO_INTENT,
    IntendedAccount,
    Intent,
    Intents,
    Phone,
    SecretKind,
    SecretRef,
    Site,
    Wanted,
)
from fleet.phone.config_file import effective, model_files, read
from fleet.phone.lint import LintContext, lint
from fleet.phone.parameters import ChangeKind
from fleet.provision.compare import compare
from fleet.provision.findings import PhoneLinter, _parameters
from fleet.provision.plan import Applied, FileChangeKind, PhonePlan, ProvisionPlan, plan
from fleet.provision.provisioner import Demands, Provisioner
from fleet.store import Change, FileDigest, IntentChange, Store
from tests.provision.fleets import AT, intent, phone, rendered, secret
from tests.provision.test_render import _rendered, fleets
from tests.store.test_fetching import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.model import Revision
    from fleet.provision.render import Rendered

ADMIN = Wanted(value=secret("admin"))
SAFE = {"admin password": ADMIN, "user password": Wanted(value=secret("user"))}
FLEET = Intent(parameters={**intent(sip_dial_plan="*97", lldp="1").parameters, **SAFE})
LINE = IntendedAccount(line=1, user="1001", sip_password="Xy12345678z")


class World:
    """A database with two phones of two models, applied from the beginning."""

    def __init__(self, store: Store) -> None:
        self.store = store
        store.inventory.apply(
            [Site(name="Berlin")],
            [
                Change(id=None, phone=replace(phone(1, LINE, name="one"), site="Berlin")),
                Change(id=None, phone=phone(2, model="6757i", name="two")),
            ],
            IntentChange(at=AT, fleet=FLEET, secrets={"admin": "48151623", "user": "90125"}),
        )

    def provisioner(self, **more: object) -> Provisioner:
        demands = Demands(**more)  # type: ignore[arg-type]
        return Provisioner(
            store=self.store, at=AT, environ={"V": "env"}, folder=Path(), demands=demands
        )

    def plan(self) -> ProvisionPlan:
        return self.provisioner().plan()

    def apply(self, *allow: str) -> Revision:
        provisioner = self.provisioner()
        return provisioner.apply(provisioner.plan(), by="me", allow=allow)

    def intend(self, **levels: object) -> None:
        self.store.inventory.apply([], [], IntentChange(at=AT, **levels))  # type: ignore[arg-type]

    def change(self, number: int, **fields: object) -> None:
        current = self.store.inventory.load().phones[number - 1]
        change = Change(id=number, phone=replace(current, **fields))  # type: ignore[arg-type]
        self.store.inventory.apply([], [change])


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def said(one: PhonePlan) -> dict[str, tuple[str | None, str | None]]:
    return {change.name: (change.old, change.new) for change in one.changes}


def by_label(planned: ProvisionPlan) -> dict[str, PhonePlan]:
    return {one.label: one for one in planned.phones}


def test_at_first_everything_is_new(world: World) -> None:
    planned = world.plan()
    assert planned.against == 0
    assert [(file.name, file.kind) for file in planned.shared] == [
        ("aastra.cfg", FileChangeKind.ADDED)
    ]
    one = by_label(planned)["one"]
    assert (one.file and (one.file.name, one.file.kind)) == (
        "00085D000001.cfg",
        FileChangeKind.ADDED,
    )
    assert said(one) == {
        "admin password": (None, None),
        "contact rcs": (None, "0"),
        "lldp": (None, "1"),
        "sip line1 auth name": (None, "1001"),
        "sip line1 password": (None, None),
        "sip line1 user name": (None, "1001"),
        "sip dial plan": (None, "*97"),
        "user password": (None, None),
    }
    assert one.reboot
    assert planned.unchanged == 0


def test_what_was_applied_is_not_planned_again(world: World) -> None:
    made = world.apply()
    planned = world.plan()
    assert (made.number, made.by, made.files) == (1, "me", 3)
    assert planned.changes_nothing
    assert (planned.against, planned.phones, planned.unchanged) == (1, (), 2)


def test_a_value_of_all_changes_one_file_and_every_phone(world: World) -> None:
    world.apply()
    world.intend(
        fleet=replace(FLEET, parameters={**FLEET.parameters, "sip dial plan": _text("*98")})
    )
    planned = world.plan()
    assert [file.name for file in planned.files] == ["aastra.cfg"]
    assert {one.label: (one.file, said(one)) for one in planned.phones} == {
        label: (None, {"sip dial plan": ("*97", "*98")}) for label in ("one", "two")
    }


def test_a_value_of_all_does_not_change_a_phone_that_says_its_own(world: World) -> None:
    world.change(1, intent=intent(sip_dial_plan="*1"))
    world.apply()
    world.intend(
        fleet=replace(FLEET, parameters={**FLEET.parameters, "sip dial plan": _text("*98")})
    )
    assert [one.label for one in world.plan().phones] == ["two"]


def test_a_secret_shows_only_that_it_changed(world: World) -> None:
    world.apply()
    world.store.intents.set_secret("admin", "11235813", AT)
    planned = world.plan()
    assert {one.label: said(one) for one in planned.phones} == {
        label: {"admin password": (None, None)} for label in ("one", "two")
    }
    assert "11235813" not in repr(planned)
    (change,) = planned.phones[0].changes
    assert (change.kind, change.secret) == (ChangeKind.CHANGED, True)


def test_what_is_said_by_reference_is_a_secret_whatever_its_name(world: World) -> None:
    ref = SecretRef(kind=SecretKind.ENV, name="V")
    world.change(1, intent=Intent(parameters={"sip dial plan": Wanted(value=ref)}))
    changes = {one.name: one for one in by_label(world.plan())["one"].changes}
    assert (changes["sip dial plan"].secret, changes["sip dial plan"].new) == (True, None)


def test_what_was_a_secret_stays_one_when_it_becomes_a_text(world: World) -> None:
    def intend(value: SecretRef | str) -> None:
        world.change(1, intent=Intent(parameters={"directory 1": Wanted(value=value)}))

    intend(SecretRef(kind=SecretKind.ENV, name="V"))
    old = world.apply().number
    intend("*99")
    (change,) = by_label(world.plan())["one"].changes
    assert (change.name, change.secret, change.old, change.new) == ("directory 1", True, None, None)
    new = world.apply().number
    assert world.store.revisions.secret_names(old) == {"directory 1", *SAFE}
    assert world.store.revisions.secret_names(new) == set(SAFE)
    back = world.store.revisions.roll_back(old, by="me", comment="", now=AT, expected=new)
    assert world.store.revisions.secret_names(back.number) == world.store.revisions.secret_names(
        old
    )
    intend("*98")
    (change,) = by_label(world.plan())["one"].changes
    assert (change.secret, change.old) == (True, None)


def test_moving_a_value_between_files_changes_bytes_and_nothing_else(world: World) -> None:
    world.store.inventory.apply([], [Change(id=None, phone=phone(3, name="three"))])
    world.apply()
    world.change(1, intent=intent(lldp=None))
    planned = by_label(world.plan())
    assert said(planned["one"]) == {"lldp": ("1", None)}
    assert planned["three"].file is not None
    assert planned["three"].changes == ()
    assert not planned["three"].reboot
    assert "two" not in planned


def test_a_removed_phones_file_goes_and_a_renamed_one_follows_its_mac(world: World) -> None:
    world.apply()
    world.store.inventory.remove([2], AT)
    world.change(1, mac="00:08:5D:00:00:0A")
    planned = world.plan()
    assert planned.removed == ("00085D000001.cfg", "00085D000002.cfg")
    made = world.apply()
    assert made.files == 3
    assert set(world.store.revisions.digests()) == {"aastra.cfg", "00085D00000A.cfg"}


def test_a_phone_with_a_problem_keeps_its_file_and_shows_what_it_gets_nevertheless(
    world: World,
) -> None:
    world.apply()
    missing = Wanted(value=secret("nowhere"))
    world.change(1, intent=Intent(parameters={"sip line1 password": missing}))
    world.intend(fleet=replace(FLEET, parameters={**SAFE, "sip dial plan": _text("*98")}))
    one = by_label(world.plan())["one"]
    assert "The secret 'nowhere' is not set" in one.problem
    assert one.file is None
    assert said(one) == {"sip dial plan": ("*97", "*98"), "lldp": ("1", None)}
    world.apply()
    assert "00085D000001.cfg" in world.store.revisions.digests()


def test_critical_findings_refuse_unless_they_are_allowed(world: World) -> None:
    world.intend(fleet=intent(sip_dial_plan="*97"))
    planned = world.plan()
    assert list(planned.critical) == ["default-password"]
    with pytest.raises(ConfigurationError, match="default-password failed for one, two"):
        world.apply()
    with pytest.raises(ConfigurationError, match="default-pasword is not a check"):
        world.apply("default-pasword")
    assert world.apply("default-password").number == 1


KEY = {"expmod1 key30 type": "blf", "expmod1 key30 value": "1002"}


@pytest.mark.parametrize(
    ("said", "seen", "held"),
    [
        (None, (), {"module-not-possible"}),
        (None, ("536M",), set()),
        (("M675i",), (), {"module-not-possible"}),  # the 6753i takes none of these
        (("M670i",), (), set()),
        ((), ("536M",), {"module-not-possible"}),
    ],
)
def test_a_key_of_a_module_is_accepted_where_the_module_is_known(
    world: World, said: tuple[str, ...] | None, seen: tuple[str, ...], held: set[str]
) -> None:
    own = {name: Wanted(value=value) for name, value in KEY.items()}
    world.change(1, intent=Intent(parameters=own, modules=said))
    world.store.fetches.record([fetch(1, modules=seen)])
    checks = {one.check for one in by_label(world.plan())["one"].findings}
    assert checks & {"module-not-possible", "key-out-of-range"} == held


def test_the_last_to_say_which_modules_there_are_counts(world: World) -> None:
    own = {name: Wanted(value=value) for name, value in KEY.items()}
    world.change(1, intent=Intent(parameters=own))
    world.intend(fleet=replace(FLEET, modules=("M670i",)))
    assert not by_label(world.plan())["one"].findings
    world.intend(models={"6753i": Intent(modules=())})
    assert by_label(world.plan())["one"].findings


def test_the_settings_demands_reach_the_linter(world: World) -> None:
    world.change(1, accounts=(replace(LINE, registrar="pbx.example"),))

    def checks(**demands: object) -> set[str]:
        held = world.provisioner(**demands).lint([1])
        return {finding.check for _, found in held for finding in found}

    wanted = "registrar-without-backup"
    assert wanted not in checks()
    assert wanted in checks(demand_backup=frozenset({"Berlin"}))
    assert wanted in checks(demand_backup=frozenset({"*"}))
    assert wanted not in checks(demand_backup=frozenset({"Bonn"}))


def test_a_plan_that_another_overtook_is_not_applied(world: World) -> None:
    provisioner = world.provisioner()
    planned = provisioner.plan()
    world.apply()
    with pytest.raises(StoreError, match="applied meanwhile"):
        provisioner.apply(planned, by="me")


def test_a_clock_of_dates_says_until_when_the_plan_holds(world: World) -> None:
    world.intend(fleet=replace(FLEET, timezone="America/Santiago"))
    moment = world.plan().valid_until
    assert moment is not None
    assert AT < moment < AT + timedelta(days=400)


def test_the_login_that_our_server_asks_for_is_in_the_phones_file(world: World) -> None:
    world.store.fetch_logins.set(1, username="u1", password="p1", now=AT)
    values = world.provisioner().own(1).values
    assert values["http digest username"].value == "u1"
    assert values["http digest password"].value == "p1"
    assert "http digest username" not in world.provisioner().own(2).values


def test_two_revisions_are_compared_as_phones_see_them(world: World) -> None:
    world.apply()
    world.intend(
        fleet=replace(FLEET, parameters={**FLEET.parameters, "sip dial plan": _text("*98")}),
        models={"6757i": intent(lldp="0")},
    )
    world.store.intents.set_secret("admin", "11235813", AT)
    world.apply()
    found = compare(world.store, 1, 2, models={1: "6753i", 2: "6757i"})
    assert set(found.files) == {
        *("aastra.cfg", "6757i.cfg", "57i.cfg", "00085D000001.cfg", "00085D000002.cfg")
    }
    assert {one.phone_id: {c.name: c.new for c in one.changes} for one in found.phones} == {
        1: {"admin password": None, "sip dial plan": "*98"},
        2: {"admin password": None, "sip dial plan": "*98", "lldp": "0"},
    }
    assert compare(world.store, 2, 2, models={}).phones == ()


def _text(value: str) -> Wanted:
    return Wanted(value=value)


class Memory:
    """What is applied, without a database."""

    def __init__(self, files: Rendered | None) -> None:
        every = (*files.shared, *files.own) if files else ()
        self.bodies = {file.name: file.body for file in every if file.body}

    def applied(self) -> Applied:
        return Applied(
            revision=1,
            digests={
                name: FileDigest(phone_id=None, digest=body.hex())
                for name, body in self.bodies.items()
            },
            digest_of=bytes.hex,
            load=self._load,
        )

    def _load(self, names: Sequence[str]) -> Mapping[str, bytes]:
        return {name: self.bodies[name] for name in names if name in self.bodies}

    def has(self, one: Phone) -> dict[str, tuple[str, bool]]:
        """Every value and lock that a phone has once it has read its files."""
        names = ("aastra.cfg", model_files(one.model)[0], f"{one.mac.replace(':', '')}.cfg")
        stack = [read(self.bodies[name], name=name) for name in names if name in self.bodies]
        return {name: (value.value, value.locked) for name, value in effective(stack).items()}


def _no_lint(_: object) -> tuple[()]:
    return ()


@given(before=fleets(), after=fleets())
@settings(max_examples=150, deadline=None)
def test_a_plan_tells_exactly_what_differs_for_every_phone(
    before: tuple[Intents, list[Phone]], after: tuple[Intents, list[Phone]]
) -> None:
    intents, phones = after
    old, new = Memory(_rendered(*before)), Memory(_rendered(intents, phones))
    planned = plan(_rendered(intents, phones), old.applied(), _no_lint)
    told = {one.phone_id: {change.name for change in one.changes} for one in planned.phones}
    for number, one in enumerate(phones, 1):
        had, has = old.has(one), new.has(one)
        differ = {name for name in {*had, *has} if had.get(name) != has.get(name)}
        assert told.get(number, set()) == differ
    left = dict(old.bodies)
    for file in planned.files:
        left.pop(file.name, None)
        if file.body is not None:
            left[file.name] = file.body
    assert left == new.bodies


@given(fleet=fleets())
@settings(max_examples=100, deadline=None)
def test_phones_looked_at_together_get_the_findings_of_each_alone(
    fleet: tuple[Intents, list[Phone]],
) -> None:
    context = LintContext(complete=True, demand_backup=True)
    linter = PhoneLinter(lambda _: context)
    for file in _rendered(*fleet).own:
        known = replace(context, modules=file.phone.base.modules or ())
        alone = lint(_parameters(file.values), file.phone.base.model, known)
        assert set(linter.lint(file)) == set(alone)
        assert len(linter.lint(file)) == len(alone)


def test_phones_with_weak_passwords_are_told_of_each_by_itself() -> None:
    accounts = [replace(LINE, sip_password=text) for text in ("Xy12345678z", "1234", "1001")]
    files = rendered(
        Intents(fleet=FLEET), *(phone(n, account) for n, account in enumerate(accounts, 1))
    )
    linter = PhoneLinter(lambda _: LintContext(complete=True))
    weak = [
        {one.parameter for one in linter.lint(file) if one.check == "weak-password"}
        for file in files.own
    ]
    own = {"sip line1 password"}
    assert [found & own for found in weak] == [set(), own, own]


def test_nothing_intended_is_nothing_but_the_default(store: Store) -> None:
    world = World(store)
    world.intend(fleet=NO_INTENT)
    body = next(file.body for file in world.provisioner().rendered.shared)
    assert body.decode().splitlines()[1:] == ["contact rcs: 0"]
