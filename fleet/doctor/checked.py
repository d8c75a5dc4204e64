"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARN = "warn"  # it works, and will not for ever
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """One line. `mend` says what to do, empty where nothing is."""

    name: str
    state: State
    text: str
    mend: str = ""


def ok(name: str, text: str) -> Checked:
    """Say what is well."""
    return Checked(name=name, state=State.OK, text=text)


def warn(name: str, text: str, mend: str) -> Checked:
    """Say what works, but not for ever."""
    return Checked(name=name, state=State.WARN, text=text, mend=mend)


def fail(name: str, text: str, mend: str) -> Checked:
    """Say what has to be mended."""
    return Checked(name=name, state=State.FAIL, text=text, mend=mend)
