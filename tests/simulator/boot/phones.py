"""Phones that boot, and what the tests need around them."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fleet.simulator import (
    BootSpec,
    PhoneSpec,
    RegistrarSpec,
    RegistrarState,
    RunningClock,
    SimulatedRegistrar,
    Simulator,
    SipLogin,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet.simulator.boot.device import Device
    from tests.simulator.boot.file_server import FileServer

MAC = "00:08:5D:12:64:11"
MAC_FILE = "00085D126411.cfg"
START = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)
PBX = RegistrarSpec(name="pbx.example", accounts=(SipLogin(user="1001", password="s3cret"),))
SPARE = replace(PBX, name="spare.example")
PATIENCE = 2.0  # real seconds that a registrar may say nothing, where one does
PRIMARY, BACKUP = (
    "sip line1 registrar ip: pbx.example\n",
    "sip line1 backup registrar ip: spare.example\n",
)
LINE = f"sip line1 user name: 1001\nsip line1 password: s3cret\n{PRIMARY}"


def quick_clock(speed: float = 3600.0) -> RunningClock:
    return RunningClock(start=START, speed=speed)


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self._now = START
        self._sleepers: list[tuple[dt.datetime, asyncio.Event]] = []
        self._came = asyncio.Event()

    def now(self) -> dt.datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        woken = asyncio.Event()
        self._sleepers.append((self._now + dt.timedelta(seconds=seconds), woken))
        self._came.set()
        await woken.wait()

    async def move(self, **passed: float) -> None:
        """Move on as soon as somebody has an alarm within that time."""
        end = self._now + dt.timedelta(**passed)
        while not any(due <= end for due, _ in self._sleepers):
            self._came.clear()
            await within(self._came.wait())
        self._now = end
        for due, woken in self._sleepers:
            if due <= end:
                woken.set()
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > end]


class Booted:
    """A simulator with one phone."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.phone = simulator.phone(0)
        assert self.phone.device
        self.device: Device = self.phone.device

    @property
    def pbx(self) -> SimulatedRegistrar:
        return self.simulator.registrars[0]

    @property
    def line(self) -> tuple[str, int | None, bool | None]:
        """State, code and backup of the first line, as the page tells it."""
        line = self.phone.spec.lines[0]
        return line.registration.value, line.code, line.backup

    async def until_boots(self, number: int) -> None:
        await within(self.device.until(lambda device: device.record.boots >= number))

    async def until_line(self, *wanted: object) -> None:
        def holds(_: Device) -> bool:
            return bool(self.phone.spec.lines) and self.line[: len(wanted)] == wanted

        await within(self.device.until(holds))

    async def until_happening(self, event: str) -> None:
        """Wait until a try of the first line came to this."""

        def holds(device: Device) -> bool:
            state = device.lines.states.get(1)
            return bool(state and state.happening and state.happening.event == event)

        await within(self.device.until(holds))

    async def until_checked(self, number: int = 1) -> None:
        await within(self.device.until(lambda device: device.record.checked >= number))


async def within(waiting: Any, seconds: float = 60.0) -> Any:
    """Wait, but not for ever: a test that hangs says where."""
    return await asyncio.wait_for(waiting, seconds)


@asynccontextmanager
async def booted(
    server: FileServer,
    *registrars: RegistrarSpec,
    clock: Any = None,
    model: str = "6753i",
    boots: int = 1,
    **boot: Any,
) -> AsyncIterator[Booted]:
    """One phone, after its first boot."""
    silent = any(spec.state is RegistrarState.DOWN for spec in registrars)
    how = BootSpec(server=server.url, **{"patience": PATIENCE if silent else 32.0} | boot)
    spec = PhoneSpec(model=model, mac=MAC, boot=how)
    clock = clock or quick_clock()
    registrars = registrars or (PBX, SPARE)
    async with Simulator([spec], registrars=registrars, clock=clock) as simulator:
        phone = Booted(simulator)
        await phone.until_boots(boots)
        yield phone
