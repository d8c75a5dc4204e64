"""Runs a roll-out on the terminal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from fleet.cli.common import user_name
from fleet.cli.progress import telling
from fleet.cli.provision.progress import end_as
from fleet.cli.provision.stages import Telling, labels_of, show_progress
from fleet.clock import now
from fleet.loop import run
from fleet.provision.rollout.control import prepare_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.app import App
    from fleet.model import Proof, Rollout


def run_rollout(
    app: App,
    started: Rollout,
    *,
    at_once: int | None = None,
    settle: float | None = None,
    patience: timedelta = timedelta(0),
) -> None:
    """Run a roll-out with its progress told. Exit code 3 where it stops by itself.

    `at_once` and `settle` None: as it is written. `patience` is how long another process may take
    until it lets go.
    """
    end_as(run_to_end(app, started, at_once=at_once, settle=settle, patience=patience))


def run_to_end(
    app: App,
    started: Rollout,
    *,
    at_once: int | None = None,
    settle: float | None = None,
    patience: timedelta = timedelta(0),
) -> Rollout:
    """Run a roll-out with its progress shown, until it is over or paused; return what it is then.

    The arguments are those of `run_rollout`.
    """
    started = prepare_run(
        app.store, started, at_once=at_once, settle=settle, by=user_name(), now=now()
    )
    try:
        with telling("Rolling out") as (show, say):
            news = Telling(say, labels_of(app))

            def progress(rollout: Rollout, proofs: Mapping[int, Proof]) -> None:
                news(rollout, proofs)
                show_progress(show, rollout, proofs)

            return run(app.roll_out(started, progress, by=user_name(), patience=patience))
    except KeyboardInterrupt:
        raise click.Abort("Interrupted. To continue: fleet provision rollout resume") from None
