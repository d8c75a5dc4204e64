"""The demos: simulated phones, a database of their own, and what fleet does with them."""

from fleet.demo.rolling import RolloutDemo
from fleet.demo.sweeping import Demo

__all__ = ["Demo", "RolloutDemo"]
