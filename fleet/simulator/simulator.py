"""The simulator: any number of phones on this machine's loopback, answering while it is open."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from fleet.errors import FleetError
from fleet.simulator.addresses import (
    address_of,
    black_hole,
    closed_port,
    listening_socket,
    whole_loopback,
)
from fleet.simulator.behaviours import BEHAVIOURS, Door, behaviour_named
from fleet.simulator.boot.surroundings import Surroundings
from fleet.simulator.certificate import load_new_certificate, server_context
from fleet.simulator.control import Control
from fleet.simulator.phone import SimulatedPhone
from fleet.simulator.server import Connection
from fleet.simulator.spec import LineSpec, PhoneSpec
from fleet.simulator.tls import TlsConnection

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Mapping, Sequence

    from fleet.simulator.behaviours import Behaviour
    from fleet.simulator.clock import Clock
    from fleet.simulator.server import Find
    from fleet.simulator.sip.registrar import SimulatedRegistrar
    from fleet.simulator.sip.spec import RegistrarSpec

_BACKLOG = 4096
_TLS_DOORS = (Door.TLS, Door.LEGACY_TLS)

# Asks for a login and takes the usual one: a poller that was lured here gives itself away twice,
# in the record and by this line.
_TRAP = PhoneSpec(lines=(LineSpec(number=9, user="trapped", registrar="trap.example"),))


class Simulator:
    """Phones that answer from `async with` on until its end.

    Where all of 127.0.0.0/8 is this machine, each phone has an address of its own, all on one
    port; the listening socket is then bound to every address, but a connection that did not come
    to a phone's loopback address is dropped without a word. Elsewhere, or with
    `own_ports=True`, each phone has a port of its own on 127.0.0.1. `port` (0: any free one) is
    the shared port or the first of the phones' ports; FleetError if it is taken.

    A phone's host is fixed at the start. One that starts with the behaviour `off` stands at a
    port where nothing listens, and stays there; one that is set to `off` later drops every
    connection at once instead. `behaviours` are those that the specifications can name.

    Phones with a `BootSpec` boot once all phones and `registrars` are there, and live by `clock`
    (None: the world's time). `sip_port` (0: any free one) is where each of them is asked by SIP.
    """

    def __init__(
        self,
        specs: Sequence[PhoneSpec],
        *,
        port: int = 0,
        control: bool = False,
        control_port: int = 0,
        own_ports: bool | None = None,
        registrars: Sequence[RegistrarSpec] = (),
        clock: Clock | None = None,
        sip_port: int = 0,
        behaviours: Mapping[str, Behaviour] = BEHAVIOURS,
    ) -> None:
        self._specs = tuple(specs)
        self._behaviours = behaviours
        self._port = port
        self._own_ports = not whole_loopback() if own_ports is None else own_ports
        self._stack = AsyncExitStack()
        self._connections: set[Connection] = set()
        self._contexts: dict[Door, ssl.SSLContext] = {}
        self._ports: dict[Door, int] = {}
        self._by_address: dict[str, SimulatedPhone] = {}
        self._phones: list[SimulatedPhone] = []
        self._surroundings = Surroundings(
            registrars, clock=clock, sip_port=sip_port, one_address=self._own_ports
        )
        self._control = Control(self, port=control_port) if control else None
        self.trap: SimulatedPhone
        self.stopped = asyncio.Event()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as cleared_up:
            cleared_up.push_async_callback(self._stack.aclose)
            try:
                await self._start()
            except OSError as error:
                message = f"The simulator cannot listen: {error}. Choose another port."
                raise FleetError(message) from error
            cleared_up.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()
        for connection in tuple(self._connections):
            connection.abort()
        await asyncio.sleep(0)  # lets the aborted connections be told so

    @property
    def hosts(self) -> list[str]:
        """The phones' hosts in order: `address:port`, or a URL where TLS has to be used."""
        return [phone.host for phone in self._phones]

    @property
    def phones(self) -> tuple[SimulatedPhone, ...]:
        """The phones in the order of their specifications."""
        return tuple(self._phones)

    @property
    def registrars(self) -> tuple[SimulatedRegistrar, ...]:
        """The registrars in the order of their specifications."""
        return self._surroundings.registrars

    @property
    def control_address(self) -> tuple[str, int] | None:
        """Where the control API listens, if it was asked for."""
        return self._control.address if self._control is not None else None

    def phone(self, index: int) -> SimulatedPhone:
        """A phone by its place, from 0; IndexError beyond the last."""
        return self._phones[index]

    def set(self, index: int, **changes: object) -> None:
        """Change fields of a phone's specification while it runs; its memory starts anew."""
        self._phones[index].set(**changes)

    def renew_certificates(self) -> None:
        """Give every TLS phone another certificate."""
        for context in self._contexts.values():
            load_new_certificate(context, now=dt.datetime.now(dt.UTC))

    async def _start(self) -> None:
        await self._set_trap()
        for index, spec in enumerate(self._specs):
            await self._place(index, spec)
        await self._stack.enter_async_context(self._surroundings)
        await self._surroundings.switch_on(self._phones)
        if self._control is not None:
            await self._stack.enter_async_context(self._control)

    async def _set_trap(self) -> None:
        """The place that some phones point to and where no poller may ever be seen."""
        anywhere = "127.0.0.1" if self._own_ports else "0.0.0.0"  # noqa: S104  see the class
        sock = listening_socket(anywhere, 0)
        port = sock.getsockname()[1]
        self.trap = SimulatedPhone(_TRAP, address="127.0.0.1", port=port)
        await self._listen(sock, lambda _address: self.trap)

    async def _place(self, index: int, spec: PhoneSpec) -> None:
        door = behaviour_named(spec.behaviour, self._behaviours).door
        address = "127.0.0.1" if self._own_ports else address_of(index)
        port = await self._port_of(index, door)
        trap = f"{self.trap.address}:{self.trap.port}"
        phone = SimulatedPhone(
            spec, address=address, port=port, trap=trap, behaviours=self._behaviours
        )
        self._phones.append(phone)
        self._by_address[str(port) if self._own_ports else address] = phone

    async def _port_of(self, index: int, door: Door) -> int:
        if not self._own_ports and door in self._ports:
            return self._ports[door]
        anywhere = "127.0.0.1" if self._own_ports else "0.0.0.0"  # noqa: S104  see the class
        wanted = 0
        if self._port and door is Door.PLAIN:
            wanted = self._port + index if self._own_ports else self._port
        if door in (Door.CLOSED, Door.BLACK_HOLE):
            sockets = [closed_port(anywhere)] if door is Door.CLOSED else black_hole(anywhere)
            for sock in sockets:
                self._stack.callback(sock.close)
            port: int = sockets[0].getsockname()[1]
        else:
            port = await self._open_door(listening_socket(anywhere, wanted), door)
        self._ports[door] = port
        return port

    async def _open_door(self, sock: socket.socket, door: Door) -> int:
        port: int = sock.getsockname()[1]
        if self._own_ports:
            await self._listen(sock, lambda _address: self._by_address.get(str(port)), door)
        else:
            await self._listen(sock, self._by_address.get, door)
        return port

    async def _listen(self, sock: socket.socket, find: Find, door: Door = Door.PLAIN) -> None:
        loop = asyncio.get_running_loop()
        context = self._context(door) if door in _TLS_DOORS else None

        def connect() -> asyncio.Protocol:
            connection = Connection(find, self._connections, loop)
            return connection if context is None else TlsConnection(context, connection)

        server = await loop.create_server(connect, sock=sock, backlog=_BACKLOG)
        self._stack.callback(server.close)

    def _context(self, door: Door) -> ssl.SSLContext:
        if door not in self._contexts:
            now = dt.datetime.now(dt.UTC)
            self._contexts[door] = server_context(legacy=door is Door.LEGACY_TLS, now=now)
        return self._contexts[door]
