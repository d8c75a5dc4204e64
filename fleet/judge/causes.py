"""Which incidents have one cause: our own network, a site, a network, a login, a registrar.

Judged again and again while sweeps go on, so always of what was looked at since the trouble began:
of the rest nobody knows anything yet, neither when all this begins nor when it ends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fleet.judge.groups import ALL_PHONES, groups_of, registrar_name
from fleet.model import Cause, CauseKind, Reach

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from fleet.judge.groups import CauseKey, Group
    from fleet.model import Incident, PhoneLook, Population

_NEVER = datetime.min.replace(tzinfo=UTC)
_FRESH = timedelta(minutes=15)  # so that a site dead for days is not taken for the beginning
_UNDER_WAY = timedelta(seconds=5)  # an answer that came in as the first failure was noted


@dataclass(frozen=True, kw_only=True, slots=True)
class CauseSettings:
    """When many incidents have one cause.

    It begins when on `at_least` phones (`site_at_least` at a site) something is open that began of
    late, and `share` of what was looked at since then began to fail. A few looks do not speak for
    all: `coverage` of the whole must have been looked at, and three times those numbers, or all. It
    is about to end below `end_share`, or on fewer phones than that and below half of `share`.
    """

    at_least: int = 5
    site_at_least: int = 3
    share: float = 0.5
    end_share: float = 0.1
    coverage: float = 0.2

    def least(self, kind: CauseKind) -> int:
        """On how many phones a cause of this kind has to show."""
        return self.site_at_least if kind is CauseKind.SITE else self.at_least

    def sample(self, group: Group) -> float:
        """How much of a group must have been looked at."""
        size = len(group.looks)
        return max(self.coverage * size, min(size, 3 * self.least(group.kind)))


def start_of(group: Group, settings: CauseSettings) -> datetime | None:
    """When the trouble began that so many in the group share that it has one cause; else None.

    Tried are the moments when one of them failed first: trouble of long ago that stays must not
    hide what begins now. Of those that will do, the one that explains most, the later if alike.
    """
    moments = [
        since
        for since in {unit.began for unit in group.units}
        if _beyond(group, settings, since) >= 0
        and not group.is_apart(since)
        and group.well(since) + group.begun(since) >= settings.sample(group)
        and group.open_phones(since) >= settings.least(group.kind)
    ]
    return _most_telling(group, settings, moments)


def may_start(group: Group, settings: CauseSettings) -> bool:
    """Whether nothing seen so far speaks against one cause, though too little speaks for it."""
    for since in {unit.began for unit in group.units}:
        unseen = len(group.looks) - group.well(since) - group.begun(since)
        may_fail = group.begun(since) + max(0, unseen)
        if _beyond(group, settings, since) >= 0 and may_fail >= settings.least(group.kind):
            return True
    return False


def _most_telling(
    group: Group, settings: CauseSettings, moments: Iterable[datetime]
) -> datetime | None:
    return max(moments, key=lambda since: (_beyond(group, settings, since), since), default=None)


def _beyond(group: Group, settings: CauseSettings, since: datetime) -> float:
    """How many more began to fail than would have to for a cause."""
    begun = group.begun(since)
    return begun - settings.share * (group.well(since) + begun)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnSide:
    """Whether no phone answers at all: since when, or whether that is in doubt for now."""

    start: datetime | None = None
    in_doubt: bool = False


def own_side(
    standing: Sequence[Incident], population: Population, settings: CauseSettings
) -> OwnSide:
    """Tell our own network's failure from that of sites.

    It is ours when not one phone answered since the trouble began, at any site, whatever causes
    there are already. As long as phones of several sites fail and none has answered since, either
    may be so, and nobody should be told of sites. Phones that refuse us are in a back-off, so that
    their sites need not be heard from, as long as they are not most.
    """
    (group,) = groups_of(CauseKind.OWN_NETWORK, standing, population, {}, [ALL_PHONES])
    polled = [look for look in population.phones if look.observed_at]
    newest = max((unit.began for unit in group.units), default=_NEVER)
    fresh = {
        unit.began
        for unit in group.units
        if newest - unit.began <= _FRESH and not group.is_apart(unit.began)
    }
    start = _most_telling(group, settings, fresh)
    if start is None or len(polled) < settings.at_least or _answers_since(polled, start):
        return OwnSide()
    silent = [look.site for look in polled if _is_silent(look) and _moment(look) >= start]
    everywhere = _is_everywhere(polled, {*silent})
    is_ours = (
        everywhere
        and len(silent) >= max(settings.at_least, settings.coverage * len(polled))
        and group.open_phones(start) > 0
    )
    in_doubt = not is_ours and (everywhere or len({*silent}) > 1)
    return OwnSide(start=start if is_ours else None, in_doubt=in_doubt)


def _is_everywhere(polled: Iterable[PhoneLook], silent: Collection[str]) -> bool:
    sites = {look.site for look in polled}
    heard_from = {look.site for look in polled if look.reach is not Reach.REFUSED}
    return heard_from <= {*silent} and 2 * len(silent) > len(sites)


def _answers_since(polled: Iterable[PhoneLook], start: datetime) -> bool:
    return any(not _is_silent(look) and _moment(look) > start + _UNDER_WAY for look in polled)


def _is_silent(look: PhoneLook) -> bool:
    return look.reach is Reach.UNREACHABLE


def _moment(look: PhoneLook) -> datetime:
    return look.observed_at or _NEVER


def find_causes(
    standing: Sequence[Incident],
    causes: Sequence[Cause],
    population: Population,
    settings: CauseSettings,
    now: datetime,
) -> tuple[Cause, ...]:
    """Give the causes that are new, have changed, or ended, of all standing incidents.

    `causes` are those that last. The kinds have the order of `CauseKind`, and the first that can
    explain an incident takes it, for as long as the cause lasts. A cause keeps as members what was
    ever its own; what still fails when it ends may become another's, from the next time on.
    `population.lines` must hold `registrars_of` the same arguments. Incidents without an id, or of
    phones never polled, are not looked at.
    """
    if not standing and not causes:
        return ()
    search = _Search(standing, {(each.kind, each.name): each for each in causes}, population)
    return tuple(found for kind in CauseKind for found in search.of_kind(kind, settings, now))


def registrars_of(standing: Iterable[Incident], causes: Iterable[Cause]) -> frozenset[str]:
    """The registrars whose lines `find_causes` has to know, in lower case."""
    lasting = {cause.name for cause in causes if cause.kind is CauseKind.REGISTRAR}
    failing = {registrar_name(incident.registrar) for incident in standing}
    return frozenset((lasting | failing) - {""})


@dataclass(slots=True)
class _Search:
    """One judgement of all groups. `owners` fills up, so that a kind sees what others took."""

    standing: Sequence[Incident]
    causes: dict[CauseKey, Cause]
    population: Population
    owners: dict[int, CauseKey] = field(init=False)
    own: OwnSide = field(init=False, default=OwnSide())
    undecided: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.owners = {id_: key for key, cause in self.causes.items() for id_ in cause.members}

    def of_kind(self, kind: CauseKind, settings: CauseSettings, now: datetime) -> Iterator[Cause]:
        names = [name for of, name in self.causes if of is kind]
        for group in groups_of(kind, self.standing, self.population, self.owners, names):
            old = self.causes.get((kind, group.name))
            new = self._lasting(old, group, settings, now) if old else self._new(group, settings)
            if new is not None:
                self.owners.update(dict.fromkeys(new.members, (kind, group.name)))
                if new != old:
                    yield new

    def _new(self, group: Group, settings: CauseSettings) -> Cause | None:
        if group.kind is CauseKind.OWN_NETWORK:
            self.own = own_side(self.standing, self.population, settings)
            return _begun(group, self.own.start) if self.own.start else None
        if self._should_wait(group):
            return None
        since = start_of(group, settings)
        if since is None and group.kind is CauseKind.SITE and may_start(group, settings):
            self.undecided.add(group.name)
        return _begun(group, since) if since else None

    def _should_wait(self, group: Group) -> bool:
        """Whether a larger kind, which is not decided yet, may explain the same."""
        if group.kind not in (CauseKind.SITE, CauseKind.NETWORK):
            return False
        if self.own.in_doubt:
            return True
        sites = {unit.look.site for unit in group.units}
        return group.kind is CauseKind.NETWORK and not sites.isdisjoint(self.undecided)

    def _lasting(self, cause: Cause, group: Group, settings: CauseSettings, now: datetime) -> Cause:
        has_members = any(incident.id in cause.members for incident in self.standing)
        if not has_members and not group.failing(cause.began):
            return replace(cause, failing=0, codes=(), ended=now)
        if not group.looked_at(cause.began):
            return cause
        if self._would_begin(group, settings) or not _eases(cause, group, settings):
            return _judged(replace(cause, well_since=None), group)
        seen = _judged(replace(cause, well_since=cause.well_since or now), group)
        return seen if _waits(seen, group) else replace(seen, ended=now)

    def _would_begin(self, group: Group, settings: CauseSettings) -> bool:
        if group.kind is CauseKind.OWN_NETWORK:
            return own_side(self.standing, self.population, settings).start is not None
        return start_of(group, settings) is not None


def _begun(group: Group, since: datetime) -> Cause | None:
    """A new cause; none where all that fails has another already."""
    new = Cause(kind=group.kind, name=group.name, began=since, failing=0, looked_at=0)
    cause = _judged(new, group)
    return cause if cause.members else None


def _judged(cause: Cause, group: Group) -> Cause:
    """The cause with what is known now.

    Nobody joins while it is about to end: what fails then does so by itself, and would not be told.
    """
    joined = frozenset() if cause.well_since else _members(group, cause.began)
    return replace(
        cause,
        failing=group.failing(cause.began),
        looked_at=group.looked_at(cause.began),
        members=cause.members | joined,
        codes=_codes(group, cause.began),
    )


def _members(group: Group, began: datetime) -> frozenset[int]:
    """Whatever was seen failing since it began; also where nobody can see now whether it lasts."""
    seen = [each for unit in group.units if unit.seen >= began for each in unit.incidents]
    unseen = [incident for incident in group.blind if incident.first_seen >= began]
    return frozenset(each.id for each in (*seen, *unseen) if each.id is not None)


def _codes(group: Group, began: datetime) -> tuple[tuple[int, int], ...]:
    """Count the codes of what began to fail since then: the cause is none of what failed before."""
    counted = Counter(
        unit.code for unit in group.units if unit.code is not None and unit.began >= began
    )
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _waits(cause: Cause, group: Group) -> bool:
    """Whether some that failed were not looked at again since the others became well."""
    return any(
        unit.seen < cause.well_since
        for unit in group.units
        if cause.well_since and any(each.id in cause.members for each in unit.incidents)
    )


def _eases(cause: Cause, group: Group, settings: CauseSettings) -> bool:
    """Whether so little fails that it is about to end; never while most of it is out of sight."""
    failing, looked_at = group.failing(cause.began), group.looked_at(cause.began)
    if len(group.blind) > looked_at:
        return False
    if cause.kind is CauseKind.OWN_NETWORK:
        return group.well(cause.began) > settings.end_share * looked_at
    is_on_few = group.bad_phones(cause.began) < settings.least(cause.kind)
    return failing < settings.end_share * looked_at or (
        is_on_few and failing < settings.share / 2 * looked_at
    )
