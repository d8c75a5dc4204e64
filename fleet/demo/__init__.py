"""The demos: simulated phones, a database of their own, and what fleet does with them."""

from fleet.demo.rolling import RolloutDemo
from fleet.demo.sweeping import POLLING, SERVING, Demo

__all__ = ["POLLING", "SERVING", "Demo", "RolloutDemo"]
