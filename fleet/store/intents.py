"""Reads and writes intents: one JSON document for each level's, profile's and phone's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import NO_INTENT, Intent, Intents, Level, SecretKind, SecretRef, Wanted
from fleet.store import codec
from fleet.store.provision_tables import intents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def _value(wanted: Wanted) -> Any:
    value = wanted.value
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
        value = SecretRef(kind=SecretKind(kind), name=name)
    wanted = Wanted(value=value, lock=marked[:1] == "!", overwrite=marked[:1] == "^")
    return marked.lstrip(_MARKS), wanted
