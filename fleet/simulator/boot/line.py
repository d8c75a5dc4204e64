"""One line of a phone: registers, renews, fails over, comes back.

facts/provisioning 1.3, Failover behaviour. Each REGISTER tries the primary first, and the backup
only where the primary does not answer. What rejects the phone is not left for another. A server
that failed is not avoided for a while, although `sip blacklist duration` may make real ones do so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import Registration
from fleet.simulator.boot.events import Happening, RegistrationEvent

if TYPE_CHECKING:
    from fleet.simulator.boot.account import LineAccount, RegistrationTimers, SipServer
    from fleet.simulator.clock import Clock

_LEAST_PAUSE = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A registrar's final word to a REGISTER. `expires` is in seconds, of a registration."""

    status: int
    expires: int = 0


Register: TypeAlias = Callable[["LineAccount", "SipServer"], Awaitable[Verdict | None]]
"""Register an account at a server; None where that does not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineState:
    """What a line shows. How a time-out is shown is not known; assumed is unregistered, no code."""

    account: LineAccount
    registration: Registration = Registration.UNREGISTERED
    code: int | None = None
    backup: bool = False
    happening: Happening | None = None


Show: TypeAlias = Callable[[LineState], None]


def state_after(account: LineAccount, verdict: Verdict | None, *, backup: bool) -> LineState:
    """The state that a try to register leads to."""
    if verdict is None:
        gone = Happening(event=RegistrationEvent.TIMEOUT, code="408")
        return LineState(account=account, happening=gone)
    if verdict.status == 200:
        well = Happening(event=RegistrationEvent.REGISTERED, code="001")
        return LineState(
            account=account,
            registration=Registration.REGISTERED,
            backup=backup,
            happening=well,
        )
    refused = Happening(event=RegistrationEvent.REFUSED, code=f"{verdict.status:03}")
    return LineState(
        account=account,
        registration=Registration.FAILED,
        code=verdict.status,
        backup=backup,
        happening=refused,
    )


def pause_after(verdict: Verdict | None, timers: RegistrationTimers) -> float:
    """How many seconds until the next REGISTER."""
    if verdict is None:
        return timers.timeout_retry
    if verdict.status != 200:
        return timers.retry
    early = min(timers.renewal, verdict.expires / 2)  # of a short registration: half way
    return max(verdict.expires - early, _LEAST_PAUSE)


async def keep_registered(
    account: LineAccount,
    *,
    timers: RegistrationTimers,
    register: Register,
    clock: Clock,
    show: Show,
) -> None:
    """Keep a line registered until cancelled, showing what comes of each try."""
    if account.registrar is None:
        return
    while True:
        verdict, backup = await register(account, account.registrar), False
        if verdict is None and account.backup is not None:
            verdict, backup = await register(account, account.backup), True
        show(state_after(account, verdict, backup=backup))
        await clock.sleep(pause_after(verdict, timers))
