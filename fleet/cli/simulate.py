"""`fleet simulate`: run phones that do not exist."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from fleet.errors import UsageError
from fleet.simulator import (
    BEHAVIOURS,
    BELIEVABLE_MIX,
    TROUBLES,
    PhoneSpec,
    Simulator,
    believable_fleet,
    inventory_csv,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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


@click.command(
    epilog=f"Troubles for --bad-mix: {', '.join(TROUBLES)}. "
    "Every behaviour for --behaviour: fleet simulate --list-behaviours."
)
@click.option("--phones", default=50, show_default=True, type=click.IntRange(1, 60_000))
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65_535),
    help="Port of all phones, each on its own loopback address (or of the first, where the "
    "system has only 127.0.0.1); any free one if not given.",
)
@click.option("--bad-mix", type=Mix(), default=dict(BELIEVABLE_MIX), help="Shares of troubles.")
@click.option("--behaviour", callback=_known, help="Give every phone this behaviour.")
@click.option(
    "--list-behaviours",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_behaviours,
    help="Print the behaviours and stop.",
)
@click.option(
    "--delay",
    default=0.0,
    type=click.FloatRange(0, 3600),
    help="Seconds before each answer.",
)
@click.option("--seed", default=0, help="The same seed gives the same fleet.")
@click.option(
    "--inventory",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a new inventory CSV of the phones, ready for fleet inventory import.",
)
@click.option("--with-lines", is_flag=True, help="Intended accounts in that inventory as well.")
@click.option(
    "--control-port",
    type=click.IntRange(0, 65_535),
    help="Serve a small HTTP/JSON API on 127.0.0.1 that changes phones while they run.",
)
@click.option("--uvloop", is_flag=True, help="Use uvloop, for many phones.")
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
) -> None:
    """Run phones that do not exist, on this machine's loopback only.

    Their web UI password is 22222, the phones' factory setting. Ends with Ctrl-C.
    """
    specs = _altered(believable_fleet(phones, seed=seed, mix=bad_mix), behaviour, delay)
    with _made(inventory) as file:
        run(
            specs,
            on_ready=partial(_ready, file, with_lines=with_lines),
            port=port,
            control=control_port is not None,
            control_port=control_port or 0,
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
        raise UsageError(
            f"{path} is there already and was left alone; name another file."
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        with file:
            yield file
    finally:
        if not path.stat().st_size:
            path.unlink()


def _ready(file: TextIO | None, simulator: Simulator, *, with_lines: bool) -> None:
    if file:
        inventory_csv(simulator.phones, file, with_lines=with_lines)
        file.flush()
    hosts = simulator.hosts
    which = hosts[0] if len(hosts) == 1 else f"{hosts[0]} … {hosts[-1]}"
    click.echo(f"Phones that answer: {len(hosts)}, {which}. Ctrl-C ends them.")
    if simulator.control_address:
        click.echo("Control API: http://{}:{}/phones".format(*simulator.control_address))
    if file:
        click.echo(f"Inventory: {file.name}")
