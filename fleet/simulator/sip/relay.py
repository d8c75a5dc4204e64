"""Handing requests on to a binding, and their answers back (RFC 3261, 16)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.simulator.numbers import number_in
from fleet.simulator.sip.message import without_top_via

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.simulator.sip.bindings import Binding
    from fleet.simulator.sip.message import SipMessage
    from fleet.simulator.sip.wire import Address, Way

_MOST_WAITING = 10_000
_OURS = ("max-forwards", "proxy-authorization")


class Relay:
    """Knows by the branch whose answer a response is. `token` makes branches."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token
        self._waiting: dict[str, Way] = {}

    def send_on(self, request: SipMessage, way: Way, binding: Binding, here: Address) -> None:
        """Send a request to a binding; `way` is where its answer goes, `here` our own place."""
        branch = f"z9hG4bK{self._token()}"
        self._waiting[branch] = way
        if len(self._waiting) > _MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        host, port = here
        via = f"SIP/2.0/{binding.way.transport} {host}:{port};branch={branch}"
        kept = [(name, value) for name, value in request.headers if name.lower() not in _OURS]
        sent = replace(
            request,
            start=f"{request.method} {binding.uri} SIP/2.0",
            headers=(("Via", via), *kept, ("Max-Forwards", _one_less(request))),
        )
        binding.way.send(sent.to_bytes())

    def give_back(self, response: SipMessage) -> None:
        """Send a response to where its request came from; a stranger's is dropped."""
        way = self._waiting.get(response.branch)
        if way is None:
            return
        if response.status >= 200:
            del self._waiting[response.branch]
        way.send(without_top_via(response).to_bytes())


def _one_less(request: SipMessage) -> str:
    hops = number_in(request.first("max-forwards"))
    return str(max((70 if hops is None else hops) - 1, 0))
