"""`fleet provision plan` and `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import JSON, PHONES, console, print_json, user_name, with_app
from fleet.cli.completion import SITE
from fleet.cli.groups import examples
from fleet.cli.provision.changes import (
    change_line,
    change_object,
    finding_line,
    finding_object,
    some,
)
from fleet.cli.tables import hanging, local
from fleet.model import Severity
from fleet.report.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.app import App
    from fleet.provision.plan import PhonePlan, ProvisionPlan

MOST_GROUPS = 20
_AS_BAD = {
    "critical": {Severity.CRITICAL},
    "warning": {Severity.CRITICAL, Severity.WARNING},
}


@click.command(
    epilog=examples(
        "fleet provision plan",
        "fleet provision plan reception --json",
        "fleet provision plan --site berlin --fail-on critical",
    )
)
@PHONES
@click.option("--site", type=SITE, help="Show only the phones of this site.")
@click.option("--all", "every", is_flag=True, help="Show every change and finding, however many.")
@JSON
@click.option(
    "--fail-on",
    type=click.Choice(["changes", "critical", "warning"]),
    default="changes",
    show_default=True,
    help="Exit with code 1 for changes, or only for findings of this severity or worse.",
)
@with_app
def plan(
    app: App,
    phones: tuple[str, ...],
    site: str | None,
    every: bool,
    as_json: bool,
    fail_on: str,
) -> None:
    """Show what applying would change, compared with the last revision; changes nothing.

    Exit code 0: there is nothing to do. Exit code 1: there are changes, or, with --fail-on critical
    or warning, the linter finds such a problem in them. A phone that cannot be rendered always
    leads to exit code 1.
    """
    app.check_site(site)
    provisioner = app.provisioner()
    planned = provisioner.plan()
    chosen = _chosen(app, planned, phones, site)
    if as_json:
        print_json(_document(planned, chosen))
    else:
        screen = console()
        for line in plan_lines(planned, chosen, every=every or bool(phones)):
            screen.print(hanging(line))
        if new := len(provisioner.new_logins):
            screen.print(f"Applying creates a login for {counted(new, 'phone')}.")
    whole = not phones and site is None
    there_is_more = not planned.changes_nothing or bool(provisioner.new_logins)
    if _fails(chosen, fail_on, there_is_more=whole and there_is_more):
        raise SystemExit(1)


@click.command(
    epilog=examples(
        "fleet provision apply --comment 'Voice mail is *98'",
        "fleet provision apply --allow default-password",
    )
)
@click.option("--comment", default="", help="Comment for others.")
@click.option(
    "--allow",
    multiple=True,
    metavar="CHECK",
    help="Apply in spite of this critical check; may be repeated.",
)
@with_app
def apply(app: App, comment: str, allow: tuple[str, ...]) -> None:
    """Apply the plan as a new revision; phones get its files from then on.

    Fleet refuses if the linter finds a critical problem in the changes, unless you allow that
    check. Fleet does not notify phones: they read their files when they start or re-sync.
    """
    provisioner = app.provisioner()
    planned = provisioner.plan()
    screen = console()
    if provisioner.new_logins:
        app.ensure_key()
    if planned.changes_nothing:
        if recorded := provisioner.make_logins():
            screen.print(f"Recorded the login of {counted(recorded, 'phone')}.")
        screen.print(f"Nothing to apply: {_as_it_is(planned)}.")
        return
    app.ensure_key()
    try:
        made = provisioner.apply(planned, by=user_name(), comment=comment, allow=allow)
        app.rejudge()
    finally:  # after it: a reader that closes the pipe, such as head, must not prevent it
        for line in plan_lines(planned, planned.phones, every=False):
            screen.print(hanging(line))
    screen.print(f"Applied revision {made.number}: {counted(made.files, 'file')} changed.")
    if new := len(provisioner.new_logins):
        screen.print(
            f"Created a login for {counted(new, 'phone')}: see fleet provision logins list."
        )


def plan_lines(
    planned: ProvisionPlan, phones: Sequence[PhonePlan], *, every: bool
) -> Iterator[str]:
    """Describe a plan; phones for which the same changes stand together."""
    for file in planned.shared:
        yield f"{file.name}: {file.kind}"
    yield from (
        f"{name}: removed, because its phone is not in the inventory" for name in planned.removed
    )
    groups = _groups(phones)
    shown = groups if every else groups[:MOST_GROUPS]
    for group in shown:
        yield from _group_lines(group, every=every)
    if len(shown) < len(groups):
        more = counted(len(groups) - len(shown), "other set")
        yield f"… and {more} of changes: use --all to see them."
    if planned.valid_until is not None:
        yield f"Apply the clock settings of some phones again from {local(planned.valid_until)}."
    yield _summary(planned, phones)


def _groups(phones: Sequence[PhonePlan]) -> list[list[PhonePlan]]:
    """Phones with the same changes, findings and problem, in the order of the first of each."""
    found: dict[Any, list[PhonePlan]] = {}
    for phone in phones:
        key = (phone.changes, phone.findings, phone.problem, phone.file and phone.file.kind)
        found.setdefault(key, []).append(phone)
    return list(found.values())


def _group_lines(group: Sequence[PhonePlan], *, every: bool) -> Iterator[str]:
    first = group[0]
    yield f"{some([phone.label for phone in group])}: {_what(first)}"
    yield from (f"    {change_line(change)}" for change in first.changes)
    for finding in first.findings:
        if every or finding.severity is not Severity.INFO:
            yield f"    {finding_line(finding)}"


def _what(phone: PhonePlan) -> str:
    said = [f"cannot be rendered: {phone.problem.rstrip('.')}"] if phone.problem else []
    if phone.file:
        said.append(f"its file is {phone.file.kind}")
    if phone.leaves:
        said.append("leaves fleet")
    if phone.changes:
        restart = ", restart required" if phone.reboot else ""
        said.append(f"{counted(len(phone.changes), 'parameter')}{restart}")
    elif phone.file:
        said.append("no parameter")
    return "; ".join(said)


def _summary(planned: ProvisionPlan, phones: Sequence[PhonePlan]) -> str:
    changed = [phone for phone in phones if phone.changes]
    restart = sum(phone.reboot for phone in changed)
    stuck = sum(bool(phone.problem) for phone in phones)
    said = [f"{counted(len(changed), 'phone')} to change ({restart} to restart)"]
    said += [f"{planned.unchanged} unchanged"]
    said += [f"{stuck} cannot be rendered"] if stuck else []
    leaving = sum(phone.leaves for phone in phones)
    said += [f"{counted(leaving, 'phone')} may leave fleet"] if leaving else []
    if planned.changes_nothing:
        said += [_as_it_is(planned)]
    else:
        said += [f"{counted(len(planned.files), 'file')} against revision {planned.against}"]
    return f"{', '.join(said)}."


def _as_it_is(planned: ProvisionPlan) -> str:
    return f"all files are those of revision {planned.against}"


def _chosen(
    app: App, planned: ProvisionPlan, names: Sequence[str], site: str | None
) -> tuple[PhonePlan, ...]:
    ids = {app.store.phones.find(name) for name in names}
    return tuple(
        phone
        for phone in planned.phones
        if (not ids or phone.phone_id in ids) and (site is None or phone.site == site)
    )


def _fails(phones: Sequence[PhonePlan], fail_on: str, *, there_is_more: bool) -> bool:
    if any(phone.problem for phone in phones):
        return True
    if fail_on == "changes":
        return there_is_more or any(phone.file or phone.changes for phone in phones)
    found = {one.severity for phone in phones for one in phone.findings}
    return bool(found & _AS_BAD[fail_on])


def _document(planned: ProvisionPlan, phones: Sequence[PhonePlan]) -> dict[str, Any]:
    moment = planned.valid_until
    return {
        "against": planned.against,
        "files": len(planned.files),
        "shared": [{"name": one.name, "kind": one.kind} for one in planned.shared],
        "removed": list(planned.removed),
        "unchanged": planned.unchanged,
        "valid_until": moment.isoformat(timespec="seconds") if moment else None,
        "phones": [_phone_object(phone) for phone in phones],
    }


def _phone_object(phone: PhonePlan) -> dict[str, Any]:
    return {
        "phone": phone.label,
        "site": phone.site,
        "file": phone.file.name if phone.file else None,
        "kind": phone.file.kind if phone.file else None,
        "reboot": phone.reboot,
        "leaves": phone.leaves,
        "problem": phone.problem,
        "changes": [change_object(change) for change in phone.changes],
        "findings": [finding_object(finding) for finding in phone.findings],
    }
