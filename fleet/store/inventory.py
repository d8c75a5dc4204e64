"""Writes the inventory: all of an import or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.errors import StoreError
from fleet.model import NO_INTENT, Inventory, Level
from fleet.store import codec, keymark, phone_states
from fleet.store.database import Repository
from fleet.store.events import add_events
from fleet.store.findings import close_of_phones, judge_again, lock_findings
from fleet.store.intents import load_intents, load_secrets, write_level, write_phones, write_secrets
from fleet.store.phones import Secrets, load_phones, load_sites
from fleet.store.secrets import seal, unseal
from fleet.store.tables import accounts, phones, sites
from fleet.store.values import Change, Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from fleet.model import AccountLine, Intent, Intents, Phone, Site
    from fleet.store.secrets import Keyring
    from fleet.store.values import IntentChange, StoredPhone


class StoredInventory(Repository):
    """The inventory: its sites and phones with what is intended for them."""

    def load(self) -> Inventory:
        """Give all sites and phones and what is intended, with passwords and secrets."""
        with self._reading() as connection:
            intents = load_intents(connection)
            sites = load_sites(connection, self._keyring, Secrets.ALL)
            phones = load_phones(connection, self._keyring, Secrets.ALL)
            return Inventory(
                sites=tuple(
                    replace(site, intent=intents.sites.get(site.name, NO_INTENT))
                    for site in sites.values()
                ),
                phones=tuple(with_intents(phones, intents).values()),
                fleet=intents.fleet,
                models=intents.models,
                profiles=intents.profiles,
                secrets=load_secrets(connection, self._keyring),
            )

    def apply(
        self, sites: Sequence[Site], changes: Sequence[Change], intent: IntentChange | None = None
    ) -> None:
        """Make these sites and phones as given, all or nothing; leave all others alone."""
        with self._writing() as connection:
            lock_findings(connection)
            needs_key = _has_secrets(sites, changes) or bool(intent and intent.secrets)
            keymark.hold(connection, self._keyring, needs_key)
            intents = load_intents(connection)
            site_ids = _apply_sites(
                connection, self._keyring, sites, {c.phone.site for c in changes}
            )
            before = with_intents(load_phones(connection, self._keyring, Secrets.ALL), intents)
            if any(change.id is not None and change.id not in before for change in changes):
                raise StoreError(
                    "A phone was removed from the inventory at the same time; nothing was changed, "
                    "try again."
                )
            changed = {
                i: phone for i, phone in _with_macs(changes, before).items() if before[i] != phone
            }
            _change_phones(connection, self._keyring, site_ids, before, changed)
            added = [change.phone for change in changes if change.id is None]
            inserted = _insert(connection, self._keyring, site_ids, added)
            _replace_accounts(connection, self._keyring, inserted)
            judge_again(connection, list(changed))
            of_phones = {i: p.intent for i, p in {**changed, **inserted}.items()}
            apply_intents(connection, intents, sites, of_phones)
            if intent is not None:
                apply_common(connection, self._keyring, intent)

    def sites(self) -> list[Site]:
        """Give all sites, without their passwords."""
        with self._reading() as connection:
            return list(load_sites(connection, None, Secrets.NONE).values())

    def remove(self, ids: Sequence[int], now: datetime) -> int:
        """Remove phones and their history; give how many there were."""
        with self._writing() as connection:
            removed = load_phones(connection, None, Secrets.NONE, ids=ids)
            close_of_phones(connection, [stored.id for stored in removed], now)
            for some in codec.chunks([stored.id for stored in removed]):
                connection.execute(sa.delete(phones).where(phones.c.id.in_(some)))
            texts = (
                f"{stored.phone.label} ({stored.phone.host}) was removed." for stored in removed
            )
            add_events(
                connection,
                [Event(at=now, kind=EventKind.PHONE_REMOVED, text=text) for text in texts],
            )
            return len(removed)

    def rehost(self, hosts: Mapping[int, str], now: datetime) -> None:
        """Give phones new hosts, also each other's, and write an event for each."""
        with self._writing() as connection:
            stored = {
                phone.id: phone
                for phone in load_phones(connection, None, Secrets.NONE, ids=list(hosts))
                if phone.phone.host != hosts[phone.id]
            }
            if not stored:
                return
            _give_hosts(connection, {i: hosts[i] for i in stored})
            texts = {
                i: f"{phone.phone.label} moved from {phone.phone.host} to {hosts[i]}."
                for i, phone in stored.items()
            }
            add_events(
                connection,
                [
                    Event(at=now, phone_id=i, kind=EventKind.PHONE_MOVED, text=text)
                    for i, text in texts.items()
                ],
            )

    def forget_certificates(self, ids: Sequence[int]) -> None:
        """Trust whatever certificates these phones show next."""
        with self._writing() as connection:
            phone_states.change(connection, ids, {"tls_fingerprint": ""})


def _change_phones(
    connection: sa.Connection,
    keyring: Keyring | None,
    site_ids: Mapping[str, int],
    before: Mapping[int, Phone],
    changed: Mapping[int, Phone],
) -> None:
    """Write the phones that differ, but for their intents."""
    _park(connection, [i for i, phone in changed.items() if _moves(before[i], phone)])
    _update(connection, keyring, site_ids, changed)
    _forget_what_no_longer_holds(connection, before, changed)
    touched = {i: p for i, p in changed.items() if before[i].accounts != p.accounts}
    _replace_accounts(connection, keyring, touched)


def _with_macs(changes: Sequence[Change], before: Mapping[int, Phone]) -> dict[int, Phone]:
    """The phones to change. One without a MAC keeps what it has: it may have learned it since."""
    return {
        change.id: replace(change.phone, mac=change.phone.mac or before[change.id].mac)
        for change in changes
        if change.id is not None
    }


def _give_hosts(connection: sa.Connection, hosts: Mapping[int, str]) -> None:
    _park(connection, list(hosts), macs=False)
    taken = connection.scalars(sa.select(phones.c.host).where(phones.c.host.in_(hosts.values())))
    if host := taken.first():
        raise StoreError(f"The host {host} belongs to another phone, which has not moved.")
    connection.execute(
        sa.update(phones).where(phones.c.id == sa.bindparam("of")),
        [{"of": i, "host": host} for i, host in hosts.items()],
    )


def _has_secrets(wanted_sites: Sequence[Site], changes: Sequence[Change]) -> bool:
    return any(site.password is not None for site in wanted_sites) or any(
        change.phone.password is not None or any(a.sip_password for a in change.phone.accounts)
        for change in changes
    )


def _apply_sites(
    connection: sa.Connection,
    keyring: Keyring | None,
    wanted: Sequence[Site],
    named: set[str],
) -> dict[str, int]:
    """Write the sites that differ, make those only named by phones; give every site's number."""
    present = load_sites(connection, keyring, Secrets.ALL)
    ids = {site.name: i for i, site in present.items()}
    for site in wanted:
        values = codec.site_values(site, keyring)
        if site.name not in ids:
            ids[site.name] = _first_key(connection, sa.insert(sites).values(values))
        elif (before := present[ids[site.name]]) != site:
            connection.execute(sa.update(sites).where(sites.c.id == ids[site.name]).values(values))
            if _login(before) != _login(site):
                phone_states.end_back_off(connection, phones.c.site_id == ids[site.name])
    for name in sorted(named - ids.keys() - {""}):
        ids[name] = _first_key(connection, sa.insert(sites).values(name=name))
    return ids


def _first_key(connection: sa.Connection, insert: sa.Insert) -> int:
    return int(connection.execute(insert.returning(sites.c.id)).scalar_one())


def _login(of: Site | Phone) -> tuple[str, str | None, bool | None]:
    return of.username, of.password, of.legacy_tls


def _moves(before: Phone, after: Phone) -> bool:
    return (before.host, before.mac) != (after.host, after.mac)


def _park(connection: sa.Connection, ids: Sequence[int], *, macs: bool = True) -> None:
    """Free the hosts (and MACs) of phones that are about to get others, perhaps each other's."""
    values = {"host": sa.literal("moving ") + sa.cast(phones.c.id, sa.Text)}
    for some in codec.chunks(ids):
        change = sa.update(phones).where(phones.c.id.in_(some)).values(values)
        connection.execute(change.values(mac=sa.null()) if macs else change)


def _update(
    connection: sa.Connection,
    keyring: Keyring | None,
    site_ids: Mapping[str, int],
    changed: Mapping[int, Phone],
) -> None:
    rows = [
        {"of": i, **codec.phone_values(phone, site_ids.get(phone.site), keyring)}
        for i, phone in changed.items()
    ]
    if rows:
        connection.execute(sa.update(phones).where(phones.c.id == sa.bindparam("of")), rows)


def _insert(
    connection: sa.Connection,
    keyring: Keyring | None,
    site_ids: Mapping[str, int],
    added: Sequence[Phone],
) -> dict[int, Phone]:
    if not added:
        return {}
    rows = [codec.phone_values(phone, site_ids.get(phone.site), keyring) for phone in added]
    made = connection.execute(sa.insert(phones).returning(phones.c.id, phones.c.host), rows)
    ids = {row.host: row.id for row in made}
    phone_states.begin(connection, ids.values())
    return {ids[phone.host]: phone for phone in added}


def _replace_accounts(
    connection: sa.Connection, keyring: Keyring | None, touched: Mapping[int, Phone]
) -> None:
    for some in codec.chunks(list(touched)):
        connection.execute(sa.delete(accounts).where(accounts.c.phone_id.in_(some)))
    rows = [
        codec.account_values(i, account, keyring)
        for i, phone in touched.items()
        for account in phone.accounts
    ]
    if rows:
        connection.execute(sa.insert(accounts), rows)


def _forget_what_no_longer_holds(
    connection: sa.Connection, before: Mapping[int, Phone], changed: Mapping[int, Phone]
) -> None:
    """Another login ends the back-off; another place or device ends the trust in a certificate."""
    elsewhere = [
        i
        for i, phone in changed.items()
        if before[i].host != phone.host or before[i].mac not in ("", phone.mac)
    ]
    phone_states.change(connection, elsewhere, {"tls_fingerprint": "", "page_key": ""})
    anew = [
        i
        for i, phone in changed.items()
        if (before[i].site, *_login(before[i])) != (phone.site, *_login(phone))
    ]
    for some in codec.chunks(sorted({*anew, *elsewhere})):
        phone_states.end_back_off(connection, phones.c.id.in_(some))


def change_password(
    connection: sa.Connection, keyring: Keyring | None, line: AccountLine, before: str, after: str
) -> bool:
    """Change the SIP password of an account from one to another; False if it has a third."""
    which = (accounts.c.phone_id == line.phone_id, accounts.c.line == line.line)
    found = connection.scalar(sa.select(accounts.c.sip_password_secret).where(*which))
    if unseal(keyring, found) not in (before, after):
        return False
    change = sa.update(accounts).where(*which)
    connection.execute(change.values(sip_password_secret=seal(keyring, after or None)))
    return True


def learn_macs(connection: sa.Connection, macs: Iterable[tuple[int, str]]) -> None:
    """Write the MACs that phones known by host alone turned out to have."""
    rows = [{"of": i, "mac": mac} for i, mac in macs]
    if rows:
        nameless = sa.update(phones).where(
            phones.c.id == sa.bindparam("of"), phones.c.mac.is_(None)
        )
        connection.execute(nameless, rows)


def with_intents(stored: Iterable[StoredPhone], intents: Intents) -> dict[int, Phone]:
    """The phones by their numbers, each with its intent."""
    return {
        each.id: replace(each.phone, intent=intents.phones[each.id])
        if each.id in intents.phones
        else each.phone
        for each in stored
    }


def apply_intents(
    connection: sa.Connection,
    before: Intents,
    sites: Sequence[Site],
    of_phones: Mapping[int, Intent],
) -> None:
    """Write the intents of sites and phones that differ."""
    of_sites = {
        site.name: site.intent
        for site in sites
        if before.sites.get(site.name, NO_INTENT) != site.intent
    }
    write_level(connection, Level.SITE, of_sites)
    differ = {i: each for i, each in of_phones.items() if before.phones.get(i, NO_INTENT) != each}
    write_phones(connection, differ)


def apply_common(connection: sa.Connection, keyring: Keyring | None, change: IntentChange) -> None:
    """Write the intents of the fleet, of models and profiles, and the secrets they refer to."""
    if change.fleet is not None:
        write_level(connection, Level.FLEET, {"": change.fleet})
    write_level(connection, Level.MODEL, change.models)
    write_level(connection, None, change.profiles)
    write_secrets(connection, keyring, change.secrets, change.at)
