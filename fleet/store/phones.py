"""Reads the inventory's phones and what is known of them."""

from __future__ import annotations

import gc
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import Observation, Reach
from fleet.store import codec
from fleet.store.intents import load_intents
from fleet.store.secrets import unseal
from fleet.store.tables import accounts, line_periods, phone_states, phones, sites
from fleet.store.values import Known, StoredPhone
from fleet.store.watch_tables import incidents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from fleet.model import IntendedAccount, Line, Site
    from fleet.store.secrets import Keyring


class Secrets(Enum):
    """Which passwords to decrypt; each costs some 20 µs, and needs the key."""

    NONE = 0
    WEB_UI = 1
    ALL = 2


def load_sites(
    connection: sa.Connection, keyring: Keyring | None, secrets: Secrets
) -> dict[int, Site]:
    """Give every site by its number."""
    rows = connection.execute(sa.select(sites).order_by(sites.c.id))
    return {row.id: codec.site_of(row, _password(row, keyring, secrets)) for row in rows}


def count_phones(connection: sa.Connection) -> int:
    """Tell how many phones there are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(phones)) or 0


def mac_owners(connection: sa.Connection) -> dict[str, int]:
    """Give the phone of every known MAC."""
    rows = connection.execute(sa.select(phones.c.mac, phones.c.id).where(phones.c.mac.is_not(None)))
    return {row.mac: row.id for row in rows}


def load_phones(
    connection: sa.Connection,
    keyring: Keyring | None,
    secrets: Secrets,
    *,
    site: str | None = None,
    ids: Sequence[int] | None = None,
) -> list[StoredPhone]:
    """Give phones in the order of their numbers: all, or those of a site, or those of `ids`."""
    at_site = load_sites(connection, keyring, secrets)
    intended = _load_accounts(connection, keyring, ids, secret=secrets is Secrets.ALL)
    query = (
        sa.select(phones, phone_states.c.tls_fingerprint).join(phone_states).order_by(phones.c.id)
    )
    if site is not None:
        query = query.where(phones.c.site_id.in_(k for k, v in at_site.items() if v.name == site))
    return [
        StoredPhone(
            id=row.id,
            phone=codec.phone_of(
                row,
                _password(row, keyring, secrets),
                at_site.get(row.site_id),
                tuple(intended.get(row.id, ())),
            ),
            site=at_site.get(row.site_id),
            tls_fingerprint=row.tls_fingerprint,
        )
        for row in of_phones(connection, query, phones.c.id, ids)
    ]


def read_with_settings_password(connection: sa.Connection, ids: Sequence[int] | None) -> list[int]:
    """Return the phones that were last read with the password of the settings."""
    column = phone_states.c.phone_id
    query = sa.select(column).where(phone_states.c.settings_password).order_by(column)
    return [row.phone_id for row in of_phones(connection, query, column, ids)]


def load_known(
    connection: sa.Connection,
    keyring: Keyring | None,
    ids: Sequence[int] | None,
    secrets: Secrets = Secrets.WEB_UI,
) -> dict[int, Known]:
    """Give all that is known of phones before they are polled, by their numbers."""
    with without_collecting():
        return _load_known(connection, keyring, ids, secrets)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Pause the search for garbage while a whole fleet is read: it would take half the time."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _load_known(
    connection: sa.Connection,
    keyring: Keyring | None,
    ids: Sequence[int] | None,
    secrets: Secrets,
) -> dict[int, Known]:
    stored = load_phones(connection, keyring, secrets, ids=ids)
    standing = _standing(connection, ids)
    lines = open_lines(connection, ids)
    query = sa.select(phone_states).order_by(phone_states.c.phone_id)
    states = {
        row.phone_id: row for row in of_phones(connection, query, phone_states.c.phone_id, ids)
    }
    return {
        phone.id: _known(
            phone,
            states[phone.id],
            tuple(lines.get(phone.id, ())),
            standing.get(phone.id, frozenset()),
        )
        for phone in stored
    }


def open_lines(connection: sa.Connection, ids: Sequence[int] | None) -> dict[int, list[Line]]:
    """Give the lines that phones showed last, by phone."""
    column = line_periods.c.phone_id
    query = (
        sa.select(column, *codec.LINE)
        .where(line_periods.c.until.is_(None))
        .order_by(column, line_periods.c.line)
    )
    found = defaultdict(list)
    for row in of_phones(connection, query, column, ids):
        found[row[0]].append(codec.line_of(row[1:]))
    return found


def of_phones(
    connection: sa.Connection,
    query: sa.Select[Any],
    column: sa.ColumnElement[Any],
    ids: Sequence[codec.Id] | None,
) -> Iterator[sa.Row[Any]]:
    """Run a query for the rows whose column is one of `ids` (None: for all)."""
    if ids is None:
        yield from connection.execute(query).all()
        return
    for some in codec.chunks(sorted(set(ids))):
        yield from connection.execute(query.where(column.in_(some))).all()


def _standing(
    connection: sa.Connection, phone_ids: Sequence[int] | None
) -> dict[int, frozenset[tuple[str, int]]]:
    """Return what stands on phones (None: on all), open or pending: rules and lines by phone."""
    of = incidents.c
    query = sa.select(of.phone_id, of.rule, of.line).where(
        of.resolved.is_(None), of.phone_id.is_not(None)
    )
    found: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for row in of_phones(connection, query, of.phone_id, phone_ids):
        found[row.phone_id].add((row.rule, row.line))
    return {phone_id: frozenset(keys) for phone_id, keys in found.items()}


def _known(
    stored: StoredPhone,
    row: sa.Row[Any],
    lines: tuple[Line, ...],
    standing: frozenset[tuple[str, int]],
) -> Known:
    facts = codec.facts_of(row, lines)
    observed = None
    if row.reach is not None:
        observed = Observation(
            phone_id=stored.id,
            at=row.observed_at,
            reach=row.reach,
            reason=row.reason,
            detail=row.detail,
            facts=facts if row.reach is Reach.OK else None,
        )
    return Known(
        stored=stored,
        observed=observed,
        facts=facts,
        page_key=row.page_key,
        settings_password=row.settings_password,
        refusals=row.refusals,
        next_try_at=row.next_try_at,
        sweep_id=row.sweep_id,
        standing=standing,
    )


def _load_accounts(
    connection: sa.Connection,
    keyring: Keyring | None,
    ids: Sequence[int] | None,
    *,
    secret: bool,
) -> dict[int, list[IntendedAccount]]:
    column, place = accounts.c.phone_id, codec.ACCOUNT.index(accounts.c.sip_password_secret)
    query = sa.select(column, *codec.ACCOUNT).order_by(column, accounts.c.line)
    found = defaultdict(list)
    for row in of_phones(connection, query, column, ids):
        password = unseal(keyring, row[1 + place]) if secret else ""
        found[row[0]].append(codec.account_of(row[1:], password))
    return found


def _password(row: sa.Row[Any], keyring: Keyring | None, secrets: Secrets) -> str | None:
    if secrets is Secrets.NONE:
        return ""
    return None if row.password_secret is None else unseal(keyring, row.password_secret)


def present(connection: sa.Connection, ids: Collection[int]) -> set[int]:
    """Those of the phones that are there."""
    found: set[int] = set()
    for some in codec.chunks(sorted(ids)):
        found.update(connection.scalars(sa.select(phones.c.id).where(phones.c.id.in_(some))))
    return found


def with_own_intents(connection: sa.Connection, stored: Sequence[StoredPhone]) -> list[StoredPhone]:
    """The phones as they are stored, each with its intent."""
    intents = load_intents(connection, phones_only=True).phones
    return [
        replace(each, phone=replace(each.phone, intent=intents[each.id]))
        if each.id in intents
        else each
        for each in stored
    ]
