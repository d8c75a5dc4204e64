"""`fleet discover`: find Aastra phones on a network."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fleet.cli.common import console, counted, opened, with_settings
from fleet.cli.progress import progressing
from fleet.cli.tables import table
from fleet.discovery import addresses, discover
from fleet.enrolment import enrol_found
from fleet.loop import run
from fleet.model import Phone
from fleet.phone.client import Timeouts

if TYPE_CHECKING:
    from fleet.phone.probe import Probe
    from fleet.settings import Settings


@click.command()
@click.argument("networks", nargs=-1, required=True, metavar="CIDR...")
@click.option("--rate", default=50.0, show_default=True, type=click.FloatRange(0.1, 1000),
              help="Requests a second.")  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65_535), help="Another port than 80.")
@click.option("--https", is_flag=True, help="Ask over https (443) instead.")
@click.option("--import", "import_", is_flag=True, help="Add what is new to the inventory.")
@click.option("--site", default="", help="The site of what is imported.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@with_settings
def command(
    settings: Settings,
    networks: tuple[str, ...],
    rate: float,
    port: int | None,
    https: bool,
    import_: bool,
    site: str,
    as_json: bool,
) -> None:
    """Ask every address of a network once, without a login, whether it is an Aastra phone.

    A phone is known by the realm of its login, or by the name of its web server.
    """
    if site and not import_:
        raise click.UsageError("--site goes with --import.")
    hosts = addresses(networks)
    scheme = "https" if https else "http"
    place = (scheme, port or (443 if https else 80))
    found = _watched(hosts, place, rate, settings.poll.connect_timeout)
    if as_json:
        click.echo(json.dumps({"phones": [asdict(phone) for phone in found]}, indent=1))
    else:
        _show(found, len(hosts))
    if import_:
        _import(settings, found, site)


def _watched(
    hosts: list[str], place: tuple[str, int], rate: float, connect_timeout: float
) -> list[Probe]:
    wait = min(connect_timeout, 3)
    timeouts = Timeouts(connect=wait, read=wait, total=2 * wait)
    with progressing("Asking") as shown:
        asked = 0

        def advance() -> None:
            nonlocal asked
            asked += 1
            shown(asked, len(hosts), str)

        return run(discover(hosts, ports=[place], rate=rate, timeouts=timeouts, progress=advance))


def _show(found: list[Probe], asked: int) -> None:
    screen = console()
    if found:
        rows = ((host_of(phone), phone.model, phone.realm, phone.server) for phone in found)
        screen.print(table(("host", "model", "realm", "server"), rows))
    places = "1 address" if asked == 1 else f"{asked} addresses"
    screen.print(f"{counted(len(found), 'phone')} at {places}.")


def host_of(phone: Probe) -> str:
    """Write where a phone was found as the inventory writes hosts."""
    address = f"[{phone.address}]" if ":" in phone.address else phone.address
    if phone.scheme == "https":
        return f"https://{address}" + ("" if phone.port == 443 else f":{phone.port}")
    return address + ("" if phone.port == 80 else f":{phone.port}")


def _import(settings: Settings, found: list[Probe], site: str) -> None:
    with opened(settings) as app:
        added = enrol_found(app.store, [Phone(host=host_of(phone), site=site) for phone in found])
    known = len(found) - added
    were = f"; {counted(known, 'phone')} known already" if known else ""
    click.echo(f"Added {counted(added, 'phone')} to the inventory{were}.", err=True)
