"""Notices, causes, alerts and deliveries: what a round of alerting reads and writes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.model import AlertKind, DeliveryState, NoticeKind
from fleet.store import codec, watch_codec
from fleet.store.database import Repository
from fleet.store.engine import insert_into, take_turns
from fleet.store.findings import LABEL, LOCK, delay_notices, end_notices, join_cause
from fleet.store.tables import phones
from fleet.store.watch_tables import alerts, causes, deliveries, incidents, notices

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Cause, CauseKind, Delivery, Notice
    from fleet.store.values import Alerting, NewAlert


class Alerts(Repository):
    """Notices, causes, alerts and deliveries: what a round of alerting reads and writes."""

    def unhandled_notices(self) -> list[Notice]:
        """Give what nobody has seen to, the oldest first, each with its incident as it is now."""
        with self._reading() as connection:
            of = [
                column for column in incidents.c if column.name not in ("id", "cause_id", "phone")
            ]
            query = (
                sa.select(notices, *of, LABEL.label("phone"))
                .select_from(
                    notices.join(incidents).outerjoin(phones, phones.c.id == incidents.c.phone_id)
                )
                .where(notices.c.handled.is_(None))
                .order_by(notices.c.at, notices.c.id)
            )
            return [watch_codec.notice_of(row) for row in connection.execute(query)]

    def announced(self, ids: Collection[int]) -> dict[int, datetime]:
        """Give the incidents that an alert told of, by itself or by their cause, and when last."""
        with self._reading() as connection:
            by_alert = sa.select(notices.c.incident_id, notices.c.alert_id).where(
                notices.c.kind == NoticeKind.OPENED, notices.c.alert_id.is_not(None)
            )
            by_cause = sa.select(incidents.c.id, incidents.c.cause_id).where(
                incidents.c.cause_id.is_not(None)
            )
            told: dict[int, datetime] = {}
            # Joined here: without statistics of new tables the planner would scan all of them.
            for query, of, moments in (
                (by_alert, notices.c.incident_id, _moments_of_alerts),
                (by_cause, incidents.c.id, _moments_of_causes),
            ):
                pairs = [
                    (row[0], row[1])
                    for some in codec.chunks(sorted(ids))
                    for row in connection.execute(query.where(of.in_(some)))
                ]
                when = moments(connection, {second for _, second in pairs})
                for incident_id, second in pairs:
                    if (at := when.get(second)) is not None:
                        told[incident_id] = max(at, told.get(incident_id, at))
            return told

    def open_causes(self) -> list[Cause]:
        """Give the causes that last, with their members that stand."""
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(causes).where(causes.c.ended.is_(None)).order_by(causes.c.id)
            ).all()
            return [watch_codec.cause_of(row, _members(connection)) for row in rows] if rows else []

    def cause(self, cause_id: int) -> Cause | None:
        """Give a cause, ended or not; None if there is none of that id."""
        with self._reading() as connection:
            row = connection.execute(sa.select(causes).where(causes.c.id == cause_id)).first()
            return watch_codec.cause_of(row, _members(connection)) if row else None

    def caused(self) -> dict[int, str]:
        """Give what each incident is part of, such as `registrar pbx.example`, by its id."""
        with self._reading() as connection:
            query = sa.select(incidents.c.id, causes.c.kind, causes.c.name).join(causes)
            return {row.id: f"{row.kind} {row.name}".strip() for row in connection.execute(query)}

    def announced_causes(self) -> dict[int, datetime]:
        """Give the lasting causes that an alert told of, and when last."""
        with self._reading() as connection:
            query = (
                sa.select(alerts.c.cause_id, sa.func.max(alerts.c.at).label("at"))
                .join(causes, causes.c.id == alerts.c.cause_id)
                .where(causes.c.ended.is_(None))
                .group_by(alerts.c.cause_id)
            )
            return {row.cause_id: row.at for row in connection.execute(query)}

    def sent_since(self, moment: datetime) -> dict[str, int]:
        """Tell how many alerts each route was given since then."""
        with self._reading() as connection:
            query = (
                sa.select(deliveries.c.route, sa.func.count())
                .join(alerts)
                .where(alerts.c.at >= moment)
                .group_by(deliveries.c.route)
            )
            return {row[0]: row[1] for row in connection.execute(query)}

    def apply(self, decided: Alerting) -> bool:
        """Write what a round decided; False, and nothing, if another round saw to its notices."""
        with self._writing() as connection:
            take_turns(connection, LOCK)
            handled = [i for new in decided.alerts for i in new.notice_ids]
            handled += [i for i, _ in decided.dropped]
            if not _are_unhandled(connection, handled):
                return False
            ids = _write_causes(connection, decided.causes)
            for new in decided.alerts:
                _write_alert(connection, new, ids, decided.at)
            reasons: dict[str, list[int]] = defaultdict(list)
            for notice_id, why in decided.dropped:
                reasons[why].append(notice_id)
            for why, some in reasons.items():
                end_notices(connection, some, decided.at, dropped=why)
            delay_notices(connection, decided.delayed)
            return True

    def claim_deliveries(
        self, *, now: datetime, until: datetime, limit: int = 100
    ) -> list[Delivery]:
        """Give deliveries that are due, kept from others until then (then they are due again)."""
        with self._writing() as connection:
            which = (deliveries.c.state == DeliveryState.WAITING, deliveries.c.due <= now)
            some = (
                sa.select(deliveries.c.id).where(*which).order_by(deliveries.c.due, deliveries.c.id)
            )
            ids = list(connection.scalars(some.limit(limit).with_for_update(skip_locked=True)))
            found = load_deliveries(connection, ids=ids, limit=limit) if ids else []
            connection.execute(
                sa.update(deliveries).where(deliveries.c.id.in_(ids)).values(due=until)
            )
            return found

    def mark_delivery(self, delivery: Delivery) -> None:
        """Write what became of a try."""
        with self._writing() as connection:
            names = ("state", "due", "attempts", "error", "sent")
            connection.execute(
                sa.update(deliveries)
                .where(deliveries.c.id == delivery.id, deliveries.c.state != DeliveryState.SENT)
                .values({name: getattr(delivery, name) for name in names})
            )

    def deliveries(
        self, states: Collection[DeliveryState] | None = None, *, limit: int = 100
    ) -> list[Delivery]:
        """Give deliveries with their alerts, in the order in which they are due."""
        with self._reading() as connection:
            return load_deliveries(connection, states=states, limit=limit)


def _moments_of_alerts(connection: sa.Connection, ids: Collection[int]) -> dict[int, datetime]:
    moments: dict[int, datetime] = {}
    for some in codec.chunks(sorted(ids)):
        query = sa.select(alerts.c.id, alerts.c.at).where(alerts.c.id.in_(some))
        moments |= {row.id: row.at for row in connection.execute(query)}
    return moments


def _moments_of_causes(connection: sa.Connection, ids: Collection[int]) -> dict[int, datetime]:
    moments: dict[int, datetime] = {}
    for some in codec.chunks(sorted(ids)):
        query = (
            sa.select(alerts.c.cause_id, sa.func.max(alerts.c.at).label("at"))
            .where(alerts.c.cause_id.in_(some), alerts.c.kind != AlertKind.RECOVERY)
            .group_by(alerts.c.cause_id)
        )
        moments |= {row.cause_id: row.at for row in connection.execute(query)}
    return moments


def _members(connection: sa.Connection) -> Mapping[int, list[int]]:
    query = sa.select(incidents.c.cause_id, incidents.c.id).where(
        incidents.c.cause_id.is_not(None), incidents.c.resolved.is_(None)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.cause_id].append(row.id)
    return found


def _are_unhandled(connection: sa.Connection, ids: Sequence[int]) -> bool:
    for some in codec.chunks(ids):
        query = sa.select(sa.func.count()).where(
            notices.c.id.in_(some), notices.c.handled.is_(None)
        )
        if connection.scalar(query) != len(set(some)):
            return False
    return True


def _write_causes(
    connection: sa.Connection, changed: Sequence[Cause]
) -> dict[tuple[CauseKind, str], int]:
    ids = {}
    for cause in changed:
        cause_id = cause.id or _cause_id(connection, cause)
        update = sa.update(causes).where(causes.c.id == cause_id, causes.c.ended.is_(None))
        values = watch_codec.cause_values(cause)
        for name in ("began", "acked_at", "acked_by", "ack_until"):
            values.pop(name)  # somebody may have acknowledged it since it was read
        connection.execute(update.values(values))
        join_cause(connection, cause_id, cause.members)
        ids[cause.kind, cause.name] = cause_id
    return ids


def _cause_id(connection: sa.Connection, cause: Cause) -> int:
    """Give the lasting cause of this kind and name, made if there is none."""
    insert = insert_into(connection, causes).values(watch_codec.cause_values(cause))
    connection.execute(insert.on_conflict_do_nothing())
    lasting = (causes.c.kind == cause.kind, causes.c.name == cause.name, causes.c.ended.is_(None))
    cause_id: int = connection.execute(sa.select(causes.c.id).where(*lasting)).scalar_one()
    return cause_id


def _write_alert(
    connection: sa.Connection,
    new: NewAlert,
    ids: Mapping[tuple[CauseKind, str], int],
    now: datetime,
) -> None:
    cause = new.cause
    cause_id = (cause.id or ids[cause.kind, cause.name]) if cause else None
    values = watch_codec.alert_values(new.alert) | {"cause_id": cause_id}
    insert = insert_into(connection, alerts).values(values).on_conflict_do_nothing()
    made = connection.scalar(insert.returning(alerts.c.id))
    if made is None:  # told before: its key says so
        same = sa.select(alerts.c.id).where(alerts.c.key == new.alert.key)
        end_notices(connection, new.notice_ids, now, alert_id=connection.scalar(same))
        return
    rows = [
        {"alert_id": made, "route": route, "state": DeliveryState.WAITING, "due": due}
        for route, due in new.routes
    ]
    if rows:
        connection.execute(sa.insert(deliveries), rows)
    end_notices(connection, new.notice_ids, now, alert_id=made)


def load_deliveries(
    connection: sa.Connection,
    *,
    states: Collection[DeliveryState] | None = None,
    ids: Collection[int] | None = None,
    limit: int,
) -> list[Delivery]:
    """Give deliveries with their alerts, in the order in which they are due."""
    of = [column for column in alerts.c if column.name != "id"]
    query = sa.select(deliveries, *of).join(alerts)
    if states is not None:
        query = query.where(deliveries.c.state.in_(list(states)))
    if ids is not None:
        query = query.where(deliveries.c.id.in_(list(ids)))
    query = query.order_by(deliveries.c.due, deliveries.c.id).limit(limit)
    return [watch_codec.delivery_of(row) for row in connection.execute(query)]
