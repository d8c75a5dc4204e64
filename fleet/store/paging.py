"""Phones a page at a time: for those who look at a large fleet without loading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.store.database import Database
from fleet.store.tables import line_periods, phones, sites

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def _of_site(site: str | None) -> sa.Select[Any]:
    query = sa.select(phones.c.id).outerjoin(sites, sites.c.id == phones.c.site_id)
    return query if site is None else query.where(sites.c.name == site)


def _in_order(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.order_by(sa.func.coalesce(sites.c.name, ""), _LABEL, phones.c.id)


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
