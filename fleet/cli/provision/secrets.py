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
from fleet.errors import UsageError
from fleet.model import SecretKind, SecretRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.app import App
    from fleet.model import Intent, Inventory


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
    value = _value()
    if not name.strip() or not value:
        raise UsageError("A secret needs a name and a value.")
    app.ensure_key()
    app.store.intents.set_secret(name.strip(), value, now())
    console().print(f"Set the secret {name.strip()}.")


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
        uses = _uses(app.store.inventory.load())
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
    uses = _uses(app.store.inventory.load())
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
    if uses := _uses(app.store.inventory.load()).get(name):
        raise UsageError(
            f"The secret {name} is used by {some(uses)}: import an inventory without it first."
        )
    if not app.store.intents.remove_secret(name):
        raise UsageError(f"There is no secret {name}.")
    console().print(f"Removed the secret {name}.")


def _value() -> str:
    if sys.stdin.isatty():
        value: str = click.prompt("Secret", hide_input=True, confirmation_prompt=True, err=True)
        return value
    return sys.stdin.readline().rstrip("\r\n")


def _uses(inventory: Inventory) -> dict[str, list[str]]:
    """Who refers to each secret."""
    found: dict[str, list[str]] = {}
    for owner, intent in _intents(inventory):
        for wanted in intent.parameters.values():
            if isinstance(wanted.value, SecretRef) and wanted.value.kind is SecretKind.SECRET:
                found.setdefault(wanted.value.name, []).append(owner)
    return {name: list(dict.fromkeys(owners)) for name, owners in found.items()}


def _intents(inventory: Inventory) -> Iterator[tuple[str, Intent]]:
    yield "fleet", inventory.fleet
    yield from ((f"model {name}", intent) for name, intent in inventory.models.items())
    yield from ((f"profile {name}", intent) for name, intent in inventory.profiles.items())
    yield from ((f"site {site.name}", site.intent) for site in inventory.sites)
    yield from ((phone.label, phone.intent) for phone in inventory.phones)
