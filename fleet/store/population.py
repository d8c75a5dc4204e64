"""Who there is, by the groups that may fail as one: sites, networks, logins, registrars."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import PhoneLook, Population, Reach
from fleet.store.tables import line_periods, phone_states, phones, sites

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime


def population(connection: sa.Connection, registrars: Collection[str]) -> Population:
    """Give all phones, and when the lines of these registrars were looked at."""
    return Population(
        phones=_looks(connection),
        lines=_lines(connection, registrars) if registrars else {},
        networks={
            row.name: tuple(row.networks.split())
            for row in connection.execute(sa.select(sites.c.name, sites.c.networks))
            if row.networks
        },
    )


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
