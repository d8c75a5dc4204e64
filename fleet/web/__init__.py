"""What the daemon serves: the phones' push endpoint, health, metrics."""

from fleet.web.door import Door, Fate
from fleet.web.health import Health, JobHealth
from fleet.web.metrics import Figures
from fleet.web.pages import Pages
from fleet.web.server import Place, Server, listen, server

__all__ = [
    "Door",
    "Fate",
    "Figures",
    "Health",
    "JobHealth",
    "Pages",
    "Place",
    "Server",
    "listen",
    "server",
]
