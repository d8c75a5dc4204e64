"""The dashboard and the JSON API: what `fleet status` and `fleet diagnose` say, in a browser."""

from fleet.web.dashboard.desk import Desk
from fleet.web.dashboard.pages import Dashboard

__all__ = ["Dashboard", "Desk"]
