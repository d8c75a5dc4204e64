"""When the daemon does what; the one door for APScheduler."""

from fleet.schedule.duties import Duties, Timetable
from fleet.schedule.jobs import Job
from fleet.schedule.schedule import Schedule
from fleet.schedule.triggers import Nightly

__all__ = ["Duties", "Job", "Nightly", "Schedule", "Timetable"]
