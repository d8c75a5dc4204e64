"""Whether a phone's lines are registered since its fetch: by the last poll, by pushes, or both.

Pure. Of each line the newest word counts, whoever said it. A poll sees every line, but a page seen
right after the fetch may be of before the boot. A push is of one line, and comes once: it may be
lost, and proves nothing where it does not name a line for sure (facts/web-ui 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.model import ProofWay

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class LineObservation:
    """One intended line: whether the last poll saw it registered (None: it could not see it).

    `pushed` is what the phone said last of it by a push, at `pushed_at`; None if nothing.
    """

    polled: bool | None = None
    pushed: bool | None = None
    pushed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What is known of a phone now.

    `fetched_at` is its last fetch of the expected bytes, None if what it fetched last is something
    else. `polled_at` is the last poll; `registered` whether that saw every intended line
    registered, `wrong` what else is known; `is_reached` whether it could read the phone, `refused`
    whether it saw an intended line that its registrar refuses. `pushed_at` is when the phone last
    said, since its fetch, that it is there or registered; `lines` are all intended ones where it
    said something of any since then, else none.
    """

    fetched_at: datetime | None = None
    polled_at: datetime | None = None
    registered: bool = False
    wrong: str = ""
    is_reached: bool = False
    refused: bool = False
    pushed_at: datetime | None = None
    lines: tuple[LineObservation, ...] = ()


def counts_from(observation: Observation, fetched_at: datetime, settle: timedelta) -> datetime:
    """From when a poll tells: a while after the fetch, or since the phone spoke up after it.

    That a line was lost it may say as it goes down to boot: that is no reason to look sooner.
    """
    settled = fetched_at + settle
    if observation.pushed_at is not None and fetched_at <= observation.pushed_at < settled:
        return observation.pushed_at
    return settled


def proven(
    observation: Observation, fetched_at: datetime, settle: timedelta
) -> tuple[datetime, ProofWay] | None:
    """When the last line was seen registered, and how; None while one was not."""
    since = counts_from(observation, fetched_at, settle)
    if not observation.lines:
        is_polled = (
            observation.registered
            and observation.polled_at is not None
            and observation.polled_at >= since
        )
        return (
            (observation.polled_at, ProofWay.POLL) if is_polled and observation.polled_at else None
        )
    reports = [
        _newest(line, observation.polled_at, since, fetched_at) for line in observation.lines
    ]
    good = [(one.at, one.by) for one in reports if one is not None and one.is_registered]
    if len(good) < len(reports):
        return None
    ways = {by for _, by in good}
    return max(at for at, _ in good), ways.pop() if len(ways) == 1 else ProofWay.BOTH


@dataclass(frozen=True, kw_only=True, slots=True)
class _Report:
    at: datetime
    is_registered: bool
    by: ProofWay


def _newest(
    line: LineObservation, polled_at: datetime | None, since: datetime, fetched_at: datetime
) -> _Report | None:
    """Return the newest report on a line since the fetch. A poll after the push counts too."""
    push = poll = None
    if line.pushed_at is not None and line.pushed is not None and line.pushed_at >= fetched_at:
        push = _Report(at=line.pushed_at, is_registered=line.pushed, by=ProofWay.PUSH)
        since = min(since, push.at)
    if polled_at is not None and line.polled is not None and polled_at >= since:
        poll = _Report(at=polled_at, is_registered=line.polled, by=ProofWay.POLL)
    if push is None or poll is None:
        return push or poll
    return push if push.at > poll.at else poll
