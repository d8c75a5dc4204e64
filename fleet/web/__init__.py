"""What the daemon serves: the dashboard, the API, the phones' push endpoint, health, metrics."""

from fleet.web.access import Authenticator, CsrfToken
from fleet.web.dashboard import Dashboard, Queries
from fleet.web.health import Health, JobHealth
from fleet.web.metrics import Figures
from fleet.web.pages import Pages
from fleet.web.push_queue import PushQueue, PushResult
from fleet.web.server import Place, listen, server
from fleet.web.ttl_cache import TtlCache

__all__ = [
    "Authenticator",
    "CsrfToken",
    "Dashboard",
    "Figures",
    "Health",
    "JobHealth",
    "Pages",
    "Place",
    "PushQueue",
    "PushResult",
    "Queries",
    "TtlCache",
    "listen",
    "server",
]
