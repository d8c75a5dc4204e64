"""The options of roll-outs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleet.cli.common import Duration
from fleet.provision.rollout import StageOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.app import App

DEADLINE = click.option(
    "--deadline",
    type=Duration(1, 604_800),
    default="30m",
    show_default=True,
    help="Time that a phone may take until it is proven.",
)

AT_ONCE_TYPE = click.IntRange(min=1, max=10_000)
AT_ONCE = click.option(
    "--at-once",
    type=AT_ONCE_TYPE,
    default=50,
    show_default=True,
    help="Maximum number of phones that were asked and have not fetched yet.",
)
SETTLE_TYPE = Duration(0, 3600)
SETTLE = click.option(
    "--settle",
    type=SETTLE_TYPE,
    default="30s",
    show_default=True,
    help="Time after a phone's fetch before a poll counts.",
)
DETACH = click.option(
    "--detach", is_flag=True, help="Hand the roll-out over to the daemon (fleet serve), and exit."
)
CANARY = click.option(
    "--canary",
    "canaries",
    multiple=True,
    metavar="PHONE|N",
    help="Phone to ask first (may be repeated), or a number of phones.  [default: 1]",
)
STAGES = click.option(
    "--stages",
    default="25%",
    show_default=True,
    help="Stages after the canaries, separated by commas: shares of all phones (25%), sites, "
    "or the word sites for one stage per site. All other phones come last.",
)
MAX_FAILURES = click.option(
    "--max-failures",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Number of phones of a stage that may fail.",
)


def stage_order(app: App, canaries: Sequence[str], stages: str) -> StageOrder:
    """The order of the stages that these options ask for."""
    steps = tuple(step.strip() for step in stages.split(",") if step.strip())
    if len(canaries) == 1 and canaries[0].isdecimal():
        return StageOrder(canary_count=int(canaries[0]), steps=steps)
    if not canaries:
        return StageOrder(steps=steps)
    return StageOrder(canaries=tuple(map(app.store.phones.find, canaries)), steps=steps)
