"""Phones that do not exist, for the demo, the tests and the benchmark.

Nothing here knows how pages are read, so that a mistake of the reader cannot hide in a mistake of
the writer. The tests have many more behaviours, and write by hand what a poll of each comes to.
"""

from fleet.simulator.behaviours import BEHAVIOURS, Behaviour, Door
from fleet.simulator.boot.fleet import (
    BootingFleet,
    booting_fleet,
    booting_inventory,
    sip_places,
)
from fleet.simulator.boot.spec import BootSpec, FirmwareCheck
from fleet.simulator.clock import Clock, RunningClock
from fleet.simulator.fleets import BELIEVABLE_MIX, TROUBLES, believable_fleet
from fleet.simulator.phone import SimulatedPhone
from fleet.simulator.record import Record
from fleet.simulator.run import Places, inventory_csv, run, serve
from fleet.simulator.simulator import Simulator
from fleet.simulator.sip.registrar import SimulatedRegistrar
from fleet.simulator.sip.spec import RegistrarSpec, RegistrarState, SipLogin
from fleet.simulator.spec import LineSpec, PhoneSpec

__all__ = [
    "BEHAVIOURS",
    "BELIEVABLE_MIX",
    "TROUBLES",
    "Behaviour",
    "BootSpec",
    "BootingFleet",
    "Clock",
    "Door",
    "FirmwareCheck",
    "LineSpec",
    "PhoneSpec",
    "Places",
    "Record",
    "RegistrarSpec",
    "RegistrarState",
    "RunningClock",
    "SimulatedPhone",
    "SimulatedRegistrar",
    "Simulator",
    "SipLogin",
    "believable_fleet",
    "booting_fleet",
    "booting_inventory",
    "inventory_csv",
    "run",
    "serve",
    "sip_places",
]
