"""`fleet status`: what every line is now, or was at a time."""

from __future__ import annotations

import difflib
import sys
import time
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import (
    FAIL_ON,
    PHONES,
    TIME,
    Duration,
    console,
    fail_if,
    no_phones,
    print_json,
    standard_output,
    with_app,
)
from fleet.cli.completion import SITE
from fleet.cli.documents import document
from fleet.cli.groups import examples
from fleet.cli.tables import ON_BACKUP, local, paged, print_lines, table
from fleet.clock import now
from fleet.judge import FLAGGING, LINE_FAILED, RULES
from fleet.model import Reach, Registration
from fleet.report import FORMATS, LineRecord
from fleet.report.wording import counted
from fleet.status import line_records, phone_records, totals

if TYPE_CHECKING:
    from fleet.app import App
    from fleet.model import Incident
    from fleet.store import PhoneStatus


_REACHES = {
    "not-reachable": Reach.UNREACHABLE,
    "refused": Reach.REFUSED,
    "unreadable": Reach.UNREADABLE,
    "not-polled": "",
}
STATES = (*(state.value for state in Registration), "on-backup", *_REACHES)
"""What `--state` chooses: the state of a line, or how far the phone's last poll got."""

COLUMNS = tuple(field.name for field in fields(LineRecord))


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which lines are shown, in which order."""

    ids: tuple[int, ...] | None
    site: str | None
    at: datetime | None
    flagged: bool
    rules: tuple[str, ...]
    states: tuple[str, ...]
    models: tuple[str, ...]
    sort: str | None

    @property
    def is_narrowed(self) -> bool:
        """Whether lines are left out that belong to the chosen phones."""
        return bool(self.flagged or self.rules or self.states or self.models)

    def takes(self, record: LineRecord) -> bool:
        """Whether a line is shown."""
        flags = record.flags.split()
        return (
            (not self.flagged or bool(flags))
            and (not self.rules or any(rule in flags for rule in self.rules))
            and (not self.states or any(_is(record, state) for state in self.states))
            and (not self.models or record.model.lower() in self.models)
        )

    def sorted(self, records: list[LineRecord]) -> list[LineRecord]:
        """The lines in the order of `--sort`; what is empty comes last."""
        if not self.sort:
            return records
        name, is_falling = self.sort.removeprefix("-"), self.sort.startswith("-")
        empty = [one for one in records if getattr(one, name) in (None, "")]
        rest = [one for one in records if getattr(one, name) not in (None, "")]
        return [*sorted(rest, key=lambda one: getattr(one, name), reverse=is_falling), *empty]


def _is(record: LineRecord, state: str) -> bool:
    if state in _REACHES:
        return record.reach == _REACHES[state]
    if record.reach != Reach.OK:
        return False
    return record.backup == ON_BACKUP if state == "on-backup" else record.state == state


def _columns(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str]:
    names = [name.strip() for name in value.split(",")] if value else []
    for name in names:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Columns: {', '.join(COLUMNS)}."
            raise click.BadParameter(f"there is no column {name}. {hint}")
    return names


def _sort(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value:
        _columns(ctx, param, value.removeprefix("-"))
    return value


@click.command(
    epilog=examples(
        "fleet status --flagged --site berlin",
        "fleet status --state failed --sort -since --columns phone,host,line,since",
        "fleet status reception --json",
    )
)
@PHONES
@click.option("--flagged", is_flag=True, help="Show only flagged lines.")
@click.option("--site", type=SITE, help="Show only the phones of this site.")
@click.option(
    "--rule",
    "rules",
    multiple=True,
    type=click.Choice([name for name in RULES if name in FLAGGING]),
    metavar="RULE",
    help=f"Show only lines that this rule flags, such as {LINE_FAILED}; may be repeated.",
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    metavar="STATE",
    help=f"Show only lines in this state: {', '.join(STATES)}; may be repeated.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    help="Show only phones of this model, such as 6753i; may be repeated.",
)
@click.option(
    "--sort", callback=_sort, metavar="COLUMN", help="Sort by this column; -COLUMN: descending."
)
@click.option(
    "--columns",
    callback=_columns,
    metavar="NAME,…",
    help="Columns of the table, separated by commas; the names are those of fleet export lines.",
)
@click.option("--at", type=TIME, help="Show the state at this time: 2026-11-23T07:00, or 6h ago.")
@click.option(
    "--watch",
    type=Duration(1),
    metavar="DURATION",
    help="Repeat at this interval, such as 10s, until Ctrl-C.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@FAIL_ON
@with_app
def command(
    app: App,
    phones: tuple[str, ...],
    flagged: bool,
    site: str | None,
    rules: tuple[str, ...],
    states: tuple[str, ...],
    models: tuple[str, ...],
    sort: str | None,
    columns: list[str],
    at: datetime | None,
    watch: float | None,
    form: str,
    as_json: bool,
    fail_on: str | None,
) -> None:
    """Show every line: registered, failed with its code, unregistered, on the backup, unknown.

    If a phone could not be read, fleet shows the reason and the last known state of its lines.
    PHONE is a MAC, a host or a name.
    """
    app.check_site(site)
    form = "json" if as_json else form
    if columns and form != "table":
        raise click.UsageError("--columns works with the table format only.")
    choice = Choice(
        ids=tuple(sorted({app.store.phones.find(phone) for phone in phones})) or None,
        site=site,
        at=at,
        flagged=flagged,
        rules=rules,
        states=states,
        models=tuple(model.lower() for model in models),
        sort=sort,
    )
    while True:
        records = _print(app, choice, form, columns)
        if watch is None:
            break
        time.sleep(watch)
        if form == "table" and sys.stdout.isatty():
            click.clear()
    fail_if(fail_on, [record for record in records if record.flags])


def _print(app: App, choice: Choice, form: str, columns: list[str]) -> list[LineRecord]:
    """Print the chosen lines; return them."""
    flagged_by = FLAGGING if choice.flagged else None
    statuses = list(
        app.store.observations.statuses(
            site=choice.site, ids=choice.ids, at=choice.at, flagged_by=flagged_by
        )
    )
    every = line_records(statuses)
    records = choice.sorted([record for record in every if choice.takes(record)])
    strangers = [] if choice.at or choice.ids else _strangers(app, choice.site)
    if form == "csv":
        FORMATS["csv"](records, LineRecord, standard_output())
    elif form == "json":
        hosts = {record.host for record in records}
        shown = (
            phone
            for phone in phone_records(statuses)
            if not choice.is_narrowed or phone.host in hosts or (choice.flagged and phone.flags)
        )
        made = document(app.store.sweeps.last(), shown, records)
        made["strangers"] = [_as_object(each) for each in strangers]
        print_json(made)
    else:
        _show(app, choice, records, columns, statuses)
        for incident in strangers:
            console().print(_told(incident))
    return records


def _strangers(app: App, site: str | None) -> list[Incident]:
    """What stands of those who are no phone of ours."""
    return [
        each for each in app.store.findings.incidents(open_only=True, site=site) if each.subject
    ]


def _told(incident: Incident) -> str:
    where = f" at {incident.site}" if incident.site else ""
    return f"Strangers{where}: {incident.text}"


def _as_object(incident: Incident) -> dict[str, Any]:
    return {
        "site": incident.site,
        "outcome": incident.subject,
        "severity": incident.severity,
        "since": incident.first_seen.isoformat(timespec="seconds"),
        "text": incident.text,
    }


def _show(
    app: App,
    choice: Choice,
    records: list[LineRecord],
    columns: list[str],
    statuses: list[PhoneStatus],
) -> None:
    screen = console()
    moment = choice.at or now()
    if records and columns:
        rows = [[_cell(getattr(record, name)) for name in columns] for record in records]
        with paged(screen, len(rows)):
            screen.print(table(columns, rows))
    elif records:
        print_lines(screen, records, moment, statuses)
        screen.print(summary(records, flagged=choice.flagged))
    elif not app.store.phones.count():
        screen.print(no_phones(app))
    elif choice.is_narrowed:
        only_flagged = choice.flagged and not (choice.rules or choice.states or choice.models)
        screen.print("Nothing is flagged." if only_flagged else "No line matches.")
    else:
        screen.print("No phones at this site.")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return local(value)
    return "" if value is None else str(value)


def summary(records: list[LineRecord], *, flagged: bool) -> str:
    """Say in a line how many lines there are and how many are flagged."""
    seen = totals(records)
    lines = counted(seen.flagged, "line") if flagged else counted(seen.lines, "line")
    parts = [f"{lines} flagged" if flagged else f"{lines}, {seen.flagged} flagged"]
    if seen.not_read:
        parts.append(f"{counted(seen.not_read, 'phone')} not read")
    if seen.not_polled:
        parts.append(f"{counted(seen.not_polled, 'phone')} not polled yet")
    return "; ".join(parts) + "."
