"""`fleet provision revisions`, `show`, `diff` and `rollback`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from fleet.cli.common import JSON, console, print_json, standard_output, user_name, with_app
from fleet.cli.groups import examples
from fleet.cli.provision.changes import change_line, some
from fleet.cli.tables import local, table
from fleet.clock import now
from fleet.errors import UsageError
from fleet.provision.compare import compare
from fleet.provision.mask import masked_file, referred
from fleet.provision.revisions import roll_back
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.model import Revision
    from fleet.phone.parameters import ParameterChange
    from fleet.provision.compare import Comparison

NUMBER = click.IntRange(min=1)
INVENTORY_STAYS = (
    "The inventory still has the values that were rolled back, and the next apply would restore "
    "them: fleet provision plan shows them. Change the inventory first."
)


@click.command(
    epilog=examples(
        "fleet provision revisions",
        "fleet provision revisions --json",
    )
)
@JSON
@with_app
def revisions(app: App, as_json: bool) -> None:
    """List the applied revisions, the newest first."""
    screen = console()
    found = app.store.revisions.load()
    if as_json:
        document = [asdict(one) | {"at": one.at.isoformat(timespec="seconds")} for one in found]
        print_json({"revisions": document})
        return
    if not found:
        screen.print("Nothing was applied yet: run fleet provision plan, then apply.")
        return
    rows = (
        (str(one.number), local(one.at), one.by, str(one.files), _comment(one)) for one in found
    )
    screen.print(table(("revision", "applied", "by", "files", "comment"), rows))


@click.command(
    epilog=examples(
        "fleet provision show 12",
        "fleet provision show 12 aastra.cfg",
    )
)
@click.argument("number", type=NUMBER, metavar="N")
@click.argument("file", required=False)
@click.option("--secrets", is_flag=True, help="Show secrets in clear text.")
@with_app
def show(app: App, number: int, file: str | None, secrets: bool) -> None:
    """Show a revision and its files, or the content of one FILE, with secrets as ***."""
    one = app.store.revisions.get(number)
    if file is not None:
        found = app.store.revisions.file(file, number)
        if found is None:
            raise UsageError(f"Revision {number} has no file {file}.")
        hidden = referred(app.store.intents.load()) | app.store.revisions.secret_names(number)
        standard_output().write(found.body if secrets else masked_file(found.body, hidden))
        return
    screen = console()
    screen.print(f"Revision {number}, applied {local(one.at)} by {one.by or 'an unknown user'}")
    screen.print(_comment(one) or "No comment.")
    digests, before = app.store.revisions.digests(number), app.store.revisions.digests(number - 1)
    for name in sorted({*digests, *before}):
        if digests.get(name) != before.get(name):
            change = "changed" if name in before and name in digests else "added"
            screen.print(f"    {name}: {change if name in digests else 'removed'}")
    screen.print(f"{one.files} of {counted(len(digests), 'file')} changed.")


@click.command(
    "diff",
    epilog=examples(
        "fleet provision diff 11 12",
    ),
)
@click.argument("old", type=NUMBER, metavar="N")
@click.argument("new", type=NUMBER, metavar="M")
@with_app
def diff(app: App, old: int, new: int) -> None:
    """Show what changes for phones from revision N to revision M, parameter by parameter."""
    from fleet.store import Secrets

    stored = app.store.phones.load(secrets=Secrets.NONE)
    seen = app.store.phones.models()
    models = {each.id: seen.get(each.id, "") or each.phone.model for each in stored}
    secrets = referred(app.store.intents.load()) | app.store.revisions.secret_names(old, new)
    found = compare(app.store, old, new, models=models, secrets=secrets)
    labels = {each.id: each.phone.label for each in stored}
    screen = console()
    for line in _diff_lines(found, labels):
        screen.print(line)


@click.command(
    epilog=examples(
        "fleet provision rollback 11 --comment 'Revision 12 has a wrong registrar'",
    )
)
@click.argument("number", type=NUMBER, metavar="N")
@click.option("--comment", default="", help="Comment for others.")
@with_app
def rollback(app: App, number: int, comment: str) -> None:
    """Apply the files of revision N again, as a new revision.

    The inventory does not change: fleet provision plan shows where it differs.
    """
    made = roll_back(app.store, app.judging, number, by=user_name(), comment=comment, clock=now)
    changed = counted(made.files, "file")
    console().print(
        f"Applied revision {made.number}, a copy of revision {number}: {changed} changed."
    )
    console().print(INVENTORY_STAYS)


def _comment(one: Revision) -> str:
    back = f"back to revision {one.rolled_back_to}" if one.rolled_back_to else ""
    return ": ".join(filter(None, (back, one.comment)))


def _diff_lines(found: Comparison, labels: dict[int, str]) -> Iterator[str]:
    groups: dict[tuple[ParameterChange, ...], list[str]] = {}
    for phone in found.phones:
        groups.setdefault(phone.changes, []).append(labels.get(phone.phone_id or 0, phone.name))
    for said, names in groups.items():
        yield f"{some(names)}: {counted(len(said), 'parameter') if said else 'no parameter'}"
        yield from (f"    {change_line(change)}" for change in said)
    yield f"Different: {counted(len(found.files), 'file')}, {counted(len(found.phones), 'phone')}."
