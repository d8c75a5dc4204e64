"""`fleet provision dhcp`: what to tell a DHCP server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from fleet.cli.common import with_app
from fleet.cli.completion import SITE
from fleet.cli.groups import examples
from fleet.errors import UsageError
from fleet.provision.dhcp import DhcpServer, dhcp_options

if TYPE_CHECKING:
    from fleet.app import App

_URL = re.compile(r"(?:https?|tftp)://[A-Za-z0-9.\-\[\]:_]+(?:/[A-Za-z0-9._~/-]*)?")
_EVERYWHERE = ("", "0.0.0.0", "::", "127.0.0.1", "::1", "localhost")  # noqa: S104
_HTTP = 80


@click.command(
    epilog=examples(
        "fleet provision dhcp --for dnsmasq --site berlin",
        "fleet provision dhcp --for kea --url http://10.1.0.5:8090",
    )
)
@click.option(
    "--for",
    "server",
    required=True,
    type=click.Choice([each.value for each in DhcpServer]),
    help="DHCP server whose configuration to print.",
)
@click.option("--site", type=SITE, help="Print the options for the phones of this site.")
@click.option(
    "--url",
    help="URL from which phones fetch.  [default: the first name of [provisioning] reachable_as]",
)
@click.option(
    "--with-secrets",
    is_flag=True,
    help="Print [provisioning] path_secret, which is part of the URL, in clear text.",
)
@with_app
def dhcp(app: App, server: str, site: str | None, url: str | None, with_secrets: bool) -> None:
    """Print the DHCP options that lead phones to fleet.

    Only new phones, and phones after a factory reset, depend on them: what is set on a phone or in
    its files comes first.
    """
    app.check_site(site)
    networks = app.settings.provisioning.networks
    for each in app.store.inventory.sites():
        if each.name == site and each.networks:
            networks = list(each.networks)
    if url is not None and not _URL.fullmatch(url):
        raise click.UsageError(f"{url} is not a URL such as http://10.1.0.5:8090.")
    address = url or _url_of(app, with_secrets=with_secrets)
    click.echo(
        dhcp_options(DhcpServer(server), address, site=site or "", networks=networks), nl=False
    )


def _url_of(app: App, *, with_secrets: bool) -> str:
    asked = app.settings.provisioning
    names = [*asked.reachable_as, *([] if asked.host in _EVERYWHERE else [asked.host])]
    host = next((name for name in names if "/" not in name), "")
    if not host:
        raise UsageError(
            "fleet does not know under which address phones reach it: use --url, or set "
            "[provisioning] reachable_as."
        )
    host = f"[{host}]" if ":" in host else host
    url = f"http://{host}" + ("" if asked.port == _HTTP else f":{asked.port}")
    if asked.path_secret is None:
        return url
    return f"{url}/p/{asked.path_secret.get_secret_value() if with_secrets else '***'}"
