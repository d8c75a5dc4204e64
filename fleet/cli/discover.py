"""`fleet discover`: find Aastra phones on a network."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fleet.cli.common import JSON, console, opened, print_json, with_settings
from fleet.cli.completion import SITE
from fleet.cli.groups import examples
from fleet.cli.progress import progressing
from fleet.cli.tables import table
from fleet.loop import run
from fleet.model import Phone
from fleet.report.wording import counted

if TYPE_CHECKING:
    from fleet.phone.probe import Probe
    from fleet.settings import Settings


@click.command(
    epilog=examples(
        "fleet discover 10.1.1.0/24",
        "fleet discover 10.1.1.0/24 10.1.2.0/24 --rate 20 --json",
        "fleet discover 10.1.1.0/24 --import --site berlin",
    )
)
@click.argument("networks", nargs=-1, required=True, metavar="CIDR...")
@click.option("--rate", default=50.0, show_default=True, type=click.FloatRange(0.1, 1000),
              help="Requests per second.")  # fmt: skip
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Port to ask.  [default: 80; with --https 443]"
)
@click.option("--https", is_flag=True, help="Use https.")
@click.option("--import", "import_", is_flag=True, help="Add new phones to the inventory.")
@click.option("--site", default="", type=SITE, help="Site of the imported phones.")
@JSON
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
    """Scan networks for Aastra phones: one request per address, without a login.

    Fleet recognizes a phone by the realm of its login or by the name of its web server.
    """
    from fleet.discovery import addresses

    if site and not import_:
        raise click.UsageError("--site requires --import.")
    hosts = addresses(networks)
    scheme = "https" if https else "http"
    place = (scheme, port or (443 if https else 80))
    found = _watched(settings, hosts, place, rate)
    if as_json:
        print_json({"phones": [asdict(phone) for phone in found]})
    else:
        _show(found, len(hosts))
    if import_:
        _import(settings, found, site)


def _watched(
    settings: Settings, hosts: list[str], place: tuple[str, int], rate: float
) -> list[Probe]:
    from fleet.discovery import discover
    from fleet.phone.http.target import Timeouts

    wait = min(settings.poll.connect_timeout, 3)
    timeouts = Timeouts(connect=wait, read=wait, total=2 * wait)
    with progressing("Asking") as shown:
        asked = 0

        def advance() -> None:
            nonlocal asked
            asked += 1
            shown(asked, len(hosts), str)

        return run(
            discover(
                hosts,
                ports=[place],
                rate=rate,
                timeouts=timeouts,
                progress=advance,
                secrets=settings.known_secrets,
            )
        )


def _show(found: list[Probe], asked: int) -> None:
    screen = console()
    if found:
        rows = ((host_of(phone), phone.model, phone.realm, phone.server) for phone in found)
        screen.print(table(("host", "model", "realm", "server"), rows))
    places = "1 address" if asked == 1 else f"{asked} addresses"
    screen.print(f"Found {counted(len(found), 'phone')} at {places}.")


def host_of(phone: Probe) -> str:
    """Write where a phone was found as the inventory writes hosts."""
    address = f"[{phone.address}]" if ":" in phone.address else phone.address
    if phone.scheme == "https":
        return f"https://{address}" + ("" if phone.port == 443 else f":{phone.port}")
    return address + ("" if phone.port == 80 else f":{phone.port}")


def _import(settings: Settings, found: list[Probe], site: str) -> None:
    from fleet.enrolment import enrol_found

    with opened(settings) as app:
        added = enrol_found(app.store, [Phone(host=host_of(phone), site=site) for phone in found])
    known = len(found) - added
    were = f"; already known: {counted(known, 'phone')}" if known else ""
    click.echo(f"Added {counted(added, 'phone')} to the inventory{were}.", err=True)
