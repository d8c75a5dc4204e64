"""The dashboard and the JSON API: what `fleet status` and `fleet diagnose` say, in a browser."""

from fleet.web.dashboard.pages import Dashboard
from fleet.web.dashboard.queries import Queries

__all__ = ["Dashboard", "Queries"]
