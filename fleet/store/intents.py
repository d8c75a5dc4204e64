"""Reads and writes intents: one JSON document for each level's, profile's and phone's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.errors import StoreError
from fleet.model import NO_INTENT, Intent, Intents, Level, SecretKind, SecretRef, Template, Wanted
from fleet.store import codec, keymark
from fleet.store.database import Repository
from fleet.store.engine import insert_into
from fleet.store.provision_tables import intents, named_secrets
from fleet.store.secrets import seal, unseal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from fleet.store.secrets import Keyring

_MARKS = "!^"
_ROWS_OF = {Level.FLEET: "fleet", Level.MODEL: "models", Level.SITE: "sites", None: "profiles"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """The documents as they are read, by level and name."""

    fleet: dict[str, Intent] = field(default_factory=dict)
    models: dict[str, Intent] = field(default_factory=dict)
    sites: dict[str, Intent] = field(default_factory=dict)
    profiles: dict[str, Intent] = field(default_factory=dict)
    phones: dict[int, Intent] = field(default_factory=dict)


class StoredIntents(Repository):
    """The intended configuration of every level, and the secrets that it names."""

    def load(self) -> Intents:
        """Give all intents, level by level."""
        with self._reading() as connection:
            return load_intents(connection)

    def set_secret(self, name: str, value: str, now: datetime) -> None:
        """Keep a secret, encrypted, in place of what its name stood for."""
        with self._writing() as connection:
            keymark.hold(connection, self._keyring, needed=True)
            write_secrets(connection, self._keyring, {name: value}, now)

    def secrets(self) -> list[tuple[str, datetime]]:
        """Give the names of all secrets, and when each was set last."""
        with self._reading() as connection:
            columns = (named_secrets.c.name, named_secrets.c.changed)
            rows = connection.execute(sa.select(*columns).order_by(named_secrets.c.name))
            return [(row.name, row.changed) for row in rows]

    def secret(self, name: str) -> str:
        """Give a secret's value. Raises `StoreError` if there is none of that name."""
        with self._reading() as connection:
            query = sa.select(named_secrets.c.value_secret).where(named_secrets.c.name == name)
            found = connection.scalar(query)
            if found is None:
                raise StoreError(
                    f"There is no secret {name!r} in the database; "
                    "set it: fleet provision secret set."
                )
            return unseal(self._keyring, found or None)

    def secret_values(self) -> dict[str, str]:
        """Give all named secrets, decrypted."""
        with self._reading() as connection:
            return load_secrets(connection, self._keyring)

    def remove_secret(self, name: str) -> bool:
        """Forget a secret; False if there is none of that name."""
        with self._writing() as connection:
            gone = connection.execute(sa.delete(named_secrets).where(named_secrets.c.name == name))
            return bool(gone.rowcount)


def load_intents(connection: sa.Connection, *, phones_only: bool = False) -> Intents:
    """Give every intent that says something; or those of phones alone."""
    found = _Found()
    query = sa.select(intents).order_by(intents.c.id)
    if phones_only:
        query = query.where(intents.c.phone_id.is_not(None))
    for row in connection.execute(query):
        intent = _intent_of(json.loads(row.document))
        if row.phone_id is not None:
            found.phones[row.phone_id] = intent
        else:
            getattr(found, _ROWS_OF[row.level])[row.name] = intent
    return Intents(
        fleet=found.fleet.get("", NO_INTENT),
        models=found.models,
        sites=found.sites,
        profiles=found.profiles,
        phones=found.phones,
    )


def write_level(
    connection: sa.Connection, level: Level | None, wanted: Mapping[str, Intent]
) -> None:
    """Make these intents of a level (None: profiles) as given; one that says nothing goes."""
    if not wanted:
        return
    of_level = intents.c.level.is_(None) if level is None else intents.c.level == level
    for some in codec.chunks(list(wanted)):
        connection.execute(
            sa.delete(intents).where(
                of_level, intents.c.phone_id.is_(None), intents.c.name.in_(some)
            )
        )
    _insert(connection, (_row(each, level=level, name=name) for name, each in wanted.items()))


def write_phones(connection: sa.Connection, wanted: Mapping[int, Intent]) -> None:
    """Make these phones' intents as given; one that says nothing goes."""
    for some in codec.chunks(list(wanted)):
        connection.execute(sa.delete(intents).where(intents.c.phone_id.in_(some)))
    _insert(
        connection,
        (_row(each, level=Level.PHONE, phone_id=number) for number, each in wanted.items()),
    )


def _insert(connection: sa.Connection, rows: Iterable[codec.Values]) -> None:
    said = [row for row in rows if row["document"] != "{}"]
    if said:
        connection.execute(sa.insert(intents), said)


def _row(
    intent: Intent, *, level: Level | None, name: str = "", phone_id: int | None = None
) -> codec.Values:
    document = json.dumps(_document(intent), ensure_ascii=False, separators=(",", ":"))
    return {"level": level, "name": name, "phone_id": phone_id, "document": document}


def _document(intent: Intent) -> dict[str, Any]:
    """An intent as JSON: marks stand before the names, as in a configuration file."""
    document: dict[str, Any] = {}
    if intent.parameters:
        document["parameters"] = {
            f"{wanted.mark}{name}": _value(wanted) for name, wanted in intent.parameters.items()
        }
    if intent.profiles:
        document["profiles"] = list(intent.profiles)
    if intent.timezone is not None:
        document["timezone"] = intent.timezone
    if intent.modules is not None:
        document["modules"] = list(intent.modules)
    return document


_TEMPLATE = "template"


def _value(wanted: Wanted) -> Any:
    value = wanted.value
    if isinstance(value, Template):
        return {_TEMPLATE: value.text}
    return {value.kind.value: value.name} if isinstance(value, SecretRef) else value


def _intent_of(document: dict[str, Any]) -> Intent:
    return Intent(
        parameters=dict(_parameter(*each) for each in document.get("parameters", {}).items()),
        profiles=tuple(document.get("profiles", ())),
        timezone=document.get("timezone"),
        modules=tuple(document["modules"]) if "modules" in document else None,
    )


def _parameter(marked: str, value: Any) -> tuple[str, Wanted]:
    if isinstance(value, dict):
        ((kind, name),) = value.items()
        value = Template(name) if kind == _TEMPLATE else SecretRef(kind=SecretKind(kind), name=name)
    wanted = Wanted(value=value, lock=marked[:1] == "!", overwrite=marked[:1] == "^")
    return marked.lstrip(_MARKS), wanted


def write_secrets(
    connection: sa.Connection, keyring: Keyring | None, values: Mapping[str, str], now: datetime
) -> None:
    """Keep secrets, in place of what their names stood for. The caller holds the key."""
    rows = [
        {"name": name, "value_secret": seal(keyring, value or None) or "", "changed": now}
        for name, value in values.items()
    ]
    if rows:
        insert = insert_into(connection, named_secrets)
        instead = {name: insert.excluded[name] for name in ("value_secret", "changed")}
        connection.execute(
            insert.on_conflict_do_update(index_elements=["name"], set_=instead), rows
        )


def load_secrets(connection: sa.Connection, keyring: Keyring | None) -> dict[str, str]:
    """Give every named secret's value."""
    rows = connection.execute(sa.select(named_secrets).order_by(named_secrets.c.name))
    return {row.name: unseal(keyring, row.value_secret or None) for row in rows}
