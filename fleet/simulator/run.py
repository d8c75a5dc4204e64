"""Running a simulator until it is told to stop, and the inventory that polls its phones."""

from __future__ import annotations

import asyncio
import csv
import importlib
import signal
from typing import TYPE_CHECKING, Any, TextIO

from fleet.loop import loop_factory
from fleet.simulator.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fleet.simulator.phone import SimulatedPhone
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


async def serve(
    specs: Sequence[PhoneSpec],
    *,
    on_ready: Callable[[Simulator], None],
    port: int = 0,
    control: bool = False,
    control_port: int = 0,
) -> None:
    """Simulate the phones until the control API or a signal (SIGINT, SIGTERM) says stop."""
    async with Simulator(specs, port=port, control=control, control_port=control_port) as simulator:
        _stop_at_signals(simulator.stopped)
        on_ready(simulator)
        await simulator.stopped.wait()


def run(
    specs: Sequence[PhoneSpec],
    *,
    on_ready: Callable[[Simulator], None],
    port: int = 0,
    control: bool = False,
    control_port: int = 0,
    uvloop: bool = False,
) -> None:
    """Do what `serve` does in an event loop of its own.

    `on_ready` is called once all phones answer. `uvloop` takes that loop where it is installed.
    FleetError if the port is taken.
    """
    _lift_file_limit()
    with asyncio.Runner(loop_factory=loop_factory() if uvloop else None) as runner:
        runner.run(
            serve(specs, on_ready=on_ready, port=port, control=control, control_port=control_port)
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
