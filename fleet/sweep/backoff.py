"""How long a phone that refuses our login is left alone, so that we never lock anyone out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.model import Reach, Reason

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import Observation
    from fleet.store import Known


# A 69xx locks its web UI for about 65 s after five refused logins (facts/web-ui 8).
LOCK_OUT = timedelta(seconds=120)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """The pause after a refusal: `first`, doubled with each further one, up to `longest`.

    Never shorter than `LOCK_OUT`: short intervals would use up a phone's failed logins.
    """

    first: timedelta
    longest: timedelta

    def pause(self, refusals: int) -> timedelta:
        """Give the pause after so many refusals in a row, at least one."""
        return max(LOCK_OUT, min(self.longest, self.first * (1 << min(refusals - 1, 16))))


def next_try(
    known: Known, observation: Observation, backoff: Backoff
) -> tuple[int, datetime | None]:
    """Count the refusals in a row, and say until when the phone is left alone (None: it is not).

    Only a good poll clears the count: a phone that could not be asked may still count our failed
    logins. Without a password no login was sent, so nobody can be locked out.
    """
    if observation.reason is Reason.NO_PASSWORD:
        return known.refusals, None
    if observation.reach is Reach.REFUSED:
        refusals = known.refusals + 1
        return refusals, observation.at + backoff.pause(refusals)
    if observation.reach is Reach.OK:
        return 0, None
    return known.refusals, known.next_try_at


def refused_lately(known: Known, now: datetime) -> bool:
    """Whether the phone refused our login when it was last asked.

    A phone that seemed locked out is given the time of a lock-out: what it forbids after that, it
    forbids for another reason.
    """
    last = known.observed
    if last is None or last.reason not in (Reason.WRONG_PASSWORD, Reason.LOCKED_OUT):
        return False
    return last.reason is Reason.WRONG_PASSWORD or now - last.at < LOCK_OUT


def is_left_alone(known: Known, now: datetime, longest: timedelta) -> bool:
    """Return whether the phone refused us and its pause has not ended.

    A pause that would last for more than the `longest` is of a clock that was set back since.
    """
    return known.next_try_at is not None and now < known.next_try_at <= now + longest
