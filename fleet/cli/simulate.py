"""`fleet simulate`: run phones that do not exist."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

import click

from fleet.cli.groups import examples
from fleet.errors import UsageError
from fleet.simulator import (
    BEHAVIOURS,
    BELIEVABLE_MIX,
    TROUBLES,
    BootSpec,
    PhoneSpec,
    Places,
    RunningClock,
    SimulatedPhone,
    Simulator,
    believable_fleet,
    booting_fleet,
    booting_inventory,
    inventory_csv,
    run,
    sip_places,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_RETRY = 10.0  # seconds until a phone that got no configuration boots again


class Mix(click.ParamType[dict[str, float]]):
    """Shares of troubles: `line-401=0.1,off=0.02`; `none` for a fleet in order."""

    name = "mix"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, float]:
        """Parse and check the shares."""
        if isinstance(value, dict):
            return value
        pairs = [pair.partition("=") for pair in str(value).split(",") if pair != "none"]
        try:
            mix = {name.strip(): _share(name.strip(), share) for name, _, share in pairs}
            believable_fleet(0, mix=mix)
        except ValueError as error:
            self.fail(f"{value!r}: {error}. Write it like line-401=0.1,off=0.02.", param, ctx)
        return mix


def _share(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} needs a share from 0 to 1") from None


def _list_behaviours(ctx: click.Context, _option: click.Parameter, chosen: bool) -> None:
    if chosen:
        click.echo("\n".join(BEHAVIOURS))
        ctx.exit()


def _known(_ctx: click.Context, _option: click.Parameter, behaviour: str | None) -> str | None:
    if behaviour is not None and behaviour not in BEHAVIOURS:
        raise click.BadParameter(
            f"there is no behaviour {behaviour}; see fleet simulate --list-behaviours."
        )
    return behaviour


def _url(_ctx: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    if url is None:
        return None
    try:
        place = urlsplit(url)
        right = place.scheme in ("http", "https") and bool(place.hostname) and place.port != 0
    except ValueError:
        right = False
    if not right:
        raise click.BadParameter(f"{url!r} is not a URL such as http://127.0.0.1:8067/.")
    return url


@click.command(
    epilog=f"Problems for --bad-mix: {', '.join(TROUBLES)}. "
    "Values for --behaviour: fleet simulate --list-behaviours.\n\n"
    + examples(
        "fleet simulate --phones 20 --inventory phones.csv",
        "fleet simulate --bad-mix line-401=0.1,off=0.02",
        "fleet simulate --boot http://127.0.0.1:8067/ --inventory phones.yaml",
    )
)
@click.option(
    "--phones",
    default=50,
    show_default=True,
    type=click.IntRange(1, 60_000),
    help="Number of phones.",
)
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65_535),
    help="Port of all phones, each on its own loopback address; or of the first phone, if "
    "the system has only 127.0.0.1.  [default: any free port]",
)
@click.option(
    "--bad-mix",
    type=Mix(),
    default=dict(BELIEVABLE_MIX),
    help="Shares of phones with problems, or none.",
)
@click.option("--behaviour", callback=_known, help="Behaviour of every phone.")
@click.option(
    "--list-behaviours",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_behaviours,
    help="List the behaviours and exit.",
)
@click.option(
    "--delay",
    default=0.0,
    type=click.FloatRange(0, 3600),
    help="Seconds before each response.",
)
@click.option("--seed", default=0, help="The same seed simulates the same fleet.")
@click.option(
    "--inventory",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the inventory of the phones to this new file, for fleet inventory import: "
    "CSV, or YAML with --boot.",
)
@click.option("--with-lines", is_flag=True, help="Include the intended accounts in the inventory.")
@click.option(
    "--control-port",
    type=click.IntRange(0, 65_535),
    help="Port of an HTTP/JSON API on 127.0.0.1 that changes phones while they run.",
)
@click.option("--uvloop", is_flag=True, help="Use uvloop, for many phones.")
@click.option(
    "--boot",
    metavar="URL",
    callback=_url,
    help="Boot the phones from this provisioning server, and register them at two "
    "simulated registrars. The inventory then contains their accounts and passwords, "
    "for fleet provision apply. --bad-mix has no effect.",
)
@click.option(
    "--sip-port",
    default=5060,
    show_default=True,
    type=click.IntRange(1, 65_000),
    help="SIP port of registrars and phones, with --boot.",
)
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.001, 100_000),
    help="Speed of the phones' timers, with --boot: 10 is ten times as fast.",
)
def command(
    phones: int,
    port: int,
    bad_mix: dict[str, float],
    behaviour: str | None,
    delay: float,
    seed: int,
    inventory: Path | None,
    with_lines: bool,
    control_port: int | None,
    uvloop: bool,
    boot: str | None,
    sip_port: int,
    speed: float,
) -> None:
    """Run simulated phones on the loopback addresses of this machine.

    Their web UI password is 22222, the factory default, until their configuration files set
    another. Stop them with Ctrl-C.
    """
    _check_name(inventory, boot)
    mix = bad_mix if boot is None else {}
    specs = _altered(believable_fleet(phones, seed=seed, mix=mix), behaviour, delay)
    places = Places(port=port, control=control_port, sip=sip_port)
    with _made(inventory) as file:
        if boot is None:
            write = partial(inventory_csv, with_lines=with_lines)
            run(specs, on_ready=partial(_ready, file, write), places=places, uvloop=uvloop)
        else:
            _boot(specs, boot, file, places=places, seed=seed, speed=speed, uvloop=uvloop)


def _check_name(inventory: Path | None, boot: str | None) -> None:
    """An import tells CSV from YAML by the name."""
    kinds = (".csv",) if boot is None else (".yaml", ".yml")
    if inventory is not None and inventory.suffix.lower() not in kinds:
        what = "" if boot is None else ", because with --boot it contains configuration"
        raise click.UsageError(f"The name of the inventory must end with {kinds[0]}{what}.")


def _boot(
    specs: Sequence[PhoneSpec],
    url: str,
    file: TextIO | None,
    *,
    places: Places,
    seed: int,
    speed: float,
    uvloop: bool,
) -> None:
    registrars, first_port = sip_places(places.sip)
    boot = BootSpec(server=url, retry=_RETRY)
    fleet = booting_fleet(specs, boot, places=registrars, seed=seed)
    run(
        fleet.phones,
        on_ready=partial(_ready, file, partial(booting_inventory, fleet)),
        places=replace(places, sip=first_port),
        registrars=fleet.registrars,
        clock=RunningClock(start=datetime.now(UTC), speed=speed),
        uvloop=uvloop,
    )


def _altered(specs: Sequence[PhoneSpec], behaviour: str | None, delay: float) -> list[PhoneSpec]:
    return [replace(spec, behaviour=behaviour or spec.behaviour, delay=delay) for spec in specs]


@contextmanager
def _made(path: Path | None) -> Iterator[TextIO | None]:
    """Make the inventory's file before any phone answers; it goes if none ever does."""
    if path is None:
        yield None
        return
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError:
        raise UsageError(f"{path} already exists; choose another name.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        with file:
            yield file
    finally:
        if not path.stat().st_size:
            path.unlink()


def _ready(
    file: TextIO | None,
    write: Callable[[Sequence[SimulatedPhone], TextIO], None],
    simulator: Simulator,
) -> None:
    if file:
        write(simulator.phones, file)
        file.flush()
    hosts = simulator.hosts
    which = hosts[0] if len(hosts) == 1 else f"{hosts[0]} … {hosts[-1]}"
    does = "boot" if simulator.registrars else "answer"
    click.echo(f"Phones that {does}: {len(hosts)}, {which}. Stop them with Ctrl-C.")
    for registrar in simulator.registrars:
        click.echo(f"Registrar: {registrar.address}:{registrar.port}")
    if simulator.control_address:
        click.echo("Control API: http://{}:{}/phones".format(*simulator.control_address))
    if file:
        click.echo(f"Inventory: {file.name}")
