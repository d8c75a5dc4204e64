"""What stands around phones that boot: registrars, a clock, a network; and switching them on."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from fleet.simulator.boot.device import Device
from fleet.simulator.boot.network import Network
from fleet.simulator.boot.place import Place
from fleet.simulator.clock import RunningClock
from fleet.simulator.sip.registrar import SimulatedRegistrar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.simulator.clock import Clock
    from fleet.simulator.phone import SimulatedPhone
    from fleet.simulator.sip.spec import RegistrarSpec


# Phones that fetch at the same moment: with more, one process drops what it sends to itself.
_AT_ONCE = 256


class Surroundings:
    """Registrars from `async with` on, phones from `switch_on` on, until the end.

    `one_address`: all phones share an address, so that `sip_port` is the first phone's alone.
    """

    def __init__(
        self,
        registrars: Sequence[RegistrarSpec],
        *,
        clock: Clock | None,
        sip_port: int,
        one_address: bool,
    ) -> None:
        self._clock = clock or RunningClock(start=dt.datetime.now(dt.UTC))
        self._sip_port = sip_port
        self._one_address = one_address
        self._stack = AsyncExitStack()
        self.registrars = tuple(SimulatedRegistrar(spec, clock=self._clock) for spec in registrars)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as cleared_up:
            cleared_up.push_async_callback(self._stack.aclose)
            for registrar in self.registrars:
                await self._stack.enter_async_context(registrar)
            cleared_up.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def switch_on(self, phones: Iterable[SimulatedPhone]) -> None:
        """Have every phone boot that does; OSError where a SIP port is taken."""
        network, turn = Network(self.registrars), asyncio.Semaphore(_AT_ONCE)
        for index, phone in enumerate(phones):
            if phone.given.boot is None:
                continue
            phone.set(lines=())
            place = Place(address=phone.address, network=network, clock=self._clock, turn=turn)
            device = Device(phone.given, phone.given.boot, place, phone.set)
            shift = index if self._one_address and self._sip_port else 0
            phone.device = device
            await device.start(sip_port=self._sip_port + shift)
            self._stack.push_async_callback(device.stop)
