"""What the daemon serves: the dashboard, the API, the phones' push endpoint, health, metrics."""

from fleet.web.access import Authenticator, CsrfToken
from fleet.web.dashboard import Dashboard, Desk
from fleet.web.door import Door, Fate
from fleet.web.health import Health, JobHealth
from fleet.web.kept import Kept
from fleet.web.metrics import Figures
from fleet.web.pages import Pages
from fleet.web.server import Place, listen, server

__all__ = [
    "Authenticator",
    "CsrfToken",
    "Dashboard",
    "Desk",
    "Door",
    "Fate",
    "Figures",
    "Health",
    "JobHealth",
    "Kept",
    "Pages",
    "Place",
    "listen",
    "server",
]
