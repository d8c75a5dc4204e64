"""The use case of sweeping: observe one phone, poll many, settle who answered where."""

from fleet.sweep.agenda import Urgent
from fleet.sweep.backoff import Backoff
from fleet.sweep.observe import Observer
from fleet.sweep.planned import SCHEDULE, Slot, run_planned
from fleet.sweep.run import Tally
from fleet.sweep.sweeper import Order, Outcome, Plan, Sweeper
from fleet.sweep.targets import LoginDefaults, target_of

__all__ = [
    "SCHEDULE",
    "Backoff",
    "LoginDefaults",
    "Observer",
    "Order",
    "Outcome",
    "Plan",
    "Slot",
    "Sweeper",
    "Tally",
    "Urgent",
    "run_planned",
    "target_of",
]
