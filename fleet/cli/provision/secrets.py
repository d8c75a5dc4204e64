"""`fleet provision secret`: named secrets, to which the inventory refers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fleet.cli.common import JSON, console, print_json, with_app
from fleet.cli.groups import Group, examples
from fleet.cli.provision.changes import some
from fleet.cli.tables import local, table
from fleet.clock import now
from fleet.provision.secrets import remove_secret, secret_users, set_secret

if TYPE_CHECKING:
    from fleet.app import App


@click.group(cls=Group)
def secret() -> None:
    """Set, list and remove secrets.

    The database stores them encrypted; the inventory refers to one as {secret: NAME}.
    """


@secret.command(
    "set",
    epilog=examples(
        "fleet provision secret set voicemail-pin",
        "fleet provision secret set ldap < password.txt",
    ),
)
@click.argument("name")
@with_app
def set_(app: App, name: str) -> None:
    """Set a secret: fleet prompts for it on a terminal, or reads a line of standard input."""
    name, value = name.strip(), secret_value()
    set_secret(app.store, name, value, now(), ensure_key=app.ensure_key)
    console().print(f"Set the secret {name}.")


@secret.command(
    "list",
    epilog=examples(
        "fleet provision secret list",
        "fleet provision secret list --json",
    ),
)
@JSON
@with_app
def list_(app: App, as_json: bool) -> None:
    """List the names of the secrets, when each was set, and what uses it."""
    found = app.store.intents.secrets()
    screen = console()
    if as_json:
        uses = secret_users(app.store.inventory.load())
        print_json(
            {
                "secrets": [
                    {
                        "name": name,
                        "set": changed.isoformat(timespec="seconds"),
                        "used_by": uses.get(name, []),
                    }
                    for name, changed in found
                ]
            }
        )
        return
    if not found:
        screen.print("There are no secrets: run fleet provision secret set NAME.")
        return
    uses = secret_users(app.store.inventory.load())
    rows = ((name, local(changed), some(uses.get(name, []))) for name, changed in found)
    screen.print(table(("secret", "set", "used by"), rows))


@secret.command(
    epilog=examples(
        "fleet provision secret remove voicemail-pin",
    )
)
@click.argument("name")
@with_app
def remove(app: App, name: str) -> None:
    """Remove a secret that nothing uses."""
    remove_secret(app.store, name)
    console().print(f"Removed the secret {name}.")


def secret_value() -> str:
    """Prompt for a secret on a terminal, or read a line of standard input."""
    if sys.stdin.isatty():
        value: str = click.prompt("Secret", hide_input=True, confirmation_prompt=True, err=True)
        return value
    return sys.stdin.readline().rstrip("\r\n")
