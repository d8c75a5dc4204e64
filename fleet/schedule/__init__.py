"""When the daemon does what; the one door for APScheduler."""

from fleet.schedule.jobs import Duties, Job, Timetable
from fleet.schedule.schedule import Schedule
from fleet.schedule.triggers import Nightly

__all__ = ["Duties", "Job", "Nightly", "Schedule", "Timetable"]
