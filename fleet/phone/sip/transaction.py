"""The client's side of a SIP transaction that is no INVITE (RFC 3261, 17.1.2 and 17.1.3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet.phone.http.tcp import FairTimeout
from fleet.phone.sip.message import read_params, split_list, written
from fleet.phone.sip.no_answer import NoAnswer, Unanswered

if TYPE_CHECKING:
    from fleet.phone.sip.message import Message, Request, Response
    from fleet.phone.sip.transport import Timers, Wire


async def transact(wire: Wire, request: Request, timers: Timers, deadline: float) -> Response:
    """Send a request, again where UDP may have lost it, and give its final response.

    Raises Unanswered after timer F, at the deadline (loop time), or once the wire has failed.
    Raises NotSipError where the request cannot be written.
    """
    data = written(request)
    waiting = _Waiting(request)
    wire.listen(waiting)
    try:
        timer_f = asyncio.get_running_loop().time() + timers.give_up
        async with FairTimeout(min(timer_f, deadline)):
            await _send_until_heard(wire, data, waiting, timers)
    except TimeoutError:
        raise Unanswered(NoAnswer.UNFINISHED if waiting.proceeding else NoAnswer.SILENT) from None
    return waiting.outcome()


async def _send_until_heard(wire: Wire, data: bytes, waiting: _Waiting, timers: Timers) -> None:
    pause = 0.0
    while not waiting.done.is_set():
        wire.send(data)
        pause = timers.pause(pause, proceeding=waiting.proceeding)
        try:
            async with asyncio.timeout(None if wire.reliable else pause):
                await waiting.done.wait()
        except TimeoutError:
            continue


class _Waiting:
    """Waits for the final response to one request; what does not fit it is let be."""

    def __init__(self, request: Request) -> None:
        self._key = _key(request)
        self._outcome: Response | NoAnswer = NoAnswer.SILENT
        self.proceeding = False
        self.done = asyncio.Event()

    def hear(self, response: Response) -> None:
        if self.done.is_set() or _key(response) != self._key:
            return
        if response.status < 200:
            self.proceeding = True
        else:
            self._end(response)

    def give_up(self, silence: NoAnswer) -> None:
        if not self.done.is_set():
            self._end(silence)

    def outcome(self) -> Response:
        if isinstance(self._outcome, NoAnswer):
            raise Unanswered(self._outcome)
        return self._outcome

    def _end(self, outcome: Response | NoAnswer) -> None:
        self._outcome = outcome
        self.done.set()


def _key(message: Message) -> tuple[str, int, str]:
    """What a response has in common with its request: the topmost branch, and the CSeq."""
    vias = split_list(message.first("via"))
    _, _, params = vias[0].partition(";") if vias else ("", "", "")
    return read_params(params).get("branch", "").lower(), *message.cseq
