"""`fleet doctor`: whether everything is as it should be, and what to mend."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fleet.cli.common import JSON, console, print_json, with_settings
from fleet.cli.groups import examples

if TYPE_CHECKING:
    from fleet.settings import Settings


@click.command(
    epilog=examples(
        "fleet doctor",
        "fleet doctor --fail-on warn --json",
    )
)
@JSON
@click.option(
    "--fail-on",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="Exit with code 1 if a check fails (fail), or also if one warns (warn).",
)
@with_settings
def command(settings: Settings, as_json: bool, fail_on: str) -> None:
    """Check settings, key, disk, database, clock, phones, daemon and alerts.

    Doctor says how to fix each problem. It connects to some phones, and sends them nothing. Exit
    code 1: a check failed.
    """
    from fleet.doctor import State, examine

    bad = {"fail": (State.FAIL,), "warn": (State.FAIL, State.WARN)}
    found = []
    screen = console()
    for each in examine(settings):
        found.append(each)
        if not as_json:
            screen.print(f"{each.state:<5}{each.name:<10}{each.text}", soft_wrap=True)
            if each.mend:
                screen.print(f"{'':<15}→ {each.mend}", soft_wrap=True)
    if as_json:
        document = {"checks": [asdict(each) for each in found]}
        print_json(document)
    if any(each.state in bad[fail_on] for each in found):
        raise SystemExit(1)
