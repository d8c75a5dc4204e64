"""Finds a phone by what people call it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.errors import PhoneNotFound
from fleet.model import normalise_mac
from fleet.store.tables import phones

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEMES = ("", "http://", "https://")


def find_phone(connection: sa.Connection, text: str) -> int:
    """Give the number of the phone with this MAC (in any form), host or name.

    A host's scheme and port may be left out. Raises `PhoneNotFound`, with what comes near, or with
    the candidates if several are called so.
    """
    wanted = text.strip()
    query = sa.select(phones.c.id, phones.c.host).order_by(phones.c.host)
    for condition, said in _meanings(wanted):
        found = connection.execute(query.where(condition)).all()
        if len(found) == 1:
            return int(found[0].id)
        if found:
            hosts = ", ".join(row.host for row in found[:10])
            raise PhoneNotFound(
                f"{len(found)} phones are {said} {wanted}; select one by its host: {hosts}."
            )
    raise PhoneNotFound(_not_found(connection, wanted))


def _meanings(wanted: str) -> Iterator[tuple[sa.ColumnElement[bool], str]]:
    """What a text may mean, the likeliest first, and how phones of that meaning are named."""
    if not wanted:
        return
    host = wanted.lower().rstrip("/")
    if mac := _mac(wanted):
        yield phones.c.mac == mac, "known by"
    yield phones.c.host == wanted, "at"
    yield phones.c.host.in_([f"{scheme}{host}" for scheme in _SCHEMES]), "at"
    yield phones.c.name == wanted, "called"
    yield sa.func.lower(phones.c.name) == wanted.lower(), "called"
    yield _at_any_port(host), "at"


def _mac(text: str) -> str:
    try:
        return normalise_mac(text)
    except ValueError:
        return ""


def _at_any_port(host: str) -> sa.ColumnElement[bool]:
    with_port = (phones.c.host.startswith(f"{s}{host}:", autoescape=True) for s in _SCHEMES)
    scheme_alone = phones.c.host.startswith(f"{host}://", autoescape=True)
    return sa.and_(sa.or_(*with_port), sa.not_(scheme_alone))


def _not_found(connection: sa.Connection, wanted: str) -> str:
    rows = connection.execute(sa.select(phones.c.host, phones.c.name, phones.c.mac))
    near = _near(wanted, {word for row in rows for word in row if word})
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"No phone of the inventory has the MAC, host or name {wanted}.{hint}"


def _near(wanted: str, words: set[str]) -> list[str]:
    """At most three words: those that go on where this one ends, then those spelt alike."""
    begun = sorted(
        word
        for word in words
        if wanted and word.rpartition("://")[2].lower().startswith(wanted.lower())
    )
    alike = sorted(difflib.get_close_matches(wanted, words - set(begun), n=3))
    return [*begun, *alike][:3]
