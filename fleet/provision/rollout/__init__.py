"""The way of a revision to the phones: stage by stage, each gated by proof."""

from fleet.provision.rollout.machine import Pace, Step, advance
from fleet.provision.rollout.proving import LineLook, Look
from fleet.provision.rollout.stages import Candidate, StageOrder, stages_of

__all__ = ["Candidate", "LineLook", "Look", "Pace", "StageOrder", "Step", "advance", "stages_of"]
