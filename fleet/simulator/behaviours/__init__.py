"""Every way a simulated phone can behave, by name; a new one is a function and an entry."""

from __future__ import annotations

from fleet.simulator.behaviour import shown

BEHAVIOURS = {"healthy": shown()}
BEHAVIOURS["trap"] = BEHAVIOURS["healthy"]
