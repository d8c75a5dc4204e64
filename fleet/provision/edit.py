"""The use cases of small changes: one parameter of one level, and a phone in place of another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.errors import PhoneNotFound, UsageError
from fleet.inventory.configuration import complaint_about, marked
from fleet.inventory.templates import read_template
from fleet.model import (
    NO_INTENT,
    Intent,
    JournalEntry,
    Level,
    SecretKind,
    SecretRef,
    Wanted,
    normalise_mac,
)
from fleet.phone.catalog import MODELS, model_named
from fleet.phone.config_file import canonical_name
from fleet.phone.parameters import holds_login, is_secret
from fleet.provision.logins import new_login
from fleet.store import Change, IntentChange, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from fleet.model import Phone, Revision, Site
    from fleet.provision.provisioner import Provisioner
    from fleet.store import Store

FLEET = "fleet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The level whose configuration is changed; `label` is for people, `phone_id` a phone's."""

    level: Level
    name: str
    label: str
    phone_id: int | None = None


def find_target(store: Store, text: str, level: Level | None = None) -> Target:
    """Return what a text names: the fleet, a model, a site or a phone.

    `level` says which of them is meant. Raises `UsageError` for a text that names none of them, or
    several.
    """
    found = [each for each in _targets(store, text) if level in (None, each.level)]
    if len(found) == 1:
        return found[0]
    if found:
        kinds = " and a ".join(each.level for each in found)
        options = " or ".join(f"--{each.level}" for each in found)
        raise UsageError(f"{text} is a {kinds}: use {options} to say which.")
    what = f"no {level} {text}" if level else f"no phone, site or model {text}"
    raise UsageError(f"There is {what}.")


def _targets(store: Store, text: str) -> Iterator[Target]:
    if text == FLEET:
        yield Target(level=Level.FLEET, name=FLEET, label="the fleet")
    if (model := model_named(text)) in MODELS:
        yield Target(level=Level.MODEL, name=model, label=f"model {model}")
    if any(site.name == text for site in store.inventory.sites()):
        yield Target(level=Level.SITE, name=text, label=f"site {text}")
    try:
        number = store.phones.find(text)
    except PhoneNotFound:
        return
    [stored] = store.phones.load(ids=[number], secrets=Secrets.NONE)
    yield Target(level=Level.PHONE, name=text, label=stored.phone.label, phone_id=number)


def set_parameter(
    store: Store,
    target: Target,
    written: str,
    value: str,
    *,
    is_hidden: bool,
    ensure_key: Callable[[], object],
    by: str,
    now: datetime,
) -> str:
    """Set a parameter, by its exact name with `!` or `^` before it if so; return its name.

    `is_hidden`: the value was not given on a command line, and may be a secret. Raises
    `UsageError`, and changes nothing, for what no phone takes, and for a secret that was not
    hidden.
    """
    mark, name = marked(written.strip())
    name = canonical_name(name)
    try:
        said = value if is_hidden else read_template(value)
    except ValueError as error:
        raise UsageError(f"Nothing was changed: {error}.") from None
    wanted = Wanted(value=said, lock=mark == "!", overwrite=mark == "^")
    if reason := complaint_about(name, wanted, strict=True):
        raise UsageError(f"Nothing was changed: {reason}.")
    secrets = {}
    if is_hidden or is_secret(name) or holds_login(value):
        if not is_hidden:
            raise UsageError(
                f"Nothing was changed: `{name}` holds a secret, and others can see the arguments "
                "of a command. Use --secret, and enter it or pass it on standard input."
            )
        ensure_key()
        ref = SecretRef(kind=SecretKind.SECRET, name=f"{_owner(target)} {name}")
        secrets[ref.name] = value
        wanted = replace(wanted, value=ref)
    before = _intent(store, target)
    intent = replace(before, parameters={**before.parameters, name: wanted})
    _write(store, target, intent, secrets, now)
    _record(store, target, f"Set `{name}` of {target.label}.", by, now)
    return name


def unset_parameter(store: Store, target: Target, written: str, *, by: str, now: datetime) -> str:
    """Remove a parameter from a level; return its name. Raises `UsageError` if it is not set."""
    name = canonical_name(marked(written.strip())[1])
    before = _intent(store, target)
    if name not in before.parameters:
        raise UsageError(
            f"{target.label} does not set `{name}`; fleet provision explain shows which level does."
        )
    left = {each: wanted for each, wanted in before.parameters.items() if each != name}
    _write(store, target, replace(before, parameters=left), {}, now)
    _record(store, target, f"Removed `{name}` from {target.label}.", by, now)
    return name


def swap_phone(
    store: Store,
    provisioner: Callable[[], Provisioner],
    old: str,
    new: str,
    *,
    model: str = "",
    host: str = "",
    by: str,
    now: datetime,
) -> Revision | None:
    """Put a phone with another MAC in the place of one; return the revision that has its file.

    History, accounts and configuration stay. The new phone fetches with the factory's login once
    more. None: nothing was applied before, so there is no file yet. Raises `UsageError`, and
    changes nothing, for a MAC that is none or in use, and while something else waits to be applied.
    """
    try:
        mac = normalise_mac(new)
    except ValueError as error:
        raise UsageError(f"{new}: {error}.") from None
    if model and model_named(model) not in MODELS:
        raise UsageError(f"{model} is not a model that fleet knows.")
    number = store.phones.find(old)
    [stored] = store.phones.load(ids=[number])
    for each in store.phones.load(secrets=Secrets.NONE):
        if each.phone.mac == mac:
            raise UsageError(
                f"{mac} is in the inventory already, as {each.phone.label}: remove that phone "
                "first."
            )
    is_applied = store.revisions.last() > 0
    if is_applied and not provisioner().plan().changes_nothing:
        raise UsageError(
            "Other changes wait to be applied and would go out with the new phone: see fleet "
            "provision plan, then apply or revert them."
        )
    store.rollouts.check_none(now)
    phone = stored.phone
    before = phone.mac or phone.host
    changed: Phone = replace(
        phone,
        mac=mac,
        model=model_named(model) if model else phone.model,
        host=host or phone.host,
    )
    store.inventory.apply([], [Change(id=number, phone=changed)])
    if number in store.fetch_logins.load([number]):
        login = {number: new_login(mac)}
        store.fetch_logins.set_many(login, now, keep_previous=False)
    what = f"Replaced the phone {before} with {mac}."
    store.journal.add([JournalEntry(at=now, by=by, what=what, phone_id=number)])
    if not is_applied:
        return None
    current = provisioner()
    return current.apply(current.plan(), by=by, comment=f"{changed.label}: {mac} for {before}")


def _owner(target: Target) -> str:
    """What the secrets of a level are named after, as in a file that is imported."""
    return FLEET if target.level is Level.FLEET else f"{target.level} {target.name}"


def _intent(store: Store, target: Target) -> Intent:
    intents = store.intents.load()
    if target.level is Level.FLEET:
        return intents.fleet
    if target.phone_id is not None:
        return intents.phones.get(target.phone_id, NO_INTENT)
    known = intents.models if target.level is Level.MODEL else intents.sites
    return known.get(target.name, NO_INTENT)


def _write(
    store: Store, target: Target, intent: Intent, secrets: dict[str, str], now: datetime
) -> None:
    common = IntentChange(at=now, secrets=secrets)
    sites: list[Site] = []
    changes = []
    if target.level is Level.FLEET:
        common = replace(common, fleet=intent)
    elif target.level is Level.MODEL:
        common = replace(common, models={target.name: intent})
    elif target.level is Level.SITE:
        [site] = [each for each in store.inventory.load().sites if each.name == target.name]
        sites = [replace(site, intent=intent)]
    else:
        [stored] = store.phones.load(ids=[target.phone_id or 0])
        changes = [Change(id=stored.id, phone=replace(stored.phone, intent=intent))]
    store.inventory.apply(sites, changes, common)


def _record(store: Store, target: Target, what: str, by: str, now: datetime) -> None:
    store.journal.add([JournalEntry(at=now, by=by, what=what, phone_id=target.phone_id)])
