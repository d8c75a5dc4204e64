"""How long a phone that refuses our login is left alone, so that we never lock anyone out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.model import Reach

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from fleet.model import Observation
    from fleet.store import Known


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """The pause after a refusal: `first`, doubled with each further one, up to `longest`."""

    first: timedelta
    longest: timedelta

    def pause(self, refusals: int) -> timedelta:
        """Give the pause after so many refusals in a row, at least one."""
        return min(self.longest, self.first * (1 << min(refusals - 1, 16)))


def next_try(
    known: Known, observation: Observation, backoff: Backoff, *, login_sent: bool
) -> tuple[int, datetime | None]:
    """Count the refusals in a row, and say until when the phone is left alone (None: it is not).

    A phone that could not be asked has not forgiven us: only a good poll clears the count. Where
    no login was sent for want of one, nobody can be locked out.
    """
    if observation.reach is Reach.REFUSED and login_sent:
        refusals = known.refusals + 1
        return refusals, observation.at + backoff.pause(refusals)
    if observation.reach is Reach.OK:
        return 0, None
    return known.refusals, known.next_try_at


def is_left_alone(known: Known, now: datetime) -> bool:
    """Tell whether the phone refused us and its pause has not ended."""
    return known.next_try_at is not None and now < known.next_try_at
