"""`fleet explain`: the evidence, what a phone said and how it was judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleet.app import now
from fleet.cli.common import console, with_app
from fleet.cli.tables import ago, local, pairs, print_lines
from fleet.judge import RULES, verdicts
from fleet.status import line_records, look_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console

    from fleet.app import App
    from fleet.judge import Look, RuleSetting
    from fleet.store import EvidencePage, PhoneStatus


@click.command()
@click.argument("phone", metavar="PHONE")
@click.option("--page", is_flag=True, help="Print the kept page whole, as HTML.")
@with_app
def command(app: App, phone: str, page: bool) -> None:
    """Show what a phone said, which dialect read it, and which rules hold and why.

    A PHONE is a MAC, a host or a name. The pages kept as evidence have their secrets taken out.
    """
    phone_id = app.store.find_phone(phone)
    evidence = app.store.evidence(phone_id)
    if page:
        kept = evidence.failed or evidence.good
        click.echo(kept.body.decode("utf-8", "replace") if kept else "No page is kept.")
        return
    [status] = app.store.statuses(ids=[phone_id])
    screen = console()
    _head(screen, status)
    if status.lines:
        print_lines(screen, list(line_records([status], app.judge)), now())
    _judgement(screen, app, status)
    _evidence(screen, "Last new page that could be read", evidence.good)
    _evidence(screen, "Last page that could not be read", evidence.failed)
    events = app.store.events(phone_id=phone_id)
    screen.print(pairs((local(event.at), event.text) for event in events))


def _head(screen: Console, status: PhoneStatus) -> None:
    phone = status.stored.phone
    since = ago(status.reach_since, now())
    facts = (
        ("phone", phone.label),
        ("site", phone.site),
        ("host", phone.host),
        ("MAC", phone.mac),
        ("model", status.model or phone.model),
        ("firmware", status.firmware),
        ("boot version", status.boot_version),
        ("read by dialect", status.dialect),
        ("last polled", local(status.observed_at) or "never"),
        ("reach", f"{status.reach} for {since}" if status.reach else ""),
        ("reason", f"{status.reason}: {status.detail}" if status.reason else ""),
    )
    screen.print(pairs((name, value) for name, value in facts if value))


def _judgement(screen: Console, app: App, status: PhoneStatus) -> None:
    look = look_at(status)
    if look is None:
        screen.print("No rule could look: the phone was never polled. Run fleet poll.")
        return
    screen.print("Rules:")
    screen.print(pairs(_rule_rows(look, app.rules)))


def _rule_rows(look: Look, settings: Mapping[str, RuleSetting]) -> Iterator[tuple[str, str]]:
    held = verdicts(look, rules=settings)
    for rule in RULES:
        findings = held.get(rule)
        if findings is None:
            off = rule in settings and not settings[rule].enabled
            yield f"  {rule}", "is switched off" if off else "could not look"
        elif not findings:
            yield f"  {rule}", "does not hold"
        for finding in findings or ():
            yield f"  {rule}", f"HOLDS ({finding.severity}): {finding.text}"
            yield "", finding.check


def _evidence(screen: Console, title: str, page: EvidencePage | None) -> None:
    if page:
        dialect = f", read by {page.dialect}" if page.dialect else ""
        screen.print(
            f"{title}: GET {page.path} {page.status}, {len(page.body)} bytes, "
            f"{local(page.at)}{dialect}. Whole: fleet explain PHONE --page"
        )
