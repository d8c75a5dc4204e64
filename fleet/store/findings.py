"""Findings and incidents: rows that hold since when until when, and the notices that go with them.

The transaction that writes an observation writes what it changes here, so that no change of state
is ever without its notice. What an import, applied files or other settings change is judged again
from what is stored, a few phones to a transaction; which phones are left to do is stored as well.
Writers take turns: what stands cannot change between the reading and the writing, whoever sweeps
and whichever phone pushes at the same time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from fleet.model import (
    Flap,
    Incident,
    IncidentState,
    NoticeKind,
    Sighting,
    Step,
    StrangerSighting,
)
from fleet.store import codec, watch_codec
from fleet.store.database import Repository
from fleet.store.diff import once_each
from fleet.store.engine import insert_into, take_turns
from fleet.store.phones import Secrets, in_order, load_known, mentions, of_phones
from fleet.store.tables import marks, phone_states, phones, sites
from fleet.store.watch_tables import causes, flaps, incidents, notices, unjudged

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from fleet.model import Finding, Notice
    from fleet.store.values import Known

StrangerKey: TypeAlias = tuple[str, str]
"""A subject, and a site's name (empty: of no site)."""

_Key: TypeAlias = tuple[int | None, str, int, str, str]

TakeStep: TypeAlias = Callable[[Sequence[Incident], Sequence[Flap], Sighting], Step]
"""What one look changes of what stands on its phone."""

TakeStrangerStep: TypeAlias = Callable[[Sequence[Incident], StrangerSighting], Step]
"""What one look at strangers changes of what stands of its subject."""

Standing: TypeAlias = frozenset[tuple[str, int]]
"""What stands on a phone: rules, each with its line (0: the phone itself)."""

LOCK = 0x696E6369  # whoever changes incidents, causes or notices
_SETTINGS = "judged with"
_STANDING = incidents.c.resolved.is_(None)
_WITH_PHONES = incidents.outerjoin(phones, phones.c.id == incidents.c.phone_id)

# One name for a phone everywhere: what it is called now, while it is in the inventory.
LABEL = sa.func.coalesce(
    sa.func.nullif(phones.c.name, ""), phones.c.mac, phones.c.host, incidents.c.phone
)

Place: TypeAlias = tuple[int, int]
"""A phone's number, and a line's (0: the phone itself)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What looks changed: the notices written, and what stands on each phone that was looked at."""

    notices: list[Notice] = field(default_factory=list)
    standing: dict[int, Standing] = field(default_factory=dict)


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


class Findings(Repository):
    """Findings of phones' lines and of unknown devices, and who works on them."""

    def record(self, sightings: Sequence[Sighting], step: TakeStep) -> list[Notice]:
        """Judge what phones pushed, in one transaction; give the notices it wrote."""
        with self._writing() as connection:
            return take_steps(connection, sightings, step).notices

    def record_strangers(
        self,
        rule: str,
        held: Mapping[StrangerKey, Finding],
        at: datetime,
        step: TakeStrangerStep,
    ) -> list[Notice]:
        """Judge all that a rule holds of strangers, in one transaction; give the notices."""
        with self._writing() as connection:
            take_turns(connection, LOCK)
            standing: dict[StrangerKey, list[Incident]] = defaultdict(list)
            query = sa.select(incidents).where(incidents.c.subject != "", _STANDING)
            for row in connection.execute(query.where(incidents.c.rule == rule)):
                standing[row.subject, row.site].append(watch_codec.incident_of(row))
            sightings = [
                StrangerSighting(
                    subject=subject,
                    site=site,
                    at=at,
                    verdicts={rule: (held[subject, site],) if (subject, site) in held else ()},
                )
                for subject, site in {**standing, **held}
            ]
            steps = [step(standing.get((each.subject, each.site), ()), each) for each in sightings]
            return _write(connection, [each for each in steps if each.incidents])

    def incidents(
        self,
        *,
        open_only: bool = False,
        pending: bool = False,
        ids: Collection[int] | None = None,
        phone_id: int | None = None,
        site: str | None = None,
        cause_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Incident]:
        """Give incidents, the newest first: those that opened, `pending` ones too if asked.

        `open_only`: those that stand. [since, until) is the time that they touch.
        """
        asked: list[sa.ColumnElement[bool]] = []
        if not pending:
            asked.append(incidents.c.opened.is_not(None))
        if open_only:
            asked.append(_STANDING)
        for column, value in (
            (incidents.c.phone_id, phone_id),
            (incidents.c.site, site),
            (incidents.c.cause_id, cause_id),
        ):
            if value is not None:
                asked.append(column == value)
        if ids is not None:
            asked.append(incidents.c.id.in_(list(ids)))
        if since is not None:
            asked.append(sa.or_(_STANDING, incidents.c.resolved >= since))
        if until is not None:
            asked.append(incidents.c.first_seen < until)
        query = sa.select(incidents, LABEL.label("label")).select_from(_WITH_PHONES).where(*asked)
        newest = (incidents.c.first_seen.desc(), incidents.c.id.desc())
        with self._reading() as connection:
            rows = connection.execute(query.order_by(*newest))
            return [watch_codec.incident_of(row, phone="label") for row in rows]

    def judge_all_again(self, settings: str, rules: Collection[str], now: datetime) -> bool:
        """Have all phones judged again, if they were judged with other `settings` so far.

        What stands of rules that are not among `rules` is resolved: they are switched off.
        """
        with self._writing() as connection:
            known = sa.select(marks.c.value).where(marks.c.name == _SETTINGS)
            if connection.scalar(known) == settings:
                return False
            take_turns(connection, LOCK)
            _close(
                connection, incidents.c.rule.not_in(list(rules)), now, "the rule was switched off"
            )
            judge_again(connection, None)
            mark = insert_into(connection, marks).values(name=_SETTINGS, value=settings)
            replaced = {"value": mark.excluded.value}
            connection.execute(
                mark.on_conflict_do_update(index_elements=[marks.c.name], set_=replaced)
            )
            return True

    def judge_again(
        self,
        judge: Callable[[Known], Sighting | None],
        step: TakeStep,
        *,
        limit: int,
    ) -> int:
        """Judge stored states of up to `limit` phones that are to be judged again; return how many.

        One transaction: killed in it, the same phones are still to be judged.
        """
        with self._writing() as connection:
            ids = next_unjudged(connection, limit)
            if ids:
                known = load_known(connection, None, ids, Secrets.NONE)
                made = [judge(each) for each in known.values()]
                take_steps(connection, [each for each in made if each], step)
            return len(ids)

    def flagged_phones(self, rules: Collection[str]) -> set[int]:
        """Return the phones with a finding of one of these rules now."""
        with self._reading() as connection:
            return flagged_phones(connection, rules)

    def open_mark(self) -> tuple[int, int]:
        """Return how many findings hold now, and the newest of them: both change with them."""
        query = sa.select(sa.func.count(), sa.func.max(incidents.c.id)).where(_STANDING)
        with self._reading() as connection:
            count, newest = connection.execute(query).one()
            return count, newest or 0

    def has_unjudged(self) -> bool:
        """Return whether there are phones to be judged again."""
        with self._reading() as connection:
            return connection.scalar(sa.select(unjudged.c.phone_id).limit(1)) is not None

    def flapping(self) -> set[tuple[int, int]]:
        """Give phone and line (0: the phone itself) of what flaps now."""
        with self._reading() as connection:
            query = sa.select(flaps.c.phone_id, flaps.c.line).where(flaps.c.is_flapping)
            return {(row.phone_id, row.line) for row in connection.execute(query)}

    def acknowledge(
        self, ids: Collection[int], *, by: str, at: datetime, until: datetime | None = None
    ) -> int:
        """Note who works on open incidents, until when (None: to their end); give how many."""
        with self._writing() as connection:
            return acknowledge(connection, incidents, ids, by=by, at=at, until=until)

    def acknowledge_cause(
        self, cause_id: int, *, by: str, at: datetime, until: datetime | None = None
    ) -> bool:
        """Note who works on a lasting cause; False if there is none of that id."""
        with self._writing() as connection:
            return bool(acknowledge(connection, causes, [cause_id], by=by, at=at, until=until))

    def unacknowledge(self, ids: Collection[int]) -> int:
        """Take back the acknowledgement of open incidents; return how many there were."""
        with self._writing() as connection:
            return acknowledge(connection, incidents, ids, by="", at=None, until=None)

    def unacknowledge_cause(self, cause_id: int) -> bool:
        """Take back the acknowledgement of a lasting cause; False if there is none of that id."""
        with self._writing() as connection:
            return bool(acknowledge(connection, causes, [cause_id], by="", at=None, until=None))

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

        They come in the order of `Phones.ids`, and then by line.
        """
        with self._reading() as connection:
            query = in_order(_flagging(rules))
            found = connection.execute(query).all()
            counted = Counter(row.rule for row in found)
            if text:
                query = query.where(sa.or_(*mentions(text.lower())))
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


def lock_findings(connection: sa.Connection) -> None:
    """Wait for other writers of findings, before any phone is locked: else two could deadlock."""
    take_turns(connection, LOCK)


def take_steps(connection: sa.Connection, sightings: Sequence[Sighting], step: TakeStep) -> Taken:
    """Judge looks against what stands, and write what they change."""
    take_turns(connection, LOCK)
    taken = Taken()
    for some in once_each(sightings, attrgetter("phone_id")):
        _take_steps(connection, some, step, taken)
    return taken


def _take_steps(
    connection: sa.Connection, sightings: Sequence[Sighting], step: TakeStep, taken: Taken
) -> None:
    ids = [sighting.phone_id for sighting in sightings]
    standing, flapping = _standing(connection, ids), _flaps(connection, ids)
    steps = []
    for sighting in sightings:
        phone_id = sighting.phone_id
        before, flaps_before = standing.get(phone_id, ()), flapping.get(phone_id, ())
        keys = {one.key for one in before}
        # Nearly every look finds nothing on a phone of which nothing stands.
        if before or flaps_before or any(sighting.verdicts.values()):
            made = step(before, flaps_before, sighting)
            for one in made.incidents:
                (keys.discard if one.resolved else keys.add)(one.key)
            if made.incidents or made.flaps:
                steps.append(made)
        taken.standing[phone_id] = frozenset(keys)
    taken.notices.extend(_write(connection, steps))


def findings(
    connection: sa.Connection, phone_ids: Sequence[int] | None, at: datetime | None = None
) -> dict[int, list[Incident]]:
    """Return what holds on phones (None: on all) now, or held at a moment, by phone.

    What nobody could see with the phone's reach is among it: see `Incident.reach`.
    """
    query = sa.select(incidents, LABEL.label("label")).select_from(_WITH_PHONES).where(_holds(at))
    found: dict[int, list[Incident]] = defaultdict(list)
    for row in of_phones(connection, query, incidents.c.phone_id, phone_ids):
        found[row.phone_id].append(watch_codec.incident_of(row, phone="label"))
    return found


def flagged_phones(
    connection: sa.Connection, rules: Collection[str], at: datetime | None = None
) -> set[int]:
    """Return the phones with a finding of one of these rules, now or at a moment."""
    query = (
        sa.select(incidents.c.phone_id)
        .distinct()
        .where(_holds(at), incidents.c.rule.in_(list(rules)), incidents.c.phone_id.is_not(None))
    )
    return set(connection.scalars(query))


def _holds(at: datetime | None) -> sa.ColumnElement[bool]:
    if at is None:
        return _STANDING
    lasts = sa.or_(_STANDING, incidents.c.resolved > at)
    return sa.and_(incidents.c.first_seen <= at, lasts)


def _standing(
    connection: sa.Connection, phone_ids: Sequence[int]
) -> Mapping[int, Sequence[Incident]]:
    found: dict[int, list[Incident]] = defaultdict(list)
    for some in codec.chunks(phone_ids):
        query = sa.select(incidents).where(incidents.c.phone_id.in_(some), _STANDING)
        for row in connection.execute(query.order_by(incidents.c.id)):
            found[row.phone_id].append(watch_codec.incident_of(row))
    return found


def _flaps(connection: sa.Connection, phone_ids: Sequence[int]) -> Mapping[int, Sequence[Flap]]:
    found: dict[int, list[Flap]] = defaultdict(list)
    for some in codec.chunks(phone_ids):
        for row in connection.execute(sa.select(flaps).where(flaps.c.phone_id.in_(some))):
            found[row.phone_id].append(watch_codec.flap_of(row))
    return found


def _write(connection: sa.Connection, steps: Sequence[Step]) -> list[Notice]:
    there = _still_there(connection, steps)
    changed = [one for each in steps for one in each.incidents if one.phone_id in there]
    ids = _write_incidents(connection, changed)
    _write_flaps(connection, [f for each in steps for f in each.flaps if f.phone_id in there])
    told = [one for each in steps for one in each.notices if one.incident.phone_id in there]
    rows = [
        {
            "incident_id": one.incident.id or ids[_key(one.incident)],
            "kind": one.kind,
            "at": one.at,
        }
        for one in told
    ]
    if rows:
        connection.execute(sa.insert(notices), rows)
    return told


def _still_there(connection: sa.Connection, steps: Sequence[Step]) -> set[int | None]:
    """The phones of these steps that nobody removed meanwhile."""
    concerned = {one.phone_id for each in steps for one in each.incidents if one.phone_id}
    concerned |= {one.phone_id for each in steps for one in each.flaps}
    there: set[int | None] = {None}  # strangers are no phone, and nobody removes them
    for some in codec.chunks(sorted(concerned)):
        held = sa.select(phones.c.id).where(phones.c.id.in_(some))
        there |= set(connection.scalars(held.with_for_update(read=True, key_share=True)))
    return there


def _key(incident: Incident) -> _Key:
    return (incident.phone_id, *incident.key, incident.subject, incident.site)


def _write_incidents(connection: sa.Connection, changed: Sequence[Incident]) -> dict[_Key, int]:
    """Write findings; give the ids of the new ones."""
    updates = [watch_codec.incident_values(one) | {"of": one.id} for one in changed if one.id]
    if updates:
        update = sa.update(incidents).where(incidents.c.id == sa.bindparam("of"))
        connection.execute(update, updates)
    new = [watch_codec.incident_values(one) for one in changed if one.id is None]
    if not new:
        return {}
    of = incidents.c
    columns = (of.phone_id, of.rule, of.line, of.subject, of.site)
    made = connection.execute(sa.insert(incidents).returning(*columns, of.id), new)
    return {(row.phone_id, row.rule, row.line, row.subject, row.site): row.id for row in made}


def _write_flaps(connection: sa.Connection, changed: Sequence[Flap]) -> None:
    over = [one for one in changed if not one.changes and not one.is_flapping]
    for one in over:
        which = (flaps.c.phone_id == one.phone_id, flaps.c.line == one.line)
        connection.execute(sa.delete(flaps).where(*which))
    rows = [watch_codec.flap_values(one) for one in changed if one not in over]
    if rows:
        insert = insert_into(connection, flaps)
        replaced = {name: insert.excluded[name] for name in ("is_flapping", "changes")}
        keys = [flaps.c.phone_id, flaps.c.line]
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=replaced), rows)


def close_of_phones(connection: sa.Connection, phone_ids: Sequence[int], now: datetime) -> None:
    """Resolve what stands of phones that are about to be removed; whoever was told hears of it."""
    take_turns(connection, LOCK)
    for some in codec.chunks(phone_ids):
        _close(connection, incidents.c.phone_id.in_(some), now, "the phone was removed")


def judge_again(connection: sa.Connection, phone_ids: Sequence[int] | None) -> None:
    """Note that the stored state of these phones (None: of all) is to be judged again."""
    if phone_ids is None:
        everyone = sa.select(phones.c.id).where(sa.true())
        asked = insert_into(connection, unjudged).from_select(["phone_id"], everyone)
        connection.execute(_once_more(asked))
    elif phone_ids:
        rows = [{"phone_id": phone_id} for phone_id in sorted(set(phone_ids))]
        connection.execute(_once_more(insert_into(connection, unjudged)), rows)


def _once_more(insert: Any) -> Any:
    """Wait for whoever judges the phone now, and ask again after them: no "do nothing"."""
    replaced = {"phone_id": insert.excluded.phone_id}
    return insert.on_conflict_do_update(index_elements=[unjudged.c.phone_id], set_=replaced)


def next_unjudged(connection: sa.Connection, limit: int) -> list[int]:
    """Take phones that are to be judged again, in this transaction: killed, they stay to do."""
    take_turns(connection, LOCK)
    query = sa.select(unjudged.c.phone_id).order_by(unjudged.c.phone_id).limit(limit)
    ids = list(connection.scalars(query.with_for_update()))
    for some in codec.chunks(ids):
        connection.execute(sa.delete(unjudged).where(unjudged.c.phone_id.in_(some)))
    return ids


def _close(
    connection: sa.Connection, which: sa.ColumnElement[bool], now: datetime, why: str
) -> None:
    """Resolve what nobody will look at again; its text says why, for nobody saw it mended."""
    closed = connection.execute(
        sa.update(incidents)
        .where(which, _STANDING)
        .values(
            state=IncidentState.RESOLVED,
            resolved=now,
            text=incidents.c.text.concat(f" (closed: {why})"),
        )
        .returning(incidents.c.id, incidents.c.opened)
    )
    rows = [
        {"incident_id": row.id, "kind": NoticeKind.RESOLVED, "at": now}
        for row in closed
        if row.opened is not None
    ]
    if rows:
        connection.execute(sa.insert(notices), rows)


def acknowledge(
    connection: sa.Connection,
    table: sa.Table,
    ids: Collection[int],
    *,
    by: str,
    at: datetime | None,
    until: datetime | None,
) -> int:
    """Note that somebody works on incidents or causes that last; return how many there were.

    `at` None takes that back.
    """
    take_turns(connection, LOCK)  # else a look under way would write over it
    ended: sa.Column[Any] = table.c.resolved if table is incidents else table.c.ended
    done = connection.execute(
        sa.update(table)
        .where(table.c.id.in_(list(ids)), ended.is_(None))
        .values(acked_at=at, acked_by=by, ack_until=until)
    )
    return done.rowcount


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


def join_cause(connection: sa.Connection, cause_id: int, members: Collection[int]) -> None:
    """Have incidents belong to a cause."""
    for some in codec.chunks(sorted(members)):
        chosen = (incidents.c.id.in_(some), incidents.c.cause_id.is_distinct_from(cause_id))
        connection.execute(sa.update(incidents).where(*chosen).values(cause_id=cause_id))


def delay_notices(
    connection: sa.Connection, delayed: Sequence[tuple[int, tuple[str, ...]]]
) -> None:
    """Note why notices wait."""
    by_reasons: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for notice_id, reasons in delayed:
        by_reasons[reasons].append(notice_id)
    for reasons, ids in by_reasons.items():
        for some in codec.chunks(ids):
            waiting = (notices.c.id.in_(some), notices.c.handled.is_(None))
            update = sa.update(notices).where(*waiting)
            connection.execute(update.values(delayed_by="\n".join(reasons)))


def end_notices(
    connection: sa.Connection,
    ids: Sequence[int],
    now: datetime,
    *,
    alert_id: int | None = None,
    dropped: str = "",
) -> None:
    """Note that notices are in an alert, or dropped for a reason."""
    for some in codec.chunks(ids):
        connection.execute(
            sa.update(notices)
            .where(notices.c.id.in_(some))
            .values(handled=now, alert_id=alert_id, dropped=dropped)
        )
