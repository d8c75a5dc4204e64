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
        who = "whoever has its password" if server.password else "this machine alone"
        yield ok("dashboard", f"It is served on {server.host}, to {who}.")
    elif server.password is None:
        yield warn(
            "dashboard",
            f"It listens on {server.host}, and answers this machine alone: it has no password.",
            "Set FLEET_SERVER_PASSWORD, for others to see it.",
        )
    elif not (server.certificate or server.trusted_proxies):
        yield warn(
            "dashboard",
            f"It listens on {server.host} without TLS, so its password can be overheard.",
            "Set [server] certificate, or put a reverse proxy before it and name it in "
            "[server] trusted_proxies.",
        )
    else:
        yield ok("dashboard", f"It is served on {server.host}, to whoever has its password.")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
