"""`fleet serve`: the daemon, wired from everything else."""

from fleet.daemon.daemon import Daemon, place_of, stop_on_signals
from fleet.daemon.services import Services

__all__ = ["Daemon", "Services", "place_of", "stop_on_signals"]
