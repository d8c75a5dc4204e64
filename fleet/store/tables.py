"""The tables. Inventory, what polls saw, periods, evidence, sweeps; the same on both databases.

Indexes over a part of a table are in `indexes`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fleet.model import Reach, Reason, Registration
from fleet.store.values import EventKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

SCHEMA = "0013"  # the newest migration; a test compares it with the migrations' own head

# Names for every constraint, so that a later migration can name what it drops.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


_WITHOUT_ZONE = len("2026-11-23 10:15:00.000000")


class Utc(sa.types.TypeDecorator[datetime]):
    """A moment in UTC, also where the database (SQLite) drops the zone. Naive times are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[datetime | None], Any] | None:
        """Write SQLite's texts in one step: in SQLAlchemy's two they cost more than their row."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)
        return sqlite_text

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Make it UTC; SQLite is given it without the zone that it would drop."""
        moment = _in_utc(value)
        return moment.replace(tzinfo=None) if moment and dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give it back as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def sqlite_text(value: datetime | None) -> str | None:
    """Write a moment as SQLite keeps it: in UTC, without a zone. Naive times are refused."""
    moment = _in_utc(value)
    return moment.isoformat(" ", "microseconds")[:_WITHOUT_ZONE] if moment else None


def _in_utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC)


def by_value(kind: type[StrEnum]) -> sa.Enum:
    """An enum kept as the text of its value: readable by people, and stable when a name changes."""
    return sa.Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=False,
        length=32,
    )


def phone_id(**options: Any) -> sa.Column[int]:
    """A column that names a phone, and goes with it."""
    owner = sa.ForeignKey("phones.id", ondelete="CASCADE")
    return sa.Column("phone_id", sa.Integer, owner, **options)


def text_column(name: str) -> sa.Column[str]:
    """A column of texts, empty where there is nothing to say."""
    return sa.Column(name, sa.Text, nullable=False, server_default="")


marks = sa.Table(
    "marks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

sites = sa.Table(
    "sites",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    text_column("timezone"),
    text_column("networks"),  # CIDR texts, a space between them
    text_column("username"),
    sa.Column("password_secret", sa.Text),
    sa.Column("legacy_tls", sa.Boolean(create_constraint=False)),
)

phones = sa.Table(
    "phones",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("site_id", sa.Integer, sa.ForeignKey("sites.id"), index=True),
    sa.Column("host", sa.Text, nullable=False, unique=True),
    sa.Column("mac", sa.Text, unique=True),
    text_column("model"),
    sa.Column("name", sa.Text, nullable=False, server_default="", index=True),
    text_column("username"),
    sa.Column("password_secret", sa.Text),
    sa.Column("legacy_tls", sa.Boolean(create_constraint=False)),
    sqlite_autoincrement=True,  # a removed phone's number is not given to another
)

# Apart from `phones`: written at every poll, so its rows are kept short.
phone_states = sa.Table(
    "phone_states",
    metadata,
    phone_id(primary_key=True, autoincrement=False),
    sa.Column("reach", by_value(Reach), index=True),
    sa.Column("reason", by_value(Reason)),
    text_column("detail"),
    sa.Column("observed_at", Utc),
    sa.Column("sweep_id", sa.Integer),
    sa.Column("refusals", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_try_at", Utc),
    sa.Column("seen_mac", sa.Text),
    sa.Column("seen_model", sa.Text),
    sa.Column("firmware", sa.Text),
    sa.Column("boot_version", sa.Text),
    sa.Column("dialect", sa.Text),
    text_column("page_key"),
    text_column("tls_fingerprint"),
    sa.Column(
        "settings_password",
        sa.Boolean(create_constraint=False),
        nullable=False,
        server_default=sa.false(),
    ),
)

accounts = sa.Table(
    "accounts",
    metadata,
    phone_id(primary_key=True, autoincrement=False),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    text_column("user"),
    text_column("auth_name"),
    sa.Column("sip_password_secret", sa.Text),
    text_column("display_name"),
    text_column("registrar"),
    sa.Column("registrar_port", sa.Integer),
    text_column("backup_registrar"),
    sa.Column("backup_registrar_port", sa.Integer),
)

reach_periods = sa.Table(
    "reach_periods",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    phone_id(nullable=False),
    sa.Column("reach", by_value(Reach), nullable=False),
    sa.Column("reason", by_value(Reason)),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc),
    sa.Index("ix_reach_periods_phone_id_since", "phone_id", "since"),
)

line_periods = sa.Table(
    "line_periods",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    phone_id(nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("account", sa.Text),  # NULL: the row shows none; its raw text otherwise
    text_column("user"),
    text_column("registrar"),
    sa.Column("port", sa.Integer),
    sa.Column("state", by_value(Registration), nullable=False),
    sa.Column("code", sa.Integer),
    sa.Column("backup", sa.Boolean(create_constraint=False)),
    text_column("status_text"),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc),
    sa.Index("ix_line_periods_phone_id_since", "phone_id", "since"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    phone_id(primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),  # good or failed
    sa.Column("at", Utc, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    text_column("dialect"),
    sa.Column("charset", sa.Text),
    sa.Column("body", sa.LargeBinary, nullable=False),  # zlib
)

sweeps = sa.Table(
    "sweeps",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("selection", sa.Text, nullable=False),
    sa.Column("started", Utc, nullable=False, index=True),
    sa.Column("finished", Utc),
    sa.Column("interrupted", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("planned", sa.Integer, nullable=False),
    sa.Column("schedule", sa.Text),  # NULL: somebody asked for it
    sa.Column("planned_for", Utc),
    *(
        sa.Column(name, sa.Integer, nullable=False, server_default="0")
        for name in ("ok", "unreachable", "refused", "unreadable", "backing_off", "not_polled")
    ),
    sa.Index("uq_sweeps_planned", "schedule", "planned_for", unique=True),
    sqlite_autoincrement=True,
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc, nullable=False),
    sa.Column("sweep_id", sa.Integer),
    sa.Column("wanted_until", Utc),  # somebody waits for it: a planned sweep gives way
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Utc, nullable=False, index=True),
    sa.Column("phone_id", sa.Integer, sa.ForeignKey("phones.id", ondelete="SET NULL"), index=True),
    sa.Column("kind", by_value(EventKind), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
