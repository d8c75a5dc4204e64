"""`fleet incidents`: what is wrong and lasts; acknowledge it, silence it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleet import incidents
from fleet.cli.answers import moment
from fleet.cli.common import JSON, LATER, TIME, console, print_json, user_name, with_app
from fleet.cli.completion import PHONE, RULE, SITE
from fleet.cli.groups import Group, examples
from fleet.cli.tables import local, table
from fleet.clock import now
from fleet.judge import RULES
from fleet.model import Selector
from fleet.report.wording import ago, counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.app import App
    from fleet.model import Cause, Incident, Silence


NUMBER = click.IntRange(1, 2**31 - 1)  # what an id can be in either database


class ListByDefault(Group):
    """`fleet incidents --all` means `fleet incidents list --all`."""

    default = "list"


@click.group(cls=ListByDefault)
def command() -> None:
    """List, acknowledge and silence lasting problems.

    An incident is a problem that several polls in a row have shown. Without a command, fleet lists
    the open incidents.
    """


@command.command(
    "list",
    epilog=examples(
        "fleet incidents",
        "fleet incidents --site berlin --json",
        "fleet incidents list --all --since 7d",
    ),
)
@click.option(
    "--open/--all",
    "open_only",
    default=True,
    help="List open incidents only, or resolved ones too.  [default: open]",
)
@click.option("--site", type=SITE, help="List only incidents at this site.")
@click.option("--cause", "cause_id", type=NUMBER, help="List only incidents with this cause.")
@click.option(
    "--since",
    type=TIME,
    help="List only incidents that lasted after this time: 2026-11-23T07:00 or 7d.",
)
@JSON
@with_app
def list_(
    app: App,
    open_only: bool,
    site: str | None,
    cause_id: int | None,
    since: datetime | None,
    as_json: bool,
) -> None:
    """List incidents, the newest first, and open causes."""
    app.check_site(site)
    causes = (
        [incidents.cause_of(app.store, cause_id)]
        if cause_id is not None
        else app.store.alerts.open_causes()
    )
    found = app.store.findings.incidents(
        open_only=open_only and not (cause_id and causes[0].ended),
        site=site,
        cause_id=cause_id,
        since=since,
    )
    if as_json:
        made = {"causes": [*map(_cause_object, causes)], "incidents": [*map(_object, found)]}
        print_json(made)
        return
    _show(causes, found)


def _show(causes: Sequence[Cause], found: Sequence[Incident]) -> None:
    screen = console()
    for cause in causes:
        lasts = f"until {local(cause.ended)}" if cause.ended else _acked(cause) or "open"
        named = f"{cause.kind} {cause.name}".rstrip()
        screen.print(
            f"Cause {cause.id}: {named}, {cause.failing} of {cause.looked_at} fail, "
            f"since {local(cause.began)}, {lasts}"
        )
    if not found:
        screen.print("No incidents.")
        return
    columns = ["id", "phone", "line", "rule", "for", "state", "problem"]
    screen.print(table(columns, map(_row, found)))
    screen.print(f"{counted(len(found), 'incident')}.")


def _row(incident: Incident) -> list[str]:
    return [
        str(incident.id),
        incident.phone,
        str(incident.line or ""),
        incident.rule,
        ago(incident.first_seen, incident.resolved or now()),
        _acked(incident) or incident.state,
        incident.text.removeprefix(f"line {incident.line}: "),
    ]


def _acked(of: Incident | Cause) -> str:
    over = of.ack_until is not None and of.ack_until <= now()
    return "acked" if of.acked_at and not over else ""


@command.command(
    epilog=examples(
        "fleet incidents ack 12 13 --until 4h --comment 'Switch is being replaced'",
        "fleet incidents ack --cause 3",
    )
)
@click.argument("ids", nargs=-1, type=NUMBER, metavar="ID...")
@click.option("--cause", "cause_id", type=NUMBER, help="Acknowledge a cause instead of incidents.")
@click.option(
    "--until",
    type=LATER,
    help="End of the acknowledgement: 4h or 2026-11-23T12:00.  [default: when resolved]",
)
@click.option("--comment", default="", help="Comment for others.")
@with_app
def ack(
    app: App, ids: tuple[int, ...], cause_id: int | None, until: datetime | None, comment: str
) -> None:
    """Acknowledge incidents, so that fleet sends no more reminders of them.

    Fleet still sends an alert when they end. fleet incidents shows the IDs.
    """
    if bool(ids) == (cause_id is not None):
        raise click.UsageError("Name the IDs of incidents, or use --cause.")
    by = f"{user_name()}: {comment}" if comment else user_name()
    if cause_id is not None:
        incidents.acknowledge_cause(app.store, cause_id, by=by, now=now(), until=until)
        click.echo(f"Acknowledged cause {cause_id}.")
        return
    done = incidents.acknowledge(app.store, ids, by=by, now=now(), until=until)
    click.echo(f"Acknowledged {counted(done, 'incident')}.")


@command.command(
    epilog=examples(
        "fleet incidents unack 12 13",
        "fleet incidents unack --cause 3",
    )
)
@click.argument("ids", nargs=-1, type=NUMBER, metavar="[ID]...")
@click.option("--cause", "cause_id", type=NUMBER, help="Select a cause instead of incidents.")
@with_app
def unack(app: App, ids: tuple[int, ...], cause_id: int | None) -> None:
    """Withdraw an acknowledgement, so that fleet sends reminders again."""
    if bool(ids) == (cause_id is not None):
        raise click.UsageError("Name the IDs of incidents, or use --cause.")
    if cause_id is not None:
        incidents.unacknowledge_cause(app.store, cause_id)
        click.echo(f"Cause {cause_id} is no longer acknowledged.")
        return
    done = incidents.unacknowledge(app.store, ids)
    click.echo(f"No longer acknowledged: {counted(done, 'incident')}.")


@command.command(
    epilog=examples(
        "fleet incidents silence --site berlin --for 2h --comment 'New switch'",
        "fleet incidents silence --phone reception --line 2 --for 3d",
        "fleet incidents silence --everything --for 90m",
    )
)
@click.option("--site", type=SITE, help="Silence this site.")
@click.option("--phone", type=PHONE, help="Silence this phone: a MAC, a host or a name.")
@click.option("--line", type=click.IntRange(1, 99), help="Silence this line of the phone.")
@click.option("--rule", type=RULE, help=f"Silence this rule: {', '.join(RULES)}.")
@click.option("--everything", is_flag=True, help="Silence everything.")
@click.option("--for", "span", type=LATER, help="Length of the silence: 2h, 90m or 3d.")
@click.option("--until", type=LATER, help="End of the silence: 2026-11-23T12:00.")
@click.option("--comment", default="", help="Comment for others.")
@with_app
def silence(
    app: App,
    site: str | None,
    phone: str | None,
    line: int | None,
    rule: str | None,
    everything: bool,
    span: datetime | None,
    until: datetime | None,
    comment: str,
) -> None:
    """Delay alerts for a time; polls and incidents continue.

    At the end of the silence, fleet sends alerts about problems that still last, and none about
    problems that came and went. When a problem ends that was alerted before, fleet says so at once.
    """
    if (span is None) == (until is None):
        raise click.UsageError("Set the end: --for 2h, or --until TIME.")
    selector = _selector(app, site, phone, line, rule)
    if (selector == Selector()) != everything:
        raise click.UsageError(
            "Choose what to silence: --site, --phone, --line, --rule or --everything."
        )
    end = span or until
    assert end is not None  # noqa: S101  one of them was given
    number = incidents.silence(
        app.store, selector, until=end, by=user_name(), comment=comment, now=now()
    )
    click.echo(
        f"Silence {number} ends {local(end)}. To end it now: fleet incidents unsilence {number}"
    )


def _selector(
    app: App, site: str | None, phone: str | None, line: int | None, rule: str | None
) -> Selector:
    app.check_site(site)
    if line is not None and phone is None:
        raise click.UsageError("--line requires --phone.")
    number = app.store.phones.find(phone) if phone is not None else None
    return Selector(site=site or "", phone_id=number, line=line, rule=rule or "")


@command.command(
    epilog=examples(
        "fleet incidents silences",
        "fleet incidents unsilence 3",
    )
)
@click.argument("silence_id", type=NUMBER, metavar="ID")
@with_app
def unsilence(app: App, silence_id: int) -> None:
    """End a silence now; fleet then sends the delayed alerts."""
    incidents.end_silence(app.store, silence_id, now())
    click.echo(f"Ended silence {silence_id}.")


@command.command(
    epilog=examples(
        "fleet incidents silences",
        "fleet incidents silences --past --json",
    )
)
@click.option("--past", is_flag=True, help="List past silences too.")
@JSON
@with_app
def silences(app: App, past: bool, as_json: bool) -> None:
    """List the active silences."""
    screen = console()
    found = app.store.silences.load(now(), past=past)
    ids = [one.selector.phone_id for one in found if one.selector.phone_id is not None]
    names = {each.id: each.phone.label for each in app.store.phones.load(ids=ids)}
    if as_json:
        print_json({"silences": [_silence_object(one, names) for one in found]})
        return
    if not found:
        screen.print("No silences.")
        return
    rows = (
        [str(one.id), _words(one.selector, names), moment(one.until), one.by, one.comment]
        for one in found
    )
    screen.print(table(["id", "silenced", "until", "by", "comment"], rows))


def _silence_object(one: Silence, names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "site": one.selector.site,
        "phone": names.get(one.selector.phone_id or 0, ""),
        "line": one.selector.line,
        "rule": one.selector.rule,
        "since": _iso(one.since),
        "until": _iso(one.until),
        "by": one.by,
        "comment": one.comment,
    }


def _words(selector: Selector, names: dict[int, str]) -> str:
    parts = [
        f"site {selector.site}" if selector.site else "",
        names.get(selector.phone_id or 0, "") if selector.phone_id else "",
        f"line {selector.line}" if selector.line else "",
        selector.rule,
    ]
    return ", ".join(filter(None, parts)) or "everything"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _object(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "site": incident.site,
        "phone": incident.phone,
        "subject": incident.subject,
        "line": incident.line,
        "rule": incident.rule,
        "severity": incident.severity,
        "state": incident.state,
        "text": incident.text,
        "check": incident.check,
        "code": incident.code,
        "registrar": incident.registrar,
        "sightings": incident.sightings,
        "confirmed": incident.confirmed,
        "since": _iso(incident.first_seen),
        "opened": _iso(incident.opened),
        "resolved": _iso(incident.resolved),
        "acked_by": incident.acked_by,
        "acked_at": _iso(incident.acked_at),
        "ack_until": _iso(incident.ack_until),
    }


def _cause_object(cause: Cause) -> dict[str, Any]:
    return {
        "id": cause.id,
        "kind": cause.kind,
        "name": cause.name,
        "failing": cause.failing,
        "looked_at": cause.looked_at,
        "codes": {str(code): count for code, count in cause.codes},
        "since": _iso(cause.began),
        "ended": _iso(cause.ended),
        "acked_by": cause.acked_by,
        "acked_at": _iso(cause.acked_at),
        "ack_until": _iso(cause.ack_until),
    }
