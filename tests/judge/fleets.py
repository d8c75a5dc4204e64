"""A fleet that is swept, its phones one after the other, while causes are looked for all along."""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fleet.judge import (
    RULES,
    CauseSettings,
    advance,
    find_causes,
    registrars_of,
    watch_for,
)
from fleet.model import (
    Cause,
    CauseKind,
    Finding,
    Flap,
    Incident,
    IncidentState,
    Notice,
    PhoneLook,
    Population,
    Reach,
    Sighting,
)
from tests.judge.watching import START, finding

INTERVAL, CONFIRM = 300, 60
WATCH = watch_for({})
LINES_SEEN = tuple(name for name in RULES if name not in ("phone-unreachable", "phone-refused"))


@dataclass
class Desk:
    """A phone: where it is, what it registers with, and when in an interval it is looked at."""

    id: int
    site: str
    host: str
    registrar: str
    login: str
    offset: float


@dataclass
class World:
    """What is broken."""

    sites: set[str] = field(default_factory=set)
    networks: set[str] = field(default_factory=set)
    registrars: set[str] = field(default_factory=set)
    logins: set[str] = field(default_factory=set)
    phones: set[int] = field(default_factory=set)  # that do not answer
    lines: dict[int, int] = field(default_factory=dict)  # codes, by phone
    on_backup: set[str] = field(default_factory=set)  # registrars
    our_network: bool = False

    def reach(self, desk: Desk) -> Reach:
        is_cut = self.our_network or desk.site in self.sites or desk.id in self.phones
        if is_cut or desk.host.rpartition(".")[0] in self.networks:
            return Reach.UNREACHABLE
        return Reach.REFUSED if desk.login in self.logins else Reach.OK

    def found(self, desk: Desk) -> Finding | None:
        registrar = desk.registrar.upper() if desk.id % 2 else desk.registrar
        if desk.registrar in self.registrars:
            return finding("line-unregistered", 1, registrar=registrar)
        if desk.registrar in self.on_backup:
            return finding("line-on-backup", 1, registrar=registrar)
        if code := self.lines.get(desk.id):
            return finding("line-failed", 1, code=code, registrar=registrar)
        return None


class Fleet:
    """Phones on sites, with one line each; `told` says when causes began and ended."""

    def __init__(
        self, phones: int = 2000, sites: int = 40, registrars: int = 4, seed: int = 1
    ) -> None:
        dice = random.Random(seed)
        self.desks = {
            number + 1: Desk(
                id=number + 1,
                site=f"s{number % sites}",
                host=f"10.{number % sites}.{number // sites % 2}.{1 + number // sites // 2}",
                registrar=f"pbx{number // sites % registrars}",
                login="settings" if number % sites % 2 else f"site s{number % sites}",
                offset=dice.uniform(0, INTERVAL * 0.8),
            )
            for number in range(phones)
        }
        self.world = World()
        self.settings = CauseSettings()
        self.looks: dict[int, tuple[datetime, Reach]] = {}
        self.standing: dict[int, dict[tuple[str, int], Incident]] = defaultdict(dict)
        self.flaps: dict[int, dict[int, Flap]] = defaultdict(dict)
        self.notices: list[Notice] = []
        self.causes: dict[int, Cause] = {}
        self.owner: dict[int, int] = {}
        self.told: list[tuple[str, str, str]] = []
        self.history: list[Cause] = []
        self.second = 0.0
        self.last_id = 0
        self.agenda = [(desk.offset, desk.id, True) for desk in self.desks.values()]
        heapq.heapify(self.agenda)

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.second)

    def run(self, seconds: float, *, judge_every: float = 15) -> None:
        """Let time pass; look for causes all the while."""
        end = self.second + seconds
        while self.second < end:
            until = min(end, self.second + judge_every)
            while self.agenda and self.agenda[0][0] <= until:
                self.second, number, is_planned = heapq.heappop(self.agenda)
                self.poll(self.desks[number], is_planned=is_planned)
            self.second = until
            self.judge()

    def poll(self, desk: Desk, *, is_planned: bool) -> None:
        reach = self.world.reach(desk)
        self.looks[desk.id] = (self.now, reach)
        verdicts: dict[str, tuple[Finding, ...]] = {"phone-unreachable": ()}
        if reach is Reach.UNREACHABLE:
            verdicts["phone-unreachable"] = (finding("phone-unreachable"),)
        elif reach is Reach.REFUSED:
            verdicts["phone-refused"] = (finding("phone-refused"),)
        else:
            verdicts |= dict.fromkeys((*LINES_SEEN, "phone-refused"), ())
            if found := self.world.found(desk):
                verdicts[found.rule] = (found,)
        if desk.id in self.standing or any(verdicts.values()):
            self.see(Sighting(phone_id=desk.id, at=self.now, verdicts=verdicts, site=desk.site))
        if is_planned:
            heapq.heappush(self.agenda, (self.second + INTERVAL, desk.id, True))
        pending = IncidentState.PENDING
        if any(each.state is pending for each in self.standing.get(desk.id, {}).values()):
            heapq.heappush(self.agenda, (self.second + CONFIRM, desk.id, False))

    def push(self, number: int, code: int) -> None:
        """A phone tells that its line failed."""
        desk = self.desks[number]
        found = finding("line-failed", 1, code=code, registrar=desk.registrar)
        self.see(
            Sighting(
                phone_id=number,
                at=self.now,
                verdicts={found.rule: (found,)},
                site=desk.site,
                pushed=True,
            )
        )

    def see(self, sighting: Sighting) -> None:
        standing, flaps = self.standing[sighting.phone_id], self.flaps[sighting.phone_id]
        step = advance([*standing.values()], [*flaps.values()], sighting, WATCH)
        for incident in step.incidents:
            if incident.state is IncidentState.RESOLVED:
                del standing[incident.key]
                continue
            self.last_id += incident.id is None
            standing[incident.key] = replace(incident, id=incident.id or self.last_id)
        flaps.update({flap.line: flap for flap in step.flaps})
        self.notices += step.notices
        if not standing:
            del self.standing[sighting.phone_id]

    def all_standing(self) -> list[Incident]:
        return [each for of_one in self.standing.values() for each in of_one.values()]

    def open_causes(self) -> list[Cause]:
        """The causes that last, with the members that stand, as the store gives them."""
        members: dict[int, set[int]] = defaultdict(set)
        for incident in self.all_standing():
            if incident.id in self.owner:
                members[self.owner[incident.id]].add(incident.id)
        return [
            replace(cause, members=frozenset(members[id_])) for id_, cause in self.causes.items()
        ]

    def population(self, registrars: frozenset[str]) -> Population:
        looks = tuple(
            PhoneLook(
                phone_id=desk.id,
                host=desk.host,
                site=desk.site,
                login=desk.login,
                reach=self.looks[desk.id][1],
                observed_at=self.looks[desk.id][0],
            )
            for desk in self.desks.values()
            if desk.id in self.looks
        )
        lines: dict[str, list[datetime]] = {name: [] for name in registrars}
        for look in looks:
            registrar = self.desks[look.phone_id].registrar
            if look.reach is Reach.OK and registrar in lines and look.observed_at:
                lines[registrar].append(look.observed_at)
        return Population(
            phones=looks, lines={name: tuple(moments) for name, moments in lines.items()}
        )

    def find(self) -> tuple[Cause, ...]:
        standing, causes = self.all_standing(), self.open_causes()
        population = self.population(registrars_of(standing, causes))
        return find_causes(standing, causes, population, self.settings, self.now)

    def judge(self) -> None:
        """Look for causes once, and keep what comes of it."""
        for cause in self.find():
            kept = replace(cause, id=cause.id or len(self.history) + 1)
            assert kept.id is not None
            if cause.id is None:
                self.told.append((cause.kind.value, cause.name, "began"))
                self.history.append(kept)
            self.history[kept.id - 1] = kept
            self.causes[kept.id] = kept
            if cause.ended:
                self.told.append((cause.kind.value, cause.name, "ended"))
                del self.causes[kept.id]
            else:
                self.owner.update(dict.fromkeys(kept.members, kept.id))

    def lines_at(self, registrar: str) -> int:
        return sum(desk.registrar == registrar for desk in self.desks.values())

    def of(self, kind: CauseKind) -> list[Cause]:
        return [cause for cause in self.history if cause.kind is kind]

    def uncovered(self) -> list[Notice]:
        """Notices of what opened and was never put down to a cause."""
        opened = [each for each in self.notices if each.kind.value == "opened"]
        ids = {(each.phone_id, each.key, each.first_seen): each.id for each in self.all_standing()}
        return [
            notice
            for notice in opened
            if (key := (notice.incident.phone_id, notice.incident.key, notice.incident.first_seen))
            in ids
            and ids[key] not in self.owner
        ]
