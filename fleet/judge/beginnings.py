"""Since when many incidents have one cause, as far as what was looked at so far can tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fleet.judge.groups import ALL_PHONES, groups_of
from fleet.model import CauseKind, Reach

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from fleet.judge.groups import Group
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
