"""What would change for phones if an adopted inventory were rendered: nothing, or it is a bug.

It is looked at from outside: the old files and the new ones are both read as a phone reads them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.phone.config_file import effective, read
from fleet.phone.parameters import diff
from fleet.provision.render import render
from fleet.provision.resolve import Resolver
from fleet.provision.secrets import SecretFinder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.model import Intents, Inventory
    from fleet.phone.parameters import ParameterChange
    from fleet.provision.adopt.adopted import Adopted, Surroundings
    from fleet.provision.adopt.folder import Folder


def differences(
    folder: Folder, adopted: Adopted, known: Surroundings
) -> Mapping[str, tuple[ParameterChange, ...]]:
    """The changes for each phone by its MAC; only phones that can be rendered are there."""
    inventory = adopted.inventory
    resolver = Resolver(_intents(inventory, known.intents), timezones=known.timezones, at=known.at)
    phones = [resolver.phone(number, phone) for number, phone in enumerate(inventory.phones)]
    rendered = render(resolver, phones, SecretFinder(named=inventory.secrets, environ={}))
    shared = {file.model: read(file.body, name=file.name) for file in rendered.shared}
    found = {}
    for file in rendered.own:
        if file.problem:
            continue
        mac, model = file.phone.mac, file.phone.base.model
        new = [shared[""], *([shared[model]] if model in shared else []), read(file.body)]
        found[mac] = diff(effective(folder.files_of(mac, model)), effective(new))
    return found


def _intents(inventory: Inventory, known: Intents) -> Intents:
    """The levels as they are once the inventory is imported."""
    return replace(
        known,
        fleet=inventory.fleet,
        models={**known.models, **inventory.models},
        profiles={**known.profiles, **inventory.profiles},
        phones={number: phone.intent for number, phone in enumerate(inventory.phones)},
    )
