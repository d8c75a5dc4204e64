"""Running a simulator until it is told to stop, and the inventory that polls its phones."""

from __future__ import annotations

import asyncio
import csv
import importlib
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from fleet.loop import loop_factory
from fleet.simulator.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fleet.simulator.clock import Clock
    from fleet.simulator.phone import SimulatedPhone
    from fleet.simulator.sip.spec import RegistrarSpec
    from fleet.simulator.spec import PhoneSpec

_COLUMNS = ("site", "host", "name", "username", "password")
_LINE_COLUMNS = ("line", "user", "registrar", "registrar_port")


def inventory_csv(
    phones: Iterable[SimulatedPhone], out: TextIO, *, with_lines: bool = False
) -> None:
    """Write an inventory of the phones: a row a phone, or with `with_lines` a row a line."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS + _LINE_COLUMNS if with_lines else _COLUMNS)
    for phone in phones:
        spec = phone.spec
        row = (spec.site, phone.host, spec.name, spec.username, spec.password)
        if not with_lines:
            writer.writerow(row)
            continue
        for line in spec.lines:
            writer.writerow((*row, line.number, line.user, line.registrar, line.port))


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where a simulator listens. 0: any free port; `control` None: no control API.

    `sip` is the port where phones that boot are asked by SIP.
    """

    port: int = 0
    control: int | None = None
    sip: int = 0


_ANYWHERE = Places()


async def serve(
    specs: Sequence[PhoneSpec],
    *,
    on_ready: Callable[[Simulator], None],
    places: Places = _ANYWHERE,
    registrars: Sequence[RegistrarSpec] = (),
    clock: Clock | None = None,
) -> None:
    """Simulate the phones until the control API or a signal (SIGINT, SIGTERM) says stop."""
    simulator = Simulator(
        specs,
        port=places.port,
        control=places.control is not None,
        control_port=places.control or 0,
        registrars=registrars,
        clock=clock,
        sip_port=places.sip,
    )
    async with simulator:
        _stop_at_signals(simulator.stopped)
        on_ready(simulator)
        await simulator.stopped.wait()


def run(
    specs: Sequence[PhoneSpec],
    *,
    on_ready: Callable[[Simulator], None],
    places: Places = _ANYWHERE,
    registrars: Sequence[RegistrarSpec] = (),
    clock: Clock | None = None,
    uvloop: bool = False,
) -> None:
    """Do what `serve` does in an event loop of its own.

    `on_ready` is called once all phones answer, or boot. `uvloop` takes that loop where it is
    installed. FleetError if a port is taken.
    """
    _lift_file_limit()
    with asyncio.Runner(loop_factory=loop_factory() if uvloop else None) as runner:
        runner.run(
            serve(specs, on_ready=on_ready, places=places, registrars=registrars, clock=clock)
        )


def _stop_at_signals(stopped: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except (NotImplementedError, RuntimeError, ValueError):
            return  # Windows, or not the main thread: whoever started us stops us otherwise


def _lift_file_limit() -> None:
    """Thousands of connections at once need as many file descriptors."""
    try:
        resource: Any = importlib.import_module("resource")
    except ModuleNotFoundError:
        return  # not a Unix
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
