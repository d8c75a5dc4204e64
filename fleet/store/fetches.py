"""Fetches: which file was asked for, by whom, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import Credentials, Fetch, FetchOutcome
from fleet.store import codec, keymark
from fleet.store.database import Repository
from fleet.store.engine import insert_into
from fleet.store.phones import of_phones
from fleet.store.provision_tables import fetch_logins, fetches, last_fetches
from fleet.store.secrets import seal, unseal
from fleet.store.tables import phones, sites

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from fleet.store.codec import Values
    from fleet.store.secrets import Keyring

GAVE = (FetchOutcome.SERVED, FetchOutcome.NOT_MODIFIED)
_FIELDS = tuple(column.name for column in fetches.columns if column.name not in ("id", "modules"))
_LAST = tuple(column.name for column in last_fetches.columns)


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchingPhone:
    """A phone that may fetch files: what has to be known of it for that, and no secret.

    `networks` are its site's, as CIDR texts; empty where it has no site, or the site names none.
    """

    id: int
    mac: str
    model: str = ""
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StrangerFetches:
    """What somebody who is no phone of ours asked for from one address, and was refused.

    `times` is how often, for `macs` different MACs; `file` and `at` are those of the last time.
    """

    address: str
    outcome: FetchOutcome
    times: int
    macs: int
    file: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownPhone:
    """A phone that asked for its own file and is not in the inventory, as its requests say.

    `waits`: it was given the file of those who wait to be approved; else it was refused.
    """

    mac: str
    address: str
    model: str
    firmware: str
    first: datetime
    last: datetime
    times: int
    waits: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchLogin:
    """A phone's login for fetching files (HTTP Digest).

    `previous` is valid as well as `password`, under whichever user name the phone gives, until the
    phone has used that one; then it is empty. `used` is when the phone used `password` first.
    """

    phone_id: int
    username: str
    password: str = field(repr=False)
    changed: datetime
    previous: str = field(default="", repr=False)
    used: datetime | None = None


class Fetches(Repository):
    """The fetches of files, by phones and by unknown devices."""

    def record(self, batch: Sequence[Fetch]) -> None:
        """Write fetches in one transaction."""
        with self._writing() as connection:
            if not batch:
                return
            there = _hold(
                connection, {fetch.phone_id for fetch in batch if fetch.phone_id is not None}
            )
            before = connection.scalar(sa.select(sa.func.max(fetches.c.id))) or 0
            rows = [_values(fetch, there) for fetch in batch]
            connection.execute(sa.insert(fetches), rows)
            _keep_newest(connection, before)

    def load(
        self,
        *,
        phone_id: int | None = None,
        since: datetime | None = None,
        file: str | None = None,
        outcomes: Collection[FetchOutcome] | None = None,
        of_phones: bool = False,
        limit: int = 1000,
    ) -> list[Fetch]:
        """Give fetches, the newest first; with `of_phones` none of strangers."""
        with self._reading() as connection:
            query = (
                sa.select(fetches).order_by(fetches.c.at.desc(), fetches.c.id.desc()).limit(limit)
            )
            if phone_id is not None:
                query = query.where(fetches.c.phone_id == phone_id)
            if of_phones:
                query = query.where(fetches.c.phone_id.is_not(None))
            if since is not None:
                query = query.where(fetches.c.at >= since)
            if file is not None:
                query = query.where(fetches.c.file == file)
            if outcomes is not None:
                query = query.where(fetches.c.outcome.in_(list(outcomes)))
            return [_fetch(row, row.id) for row in connection.execute(query)]

    def by_strangers(
        self, *, since: datetime, outcomes: Collection[FetchOutcome], most: int = 1000
    ) -> list[StrangerFetches]:
        """Sum up what strangers asked for, by address and outcome; those who asked last first."""
        with self._reading() as connection:
            of = fetches.c
            query = (
                sa.select(
                    of.address,
                    of.outcome,
                    sa.func.count().label("times"),
                    sa.func.count(of.mac.distinct()).label("macs"),
                    sa.func.max(of.id).label("newest"),
                )
                .where(of.at >= since, of.phone_id.is_(None), of.outcome.in_(list(outcomes)))
                .group_by(of.address, of.outcome)
                .order_by(sa.desc("newest"))
                .limit(most)
            ).subquery()
            found = sa.select(query, of.file, of.at).join(fetches, of.id == query.c.newest)
            return [
                StrangerFetches(
                    address=row.address,
                    outcome=row.outcome,
                    times=row.times,
                    macs=row.macs,
                    file=row.file,
                    at=row.at,
                )
                for row in connection.execute(found.order_by(query.c.newest.desc()))
            ]

    def unknown(self, most: int = 1000) -> list[UnknownPhone]:
        """Give the unknown phones that asked for their own file, who asked last first."""
        asked = (FetchOutcome.UNKNOWN_MAC, FetchOutcome.NOT_APPROVED)
        with self._reading() as connection:
            of = fetches.c
            query = (
                sa.select(
                    of.mac,
                    sa.func.count().label("times"),
                    sa.func.min(of.at).label("first"),
                    sa.func.max(of.id).label("newest"),
                )
                .where(of.phone_id.is_(None), of.mac != "", of.outcome.in_(asked))
                .where(of.mac.not_in(sa.select(phones.c.mac).where(phones.c.mac.is_not(None))))
                .group_by(of.mac)
                .order_by(sa.desc("newest"))
                .limit(most)
            ).subquery()
            columns = (of.address, of.model, of.firmware, of.outcome, of.at)
            found = sa.select(query, *columns).join(fetches, of.id == query.c.newest)
            return [
                UnknownPhone(
                    mac=row.mac,
                    address=row.address,
                    model=row.model,
                    firmware=row.firmware,
                    first=row.first,
                    last=row.at,
                    times=row.times,
                    waits=row.outcome is FetchOutcome.NOT_APPROVED,
                )
                for row in connection.execute(found.order_by(query.c.newest.desc()))
            ]

    def last(self, phone_id: int | None = None) -> dict[tuple[int, str], Fetch]:
        """Give, by phone and file, the newest fetch that gave the phone the file.

        These are kept whatever `[retention]` says, and have no id.
        """
        with self._reading() as connection:
            query = sa.select(last_fetches)
            if phone_id is not None:
                query = query.where(last_fetches.c.phone_id == phone_id)
            return {
                (row.phone_id, row.file): _fetch(row, None) for row in connection.execute(query)
            }

    def fitted_modules(self) -> dict[int, tuple[str, ...]]:
        """Give the expansion modules that phones named when they fetched last, by their numbers."""
        with self._reading() as connection:
            of = last_fetches.c
            query = sa.select(of.phone_id, of.modules).where(of.protocol != "tftp").order_by(of.at)
            said = {row.phone_id: tuple(row.modules.split()) for row in connection.execute(query)}
            return {phone_id: modules for phone_id, modules in said.items() if modules}


class FetchLogins(Repository):
    """The phones that may fetch files, and their logins (HTTP Digest)."""

    def phones(self) -> dict[str, FetchingPhone]:
        """Give the phones that may fetch, by their MAC."""
        with self._reading() as connection:
            columns = (phones.c.id, phones.c.mac, phones.c.model, sites.c.networks)
            query = (
                sa.select(*columns)
                .outerjoin(sites, sites.c.id == phones.c.site_id)
                .where(phones.c.mac.is_not(None))
            )
            split: dict[str | None, tuple[str, ...]] = {None: ()}  # sites are few, phones are many
            found = {}
            for number, mac, model, networks in connection.execute(query):
                if networks not in split:
                    split[networks] = tuple(networks.split())
                found[mac] = FetchingPhone(
                    id=number, mac=mac, model=model, networks=split[networks]
                )
            return found

    def load(self, ids: Sequence[int] | None = None) -> dict[int, FetchLogin]:
        """Give the logins of these phones (None: of all) by the phones' numbers."""
        with self._reading() as connection:
            return load_logins(connection, self._keyring, ids)

    def set(self, phone_id: int, *, username: str, password: str, now: datetime) -> None:
        """Give a phone a login; the one before stays valid until the phone uses this one."""
        self.set_many({phone_id: Credentials(username=username, password=password)}, now)

    def set_many(
        self, logins: Mapping[int, Credentials], now: datetime, *, keep_previous: bool = True
    ) -> None:
        """Give phones logins, by their numbers, in one transaction.

        What a phone had before stays valid until it uses the new one, if `keep_previous`.
        """
        with self._writing() as connection:
            keymark.hold(connection, self._keyring, needed=True)
            known = load_logins(connection, self._keyring, list(logins))
            rows = []
            for phone_id, login in logins.items():
                before = known.get(phone_id)
                if before and (before.username, before.password) == (
                    login.username,
                    login.password,
                ):
                    continue
                previous = (before.previous or before.password) if before and keep_previous else ""
                rows.append(
                    {
                        "phone_id": phone_id,
                        "username": login.username,
                        "password_secret": seal(self._keyring, login.password or None),
                        "previous_secret": seal(self._keyring, previous or None),
                        "changed": now,
                        "used": None,
                    }
                )
            if not rows:
                return
            statement = insert_into(connection, fetch_logins)
            new = {name: statement.excluded[name] for name in rows[0] if name != "phone_id"}
            connection.execute(
                statement.on_conflict_do_update(index_elements=[fetch_logins.c.phone_id], set_=new),
                rows,
            )

    def mark_used(self, login: FetchLogin, now: datetime) -> bool:
        """Note that the phone used its new password, which ends the one before.

        False if that was known, or if the login was changed again since it was read.
        """
        with self._writing() as connection:
            same = (
                fetch_logins.c.phone_id == login.phone_id,
                fetch_logins.c.changed == login.changed,
            )
            done = connection.execute(
                sa.update(fetch_logins)
                .where(*same, fetch_logins.c.used.is_(None))
                .values(used=now, previous_secret=None)
            )
            return bool(done.rowcount)

    def remove(self, phone_id: int) -> bool:
        """Take a phone's login away; False if it had none."""
        with self._writing() as connection:
            gone = connection.execute(
                sa.delete(fetch_logins).where(fetch_logins.c.phone_id == phone_id)
            )
            return bool(gone.rowcount)


def _hold(connection: sa.Connection, ids: Collection[int]) -> set[int]:
    """Those of the phones that are there; they stay until this transaction ends."""
    found: set[int] = set()
    for some in codec.chunks(sorted(ids)):
        query = sa.select(phones.c.id).where(phones.c.id.in_(some))
        found.update(connection.scalars(query.with_for_update(read=True, key_share=True)))
    return found


def _values(fetch: Fetch, there: Collection[int]) -> Values:
    values = {name: getattr(fetch, name) for name in _FIELDS}
    values["modules"] = " ".join(fetch.modules)
    return values if fetch.phone_id in there else values | {"phone_id": None}


def _keep_newest(connection: sa.Connection, before: int) -> None:
    """Copy the newest of the fetches behind a number to `last_fetches`, for each phone and file.

    In order, so that two servers that write the same phones cannot deadlock.
    """
    of = fetches.c
    latest = sa.func.row_number().over(
        partition_by=(of.phone_id, of.file), order_by=(of.at.desc(), of.id.desc())
    )
    given = (
        sa.select(*(of[name] for name in _LAST), latest.label("latest"))
        .where(of.id > before, of.phone_id.is_not(None), of.outcome.in_(GAVE))
        .subquery()
    )
    newest = (
        sa.select(*(given.c[name] for name in _LAST))
        .where(given.c.latest == 1)
        .order_by(given.c.phone_id, given.c.file)
    )
    insert = insert_into(connection, last_fetches)
    newer = {name: insert.excluded[name] for name in _LAST if name not in ("phone_id", "file")}
    connection.execute(
        insert.from_select(_LAST, newest).on_conflict_do_update(
            index_elements=list(last_fetches.primary_key.columns),
            set_=newer,
            where=insert.excluded.at >= last_fetches.c.at,
        )
    )


def _fetch(row: sa.Row[Any], number: int | None) -> Fetch:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Fetch(**values, modules=tuple(row.modules.split()), id=number)


def load_logins(
    connection: sa.Connection, keyring: Keyring | None, ids: Sequence[int] | None
) -> dict[int, FetchLogin]:
    """Give the logins of these phones (None: of all) by the phones' numbers."""
    query = sa.select(fetch_logins)
    return {
        row.phone_id: FetchLogin(
            phone_id=row.phone_id,
            username=row.username,
            password=unseal(keyring, row.password_secret),
            previous=unseal(keyring, row.previous_secret),
            changed=row.changed,
            used=row.used,
        )
        for row in of_phones(connection, query, fetch_logins.c.phone_id, ids)
    }
