"""`fleet diagnose`: why a line is not registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fleet.cli.common import JSON, console, print_json, user_name, with_app
from fleet.cli.completion import PHONE
from fleet.cli.groups import examples
from fleet.cli.tables import hanging, local, pairs
from fleet.loop import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.provision.diagnose import Diagnosis, LineFacts


@click.command(
    epilog=examples(
        "fleet diagnose reception",
        "fleet diagnose 10.1.1.20 --line 1 --json",
    )
)
@click.argument("phone", type=PHONE, metavar="PHONE")
@click.option("--line", "number", type=click.IntRange(min=1), help="Diagnose only this line.")
@JSON
@with_app
def command(app: App, phone: str, number: int | None, as_json: bool) -> None:
    """Find out why a phone's lines are not registered, without disturbing them.

    Fleet sends the inventory's password to each line's registrars, and asks the phone for its
    model. It registers and changes nothing. It asks a registrar about a line at most once a minute,
    because a registrar may count wrong passwords. PHONE is a MAC, a host or a name.
    """
    [stored] = app.store.phones.load(ids=[app.store.phones.find(phone)])
    found = run(app.diagnoser(by=user_name()).diagnose(stored, number))
    if as_json:
        print_json(_document(found))
        return
    screen = console()
    for each in found.conclusions:
        screen.print(each.text)
        if each.check:
            screen.print(hanging(f"    {each.check}"))
    screen.print()
    screen.print(pairs(_facts(found)))


def _facts(found: Diagnosis) -> Iterator[tuple[str, str]]:
    phone = found.phone
    for line in found.lines:
        yield f"line {line.number}", _seen(line)
        for one in line.registrars:
            said = one.answer.outcome.detail if one.answer else "not asked again yet"
            yield f"  {one.role}", said
    if phone.options:
        agent = phone.options.user_agent
        yield "by SIP", f"{agent}: {phone.options.outcome.detail}".removeprefix(": ")
    yield "last polled", local(phone.polled_at) or "never"
    if phone.file.is_applied:
        is_current = "the applied file" if phone.file.is_current else "not the applied file"
        at = local(phone.file.fetched_at)
        yield "last fetch", f"{at}, {is_current}" if at else "never"


def _seen(line: LineFacts) -> str:
    if line.seen is None:
        return f"{line.user}: not shown by the last poll"
    code = f" {line.seen.code}" if line.seen.code is not None else ""
    backup = " on backup" if line.seen.backup else ""
    return f"{line.user}: {line.seen.registration}{code}{backup} at the last poll"


def _document(found: Diagnosis) -> dict[str, Any]:
    return {
        "phone": found.phone.label,
        "conclusions": [
            {"what": each.what, "line": each.line, "text": each.text, "check": each.check}
            for each in found.conclusions
        ],
        "lines": [
            {
                "line": line.number,
                "user": line.user,
                "seen": line.seen.registration if line.seen else None,
                "registrars": [
                    {
                        "role": one.role,
                        "registrar": one.name,
                        "result": one.answer.outcome.result if one.answer else None,
                        "login": one.answer.outcome.login if one.answer else None,
                        "detail": one.answer.outcome.detail if one.answer else "",
                        "registered_from": [
                            binding.host or binding.uri for binding in one.answer.bindings
                        ]
                        if one.answer
                        else [],
                    }
                    for one in line.registrars
                ],
            }
            for line in found.lines
        ],
    }
