"""The use case: one sweep over the chosen phones, from the lease to the last settled phone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from fleet.errors import FleetError, NotAsked, SweepRunning, UsageError
from fleet.judge import FLAGGING
from fleet.loop import steady
from fleet.model import IncidentState
from fleet.report.wording import counted
from fleet.resources import shortage
from fleet.store import Secrets
from fleet.sweep.agenda import Agenda, moments
from fleet.sweep.backoff import is_left_alone, refused_lately
from fleet.sweep.observe import Seen
from fleet.sweep.reconcile import Settling
from fleet.sweep.run import Job, Pass, Tally, spread
from fleet.sweep.targets import target_of, uses_settings_password

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Sweep
    from fleet.store import Known, Recorded, Store, TakeStep
    from fleet.sweep.agenda import Urgent
    from fleet.sweep.backoff import Backoff
    from fleet.sweep.observe import Observer
    from fleet.sweep.run import Judge
    from fleet.sweep.targets import LoginDefaults

LEASE = timedelta(seconds=30)  # renewed with every batch, so at least about once a second
PATIENCE = timedelta(seconds=120)  # for a planned sweep to end the polls under way
WANTED = timedelta(seconds=5)  # how long a wish for the lease holds, unless it is renewed
ASK_AGAIN = 0.3  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """When a planned sweep takes place: the one of `schedule` for `moment`.

    Its phones are polled one after the other until `spread_until`; new problems are looked at
    again after `confirm_after`, unless that is later than `last`. `urgent` are phones that are
    polled in between.
    """

    schedule: str
    moment: datetime
    spread_until: datetime
    last: datetime
    confirm_after: timedelta
    urgent: Urgent


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Which phones to sweep, and why.

    `ids` None means all of them. `selection` names the choice in words that stay the same from run
    to run: a sweep that was cut off is carried on by the next of the same selection, unless that
    begins `anew`. `insist` asks phones that refused us before as well. A sweep with a `plan` takes
    its time, and gives way to one without.
    """

    ids: tuple[int, ...] | None = None
    selection: str = "all"
    trigger: str = "manual"
    insist: bool = False
    anew: bool = False
    plan: Plan | None = None

    @classmethod
    def of_phones(cls, ids: Collection[int]) -> Order:
        """Return the order to poll these phones, also those that refused the login before."""
        chosen = tuple(sorted(set(ids)))
        return cls(ids=chosen, selection="phones " + " ".join(map(str, chosen)), insist=True)

    @classmethod
    def of_site(cls, store: Store, site: str, *, insist: bool = False) -> Order:
        """Return the order to poll the phones of a site."""
        ids = tuple(each.id for each in store.phones.load(site=site, secrets=Secrets.NONE))
        return cls(ids=ids, selection=f"site {site}", insist=insist)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a sweep came to.

    `without_login` counts phones that asked for a login where nobody gives one.
    `flagged` are the phones it saw with findings, or left alone; `new_problems` those that had
    not had them. `notes` are sentences for people: who moved, who claims whose MAC. A planned sweep
    that `gave_way` is to be carried on. `not_asked` counts the phones that this machine could not
    ask, and about which nothing was recorded; `lack` says what it lacked.
    """

    sweep: Sweep
    gave_way: bool = False
    carried_on: int = 0
    without_login: int = 0
    flagged: tuple[int, ...] = ()
    new_problems: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    not_asked: int = 0
    lack: str = ""

    def confirmation(self) -> Order:
        """Return the order of a second poll of the phones with new problems."""
        return Order(ids=self.new_problems, selection="confirm", trigger="confirm", anew=True)

    def confirmed_by(self, again: Outcome) -> Outcome:
        """Return this outcome with the second poll of its new problems in place of the first.

        The counts stay those of the first poll: they say how the sweep went.
        """
        polled = set(self.new_problems)
        healed = len(polled - set(again.flagged))
        note = f"Polled {counted(len(polled), 'phone')} again: {healed} without a problem now."
        return replace(
            self,
            flagged=tuple(sorted((set(self.flagged) - polled) | set(again.flagged))),
            new_problems=again.flagged,
            notes=(*self.notes, *again.notes, note),
        )

    def check(self) -> None:
        """Raise `NotAsked` if this machine could not ask some phones."""
        if self.not_asked:
            all_of_them = self.sweep.counts.polled + self.not_asked
            raise NotAsked(
                f"{self.not_asked} of {all_of_them} phones could not be asked, and nothing was "
                f"recorded about them. {self.lack}"
            )


@dataclass(frozen=True, kw_only=True)
class Sweeper:
    """Sweeps phones of the store, with everything that it needs given to it."""

    store: Store
    observer: Observer
    judge: Judge
    logins: LoginDefaults
    backoff: Backoff
    concurrency: int
    carry_on_within: timedelta
    clock: Callable[[], datetime]
    step: TakeStep | None = None

    async def run(self, order: Order, progress: Callable[[Tally], None]) -> Outcome:
        """Sweep. Raises `SweepRunning` if another holds the lease, `StoreError` for the database.

        A planned sweep raises `SweepTaken` if another runner has had it. One without a plan waits
        for a planned one to give way. Cancelled, it stops asking, writes what it has, and leaves
        the sweep to be carried on.

        Raises `UsageError` before any phone is asked if the settings' password is missing.
        """
        await asyncio.to_thread(self._check_password, order)
        sweep, is_carried_on = await self._take(order)
        tally = Tally()
        try:
            # Only what is loaded under the lease is what the next diff has to be made against.
            known = await asyncio.to_thread(self.store.observations.known, order.ids)
            asked = self._asked(order, known, tally, sweep.id if is_carried_on else None)
            carried_on = tally.answers
            progress(tally)
            notes, gave_way = await self._poll(order, sweep.id, known, asked, tally, progress)
        except BaseException as error:
            self.store.sweeps.finish(sweep.id, tally.counts(), self.clock(), interrupted=True)
            if not isinstance(error, FleetError) and (lack := shortage(error)):
                raise NotAsked(lack) from error
            raise
        counts = tally.counts()
        await asyncio.to_thread(
            self.store.sweeps.finish, sweep.id, counts, self.clock(), interrupted=gave_way
        )
        return Outcome(
            sweep=replace(sweep, finished=None if gave_way else self.clock(), counts=counts),
            gave_way=gave_way,
            carried_on=carried_on,
            without_login=tally.without_login,
            flagged=tuple(sorted(tally.flagged)),
            new_problems=tuple(sorted(tally.new_problems)),
            notes=tuple(notes),
            not_asked=len(tally.not_asked),
            lack=next(iter(tally.not_asked.values()), ""),
        )

    def _check_password(self, order: Order) -> None:
        """Raise `UsageError` if phones need the settings' password and the settings have none.

        Otherwise one forgotten variable would be recorded as a refusal by the whole fleet. A phone
        that lost a password of its own is an edit of the inventory, and is asked.
        """
        if self.logins.password is not None:
            return
        phones = self.store.phones.read_with_settings_password(order.ids)
        missing = sum(target_of(each, self.logins).credentials is None for each in phones)
        if missing:
            one = missing == 1
            raise UsageError(
                f"No phone was asked: {missing} {'phone was' if one else 'phones were'} last read "
                "with the web UI password of the settings, and it is not set now. Set "
                "FLEET_WEB_UI_PASSWORD in the environment or in fleet.env beside fleet.toml, or "
                'password in [web_ui]; if the phones have no password now, set it to "".'
            )

    async def _take(self, order: Order) -> tuple[Sweep, bool]:
        """Begin, as soon as the planned sweep that runs has given way."""
        clock = steady(self.clock)
        patience = clock() + PATIENCE
        while True:
            try:
                return await asyncio.to_thread(self._begin, order)
            except SweepRunning:
                if order.plan is not None or clock() >= patience:
                    raise
                now = self.clock()
                if not await asyncio.to_thread(self.store.sweeps.want_lease, now=now, ttl=WANTED):
                    raise
            await asyncio.sleep(ASK_AGAIN)

    def _begin(self, order: Order) -> tuple[Sweep, bool]:
        """Begin a sweep, or carry on with the one of this selection that was cut off."""
        now, plan = self.clock(), order.plan
        since = now - self.carry_on_within
        cut_off = self.store.sweeps.interrupted(order.selection, since=since, now=now)
        if cut_off and not order.anew and cut_off.planned_for == (plan.moment if plan else None):
            return self.store.sweeps.resume(cut_off.id, now=now, ttl=LEASE), True
        planned = self.store.phones.count() if order.ids is None else len(order.ids)
        sweep = self.store.sweeps.begin(
            trigger=order.trigger,
            selection=order.selection,
            planned=planned,
            now=now,
            ttl=LEASE,
            schedule=plan.schedule if plan else None,
            planned_for=plan.moment if plan else None,
        )
        return sweep, False

    def _asked(
        self, order: Order, known: Mapping[int, Known], tally: Tally, carried_on: int | None
    ) -> list[Known]:
        """Give the phones to ask; count them, and what was polled before or is left alone."""
        now = self.clock()
        asked: list[Known] = []
        for each in known.values():
            if carried_on is not None and each.sweep_id == carried_on and each.observed:
                is_flagged = any(rule in FLAGGING for rule, _ in each.standing)
                tally.note(each.stored.id, each.observed.reach, is_flagged=is_flagged)
            elif is_left_alone(each, now, self.backoff.longest) and not order.insist:
                tally.left_alone += 1
                tally.flagged.add(each.stored.id)
            else:
                asked.append(each)
        tally.answers = len(tally.reaches)
        tally.planned = len(asked) + tally.answers
        return asked

    def _job(self, known: Known) -> Job:
        return Job(
            known=known,
            target=target_of(known.stored, self.logins),
            seen=Seen(
                page_key=known.page_key,
                facts=known.facts,
                refused_lately=refused_lately(known, self.clock()),
            ),
        )

    async def _poll(
        self,
        order: Order,
        sweep_id: int,
        known: dict[int, Known],
        asked: Sequence[Known],
        tally: Tally,
        progress: Callable[[Tally], None],
    ) -> tuple[list[str], bool]:
        """Poll, settle, and tell whether the sweep gave way before its end."""
        owners = await asyncio.to_thread(self.store.phones.mac_owners)
        wanted = asyncio.Event()
        everyone = Pass(
            observer=self.observer,
            judge=self.judge,
            backoff=self.backoff,
            is_settings_password=partial(uses_settings_password, defaults=self.logins),
            write=partial(self._write, sweep_id, asyncio.get_running_loop(), wanted),
            known=known,
            owners=owners,
            tally=tally,
            progress=progress,
        )
        if order.plan is None:
            jobs = spread(map(self._job, asked))
            await everyone.run(jobs, concurrency=min(self.concurrency, len(jobs)))
        elif await self._run_paced(everyone, order.plan, asked, wanted):
            return [], True
        settling = Settling(store=self.store, clock=self.clock, jobs=partial(self._more, known))
        return await settling.run(everyone, {each.stored.id for each in asked}), False

    async def _run_paced(
        self, everyone: Pass, plan: Plan, asked: Sequence[Known], wanted: asyncio.Event
    ) -> bool:
        """Poll the phones each at its moment; True if the sweep gave way before its end."""
        known = everyone.known
        clock = steady(self.clock)  # whoever sets the machine's clock does not delay the phones
        # Its clock may have been set back since the sweep was planned: it waits no longer for that.
        begin = clock()
        end = min(plan.spread_until, begin + (plan.spread_until - plan.moment))
        last = min(plan.last, begin + (plan.last - plan.moment))
        times = moments((each.stored.id for each in asked), begin=begin, end=end)
        agenda = Agenda(times, clock=clock, last=last)
        await self._look_again_at_pending(agenda, plan, {each.stored.id for each in asked})

        def make(phone_id: int) -> Job | None:
            each = known.get(phone_id)
            if each is None or is_left_alone(each, self.clock(), self.backoff.longest):
                return None
            return self._job(each)

        giving_way = asyncio.create_task(_give_way(agenda, wanted))
        plan.urgent.attach(agenda)
        try:
            await everyone.run_paced(
                agenda, make, concurrency=self.concurrency, confirm_after=plan.confirm_after
            )
        finally:
            plan.urgent.detach()
            giving_way.cancel()
        return agenda.is_stopped

    async def _look_again_at_pending(
        self, agenda: Agenda, plan: Plan, asked: Collection[int]
    ) -> None:
        """Look early at what the sweep before saw too late to look at again."""
        standing = await asyncio.to_thread(
            self.store.findings.incidents, open_only=True, pending=True
        )
        for each in standing:
            if each.state is IncidentState.PENDING and each.phone_id and each.phone_id in asked:
                agenda.look_again(each.phone_id, each.first_seen + plan.confirm_after)

    def _write(
        self,
        sweep_id: int,
        loop: asyncio.AbstractEventLoop,
        wanted: asyncio.Event,
        batch: Sequence[Recorded],
    ) -> Mapping[int, Known]:
        written = self.store.observations.record(sweep_id, batch, self.step)
        if self.store.sweeps.renew_lease(sweep_id, now=self.clock(), ttl=LEASE):
            loop.call_soon_threadsafe(wanted.set)
        return written

    def _more(self, known: dict[int, Known], ids: Sequence[int]) -> list[Job]:
        """Make jobs for phones that were not chosen, but are needed to settle who is who."""
        known.update(self.store.observations.known(ids))
        return [self._job(known[phone_id]) for phone_id in ids]


async def _give_way(agenda: Agenda, wanted: asyncio.Event) -> None:
    await wanted.wait()
    agenda.stop()
