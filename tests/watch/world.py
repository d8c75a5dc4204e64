"""A fleet whose sites and registrars can die, watched by the real rules, store and alerting.

Only the wire is left out: what phones would show is made up here, and recorded as a sweep would.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from fleet.alert import Alerting, Composer, Policy, Route
from fleet.judge import CauseSettings, Context, advance, find_causes, verdicts, watch_for
from fleet.model import (
    Account,
    DeliveryState,
    Facts,
    Line,
    Observation,
    Phone,
    Reach,
    Reason,
    Registration,
    Sighting,
    Site,
    SweepCounts,
)
from fleet.store import Change, Known, Recorded, Store
from fleet.sweep.agenda import fraction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet.model import Alert

START = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
INTERVAL = timedelta(minutes=5)
CONFIRM = timedelta(minutes=1)
_STEPS = 12  # rounds of alerting in a sweep


def registrar_of(number: int, registrars: int) -> str:
    return f"pbx{number % registrars + 1}.example"


@dataclass(kw_only=True)
class World:
    """Phones of three lines each, in `sites` sites, at `registrars` registrars.

    What is wrong is said by `dead_sites`, `dead_registrars` and `refused` (phone and line).
    """

    store: Store
    phones: int = 2000
    sites: int = 40
    registrars: int = 4
    policy: Policy = field(default_factory=lambda: Policy(routes=(_ALL,)))
    now: datetime = START
    dead_sites: set[str] = field(default_factory=set)
    dead_registrars: set[str] = field(default_factory=set)
    refused: set[tuple[int, int]] = field(default_factory=set)
    deliver: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        if not self.store.phones.count():
            self._populate()
        self.known = self.store.observations.known()
        self.alerting = Alerting(
            store=self.store,
            policy=self.policy,
            find_causes=lambda *what: find_causes(*what[:3], CauseSettings(), what[3]),
            composer=Composer(None),
        )

    def _populate(self) -> None:
        names = [f"site{number:02}" for number in range(self.sites)]
        phones = [
            Phone(host=f"10.{n // 250}.{n % 250}.1", site=names[n % self.sites], name=f"phone{n}")
            for n in range(self.phones)
        ]
        self.store.inventory.apply(
            [Site(name=name) for name in names], [Change(id=None, phone=phone) for phone in phones]
        )

    def sweep(self, times: int = 1) -> list[Alert]:
        """Poll every phone at its moment, some again, with rounds of alerting in between."""
        begun = self.now
        for number in range(times):
            self.sweep_once()
            self.now = begun + (number + 1) * INTERVAL
        self.alerting.run(self.now)
        return self.told()

    def told(self) -> list[Alert]:
        """Give the alerts written since this was asked last, as if they had been sent."""
        waiting = self.store.alerts.claim_deliveries(now=self.now, until=self.now, limit=1000)
        for each in waiting:
            sent = replace(each, state=DeliveryState.SENT, sent=self.now)
            self.store.alerts.mark_delivery(sent)
        return [each.alert for each in waiting]

    def sweep_once(self) -> None:
        """Poll every phone at its moment; tell, and deliver if that was asked for."""
        sweep = self.store.sweeps.begin(
            trigger="test",
            selection="all",
            planned=1,
            now=self.now,
            ttl=timedelta(minutes=30),
            schedule="sweep",
            planned_for=self.now,
        )
        begun, spread = self.now, INTERVAL * 0.7
        due = sorted((begun + spread * fraction(i), i) for i in self.known)
        again: list[tuple[datetime, int]] = []
        for step in range(_STEPS):
            until = begun + INTERVAL * 0.9 * ((step + 1) / _STEPS)
            looks = [each for each in (*due, *again) if self.now <= each[0] < until]
            again += [(at + CONFIRM, i) for at, i in self._look(sweep.id, looks)]
            self.now = until
            self._tell()
        self.store.sweeps.finish(sweep.id, SweepCounts(ok=len(due)), self.now)
        self._tell()

    def _tell(self) -> None:
        self.alerting.run(self.now)
        if self.deliver:
            self.deliver()

    def _look(
        self, sweep_id: int, looks: Sequence[tuple[datetime, int]]
    ) -> list[tuple[datetime, int]]:
        """Record looks; give those that found what was not there before."""
        batch = [self._recorded(at, self.known[i]) for at, i in sorted(looks)]
        was_bad = {i: _is_bad(self.known[i].observed) for _, i in looks}
        self.known |= self.store.observations.record(
            sweep_id, batch, partial(advance, watch=watch_for({}))
        )
        return [(at, i) for at, i in looks if not was_bad[i] and _is_bad(self.known[i].observed)]

    def _recorded(self, at: datetime, known: Known) -> Recorded:
        phone = known.stored.phone
        if phone.site in self.dead_sites:
            seen = Observation(
                phone_id=known.stored.id,
                at=at,
                reach=Reach.UNREACHABLE,
                reason=Reason.NO_ANSWER,
                detail="No answer.",
            )
        else:
            facts = Facts(dialect="67xxi", lines=self._lines(known.stored.id), model="6753i")
            seen = Observation(phone_id=known.stored.id, at=at, reach=Reach.OK, facts=facts)
        lines = seen.facts.lines if seen.facts else ()
        context = Context(phone=phone, reach=seen.reach, reason=seen.reason, lines=lines)
        sighting = Sighting(
            phone_id=known.stored.id,
            at=at,
            verdicts=verdicts(context, at),
            reach=seen.reach,
            site=phone.site,
            phone=phone.label,
        )
        return Recorded(known=known, observation=seen, page_key="k", sighting=sighting)

    def _lines(self, phone_id: int) -> tuple[Line, ...]:
        registrar = registrar_of(phone_id, self.registrars)
        return tuple(self._line(phone_id, number, registrar) for number in (1, 2, 3))

    def _line(self, phone_id: int, number: int, registrar: str) -> Line:
        user = f"{phone_id}{number}"
        account = Account(raw=f"{user}@{registrar}:5060", user=user, registrar=registrar, port=5060)
        code = 401 if (phone_id, number) in self.refused else None
        if registrar in self.dead_registrars:
            code = 503
        state = Registration.REGISTERED if code is None else Registration.FAILED
        return Line(
            number=number, registration=state, account=account, code=code, backup=False,
            status_text=str(code or "Registered"),
        )  # fmt: skip


_ALL = Route(name="all", urls=("json://localhost",))


def _is_bad(seen: Observation | None) -> bool:
    if seen is None or seen.facts is None:
        return seen is not None
    return any(line.registration is not Registration.REGISTERED for line in seen.facts.lines)
