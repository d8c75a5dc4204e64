"""Who is told of what: composing and delivering alerts. The one door for Apprise and Jinja2.

notices, causes ──► plan ──► compose ──► store.apply_alerting ──► deliver ──► sender (Apprise)
"""

from fleet.alert.build import policy_of, routes_of, windows_of
from fleet.alert.compose import Composer, word_of_fleet
from fleet.alert.deliver import Delivered, Deliverer
from fleet.alert.planner import Held, Plan, Policy, Situation, Telling, plan
from fleet.alert.presentation import Zones
from fleet.alert.reports import send_report
from fleet.alert.routes import Route, channels_of
from fleet.alert.run import Alerting, Round
from fleet.alert.sender import check, send
from fleet.alert.windows import Window

__all__ = [
    "Alerting",
    "Composer",
    "Delivered",
    "Deliverer",
    "Held",
    "Plan",
    "Policy",
    "Round",
    "Route",
    "Situation",
    "Telling",
    "Window",
    "Zones",
    "channels_of",
    "check",
    "plan",
    "policy_of",
    "routes_of",
    "send",
    "send_report",
    "windows_of",
    "word_of_fleet",
]
