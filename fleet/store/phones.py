"""Reads the inventory's phones, finds them by text, and returns what is known of them."""

from __future__ import annotations

import difflib
import gc
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.errors import PhoneNotFound
from fleet.model import Observation, PhoneLook, Population, Reach, normalise_mac
from fleet.store import codec
from fleet.store.database import Repository
from fleet.store.intents import load_intents
from fleet.store.provision_tables import fetch_logins
from fleet.store.secrets import unseal
from fleet.store.tables import accounts, line_periods, phone_states, phones, sites
from fleet.store.values import Known, StoredPhone
from fleet.store.watch_tables import incidents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from fleet.model import IntendedAccount, Line, Site
    from fleet.store.secrets import Keyring

_SCHEMES = ("", "http://", "https://")
_LABEL = sa.func.coalesce(sa.func.nullif(phones.c.name, ""), phones.c.mac, phones.c.host)
_FEWEST_DIGITS = 4  # of a MAC: with fewer, every text of hex digits would find many phones


class Secrets(Enum):
    """Which passwords to decrypt; each costs some 20 µs, and needs the key."""

    NONE = 0
    WEB_UI = 1
    ALL = 2


class Phones(Repository):
    """The phones of the inventory, by number, name and site."""

    def load(
        self,
        *,
        site: str | None = None,
        ids: Sequence[int] | None = None,
        secrets: Secrets = Secrets.ALL,
    ) -> list[StoredPhone]:
        """Give phones in the order they came: all, a site's, or those of `ids`.

        With all secrets they have their intents too, and are whole: fit to be changed and given
        back to `StoredInventory.apply`.
        """
        with self._reading() as connection:
            found = load_phones(connection, self._keyring, secrets, site=site, ids=ids)
            return with_own_intents(connection, found) if secrets is Secrets.ALL else found

    def read_with_settings_password(self, ids: Sequence[int] | None) -> list[StoredPhone]:
        """Return the phones (of `ids`; None: all) last read with the password of the settings.

        They have their web UI passwords.
        """
        with self._reading() as connection:
            found = read_with_settings_password(connection, ids)
            return (
                load_phones(connection, self._keyring, Secrets.WEB_UI, ids=found) if found else []
            )

    def secrets(self, ids: Sequence[int], further: Sequence[str]) -> dict[int, tuple[str, ...]]:
        """Return the secrets to redact in texts of these phones, decrypted, by their numbers.

        They are their web UI and SIP passwords, their site's, those of their fetch logins, and
        `further`.
        """
        with self._reading() as connection:
            stored = load_phones(connection, self._keyring, Secrets.ALL, ids=ids)
        return {one.id: one.secrets(*further) for one in stored}

    def count(self) -> int:
        """Tell how many phones there are."""
        with self._reading() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(phones)) or 0

    def mac_owners(self) -> dict[str, int]:
        """Give the phone of every known MAC."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(phones.c.mac, phones.c.id).where(phones.c.mac.is_not(None))
            )
            return {row.mac: row.id for row in rows}

    def find(self, text: str) -> int:
        """Give the number of the phone with this MAC, host or name, else raise `PhoneNotFound`."""
        with self._reading() as connection:
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

    def population(self, registrars: Collection[str]) -> Population:
        """Give all phones, and when the lines of these registrars were looked at."""
        with self._reading() as connection:
            return Population(
                phones=_looks(connection),
                lines=_lines(connection, registrars) if registrars else {},
                networks={
                    row.name: tuple(row.networks.split())
                    for row in connection.execute(sa.select(sites.c.name, sites.c.networks))
                    if row.networks
                },
            )

    def models(self) -> dict[int, str]:
        """Give the models that phones said to be when they were read last."""
        query = sa.select(phone_states.c.phone_id, phone_states.c.seen_model)
        with self._reading() as connection:
            rows = connection.execute(query.where(phone_states.c.seen_model.is_not(None)))
            return {row.phone_id: row.seen_model for row in rows}

    def ids(self, *, site: str | None = None) -> list[int]:
        """Give the numbers of all phones, or of a site's, by site and then by what they are called.

        The numbers of a large fleet are little; what they stand for is to be read by the hundred.
        """
        with self._reading() as connection:
            return list(connection.scalars(in_order(_of_site(site))))

    def search(
        self, *, site: str | None = None, text: str = "", limit: int, offset: int = 0
    ) -> tuple[int, list[int]]:
        """Count the phones with a text in name, host, MAC or a line's account; give some of them.

        They come in the order of `phone_ids`.
        """
        found = _of_site(site)
        if text:
            found = found.where(sa.or_(*mentions(text.lower())))
        count = sa.select(sa.func.count()).select_from(found.subquery())
        page = in_order(found).limit(limit).offset(offset)
        with self._reading() as connection:
            return connection.scalar(count) or 0, list(connection.scalars(page))


def load_sites(
    connection: sa.Connection, keyring: Keyring | None, secrets: Secrets
) -> dict[int, Site]:
    """Give every site by its number."""
    rows = connection.execute(sa.select(sites).order_by(sites.c.id))
    return {row.id: codec.site_of(row, _password(row, keyring, secrets)) for row in rows}


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
    intended, sealed = _load_accounts(connection, keyring, ids, secret=secrets is Secrets.ALL)
    if secrets is not Secrets.WEB_UI:
        sealed = {}
    if secrets is not Secrets.NONE:
        of = fetch_logins.c
        logins = sa.select(of.phone_id, of.password_secret, of.previous_secret)
        for login in of_phones(connection, logins, of.phone_id, ids):
            sealed.setdefault(login.phone_id, []).extend(filter(None, login[1:]))
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
            decrypt_more=(
                partial(_decrypted, keyring, tuple(sealed[row.id])) if row.id in sealed else tuple
            ),
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
) -> tuple[dict[int, list[IntendedAccount]], dict[int, list[str]]]:
    """Return the accounts of phones, and their encrypted SIP passwords, by the phones' numbers."""
    column, place = accounts.c.phone_id, codec.ACCOUNT.index(accounts.c.sip_password_secret)
    query = sa.select(column, *codec.ACCOUNT).order_by(column, accounts.c.line)
    found, sealed = defaultdict(list), defaultdict(list)
    for row in of_phones(connection, query, column, ids):
        password = unseal(keyring, row[1 + place]) if secret else ""
        found[row[0]].append(codec.account_of(row[1:], password))
        if row[1 + place]:
            sealed[row[0]].append(row[1 + place])
    return found, sealed


def _decrypted(keyring: Keyring | None, sealed: Sequence[str]) -> tuple[str, ...]:
    # Without the key, phones without an encrypted web UI password can still be polled.
    return tuple(keyring.decrypt(each) for each in sealed) if keyring else ()


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


def _looks(connection: sa.Connection) -> tuple[PhoneLook, ...]:
    columns = (
        phones.c.id,
        phones.c.host,
        phones.c.password_secret.is_not(None).label("has_own_login"),
        sites.c.name.label("site"),
        sites.c.password_secret.is_not(None).label("site_has_login"),
        phone_states.c.reach,
        phone_states.c.observed_at,
    )
    query = sa.select(*columns).join(phone_states).outerjoin(sites, sites.c.id == phones.c.site_id)
    return tuple(
        PhoneLook(
            phone_id=row.id,
            host=row.host,
            site=row.site or "",
            login=_login(row),
            reach=row.reach,
            observed_at=row.observed_at,
        )
        for row in connection.execute(query)
    )


def _login(row: sa.Row[tuple[object, ...]]) -> str:
    if row.has_own_login:
        return ""
    return f"site {row.site}" if row.site and row.site_has_login else "settings"


def _lines(
    connection: sa.Connection, registrars: Collection[str]
) -> dict[str, tuple[datetime, ...]]:
    wanted = sorted({registrar.lower() for registrar in registrars})
    name = sa.func.lower(line_periods.c.registrar)
    query = (
        sa.select(name.label("registrar"), phone_states.c.observed_at)
        .join(phone_states, phone_states.c.phone_id == line_periods.c.phone_id)
        .where(line_periods.c.until.is_(None), phone_states.c.reach == Reach.OK, name.in_(wanted))
    )
    found: dict[str, list[datetime]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.registrar].append(row.observed_at)
    return {registrar: tuple(moments) for registrar, moments in found.items()}


def _of_site(site: str | None) -> sa.Select[Any]:
    query = sa.select(phones.c.id).outerjoin(sites, sites.c.id == phones.c.site_id)
    return query if site is None else query.where(sites.c.name == site)


def in_order(query: sa.Select[Any]) -> sa.Select[Any]:
    """Sort phones by site, name and number, and then by line."""
    in_order = (sa.func.coalesce(sites.c.name, ""), _LABEL, phones.c.id)
    return query.order_by(*in_order, *(c for c in query.selected_columns if c.name == "line"))


def mentions(text: str) -> Iterator[sa.ColumnElement[bool]]:
    """Return conditions for a lower-case text in name, host, MAC or a line's account."""
    for column in (phones.c.name, phones.c.host):
        yield sa.func.lower(column).contains(text, autoescape=True)
    digits = "".join(sign for sign in text if sign not in ":-. ")
    if len(digits) >= _FEWEST_DIGITS:
        mac = sa.func.lower(sa.func.replace(phones.c.mac, ":", ""))
        yield mac.contains(digits, autoescape=True)
    shown = sa.select(line_periods.c.phone_id).where(
        line_periods.c.until.is_(None),
        sa.func.lower(line_periods.c.account).contains(text, autoescape=True),
    )
    yield phones.c.id.in_(shown)
