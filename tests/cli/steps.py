"""What the tests of the commands do again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from fleet.model import Registration
from fleet.simulator import LineSpec, PhoneSpec
from tests.cli.conftest import Fleet, Phones

Simulate: TypeAlias = Callable[[list[PhoneSpec]], Phones]

LINE = LineSpec(number=1, user="1001", registrar="pbx.example")
REFUSED = replace(LINE, number=2, user="1002", registration=Registration.FAILED, code=401)


def spec(number: int, *lines: LineSpec, **changes: Any) -> PhoneSpec:
    """A phone called `phone1`, `phone2` …"""
    mac = f"00:08:5D:00:00:{number:02X}"
    made = PhoneSpec(name=f"phone{number}", site="here", mac=mac, lines=lines or (LINE,))
    return replace(made, **changes)


def imported(fleet: Fleet, phones: Phones) -> None:
    """Take the phones into the inventory."""
    Path("phones.csv").write_text(phones.csv(), encoding="utf-8")
    done(fleet, "inventory", "import", "phones.csv")


def done(fleet: Fleet, *words: str) -> str:
    """Call a command that has to end well; give what it prints."""
    ran = fleet(*words)
    assert ran.code == 0, ran.err
    return ran.out
