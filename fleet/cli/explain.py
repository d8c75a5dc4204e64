"""`fleet explain`: the evidence, what a phone said and how it was judged."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import TYPE_CHECKING

import click

from fleet.cli.common import console, with_app
from fleet.cli.completion import PHONE
from fleet.cli.groups import examples
from fleet.cli.tables import local, pairs, print_lines
from fleet.clock import now
from fleet.errors import FleetError
from fleet.judge import RULES, enabled_rules
from fleet.model import Reach
from fleet.report.wording import ago
from fleet.status import line_records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from rich.console import Console

    from fleet.app import App
    from fleet.store import Evidence, EvidencePage, PhoneStatus


class Which(StrEnum):
    """Which of a phone's kept pages."""

    NEWEST = "newest"
    GOOD = "good"
    FAILED = "failed"


@click.command(
    epilog=examples(
        "fleet explain reception",
        "fleet explain 00085D126411 --failed-page",
    )
)
@click.argument("phone", type=PHONE, metavar="PHONE")
@click.option(
    "--page", "which", flag_value=Which.NEWEST, help="Print the newest saved page as HTML."
)
@click.option(
    "--good-page",
    "which",
    flag_value=Which.GOOD,
    help="Print the last page that fleet could parse.",
)
@click.option(
    "--failed-page",
    "which",
    flag_value=Which.FAILED,
    help="Print the last page that fleet could not parse.",
)
@with_app
def command(app: App, phone: str, which: str | None) -> None:
    """Show what a phone reported, and which rules flag it and why.

    PHONE is a MAC, a host or a name. Saved pages contain no secrets.
    """
    phone_id = app.store.phones.find(phone)
    evidence = app.store.observations.evidence(phone_id)
    [status] = app.store.observations.statuses(ids=[phone_id])
    if which:
        click.echo(kept_page(Which(which), evidence, status).body.decode("utf-8", "replace"))
        return
    screen = console()
    _head(screen, status)
    if status.lines:
        print_lines(screen, list(line_records([status])), now())
    _judgement(screen, app, status)
    name = shlex.quote(status.stored.phone.label)
    _evidence(
        screen, "Last changed page that could be parsed", evidence.good, f"{name} --good-page"
    )
    _evidence(
        screen, "Last page that could not be parsed", evidence.failed, f"{name} --failed-page"
    )
    events = app.store.events.load(phone_id=phone_id)
    screen.print(pairs((local(event.at), event.text) for event in events))


def kept_page(which: Which, evidence: Evidence, status: PhoneStatus) -> EvidencePage:
    """Choose among the kept pages. Raises `FleetError` if that one is not kept.

    A page that says what the last one said is not kept again: for a phone that can be read, the
    last good page is the newest, however old.
    """
    good, failed = evidence.good, evidence.failed
    if which is Which.NEWEST:
        both = [page for page in (good, failed) if page]
        newest = max(both, key=lambda page: page.at, default=None)
        page = good or newest if status.reach is Reach.OK else newest
    else:
        page = good if which is Which.GOOD else failed
    if page is None:
        raise FleetError(f"There is no such saved page of {status.stored.phone.label}.")
    return page


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
    if status.reach is None:
        screen.print("Unknown: the phone has not been polled yet. Run fleet poll.")
        return
    screen.print("Rules:")
    screen.print(pairs(_rule_rows(status, enabled_rules(app.rules))))


def _rule_rows(status: PhoneStatus, enabled: Collection[str]) -> Iterator[tuple[str, str]]:
    for name, rule in RULES.items():
        findings = [each for each in status.findings if each.rule == name]
        if name not in enabled:
            yield f"  {name}", "disabled"
        elif status.reach not in rule.reaches:
            yield f"  {name}", "not checked"
        elif not findings:
            yield f"  {name}", "no problem"
        for finding in findings:
            yield f"  {name}", f"PROBLEM ({finding.severity}): {finding.text}"
            yield "", finding.check


def _evidence(screen: Console, title: str, page: EvidencePage | None, words: str) -> None:
    if page:
        dialect = f", read by {page.dialect}" if page.dialect else ""
        screen.print(
            f"{title}: GET {page.path} {page.status}, {len(page.body)} bytes, "
            f"{local(page.at)}{dialect}. Full page: fleet explain {words}"
        )
