"""The control API: a small JSON door to change the phones and read their records as they run.

    GET   /phones          every phone: index, host, behaviour, delay
    GET   /phones/N        one phone, with its lines
    PATCH /phones/N        {"behaviour": …, "delay": …, "password": …, "lines": [{"number": …}]}
    GET   /records         every phone's record; the trap's is last
    POST  /shutdown        set `Simulator.stopped`

What there is for phones that boot and for registrars is said in `control_boot`. It listens on
127.0.0.1 alone. Passwords can be set but are never told.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from fleet.errors import UsageError
from fleet.model import Registration
from fleet.simulator.control_boot import (
    change_registrar,
    command_phone,
    told_of,
    told_of_registrar,
)
from fleet.simulator.spec import LineSpec, PhoneSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.simulator.phone import SimulatedPhone
    from fleet.simulator.record import Record
    from fleet.simulator.sip.registrar import SimulatedRegistrar

_MOST_BODY = 1024 * 1024
_ANSWER_WITHIN = 10.0  # seconds for a request to arrive whole
_CHANGEABLE = frozenset(field.name for field in fields(PhoneSpec)) - {"boot"}


class Controlled(Protocol):
    """What the API needs of a simulator."""

    trap: SimulatedPhone
    stopped: asyncio.Event

    @property
    def phones(self) -> tuple[SimulatedPhone, ...]:
        """The phones in order."""

    @property
    def registrars(self) -> tuple[SimulatedRegistrar, ...]:
        """The registrars in order."""


class Control:
    """The API's server; open from `async with` on until its end."""

    def __init__(self, simulator: Controlled, *, port: int = 0) -> None:
        self._simulator = simulator
        self._port = port
        self.address: tuple[str, int] | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = (host, port)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                method, path, body = await _request(reader)
            status, answer = self._answer(method, path, body)
            data = json.dumps(answer).encode()
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            head += f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + data)
            await writer.drain()
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            pass  # a caller that does not finish its request gets no answer
        finally:
            writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[str, Any]:
        phones, registrars = self._simulator.phones, self._simulator.registrars
        match (method, path.strip("/").split("/")):
            case ("GET", ["phones"]):
                return "200 OK", [_brief(index, phone) for index, phone in enumerate(phones)]
            case ("GET", ["phones", number]) if _within(number, phones):
                return "200 OK", _whole(int(number), phones[int(number)])
            case ("PATCH" | "POST", ["phones", number]) if _within(number, phones):
                return _change(int(number), phones[int(number)], body)
            case ("POST", ["phones", number, ("reboot" | "busy") as what]) if _within(
                number, phones
            ):
                return command_phone(phones[int(number)], what, body)
            case ("GET", ["registrars"]):
                return "200 OK", [told_of_registrar(registrar) for registrar in registrars]
            case ("PATCH" | "POST", ["registrars", number]) if _within(number, registrars):
                return change_registrar(registrars[int(number)], body)
            case ("GET", ["records"]):
                everyone = (*phones, self._simulator.trap)
                return "200 OK", [_told(phone.record) for phone in everyone]
            case ("POST", ["shutdown"]):
                self._simulator.stopped.set()
                return "200 OK", {}
        return "404 Not Found", {"error": "no such thing; see GET /phones"}


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, path, _ = head.partition("\r\n")[0].split(" ", 2)
    length = 0
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    return method, path, await reader.readexactly(min(length, _MOST_BODY))


def _within(number: str, things: Sequence[object]) -> bool:
    return number.isascii() and number.isdigit() and int(number) < len(things)


def _brief(index: int, phone: SimulatedPhone) -> dict[str, Any]:
    spec = phone.given
    return {
        "index": index,
        "host": phone.host,
        "behaviour": spec.behaviour,
        "delay": spec.delay,
    }


def _told(record: Record) -> dict[str, Any]:
    told = {field.name: getattr(record, field.name) for field in fields(record)}
    return told | {"forbidden_paths": record.forbidden_paths}


def _whole(index: int, phone: SimulatedPhone) -> dict[str, Any]:
    told = asdict(replace(phone.spec, boot=None)) | _brief(index, phone)
    del told["password"], told["boot"]
    return told if phone.device is None else told | {"boot": told_of(phone.device)}


def _change(index: int, phone: SimulatedPhone, body: bytes) -> tuple[str, Any]:
    try:
        phone.set(**_changes(json.loads(body or b"{}")))
    except (ValueError, TypeError, AttributeError, UsageError) as error:
        return "400 Bad Request", {"error": str(error)}
    return "200 OK", _whole(index, phone)


def _changes(wanted: Any) -> dict[str, Any]:
    unknown = sorted(set(wanted) - _CHANGEABLE)
    if unknown:
        message = f"unknown field {unknown[0]}; known are {', '.join(sorted(_CHANGEABLE))}"
        raise ValueError(message)
    if "lines" in wanted:
        wanted["lines"] = tuple(_line(line) for line in wanted["lines"])
    return dict(wanted)


def _line(given: dict[str, Any]) -> LineSpec:
    if "registration" in given:
        given["registration"] = Registration(given["registration"])
    return LineSpec(**given)
