"""What a round of alerting looks at, what it decides, and the settings it decides by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from fleet.alert.routes import Route
    from fleet.alert.windows import QuietHours, Window
    from fleet.model import AlertKind, Cause, Incident, Notice, Population, Silence

    FindCauses: TypeAlias = Callable[
        [Sequence[Incident], Sequence[Cause], Population, datetime], tuple[Cause, ...]
    ]
    Diagnose: TypeAlias = Callable[[Sequence[Incident]], Mapping[int, str]]

WORST_FIRST = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Who is told of what and when. `repeat_after` None: what stays open is told once."""

    routes: tuple[Route, ...] = ()
    group_wait: timedelta = timedelta(seconds=10)
    repeat_after: timedelta | None = timedelta(days=1)
    quiet_hours: QuietHours | None = None
    most_per_hour: int = 30
    zone: tzinfo = UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Everything a round looks at.

    `standing` are the open incidents by their ids. `causes` are those that last or have just
    ended, as they are now judged; `members` gives the ids of those that belong or belonged to one,
    `of_ended` the incidents of the ended ones. `told` and `told_causes` say of which incidents and
    lasting causes an alert told, and when last; `sent` how many alerts each channel was given
    within the last hour. `unread` are phones that could not be read when they were looked at last.
    `sweeping_since` is the beginning of the planned sweep that goes on.
    """

    now: datetime
    notices: tuple[Notice, ...] = ()
    standing: Mapping[int, Incident] = field(default_factory=dict)
    told: Mapping[int, datetime] = field(default_factory=dict)
    causes: tuple[Cause, ...] = ()
    members: Mapping[int, Cause] = field(default_factory=dict)
    of_ended: Mapping[int, tuple[Incident, ...]] = field(default_factory=dict)
    told_causes: Mapping[int, datetime] = field(default_factory=dict)
    flapping: frozenset[tuple[int, int]] = frozenset()
    silences: tuple[Silence, ...] = ()
    windows: tuple[Window, ...] = ()
    sent: Mapping[str, int] = field(default_factory=dict)
    unread: frozenset[int] = frozenset()
    sweeping_since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """One alert to be written: who is told of which incidents or of which cause.

    `due` is when its channels are tried first. Of its notices, `late` were delayed, the first since
    `late_since`; `delays` counts them by recorded reason. A reminder may name `causes` besides its
    incidents.
    `unread` of a cause's incidents are on phones that cannot be read.
    """

    kind: AlertKind
    route: Route
    key: str
    severity: Severity
    due: datetime
    incidents: tuple[Incident, ...] = ()
    notice_ids: tuple[int, ...] = ()
    cause: Cause | None = None
    causes: tuple[Cause, ...] = ()
    unread: int = 0
    late: int = 0
    late_since: datetime | None = None
    delays: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A notice that is not told yet, and why, in a few words."""

    notice: Notice
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a round decides.

    `dropped` are ids of notices nobody needs to hear of, with why. `delayed` are ids of notices in
    `held` whose reason is new, each with all its reasons, to be recorded.
    """

    tellings: tuple[Telling, ...] = ()
    dropped: tuple[tuple[int, str], ...] = ()
    held: tuple[Held, ...] = ()
    delayed: tuple[tuple[int, tuple[str, ...]], ...] = ()


class Allowance:
    """How many more alerts each route may be given within this hour."""

    def __init__(self, sent: Mapping[str, int], most: int) -> None:
        self._sent, self._most = Counter(sent), most

    def is_used_up(self, route: Route) -> bool:
        """Tell whether one of the route's channels was given as many as it may."""
        return any(self._sent[channel] >= self._most for channel in route.channels)

    def use(self, route: Route) -> None:
        """Count an alert that the route is given now."""
        self._sent.update(route.channels.keys())
