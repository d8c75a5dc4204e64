"""A simulated phone: its specification, its memory, its record; from request head to reply."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.simulator.behaviours import BEHAVIOURS, Door, behaviour_named
from fleet.simulator.record import Record
from fleet.simulator.visit import STATUS_PATH, Memory, Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.simulator.behaviours import Behaviour
    from fleet.simulator.boot.device import Device
    from fleet.simulator.spec import PhoneSpec
    from fleet.simulator.visit import Reply

_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,6})[ \t]*\r?$")


class SimulatedPhone:
    """One phone of a `Simulator`. `address` and `port` are where it was put at the start.

    `behaviours` are those that its specification can name.
    """

    def __init__(
        self,
        spec: PhoneSpec,
        *,
        address: str,
        port: int,
        trap: str = "",
        behaviours: Mapping[str, Behaviour] = BEHAVIOURS,
    ) -> None:
        self._behaviours = behaviours
        behaviour = behaviour_named(spec.behaviour, behaviours)
        self._door = behaviour.door
        self.address = address
        self.port = port
        self.trap = trap
        authority = f"{address}:{port}"
        # As an inventory names it: a URL for a phone that has to be asked over TLS.
        self.host = f"https://{authority}" if behaviour.scheme == "https" else authority
        self.record = Record()
        self.device: Device | None = None
        self.spec = spec

    @property
    def spec(self) -> PhoneSpec:
        """What the phone is; as its behaviour makes it, which may differ from what was set."""
        return self._spec

    @spec.setter
    def spec(self, given: PhoneSpec) -> None:
        behaviour = behaviour_named(given.behaviour, self._behaviours)
        if behaviour.door in (Door.TLS, Door.LEGACY_TLS) and behaviour.door is not self._door:
            message = f"a phone can only start with the behaviour {given.behaviour}"
            raise UsageError(message)
        self.given = given
        self.behaviour: Behaviour = behaviour
        self._spec = self.behaviour.variant(given)
        self._memory = Memory()
        self._kept: bytes | None = None
        login = f"{self._spec.username}:{self._spec.password}".encode()
        self._authorization = "Basic " + base64.b64encode(login).decode("ascii")

    def set(self, **changes: object) -> None:
        """Replace fields of the specification; TypeError for an unknown one.

        UsageError for an unknown behaviour, or one of TLS for a phone that started without.
        """
        self.spec = replace(self.given, **changes)  # type: ignore[arg-type]  # checked by replace

    @property
    def present(self) -> bool:
        """Whether its web UI answers: not while a phone boots, for one."""
        return self.device is None or self.device.has_web_ui

    def body_length(self, head: bytes) -> int:
        """How much of a body belongs to a request's head; only a phone that boots takes any."""
        length = _LENGTH.search(head) if self.device is not None else None
        return int(length[1]) if length else 0

    @property
    def hangs_over_two_segments(self) -> bool:
        """Whether a request whose body comes later is never answered."""
        return self.device is not None and self.device.boot.one_segment

    def answer(self, head: bytes, body: bytes = b"", source: str = "") -> Reply:
        """The reply to a request from the address `source`, recorded unless it is an XML push."""
        method, path, authorization = _parse(head)
        if self.device is not None and (method, path) == ("POST", "/"):
            return self.device.pushed(body, source)
        record = self.record
        record.requests += 1
        record.methods[method] += 1
        path, _, query = path.partition("?")
        record.paths[path] += 1
        if query:
            record.query_strings += 1
        if authorization:
            record.authorizations += 1
        rightful = authorization == self._authorization
        if rightful and self._kept is not None and path == STATUS_PATH:
            return self._kept
        return self._respond(method, path, authorization, rightful=rightful)

    def _respond(self, method: str, path: str, authorization: str, *, rightful: bool) -> Reply:
        self._memory.visits += 1
        visit = Visit(
            spec=self._spec,
            method=method,
            path=path,
            authorization=authorization,
            memory=self._memory,
            host=f"{self.address}:{self.port}",
            trap=self.trap,
        )
        if authorization and not rightful and not visit.logged_in:
            self.record.wrong_credentials += 1
        reply = self.behaviour.respond(visit)
        if self.behaviour.steady and rightful and path == STATUS_PATH and type(reply) is bytes:
            self._kept = reply
        return reply


def _parse(head: bytes) -> tuple[str, str, str]:
    request_line, _, rest = head.decode("latin-1").partition("\r\n")
    method, _, target = request_line.partition(" ")
    path = target.partition(" ")[0]
    start = rest.lower().find("authorization:")
    if start < 0:
        return method, path, ""
    return method, path, rest[start + 14 :].partition("\r\n")[0].strip()
