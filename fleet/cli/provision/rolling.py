"""`fleet provision rollout`: start, status, pause, resume, stop, rollback."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from fleet.app import now, run
from fleet.cli.common import console, user_name, with_app
from fleet.cli.progress import progressing
from fleet.cli.provision.stages import FINAL, Telling, show_rollout
from fleet.errors import UsageError
from fleet.model import RolloutState
from fleet.provision.rollout import Pace, StageOrder
from fleet.provision.rollout.service import Terms, begin, roll_back
from fleet.store import Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fleet.app import App
    from fleet.model import Proof, Rollout

DEADLINE = click.option(
    "--deadline",
    type=click.FloatRange(min=1, max=604_800),
    default=1800.0,
    show_default=True,
    help="Seconds that a phone may take until it is proven.",
)

AT_ONCE = click.option(
    "--at-once",
    type=click.IntRange(min=1, max=10_000),
    default=50,
    show_default=True,
    help="How many phones are asked and have not fetched, at most.",
)
SETTLE = click.option(
    "--settle",
    type=click.FloatRange(min=0, max=3600),
    default=30.0,
    show_default=True,
    help="Seconds after a phone's fetch from which a poll counts.",
)


class StatusByDefault(click.Group):
    """`fleet provision rollout --json` means `fleet provision rollout status --json`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the word in where it is missing."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["status", *args]
        return super().parse_args(ctx, args)


@click.group(cls=StatusByDefault)
def rollout() -> None:
    """Bring what was applied last to the phones, stage by stage.

    A phone is proven when it has fetched the expected bytes and a poll after that saw every
    intended line registered. A stage begins when the one before is proven; when more phones fail
    than may, it stops by itself. Without a command, the status is shown.
    """


@rollout.command()
@click.option(
    "--canary",
    "canaries",
    multiple=True,
    metavar="PHONE|N",
    help="A phone that comes first, or how many do. [default: 1]",
)
@click.option(
    "--stages",
    default="25%",
    show_default=True,
    help="After the canaries, with commas between: shares of all phones (25%), sites, or the word "
    "sites for every site by itself. The rest comes last.",
)
@DEADLINE
@click.option(
    "--max-failures",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How many phones of a stage may fail.",
)
@AT_ONCE
@SETTLE
@with_app
def start(
    app: App,
    canaries: tuple[str, ...],
    stages: str,
    deadline: float,
    max_failures: int,
    at_once: int,
    settle: float,
) -> None:
    """Begin a roll-out of the last revision, and run it to its end.

    Stopped by Ctrl-C or a crash it goes on by resume. Exit code 3 where it stopped by itself.
    """
    terms = Terms(
        order=_order(app, canaries, stages), deadline=deadline, most_failures=max_failures
    )
    run_rollout(app, begin(app.store, terms, now()), at_once=at_once, settle=settle)


@rollout.command()
@click.option("--all", "every", is_flag=True, help="Every phone, not only those that failed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@with_app
def status(app: App, every: bool, as_json: bool) -> None:
    """Show how far the last roll-out is."""
    found = app.store.rollout()
    if found is None:
        if as_json:
            click.echo("null")
        else:
            console().print("There was no roll-out yet: fleet provision rollout start.")
        return
    proofs = app.store.proofs(found.id)
    labels = _labels(app)
    is_run = app.store.is_rollout_run(now())
    if as_json:
        document = _document(found, proofs, labels, is_run=is_run)
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    show_rollout(console(), found, proofs, labels, is_run=is_run, every=every)


@rollout.command()
@with_app
def pause(app: App) -> None:
    """Ask no more phones; what was asked goes on. Continue by resume."""
    _control(app, RolloutState.PAUSED, among=[RolloutState.RUNNING], why="Paused")
    console().print("Paused: fleet provision rollout resume goes on.")


@rollout.command()
@AT_ONCE
@SETTLE
@with_app
def resume(app: App, at_once: int, settle: float) -> None:
    """Go on with a roll-out that was paused, or whose process is gone, where it was."""
    found = app.store.rollout(states=(RolloutState.PAUSED, RolloutState.RUNNING))
    if found is None:
        raise UsageError("No roll-out is paused or cut off.")
    running = RolloutState.RUNNING
    app.store.control_rollout(found.id, running, among=[RolloutState.PAUSED], why="", now=now())
    run_rollout(app, found, at_once=at_once, settle=settle)


@rollout.command()
@with_app
def stop(app: App) -> None:
    """End a roll-out where it is. Phones that were asked have the new files already."""
    standing = [RolloutState.RUNNING, RolloutState.PAUSED]
    _control(app, RolloutState.STOPPED, among=standing, why="Stopped")
    console().print("Stopped. fleet provision rollout rollback takes back what was rolled out.")


@rollout.command()
@click.option("--to", type=click.IntRange(min=1), metavar="N", help="The revision to go back to.")
@DEADLINE
@AT_ONCE
@SETTLE
@with_app
def rollback(app: App, to: int | None, deadline: float, at_once: int, settle: float) -> None:
    """Apply again what phones had before the last roll-out, and roll that out.

    Phones that never had the new files are not asked. The inventory stays as it is.
    """
    made = roll_back(app.store, to=to, by=user_name(), deadline=deadline, now=now())
    console().print(f"Applied revision {made.revision}, as it was before; rolling it out.")
    run_rollout(app, made, at_once=at_once, settle=settle)


def _order(app: App, canaries: Sequence[str], stages: str) -> StageOrder:
    steps = tuple(step.strip() for step in stages.split(",") if step.strip())
    if len(canaries) == 1 and canaries[0].isdecimal():
        return StageOrder(canary_count=int(canaries[0]), steps=steps)
    if not canaries:
        return StageOrder(steps=steps)
    return StageOrder(canaries=tuple(map(app.store.find_phone, canaries)), steps=steps)


def run_rollout(app: App, started: Rollout, *, at_once: int, settle: float) -> None:
    """Run a roll-out with its progress told. Exit code 3 where it stops by itself."""
    pace = Pace(at_once=at_once, settle=timedelta(seconds=settle))
    screen = console()
    telling = Telling(screen, _labels(app))
    try:
        with progressing("Rolling out") as show:

            def progress(rollout: Rollout, proofs: Mapping[int, Proof]) -> None:
                telling(rollout, proofs)
                states = Counter(proof.state for proof in proofs.values())
                over = sum(states[state] for state in FINAL)
                show(over, len(proofs), lambda: f"stage {rollout.stages[rollout.stage]}")

            ended = run(app.roll_out(started, progress, by=user_name(), pace=pace))
    except KeyboardInterrupt:
        raise click.Abort("Cut off. fleet provision rollout resume goes on.") from None
    if ended.state is RolloutState.STOPPED:
        raise SystemExit(3)


def _control(app: App, state: RolloutState, *, among: Sequence[RolloutState], why: str) -> None:
    found = app.store.rollout(states=among)
    said = f"{why} by {user_name()}."
    if found is None or not app.store.control_rollout(
        found.id, state, among=among, why=said, now=now()
    ):
        raise UsageError("No roll-out is under way.")


def _labels(app: App) -> dict[int, str]:
    return {each.id: each.phone.label for each in app.store.phones(secrets=Secrets.NONE)}


def _document(
    found: Rollout, proofs: Sequence[Proof], labels: Mapping[int, str], *, is_run: bool
) -> dict[str, Any]:
    return {
        "id": found.id,
        "revision": found.revision,
        "state": found.state,
        "why": found.why,
        "is_run": is_run,
        "began": _text(found.began),
        "ended": _text(found.ended),
        "stage": found.stage,
        "stages": list(found.stages),
        "deadline": found.deadline,
        "max_failures": found.most_failures,
        "counts": dict(Counter(proof.state.value for proof in proofs)),
        "phones": [
            {
                "phone": labels.get(proof.phone_id, ""),
                "stage": proof.stage,
                "state": proof.state,
                "told_at": _text(proof.told_at),
                "fetched_at": _text(proof.fetched_at),
                "proven_at": _text(proof.proven_at),
                "how": proof.how,
                "detail": proof.detail,
            }
            for proof in proofs
        ],
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
