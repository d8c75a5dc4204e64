"""Restart a phone by its web UI: the last resort (facts/provisioning 2.4).

`resetOption=0` is a restart. 1 and 2 wipe the phone, which is which is not known, and nothing here
can send them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.errors import PhoneError
from fleet.phone.http.errors import clean
from fleet.phone.login import look, request

if TYPE_CHECKING:
    from fleet.phone.http.client import PhoneClient
    from fleet.phone.http.target import Target

_RESET = "/reset.html"
_RESTART = b"resetOption=0"


@dataclass(frozen=True, kw_only=True, slots=True)
class RestartOutcome:
    """How it ended. `detail` is one plain sentence, free of secrets."""

    accepted: bool
    detail: str


async def restart(client: PhoneClient, target: Target) -> RestartOutcome:
    """Look at a page first, or the phone answers 200 and does nothing; then ask for a restart.

    A login has to be given. Accepted means that the phone took it, not that it restarts.
    """
    if target.credentials is None:
        detail = f"{target.authority} has no web UI login here: give one in the inventory."
        return RestartOutcome(accepted=False, detail=detail)
    try:
        status = await look(client, target)
        if status != 200:
            return _refused(target, status)
        head = await client.send(target, request(target, "POST", _RESET, _RESTART))
    except PhoneError as error:
        return RestartOutcome(accepted=False, detail=error.detail)
    if head.status != 200:
        return _refused(target, head.status)
    detail = f"{target.authority} takes the restart by its web UI."
    return RestartOutcome(accepted=True, detail=detail)


def _refused(target: Target, status: int) -> RestartOutcome:
    meant = "its web UI rejects our login" if status == 401 else "see its manual for that"
    detail = f"{target.authority} refuses the restart ({clean(f'{status}: {meant}')})."
    return RestartOutcome(accepted=False, detail=detail)
