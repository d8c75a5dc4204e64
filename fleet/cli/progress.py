"""A progress bar on standard error, only on a terminal: how far, how fast, how long still."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from fleet.cli.common import console
from fleet.cli.groups import is_quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import Progress

    from fleet.sweep import Tally

REFRESH_EVERY = 0.1  # seconds: counting for the bar shall not cost the work


Show: TypeAlias = "Callable[[int, int, Callable[[], str]], None]"
"""Is called with how much is done, of how much, and what makes a note when it is to be shown."""


@contextmanager
def watched(what: str) -> Iterator[Callable[[Tally], None]]:
    """Show a sweep's progress; gives what is to be called with its tally."""
    with progressing(what) as show:
        yield lambda tally: show(tally.answers, tally.planned, lambda: f"{tally.not_read} not read")


@contextmanager
def progressing(what: str) -> Iterator[Show]:
    """Show progress; gives what is to be called with how far the work is, however often."""
    with telling(what) as (show, _):
        yield show


@contextmanager
def telling(what: str) -> Iterator[tuple[Show, Callable[[str], None]]]:
    """Show progress, and say sentences on standard output meanwhile, above the bar if both show."""
    screen, out = console(stderr=True), console()
    if not screen.is_terminal or is_quiet():
        yield lambda *_: None, out.print
        return
    with _bar(screen, what) as bar:
        task = bar.add_task(what, total=None, rate="", note="")
        due = 0.0

        def show(done: int, total: int, note: Callable[[], str]) -> None:
            nonlocal due
            if (now := time.monotonic()) < due and done < total:
                return
            due = now + REFRESH_EVERY
            speed = bar.tasks[task].speed
            rate = f"{speed:.0f}/s" if speed else ""
            bar.update(task, total=total, completed=done, note=note(), rate=rate)

        yield show, bar.console.print if out.is_terminal else out.print


def _bar(screen: Console, what: str) -> Progress:
    from rich import progress  # only here: a poll by cron starts without it

    return progress.Progress(
        progress.TextColumn(what),
        progress.BarColumn(bar_width=None),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
        progress.TextColumn("left"),
        progress.TextColumn("{task.fields[note]}"),
        console=screen,
        transient=True,
    )
