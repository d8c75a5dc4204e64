"""Writes the inventory: all of an import or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.errors import StoreError
from fleet.store import codec, keymark
from fleet.store.events import add_events
from fleet.store.incidents import close_of_phones, judge_again, lock_findings
from fleet.store.intended import apply_common, apply_intents, with_intents
from fleet.store.intents import load_intents
from fleet.store.phones import Secrets, load_phones, load_sites
from fleet.store.tables import accounts, phone_states, phones, sites
from fleet.store.values import Change, Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Phone, Site
    from fleet.store.secrets import Keyring
    from fleet.store.values import IntentChange


def apply_inventory(
    connection: sa.Connection,
    keyring: Keyring | None,
    wanted_sites: Sequence[Site],
    changes: Sequence[Change],
    intent: IntentChange | None = None,
) -> None:
    """Make sites, phones and intents as they shall be; what is not named stays as it is.

    New credentials, a new host or new TLS rules end a phone's back-off; a new host or another MAC
    is not trusted by the old certificate. A MAC, once known, is not forgotten. Raises `StoreError`
    for a phone that is gone.
    """
    lock_findings(connection)
    needs_key = _has_secrets(wanted_sites, changes) or bool(intent and intent.secrets)
    keymark.hold(connection, keyring, needs_key)
    intents = load_intents(connection)
    site_ids = _apply_sites(connection, keyring, wanted_sites, {c.phone.site for c in changes})
    before = with_intents(load_phones(connection, keyring, Secrets.ALL), intents)
    if any(change.id is not None and change.id not in before for change in changes):
        raise StoreError(
            "A phone was removed from the inventory at the same time; nothing was changed, "
            "try again."
        )
    changed = {i: phone for i, phone in _with_macs(changes, before).items() if before[i] != phone}
    _change_phones(connection, keyring, site_ids, before, changed)
    added = [change.phone for change in changes if change.id is None]
    inserted = _insert(connection, keyring, site_ids, added)
    _replace_accounts(connection, keyring, inserted)
    judge_again(connection, list(changed))
    of_phones = {i: p.intent for i, p in {**changed, **inserted}.items()}
    apply_intents(connection, intents, wanted_sites, of_phones)
    if intent is not None:
        apply_common(connection, keyring, intent)


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


def remove_phones(connection: sa.Connection, ids: Sequence[int], now: datetime) -> int:
    """Remove phones with all that is known of them; give how many there were."""
    removed = load_phones(connection, None, Secrets.NONE, ids=ids)
    close_of_phones(connection, [stored.id for stored in removed], now)
    for some in codec.chunks([stored.id for stored in removed]):
        connection.execute(sa.delete(phones).where(phones.c.id.in_(some)))
    texts = (f"{stored.phone.label} ({stored.phone.host}) was removed." for stored in removed)
    add_events(
        connection, [Event(at=now, kind=EventKind.PHONE_REMOVED, text=text) for text in texts]
    )
    return len(removed)


def rehost(connection: sa.Connection, hosts: Mapping[int, str], now: datetime) -> None:
    """Give phones new hosts, also each other's; their certificates stay trusted with them.

    Raises `StoreError` if a host belongs to a phone that is not among them.
    """
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
                _end_back_off(connection, phones.c.site_id == ids[site.name])
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
    connection.execute(sa.insert(phone_states), [{"phone_id": i} for i in ids.values()])
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
    for some in codec.chunks(elsewhere):
        connection.execute(
            sa.update(phone_states)
            .where(phone_states.c.phone_id.in_(some))
            .values(tls_fingerprint="", page_key="")
        )
    anew = [
        i
        for i, phone in changed.items()
        if (before[i].site, *_login(before[i])) != (phone.site, *_login(phone))
    ]
    for some in codec.chunks(sorted({*anew, *elsewhere})):
        _end_back_off(connection, phones.c.id.in_(some))


def _end_back_off(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    chosen = sa.select(phones.c.id).where(which)
    connection.execute(
        sa.update(phone_states)
        .where(phone_states.c.phone_id.in_(chosen))
        .values(refusals=0, next_try_at=None)
    )


def learn_macs(connection: sa.Connection, macs: Iterable[tuple[int, str]]) -> None:
    """Write the MACs that phones known by host alone turned out to have."""
    rows = [{"of": i, "mac": mac} for i, mac in macs]
    if rows:
        nameless = sa.update(phones).where(
            phones.c.id == sa.bindparam("of"), phones.c.mac.is_(None)
        )
        connection.execute(nameless, rows)


def forget_certificates(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Forget which certificates phones are trusted with."""
    for some in codec.chunks(ids):
        connection.execute(
            sa.update(phone_states)
            .where(phone_states.c.phone_id.in_(some))
            .values(tls_fingerprint="")
        )
