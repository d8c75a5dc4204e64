"""Phones and what flags them a page at a time, and counts: a large fleet without loading it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from fleet.model import Reach, Registration
from fleet.store.database import Database
from fleet.store.tables import line_periods, phone_states, phones, sites
from fleet.store.watch_tables import incidents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Place: TypeAlias = tuple[int, int]
"""A phone's number, and a line's (0: the phone itself)."""

NOT_POLLED = "not-polled"
NOT_READ = "not-read"


@dataclass(frozen=True, kw_only=True, slots=True)
class States:
    """How many phones and lines are of each state.

    `phones` is by reach, or `not-polled`; `lines` by registration, or `not-read` for those of
    phones that cannot be read now. `on_backup` counts the registered lines that are registered with
    their backup registrar.
    """

    phones: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    on_backup: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Flagged:
    """The places in question, in how many places something is flagged, and what flags them.

    `sites` are those with a flagged place, `rules` those that flag one, the most frequent first.
    """

    places: tuple[Place, ...]
    total: int
    everywhere: int
    sites: tuple[str, ...]
    rules: tuple[str, ...]


_LABEL = sa.func.coalesce(sa.func.nullif(phones.c.name, ""), phones.c.mac, phones.c.host)
_FEWEST_DIGITS = 4  # of a MAC: with fewer, every text of hex digits would find many phones


class Paging(Database):
    """A part of the store: see `Store`."""

    def phone_ids(self, *, site: str | None = None) -> list[int]:
        """Give the numbers of all phones, or of a site's, by site and then by what they are called.

        The numbers of a large fleet are little; what they stand for is to be read by the hundred.
        """
        with self._reading() as connection:
            return list(connection.scalars(_in_order(_of_site(site))))

    def search_phones(
        self, *, site: str | None = None, text: str = "", limit: int, offset: int = 0
    ) -> tuple[int, list[int]]:
        """Count the phones with a text in name, host, MAC or a line's account; give some of them.

        They come in the order of `phone_ids`.
        """
        found = _of_site(site)
        if text:
            found = found.where(sa.or_(*_mentions(text.lower())))
        count = sa.select(sa.func.count()).select_from(found.subquery())
        page = _in_order(found).limit(limit).offset(offset)
        with self._reading() as connection:
            return connection.scalar(count) or 0, list(connection.scalars(page))

    def states(self) -> States:
        """Count phones and lines by state."""
        with self._reading() as connection:
            return _states(connection)

    def flagged(
        self,
        rules: Collection[str],
        *,
        site: str = "",
        rule: str = "",
        text: str = "",
        limit: int,
        offset: int = 0,
    ) -> Flagged:
        """Return a page of the places that these rules flag: of a site, by one rule, with a text.

        They come in the order of `phone_ids`, and then by line.
        """
        with self._reading() as connection:
            query = _in_order(_flagging(rules))
            found = connection.execute(query).all()
            counted = Counter(row.rule for row in found)
            if text:
                query = query.where(sa.or_(*_mentions(text.lower())))
            chosen = connection.execute(query) if text else found
            places = list(
                dict.fromkeys(
                    (row.phone_id, row.line)
                    for row in chosen
                    if (not site or row.site == site) and (not rule or row.rule == rule)
                )
            )
            return Flagged(
                places=tuple(places[offset : offset + limit]),
                total=len(places),
                everywhere=len({(row.phone_id, row.line) for row in found}),
                sites=tuple(sorted({row.site for row in found if row.site})),
                rules=tuple(rule for rule, _ in counted.most_common()),
            )


def _flagging(rules: Collection[str]) -> sa.Select[Any]:
    """What these rules flag now: the findings that can be seen with their phones' reach."""
    of = incidents.c
    joined = (
        incidents.join(phones, phones.c.id == of.phone_id)
        .join(phone_states, phone_states.c.phone_id == of.phone_id)
        .outerjoin(sites, sites.c.id == phones.c.site_id)
    )
    is_shown = sa.or_(of.reach.is_(None), of.reach == phone_states.c.reach)
    columns = (of.phone_id, of.line, of.rule, sites.c.name.label("site"))
    chosen = of.rule.in_(list(rules))
    return sa.select(*columns).select_from(joined).where(of.resolved.is_(None), is_shown, chosen)


def _states(connection: sa.Connection) -> States:
    """Count by indexes: of all open lines, but for those of the few phones that cannot be read."""
    reach = sa.select(phone_states.c.reach, sa.func.count()).group_by(phone_states.c.reach)
    by_reach = {row[0] or NOT_POLLED: row[1] for row in connection.execute(reach)}
    of = line_periods.c
    every = sa.select(of.state, of.backup, sa.func.count()).where(of.until.is_(None))
    unread = every.where(
        of.phone_id.in_(sa.select(phone_states.c.phone_id).where(phone_states.c.reach != Reach.OK))
    )
    lines: Counter[str] = Counter()
    on_backup = 0
    for query, sign in ((every, 1), (unread, -1)):
        for state, backup, count in connection.execute(query.group_by(of.state, of.backup)):
            lines[state] += sign * count
            lines[NOT_READ] += count if sign < 0 else 0
            is_on_backup = backup is True and state is Registration.REGISTERED
            on_backup += sign * count if is_on_backup else 0
    return States(
        phones={str(name): count for name, count in by_reach.items()},
        lines={str(name): count for name, count in lines.items() if count},
        on_backup=on_backup,
    )


def _of_site(site: str | None) -> sa.Select[Any]:
    query = sa.select(phones.c.id).outerjoin(sites, sites.c.id == phones.c.site_id)
    return query if site is None else query.where(sites.c.name == site)


def _in_order(query: sa.Select[Any]) -> sa.Select[Any]:
    in_order = (sa.func.coalesce(sites.c.name, ""), _LABEL, phones.c.id)
    return query.order_by(*in_order, *(c for c in query.selected_columns if c.name == "line"))


def _mentions(text: str) -> Iterator[sa.ColumnElement[bool]]:
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
