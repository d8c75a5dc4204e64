"""The use case of sweeping: observe one phone, poll many, settle who answered where."""

from fleet.sweep.backoff import Backoff
from fleet.sweep.observe import Observer
from fleet.sweep.run import Tally
from fleet.sweep.sweeper import Order, Outcome, Sweeper
from fleet.sweep.targets import LoginDefaults, target_of

__all__ = [
    "Backoff",
    "LoginDefaults",
    "Observer",
    "Order",
    "Outcome",
    "Sweeper",
    "Tally",
    "target_of",
]
