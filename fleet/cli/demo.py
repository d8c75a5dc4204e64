"""`fleet demo`: see it work."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import click

from fleet.cli.common import console
from fleet.cli.groups import examples
from fleet.cli.poll import flagged_records, show
from fleet.cli.progress import watched
from fleet.cli.provision.stages import Telling, labels_of
from fleet.cli.serve import serve
from fleet.errors import UsageError
from fleet.loop import run

if TYPE_CHECKING:
    from rich.console import Console

    from fleet.app import App
    from fleet.sweep import Outcome

MOST_PROVISIONED = 12


@click.command(
    epilog=examples(
        "fleet demo",
        "fleet demo --phones 500 --serve",
        "fleet demo --provision",
    )
)
@click.option(
    "--phones",
    default=120,
    show_default=True,
    type=click.IntRange(1, 60_000),
    help="Number of phones.",
)
@click.option(
    "--folder",
    default="fleet-demo",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for settings, database and inventory of the demo; replaced each time.",
)
@click.option("--seed", default=0, help="Another seed simulates another fleet.")
@click.option(
    "--provision",
    is_flag=True,
    help="Demonstrate a roll-out of new passwords, with at most 12 phones.",
)
@click.option(
    "--serve",
    "port",
    is_flag=False,
    flag_value=8080,
    type=click.IntRange(1, 65_535),
    metavar="[PORT]",
    help="Keep the phones running, and serve the dashboard at this port (8080) until Ctrl-C.",
)
def command(phones: int, folder: Path, seed: int, provision: bool, port: int | None) -> None:
    """Simulate phones, import them, poll them, and show the flagged lines.

    Some lines are refused, unregistered or on the backup registrar. Some phones are off, require
    another password, show French pages or answer with an expired session.
    """
    from fleet.demo import POLLING, SERVING, Demo

    if provision and port:
        raise UsageError("--provision and --serve are two demos: choose one.")
    if provision:
        _show_rollout(folder, min(phones, MOST_PROVISIONED))
        return
    demo = Demo(folder=folder, phones=phones, seed=seed)
    app = demo.prepare(f"{SERVING}{port}\n" if port else POLLING)
    screen = console()
    try:
        screen.print(f"Simulated {phones} phones and imported them into {folder}/")
        then = partial(_serve, app, screen) if port else None
        outcome = run(demo.run(app, lambda: watched("Polling"), then))
        if port:
            return
        flagged = flagged_records(app, outcome)
        show(outcome, flagged)
        worst = next((each.phone for each in flagged if each.code == 401), "PHONE")
    finally:
        app.close()
    _say_what_next(screen, folder, worst)


async def _serve(app: App, screen: Console, outcome: Outcome) -> None:
    """Show what was flagged, then watch the phones as the daemon does, until a signal."""
    show(outcome, flagged_records(app, outcome))
    screen.print()
    address = f"http://127.0.0.1:{app.settings.server.port}/"
    await serve(app, lambda: screen.print(f"Dashboard: {address} (stop with Ctrl-C)"))


def _show_rollout(folder: Path, phones: int) -> None:
    from fleet.demo import Demo, RolloutDemo

    demo = RolloutDemo(demo=Demo(folder=folder, phones=phones))
    app = demo.prepare()
    screen = console()
    try:
        run(demo.run(app, screen.print, lambda app: Telling(screen.print, labels_of(app))))
    finally:
        app.close()


def _say_what_next(screen: Console, folder: Path, worst: str) -> None:
    screen.print()
    screen.print("Next steps (the phones have stopped; their data stays):")
    fleet = "fleet" if which("fleet") else sys.argv[0]
    screen.print(f"  export FLEET_CONFIG={shlex.quote(str(folder))}/fleet.toml")
    for words, why in (
        (f"explain {worst}", "why it is flagged, and what to check"),
        ("status --flagged", "every flagged line"),
        ("incidents", "problems that a second poll confirmed; they cause alerts"),
        ("audit --no-sweep", "the nightly report, as a page and a workbook"),
        ("export lines --output lines.csv", "every line, for a spreadsheet"),
        ("demo --serve", "the dashboard, with running phones"),
        ("simulate --help", "simulated phones for your own tests"),
    ):
        screen.print(f"  {fleet} {words:<32} {why}", soft_wrap=True)
