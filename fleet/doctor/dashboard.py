"""A check of who may see the dashboard, and whether its password can be overheard."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from fleet.doctor.checked import ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.doctor.checked import Checked


def dashboard(app: App) -> Iterator[Checked]:
    """See whether those see the dashboard who are to see it."""
    server = app.settings.server
    if _is_here(server.host):
        who = "anyone with the password" if server.password else "this machine alone"
        yield ok("dashboard", f"Served on {server.host} to {who}.")
    elif server.password is None:
        yield warn(
            "dashboard",
            f"It listens on {server.host} but has no password, so it answers this machine alone.",
            "Set FLEET_SERVER_PASSWORD to let others log in.",
        )
    elif not (server.certificate or server.trusted_proxies):
        yield warn(
            "dashboard",
            f"It listens on {server.host} without TLS, so its password can be overheard.",
            "Set [server] certificate, or use a reverse proxy and list it in "
            "[server] trusted_proxies.",
        )
    else:
        yield ok("dashboard", f"Served on {server.host} to anyone with the password.")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
