"""`fleet doctor`: a line for each thing, and the exit code it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


def test_the_command_prints_a_line_each_and_its_code_is_what_it_was_asked_for(
    fleet: Fleet,
) -> None:
    ran = fleet("doctor")
    assert ran.code == 0
    assert "ok   database  " in ran.out
    assert "→ fleet inventory import FILE" in ran.out
    assert fleet("doctor", "--fail-on", "fail").code == 0
    assert fleet("doctor", "--fail-on", "warn").code == 1
    assert fleet("doctor", "--json").out.startswith('{\n "checks": [\n  {\n   "name": "key"')
