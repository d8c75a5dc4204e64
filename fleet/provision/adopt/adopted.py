"""An inventory that says what a folder's files say; pure.

What was said for all phones and for models stays there; what all phones of a model say alike in
their own files becomes a profile; a line becomes an account. Whatever then differs from the old
files, on the way through the levels, is said by the phone itself: so nothing changes for any of
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fleet.inventory import read_value
from fleet.model import NO_INTENT, Intent, Intents, Inventory, Phone, SecretKind, SecretRef, Wanted
from fleet.phone.catalog import model_named, model_table
from fleet.phone.config_file import GLOBAL_FILE, NEW_GLOBAL_FILE
from fleet.phone.parameters import holds_login, is_secret
from fleet.provision.adopt.account_extraction import (
    account_of_all_lines,
    extract_accounts,
    of_account,
)
from fleet.provision.layers import DEFAULTS
from fleet.provision.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from fleet.phone.config_file import ConfigFile, Parameter
    from fleet.provision.adopt.folder import Folder
    from fleet.provision.resolve import Resolved


@dataclass(frozen=True, kw_only=True, slots=True)
class Adopted:
    """What a folder became. `inventory.secrets` are its secrets by the names referred to.

    `notes` are sentences for people.
    """

    inventory: Inventory
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What is known already: phones by MAC with the models that they said to be, and the levels.

    `model` is taken for phones of which nobody knows it; empty if nobody says so.
    """

    at: datetime
    phones: Mapping[str, Phone] = field(default_factory=dict)
    intents: Intents = field(default_factory=Intents)
    timezones: Mapping[str, str] = field(default_factory=dict)
    model: str = ""


def adopt(folder: Folder, known: Surroundings) -> Adopted:
    """Make an inventory of a folder."""
    return _Adoption(folder, known).adopted()


class _Adoption:
    """One folder on its way into an inventory."""

    def __init__(self, folder: Folder, known: Surroundings) -> None:
        self._folder = folder
        self._known = known
        self._secrets: dict[str, str] = {}
        self._notes = list(folder.notes)
        self._phones = {mac: self._phone(mac) for mac in sorted(folder.phones)}
        self._common = self._most_read()
        self._profiles = dict(self._common_profiles())
        self._models = {
            model: intent
            for model in sorted({*folder.models, *(one.model for one in self._phones.values())})
            if (intent := self._model_intent(model)).parameters
        }
        self._intents = self._levels()

    def adopted(self) -> Adopted:
        """The inventory, and what is to say of it."""
        resolver = Resolver(self._intents, timezones=self._known.timezones, at=self._known.at)
        phones = tuple(
            self._finished(number, phone, resolver)
            for number, phone in enumerate(self._phones.values())
        )
        inventory = Inventory(
            phones=phones,
            fleet=self._intents.fleet,
            models=self._models,
            profiles=self._profiles,
            secrets=self._secrets,
        )
        return Adopted(inventory=inventory, notes=tuple(self._notes))

    def _phone(self, mac: str) -> Phone:
        """The phone of an own file: as it is known, else by its MAC alone."""
        known = self._known.phones.get(mac)
        own = {one.key: one for one in self._folder.phones[mac].parameters}
        host = known.host if known else _address(own)
        if not host:
            host = mac.replace(":", "").lower()
            self._notes.append(f"{mac}: its address is unknown; {host} is used as its host.")
        model = self._model(known)
        if (table := model_table(model)) is None:
            self._notes.append(f"{mac}: its model is unknown; set --model, or poll it first.")
        elif table.name != model:
            self._notes.append(
                f"{mac}: fleet does not know the {model}; it uses the tables of the {table.name}."
            )
        name, site = (known.name, known.site) if known else ("", "")
        accounts = extract_accounts(own)
        if account := account_of_all_lines(own, self._folder.wanted(mac, model)):
            accounts = (account, *(one for one in accounts if one.line != account.line))
            self._notes.append(
                f"{mac}: its file sets one account for all lines; the inventory has it as line 1, "
                "and the file keeps it for all lines."
            )
        return Phone(host=host, mac=mac, model=model, name=name, site=site, accounts=accounts)

    def _model(self, known: Phone | None) -> str:
        if known and known.model:
            return model_named(known.model)
        only = list(self._folder.models) if len(self._folder.models) == 1 else [""]
        return model_named(self._known.model) or only[0]

    def _most_read(self) -> ConfigFile:
        """The file of all phones that becomes the fleet's level; the other one's phones differ."""
        files = self._folder
        if files.startup is None:
            return files.common
        read = {files.common_of(phone.model).name for phone in self._phones.values()}
        old, new = files.common, files.startup
        only = new if read == {new.name} else old
        if old.parameters != new.parameters:
            unread = (
                f"{new.name if only is old else old.name} was not read: "
                if len(read) < 2
                else f"{old.name} and {new.name} differ, and each phone reads its own: "
            )
            self._notes.append(
                f"{unread}68xx and 69xx phones ask for {NEW_GLOBAL_FILE}, all others for "
                f"{GLOBAL_FILE}."
            )
        return only

    def _model_intent(self, model: str) -> Intent:
        """What the files that a model's phones read say beside the fleet's level."""
        common = {one.key: one for one in self._common.parameters}
        own = {one.key: one for one in self._folder.common_of(model).parameters}
        file = self._folder.models.get(model)
        said = {key: one for key, one in own.items() if common.get(key) != one}
        said |= {one.key: one for one in file.parameters} if file else {}
        gone = {key: Wanted(value=None) for key in sorted(common) if key not in {*own, *said}}
        intent = self._intent(f"model {model}", said.values())
        return replace(intent, parameters={**intent.parameters, **gone}) if model else NO_INTENT

    def _common_profiles(self) -> Iterator[tuple[str, Intent]]:
        """For each model what all its phones, two at least, say alike in their own files."""
        for model in sorted({phone.model for phone in self._phones.values()}):
            macs = [mac for mac, phone in self._phones.items() if phone.model == model]
            files = [set(self._folder.phones[mac].parameters) for mac in macs]
            every = set.intersection(*files) if len(files) > 1 else set()
            alike = [one for one in every if not of_account(one.key)]
            if alike:
                name = f"adopted {model}".rstrip()
                yield name, self._intent(f"profile {name}", alike)

    def _levels(self) -> Intents:
        fleet = self._intent("fleet", self._common.parameters)
        missing = {name: Wanted(value=None) for name in DEFAULTS if name not in fleet.parameters}
        for name in missing:
            default = f"{name}: {DEFAULTS[name].value}"
            self._notes.append(
                f"`{name}: null` switches off fleet's default `{default}`; delete the line to use "
                "the default."
            )
        return replace(
            self._known.intents,
            fleet=replace(fleet, parameters={**fleet.parameters, **missing}),
            models={**self._known.intents.models, **self._models},
            profiles={**self._known.intents.profiles, **self._profiles},
            phones={
                number: self._profile_of(phone.model)
                for number, phone in enumerate(self._phones.values())
            },
        )

    def _profile_of(self, model: str) -> Intent:
        name = f"adopted {model}".rstrip()
        return Intent(profiles=(name,)) if name in self._profiles else NO_INTENT

    def _finished(self, number: int, phone: Phone, resolver: Resolver) -> Phone:
        """The phone, saying itself whatever the levels do not say as its files did."""
        shall = self._folder.wanted(phone.mac, phone.model)
        intent = self._profile_of(phone.model)
        while differs := self._differing(resolver.phone(number, phone, intent=intent), shall):
            intent = replace(intent, parameters={**intent.parameters, **differs})
        return replace(phone, intent=intent)

    def _differing(self, resolved: Resolved, shall: Mapping[str, Parameter]) -> dict[str, Wanted]:
        """What a phone has to say itself; saying it may bring up more, a line's backup say."""
        has = {name: value.wanted for name, value in resolved.values.items()}
        own = {name: Wanted(value=None) for name in sorted(has) if name not in shall}
        for name, parameter in shall.items():
            if not self._is(has.get(name), parameter):
                own[name] = self._wanted(f"phone {resolved.mac}", parameter)
        return own

    def _is(self, wanted: Wanted | None, parameter: Parameter) -> bool:
        if wanted is None:
            return False
        value = wanted.value
        text = self._secrets.get(value.name) if isinstance(value, SecretRef) else value
        return (text, wanted.lock, wanted.overwrite) == (
            parameter.value,
            parameter.lock,
            parameter.overwrite,
        )

    def _intent(self, owner: str, parameters: Iterable[Parameter]) -> Intent:
        ordered = sorted(parameters, key=lambda one: one.key)
        return Intent(parameters={one.key: self._wanted(owner, one) for one in ordered})

    def _wanted(self, owner: str, one: Parameter) -> Wanted:
        value: str | SecretRef = one.value
        if one.value and (is_secret(one.key) or holds_login(one.value)):
            value = SecretRef(kind=SecretKind.SECRET, name=f"{owner} {one.key}")
            self._secrets[value.name] = one.value
        return Wanted(value=value, lock=one.lock, overwrite=one.overwrite)


def _address(own: Mapping[str, Parameter]) -> str:
    """The fixed address that a phone's own file gives it; empty if it gives none."""
    given = own.get("ip")
    try:
        return str(read_value("host", given.value)) if given and given.value else ""
    except ValueError:
        return ""
