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
class LineLook:
    """One intended line: whether the last poll saw it registered (None: it could not look).

    `pushed` is what the phone said last of it by a push, at `pushed_at`; None if nothing.
    """

    polled: bool | None = None
    pushed: bool | None = None
    pushed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What is known of a phone now.

    `fetched_at` is its last fetch of the expected bytes, None if what it fetched last is something
    else. `polled_at` is the last poll; `registered` whether that saw every intended line
    registered, `wrong` what else is known. `pushed_at` is when the phone last said, since
    its fetch, that it is there or registered; `lines` are all intended ones where it said something
    of any since then, else none.
    """

    fetched_at: datetime | None = None
    polled_at: datetime | None = None
    registered: bool = False
    wrong: str = ""
    pushed_at: datetime | None = None
    lines: tuple[LineLook, ...] = ()


def counts_from(look: Look, fetched_at: datetime, settle: timedelta) -> datetime:
    """From when a poll tells: a while after the fetch, or since the phone spoke up after it.

    That a line was lost it may say as it goes down to boot: that is no reason to look sooner.
    """
    settled = fetched_at + settle
    if look.pushed_at is not None and fetched_at <= look.pushed_at < settled:
        return look.pushed_at
    return settled


def proven(look: Look, fetched_at: datetime, settle: timedelta) -> tuple[datetime, ProofWay] | None:
    """When the last line was seen registered, and how; None while one was not."""
    since = counts_from(look, fetched_at, settle)
    if not look.lines:
        is_polled = look.registered and look.polled_at is not None and look.polled_at >= since
        return (look.polled_at, ProofWay.POLL) if is_polled and look.polled_at else None
    words = [_newest(line, look.polled_at, since, fetched_at) for line in look.lines]
    good = [(word.at, word.by) for word in words if word is not None and word.is_registered]
    if len(good) < len(words):
        return None
    ways = {by for _, by in good}
    return max(at for at, _ in good), ways.pop() if len(ways) == 1 else ProofWay.BOTH


@dataclass(frozen=True, kw_only=True, slots=True)
class _Word:
    at: datetime
    is_registered: bool
    by: ProofWay


def _newest(
    line: LineLook, polled_at: datetime | None, since: datetime, fetched_at: datetime
) -> _Word | None:
    """The newest word on a line since the fetch. A poll that comes after its push counts too."""
    push = poll = None
    if line.pushed_at is not None and line.pushed is not None and line.pushed_at >= fetched_at:
        push = _Word(at=line.pushed_at, is_registered=line.pushed, by=ProofWay.PUSH)
        since = min(since, push.at)
    if polled_at is not None and line.polled is not None and polled_at >= since:
        poll = _Word(at=polled_at, is_registered=line.polled, by=ProofWay.POLL)
    if push is None or poll is None:
        return push or poll
    return push if push.at > poll.at else poll
