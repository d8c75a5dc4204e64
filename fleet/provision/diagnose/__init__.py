"""Why a line is not registered: found out without disturbing it."""

from fleet.provision.diagnose.brief import Brief, sentence
from fleet.provision.diagnose.conclude import conclude
from fleet.provision.diagnose.diagnoser import Diagnoser, Diagnosis
from fleet.provision.diagnose.facts import Conclusion, FileFacts, LineFacts, PhoneFacts, What

__all__ = [
    "Brief",
    "Conclusion",
    "Diagnoser",
    "Diagnosis",
    "FileFacts",
    "LineFacts",
    "PhoneFacts",
    "What",
    "conclude",
    "sentence",
]
