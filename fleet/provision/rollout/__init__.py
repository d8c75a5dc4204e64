"""The way of a revision to the phones: stage by stage, each gated by proof."""

from fleet.provision.rollout.proof import LineObservation, Observation
from fleet.provision.rollout.stages import Candidate, StageOrder, stages_of
from fleet.provision.rollout.state_machine import Pace, Step, advance

__all__ = [
    "Candidate",
    "LineObservation",
    "Observation",
    "Pace",
    "StageOrder",
    "Step",
    "advance",
    "stages_of",
]
