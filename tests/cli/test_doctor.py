"""`fleet doctor`: a line for each thing, and the exit code it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Fleet


def test_a_fleet_without_phones_is_in_order(fleet: Fleet) -> None:
    ran = fleet("doctor", "--fail-on", "warn")
    assert ran.code == 0
    assert "ok   database  " in ran.out
    assert fleet("doctor", "--json").out.startswith('{\n "checks": [\n  {\n   "name": "key"')


def test_what_is_to_be_mended_is_printed_and_ends_with_1(fleet: Fleet, tmp_path: Path) -> None:
    assert fleet("inventory", "add", "127.0.0.1:9").code == 0
    ran = fleet("doctor")
    assert ran.code == 1
    assert "→ Set [alerts] urls." in ran.out
    (tmp_path / "fleet.toml").touch()
    (tmp_path / "fleet.env").touch(0o644)
    assert "fail fleet.env" in fleet("doctor").out
