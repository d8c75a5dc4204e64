"""`fleet provision set`, `unset` and `swap`: small changes without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fleet.cli.common import console, user_name, with_app
from fleet.cli.completion import PHONE
from fleet.cli.groups import examples
from fleet.cli.provision.plan import plan_lines
from fleet.cli.provision.secrets import secret_value
from fleet.cli.tables import hanging
from fleet.clock import now
from fleet.model import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.app import App

_TARGET = "PHONE|SITE|MODEL|fleet"


def _levels(command: Callable[..., object]) -> Callable[..., object]:
    """The options that say which level a name is of."""
    for level in reversed(Level):
        command = click.option(
            f"--{level}", "level", flag_value=level.value, help=f"TARGET is a {level}."
        )(command)
    return command


@click.command(
    "set",
    epilog=examples(
        'fleet provision set berlin "sip vmail" "*97"',
        'fleet provision set 6753i "!prgkey1 locked" 0',
        'fleet provision set fleet "admin password" --secret < password.txt',
    ),
)
@click.argument("target", type=PHONE, metavar=_TARGET)
@click.argument("parameter")
@click.argument("value", required=False)
@_levels
@click.option(
    "--secret",
    is_flag=True,
    help="Prompt for the value, or read a line of standard input; store it encrypted.",
)
@with_app
def set_(
    app: App, target: str, parameter: str, value: str | None, level: str | None, secret: bool
) -> None:
    """Set a parameter in the configuration of a phone, a site, a model or the fleet.

    PARAMETER is its exact name; ! before it locks, ^ overwrites what was set on the phone. This
    changes the inventory and shows the plan; fleet provision apply makes it so.
    """
    from fleet.provision.edit import find_target, set_parameter

    if (value is None) is not secret:
        raise click.UsageError("Give either a VALUE or --secret.")
    found = find_target(app.store, target, Level(level) if level else None)
    name = set_parameter(
        app.store,
        found,
        parameter,
        secret_value() if value is None else value,
        is_hidden=secret,
        ensure_key=app.ensure_key,
        by=user_name(),
        now=now(),
    )
    console().print(f"Set `{name}` of {found.label}.")
    _show_plan(app)


@click.command(
    epilog=examples(
        'fleet provision unset berlin "sip vmail"',
        'fleet provision unset reception "sip dial plan"',
    )
)
@click.argument("target", type=PHONE, metavar=_TARGET)
@click.argument("parameter")
@_levels
@with_app
def unset(app: App, target: str, parameter: str, level: str | None) -> None:
    """Remove a parameter from the configuration of a phone, a site, a model or the fleet.

    What an earlier level sets counts again.
    """
    from fleet.provision.edit import find_target, unset_parameter

    found = find_target(app.store, target, Level(level) if level else None)
    name = unset_parameter(app.store, found, parameter, by=user_name(), now=now())
    console().print(f"Removed `{name}` from {found.label}.")
    _show_plan(app)


@click.command(
    epilog=examples(
        "fleet provision swap 00085D126411 00085D126499",
        "fleet provision swap reception 00085D126499 --model 6757i",
    )
)
@click.argument("old", type=PHONE, metavar="OLD-MAC")
@click.argument("new", metavar="NEW-MAC")
@click.option("--model", default="", help="Model of the new phone, if it is another.")
@click.option("--host", default="", help="Address of the new phone, if it is another.")
@with_app
def swap(app: App, old: str, new: str, model: str, host: str) -> None:
    """Replace a phone with another one: same place, accounts, configuration and history.

    Fleet applies a revision in which the new phone has the file and the old one has none. The new
    phone fetches it when it starts.
    """
    from fleet.provision.edit import swap_phone

    made = swap_phone(
        app.store,
        app.provisioner,
        old,
        new,
        model=model,
        host=host,
        by=user_name(),
        now=now(),
    )
    app.rejudge()
    screen = console()
    screen.print(f"{new} takes the place of {old}.")
    if made is None:
        screen.print("Nothing was applied yet: run fleet provision apply to give it a file.")
        return
    screen.print(f"Applied revision {made.number}. Connect the new phone; it fetches its file.")
    screen.print(f"To see that it did: fleet provision fetches {new}, then fleet poll {new}")


def _show_plan(app: App) -> None:
    app.rejudge()
    planned = app.provisioner().plan()
    for line in plan_lines(planned, planned.phones, every=False):
        console().print(hanging(line))
    if not planned.changes_nothing:
        console().print("To apply it: fleet provision apply")
