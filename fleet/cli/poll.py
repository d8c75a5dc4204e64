"""`fleet poll`: one sweep now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import (
    FAIL_ON,
    JSON,
    PHONES,
    console,
    fail_if,
    no_phones,
    print_json,
    time_zone,
    with_app,
)
from fleet.cli.completion import SITE
from fleet.cli.documents import document
from fleet.cli.groups import examples
from fleet.cli.progress import watched
from fleet.cli.tables import print_lines
from fleet.clock import now
from fleet.loop import run
from fleet.report.wording import counted
from fleet.status import line_records, one_per_unread_phone, phone_records, totals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.report import LineRecord
    from fleet.sweep import Order, Outcome

MOST_SHOWN = 50


@click.command(
    epilog=examples(
        "fleet poll",
        "fleet poll reception 10.1.1.21",
        "fleet poll --site berlin --confirm --fail-on flagged",
    )
)
@PHONES
@click.option("--site", type=SITE, help="Poll only the phones of this site.")
@JSON
@click.option(
    "--confirm",
    is_flag=True,
    help="Poll phones with new problems again after [poll] confirm_after.",
)
@click.option(
    "--anew",
    is_flag=True,
    help="Poll every phone, even if an interrupted sweep could be resumed.",
)
@click.option(
    "--insist",
    is_flag=True,
    help="Also poll phones that refused the login before, such as after a password was corrected.",
)
@FAIL_ON
@with_app
def command(
    app: App,
    phones: tuple[str, ...],
    site: str | None,
    as_json: bool,
    confirm: bool,
    anew: bool,
    insist: bool,
    fail_on: str | None,
) -> None:
    """Read the SIP account status of all phones, or of the named ones, now.

    PHONE is a MAC, a host or a name. After a refused login, fleet skips a phone for a while
    (docs/troubleshooting.md), but polls it if it is named. An interrupted sweep is resumed.
    """
    order = replace(order_of(app, phones, site, insist=insist), anew=anew)
    try:
        outcome = run(sweep(app, order, confirm=confirm))
    except KeyboardInterrupt:
        raise click.Abort(
            "Stopped. The next fleet poll of the same phones resumes the sweep."
        ) from None
    if as_json:
        print_json(document_of(app, order, outcome))
    else:
        show(outcome, flagged_records(app, outcome))
        for hint in hints(outcome):
            click.echo(hint)
        if not (outcome.sweep.planned or app.store.phones.count()):
            click.echo(no_phones(app))
    outcome.check()
    fail_if(fail_on, outcome.flagged)


def order_of(app: App, phones: tuple[str, ...], site: str | None, *, insist: bool) -> Order:
    """What to sweep. Raises `PhoneNotFound`."""
    from fleet.sweep import Order

    if phones:
        ids = [app.store.phones.find(phone) for phone in phones]
        if site is not None:
            raise click.UsageError("Name phones or a site, not both.")
        return Order.of_phones(ids)
    if site is not None:
        app.check_site(site)
        return Order.of_site(app.store, site, insist=insist)
    return Order(insist=insist)


async def sweep(app: App, order: Order, *, confirm: bool) -> Outcome:
    """Sweep with a progress bar; with `confirm` poll phones with new problems again."""
    with watched("Polling") as progress:
        outcome = await app.sweep(order, progress)
    if confirm and outcome.new_problems:
        seconds = app.settings.poll.confirm_after
        console(stderr=True).print(
            f"New problems: {counted(len(outcome.new_problems), 'phone')}; "
            f"polling again in {seconds:g} s."
        )
        await asyncio.sleep(seconds)
        with watched("Confirming") as progress:
            return outcome.confirmed_by(await app.sweep(outcome.confirmation(), progress))
    return outcome


def document_of(app: App, order: Order, outcome: Outcome) -> dict[str, Any]:
    """Make the JSON document: the sweep, its phones and their lines, and notes."""
    statuses = list(app.store.observations.statuses(ids=order.ids))
    phones, lines = phone_records(statuses), line_records(statuses)
    made = document(outcome.sweep, phones, lines)
    made["sweep"]["carried_on"] = outcome.carried_on
    return made | {"notes": notes(outcome)}


def flagged_records(app: App, outcome: Outcome) -> list[LineRecord]:
    """Give the flagged lines of the phones that a sweep found something held against."""
    statuses = app.store.observations.statuses(ids=outcome.flagged)
    return [record for record in line_records(statuses) if record.flags]


def notes(outcome: Outcome) -> list[str]:
    """Say what is worth knowing of a sweep besides its phones' states."""
    if not outcome.carried_on:
        return list(outcome.notes)
    started = f"{outcome.sweep.started.astimezone(time_zone()):%H:%M:%S %Z}"
    carried_on = (
        f"Resumed the interrupted sweep of {started}, which had polled "
        f"{counted(outcome.carried_on, 'phone')} already."
    )
    return [carried_on, *outcome.notes]


def show(outcome: Outcome, flagged: list[LineRecord]) -> None:
    """Print what a sweep came to."""
    screen = console()
    for note in notes(outcome):
        screen.print(note)
    shown = one_per_unread_phone(flagged)
    if shown:
        screen.print()
        print_lines(screen, shown[:MOST_SHOWN], now())
        screen.print()
    if len(shown) > MOST_SHOWN:
        screen.print(f"… and {len(shown) - MOST_SHOWN} more: fleet status --flagged")
    screen.print(summary(outcome, flagged))


def hints(outcome: Outcome) -> Iterator[str]:
    """Say what to do about phones that refuse us, where it is the same for all of them."""
    if outcome.without_login:
        yield (
            f"{counted(outcome.without_login, 'phone')} without a web UI password: set "
            "FLEET_WEB_UI_PASSWORD, or set it in the inventory."
        )
    if outcome.sweep.counts.backing_off:
        yield (
            "Phones that refused the login are polled again later; to poll them now: "
            "fleet poll --insist"
        )


def summary(outcome: Outcome, flagged: list[LineRecord]) -> str:
    """Say in a line what the sweep saw."""
    counts = outcome.sweep.counts
    parts = [
        (counts.polled, "polled"),
        (counts.ok, "read"),
        (counts.unreachable, "unreachable"),
        (counts.refused, "refused"),
        (counts.unreadable, "unreadable"),
        (counts.backing_off, "skipped after a refused login"),
    ]
    phones = ", ".join(f"{number} {word}" for number, word in parts if number)
    return f"Phones: {phones or 'none to poll'}. Lines flagged: {totals(flagged).flagged}."
