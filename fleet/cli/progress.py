"""A progress bar on standard error, only on a terminal: how far, how fast, how long still."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleet.cli.common import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleet.sweep import Tally

REFRESH_EVERY = 0.1  # seconds: counting for the bar shall not cost the sweep


@contextmanager
def watched(what: str) -> Iterator[Callable[[Tally], None]]:
    """Show a sweep's progress; gives what is to be called with its tally."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield lambda _: None
        return
    from rich import progress  # only here: a poll by cron starts without it

    with progress.Progress(
        progress.TextColumn(what),
        progress.BarColumn(bar_width=None),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[bad]} not read"),
        console=screen,
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=None, rate="", bad=0)
        due = 0.0

        def update(tally: Tally) -> None:
            nonlocal due
            if (now := time.monotonic()) < due and tally.answers < tally.planned:
                return
            due = now + REFRESH_EVERY
            speed = bar.tasks[task].speed
            bar.update(
                task,
                total=tally.planned,
                completed=tally.answers,
                bad=tally.not_read,
                rate=f"{speed:.0f}/s" if speed else "",
            )

        yield update
