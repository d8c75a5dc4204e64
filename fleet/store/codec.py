"""Rows to the project's words and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from fleet.model import Account, Facts, IntendedAccount, Line, Phone, Registration, Site
from fleet.store.secrets import seal
from fleet.store.tables import accounts, line_periods

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import sqlalchemy as sa

    from fleet.store.secrets import Keyring
    from fleet.store.values import Known

Id = TypeVar("Id", int, str)
Values = dict[str, Any]  # one row's columns by name, for SQLAlchemy

CHUNK = 5_000  # ids to a statement: both databases limit a statement's parameters


def chunks(ids: Sequence[Id]) -> Iterator[Sequence[Id]]:
    """Cut ids into lists that fit into a statement."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def site_of(row: sa.Row[Any], password: str | None) -> Site:
    """Read a row of `sites`."""
    return Site(
        name=row.name,
        timezone=row.timezone,
        networks=tuple(row.networks.split()),
        username=row.username,
        password=password,
        legacy_tls=row.legacy_tls,
    )


def site_values(site: Site, keyring: Keyring | None) -> Values:
    """Write a row of `sites`."""
    return {
        "name": site.name,
        "timezone": site.timezone,
        "networks": " ".join(site.networks),
        "username": site.username,
        "password_secret": seal(keyring, site.password),
        "legacy_tls": site.legacy_tls,
    }


def phone_of(
    row: sa.Row[Any], password: str | None, site: Site | None, accounts: tuple[IntendedAccount, ...]
) -> Phone:
    """Read a row of `phones`."""
    return Phone(
        host=row.host,
        site=site.name if site else "",
        mac=row.mac or "",
        model=row.model,
        name=row.name,
        username=row.username,
        password=password,
        legacy_tls=row.legacy_tls,
        accounts=accounts,
    )


def phone_values(phone: Phone, site_id: int | None, keyring: Keyring | None) -> Values:
    """Write a row of `phones`."""
    return {
        "site_id": site_id,
        "host": phone.host,
        "mac": phone.mac or None,
        "model": phone.model,
        "name": phone.name,
        "username": phone.username,
        "password_secret": seal(keyring, phone.password),
        "legacy_tls": phone.legacy_tls,
    }


# Read by position: by name takes three times as long, and there are tens of thousands.
ACCOUNT = (
    accounts.c.line,
    accounts.c.user,
    accounts.c.auth_name,
    accounts.c.sip_password_secret,
    accounts.c.display_name,
    accounts.c.registrar,
    accounts.c.registrar_port,
    accounts.c.backup_registrar,
    accounts.c.backup_registrar_port,
)
LINE = (
    line_periods.c.line,
    line_periods.c.state,
    line_periods.c.account,
    line_periods.c.user,
    line_periods.c.registrar,
    line_periods.c.port,
    line_periods.c.code,
    line_periods.c.backup,
    line_periods.c.status_text,
)


def account_of(columns: Sequence[Any], sip_password: str) -> IntendedAccount:
    """Read the columns `ACCOUNT`; the password is given, decrypted, or left out."""
    line, user, auth_name, _, display_name, registrar, port, backup, backup_port = columns
    return IntendedAccount(
        line=line,
        user=user,
        auth_name=auth_name,
        sip_password=sip_password,
        display_name=display_name,
        registrar=registrar,
        registrar_port=port,
        backup_registrar=backup,
        backup_registrar_port=backup_port,
    )


def account_values(phone_id: int, account: IntendedAccount, keyring: Keyring | None) -> Values:
    """Write a row of `accounts`."""
    return {
        "phone_id": phone_id,
        "line": account.line,
        "user": account.user,
        "auth_name": account.auth_name,
        "sip_password_secret": seal(keyring, account.sip_password or None),
        "display_name": account.display_name,
        "registrar": account.registrar,
        "registrar_port": account.registrar_port,
        "backup_registrar": account.backup_registrar,
        "backup_registrar_port": account.backup_registrar_port,
    }


def line_of(columns: Sequence[Any]) -> Line:
    """Read the columns `LINE`."""
    number, state, raw, user, registrar, port, code, backup, status_text = columns
    account = None
    if raw is not None:
        account = Account(raw=raw, user=user, registrar=registrar, port=port)
    return Line(
        number=number,
        registration=state,
        account=account,
        code=code,
        backup=backup,
        status_text=status_text,
    )


def line_values(phone_id: int, line: Line, since: datetime) -> Values:
    """Write a row of `line_periods` that begins."""
    account = line.account
    return {
        "phone_id": phone_id,
        "line": line.number,
        "account": account.raw if account else None,
        "user": account.user if account else "",
        "registrar": account.registrar if account else "",
        "port": account.port if account else None,
        "state": line.registration,
        "code": line.code,
        "backup": line.backup,
        "status_text": line.status_text,
        "since": since,
    }


def unknown_line(line: Line) -> Line:
    """Give the line as it is while its phone cannot be read: its account, and nothing else."""
    return Line(number=line.number, registration=Registration.UNKNOWN, account=line.account)


def facts_of(row: sa.Row[Any], lines: tuple[Line, ...]) -> Facts | None:
    """Read the facts of the last good poll in a row of `phone_states`; None if there was none."""
    if row.dialect is None:
        return None
    return Facts(
        dialect=row.dialect,
        lines=lines,
        mac=row.seen_mac or "",
        model=row.seen_model or "",
        firmware=row.firmware or "",
        boot_version=row.boot_version or "",
    )


def state_values(known: Known) -> Values:
    """Write a row of `phone_states`."""
    observed, facts = known.observed, known.facts
    return {
        "phone_id": known.stored.id,
        "reach": observed.reach if observed else None,
        "reason": observed.reason if observed else None,
        "detail": observed.detail if observed else "",
        "observed_at": observed.at if observed else None,
        "sweep_id": known.sweep_id,
        "refusals": known.refusals,
        "next_try_at": known.next_try_at,
        "seen_mac": (facts.mac or None) if facts else None,
        "seen_model": (facts.model or None) if facts else None,
        "firmware": (facts.firmware or None) if facts else None,
        "boot_version": (facts.boot_version or None) if facts else None,
        "dialect": facts.dialect if facts else None,
        "page_key": known.page_key,
        "tls_fingerprint": known.stored.tls_fingerprint,
        "settings_password": known.settings_password,
    }
