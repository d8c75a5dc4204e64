"""`fleet provision resync`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import (
    JSON,
    PHONES,
    Duration,
    console,
    no_phones,
    print_json,
    user_name,
    with_app,
)
from fleet.cli.completion import SITE
from fleet.cli.groups import examples
from fleet.cli.progress import progressing
from fleet.cli.tables import table
from fleet.loop import run
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.app import App
    from fleet.provision.resync import Addressee, How, ResyncOutcome

PER_PHONE = 0.2  # seconds between two phones, where nothing else is said


@click.command(
    epilog=examples(
        "fleet provision resync reception",
        "fleet provision resync --site berlin --spread 10m",
        "fleet provision resync --all --how notify --json",
    )
)
@PHONES
@click.option("--site", type=SITE, help="Ask the phones of this site.")
@click.option("--all", "every", is_flag=True, help="Ask all phones.")
@click.option(
    "--how",
    multiple=True,
    type=click.Choice(["notify", "push"], case_sensitive=False),
    help="Use only this way; may be repeated.  [default: SIP NOTIFY, then XML push]",
)
@click.option(
    "--web-ui-restart",
    is_flag=True,
    help="If a phone accepts nothing else, restart it through its web UI, even during a call.",
)
@click.option("--reboot", is_flag=True, help="Restart phones even if no file changed.")
@click.option(
    "--spread",
    type=Duration(),
    help=f"Time over which to spread the requests.  [default: {PER_PHONE} s per phone]",
)
@JSON
@with_app
def resync(
    app: App,
    phones: tuple[str, ...],
    site: str | None,
    every: bool,
    how: tuple[str, ...],
    web_ui_restart: bool,
    reboot: bool,
    spread: float | None,
    as_json: bool,
) -> None:
    """Ask phones to read their configuration again; a phone in a call does so after the call.

    A phone that accepts the request may still not do it: fleet provision fetches shows which phones
    fetched their files. No phone is reset. Exit code 3: no phone accepted the request.
    """
    from fleet.provision.resync import BY_DEFAULT, How

    ways = tuple(How(each) for each in how) or BY_DEFAULT
    chosen = chosen_phones(app, phones, site, every=every)
    if not chosen:
        raise click.UsageError(no_phones(app))
    if web_ui_restart:
        ways = (*ways, How.WEB_UI)
    seconds = PER_PHONE * len(chosen) if spread is None else spread
    outcomes = run(_ask(app, chosen, ways, reboot=reboot, spread=seconds))
    if as_json:
        print_json(_document(outcomes))
    else:
        _show(outcomes)
    if not any(outcome.accepted for outcome in outcomes):
        raise SystemExit(3)


def chosen_phones(
    app: App, phones: Sequence[str], site: str | None, *, every: bool
) -> list[Addressee]:
    """The phones that were named, a site's, or all; which of these has to be said."""
    from fleet.provision.addressees import addressees
    from fleet.provision.applied import AppliedRevision

    if [bool(phones), site is not None, every].count(True) != 1:
        raise click.UsageError("Name phones, or use --site or --all.")
    app.check_site(site)
    ids = sorted({app.store.phones.find(phone) for phone in phones}) if phones else None
    applied = AppliedRevision(app.store, app.store.revisions.last())
    found = addressees(app.store, applied, app.logins, ids, site=site)
    return sorted(found, key=lambda phone: phone.label)


async def _ask(
    app: App, phones: Sequence[Addressee], ways: tuple[How, ...], *, reboot: bool, spread: float
) -> list[ResyncOutcome]:
    from fleet.provision.build import resyncer_of

    async with app.client() as client:
        resyncer = resyncer_of(
            app.settings, app.store, client, by=user_name(), ways=ways, reboot=reboot
        )
        done = 0
        with progressing("Asking") as show:

            def told(_outcome: ResyncOutcome) -> None:
                nonlocal done
                done += 1
                show(done, len(phones), str)

            return await resyncer.ask_all(phones, spread=spread, progress=told)


def _document(outcomes: Sequence[ResyncOutcome]) -> dict[str, Any]:
    return {
        "asked": len(outcomes),
        "accepted": sum(outcome.accepted for outcome in outcomes),
        "phones": [
            {
                "phone": outcome.label,
                "accepted": outcome.accepted,
                "tried": [
                    {
                        "way": one.way,
                        "accepted": one.accepted,
                        "detail": one.detail,
                        "reaches": one.reaches,
                    }
                    for one in outcome.tried
                ],
            }
            for outcome in outcomes
        ],
    }


def _show(outcomes: Sequence[ResyncOutcome]) -> None:
    screen = console()
    rows = [(outcome.label, outcome.how) for outcome in outcomes]
    columns = ("phone", "result")
    screen.print(table(columns, rows, folds=columns))
    taken = sum(outcome.accepted for outcome in outcomes)
    screen.print(f"Asked {counted(len(outcomes), 'phone')}; {taken} accepted.")
