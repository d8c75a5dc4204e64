"""The tables of watching: incidents, causes, notices, alerts and their deliveries, silences."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fleet.model import (
    AlertKind,
    CauseKind,
    DeliveryState,
    IncidentState,
    NoticeKind,
    Reach,
    Severity,
)
from fleet.store.tables import Utc, by_value, metadata, phone_id, text_column


def _acks() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("acked_at", Utc),
        text_column("acked_by"),
        sa.Column("ack_until", Utc),
    )


causes = sa.Table(
    "causes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", by_value(CauseKind), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("began", Utc, nullable=False),
    sa.Column("well_since", Utc),
    sa.Column("ended", Utc),
    sa.Column("failing", sa.Integer, nullable=False),
    sa.Column("looked_at", sa.Integer, nullable=False),
    text_column("codes"),  # "401:12 503:3"
    *_acks(),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("phone_id", sa.Integer, sa.ForeignKey("phones.id", ondelete="SET NULL")),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),  # 0: the phone itself
    text_column("subject"),  # what it is about where that is no phone
    text_column("site"),
    text_column("phone"),
    sa.Column("severity", by_value(Severity), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    text_column("advice"),
    sa.Column("code", sa.Integer),
    text_column("registrar"),
    sa.Column("state", by_value(IncidentState), nullable=False),
    sa.Column("sightings", sa.Integer, nullable=False),
    sa.Column("confirmed", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("first_seen", Utc, nullable=False),
    sa.Column("reach", by_value(Reach)),  # with which it is shown; NULL: with any
    sa.Column("opened", Utc, index=True),
    sa.Column("resolved", Utc),
    sa.Column("cause_id", sa.Integer, sa.ForeignKey("causes.id", ondelete="SET NULL"), index=True),
    *_acks(),
    sa.Index("ix_incidents_phone_id_first_seen", "phone_id", "first_seen"),
    sqlite_autoincrement=True,
)

# Phones whose stored state is to be judged again, for their intent, files or rules changed.
unjudged = sa.Table("unjudged", metadata, phone_id(primary_key=True, autoincrement=False))

flaps = sa.Table(
    "flaps",
    metadata,
    phone_id(primary_key=True, autoincrement=False),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("is_flapping", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("changes", sa.Text, nullable=False),  # seconds since the epoch, a space between them
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("kind", by_value(AlertKind), nullable=False),
    sa.Column("severity", by_value(Severity), nullable=False),
    sa.Column("at", Utc, nullable=False, index=True),
    sa.Column("cause_id", sa.Integer, sa.ForeignKey("causes.id", ondelete="SET NULL")),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    text_column("html"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "alert_id", sa.Integer, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("state", by_value(DeliveryState), nullable=False),
    sa.Column("due", Utc, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    text_column("error"),
    sa.Column("sent", Utc),
    sa.UniqueConstraint("alert_id", "route"),
)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "incident_id",
        sa.Integer,
        sa.ForeignKey("incidents.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("kind", by_value(NoticeKind), nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("handled", Utc),
    sa.Column("alert_id", sa.Integer, sa.ForeignKey("alerts.id", ondelete="SET NULL"), index=True),
    text_column("dropped"),
    text_column("delayed_by"),
)

silences = sa.Table(
    "silences",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    text_column("site"),
    sa.Column("phone_id", sa.Integer, sa.ForeignKey("phones.id", ondelete="CASCADE")),
    sa.Column("line", sa.Integer),
    text_column("rule"),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc, nullable=False, index=True),
    text_column("by"),
    text_column("comment"),
)

missed_sweeps = sa.Table(
    "missed_sweeps",
    metadata,
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("first", Utc, primary_key=True),
    sa.Column("last", Utc, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

audits = sa.Table(
    "audits",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("planned_for", Utc, unique=True),  # NULL: somebody asked for it
    sa.Column("at", Utc, nullable=False, index=True),
    sa.Column("holder", sa.Text, nullable=False),  # the process that makes it
    sa.Column("sweep_id", sa.Integer),
    sa.Column("finished", Utc),
    sa.Column("selection", sa.Text, nullable=False),
    sa.Column("findings", sa.LargeBinary),  # what it flagged, compressed: the next compares with it
)
