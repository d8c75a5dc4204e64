"""`fleet provision`: from the inventory to the phones' configuration files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

import click

from fleet.cli.groups import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = {
    "plan": "plan",
    "apply": "plan",
    "render": "render",
    "explain": "explain",
    "lint": "explain",
    "revisions": "history",
    "show": "history",
    "diff": "history",
    "rollback": "history",
    "resync": "resync",
    "rollout": "rollout",
    "rotate": "rotate",
    "journal": "journal",
    "secret": "secrets",
    "logins": "logins",
    "adopt": "adopt",
    "serve": "serve",
    "fetches": "serve",
    "firmware": "serve",
    "dhcp": "dhcp",
    "unknown": "unknown",
    "set": "edit",
    "unset": "edit",
    "swap": "edit",
}


class ProvisionGroup(LazyGroup):
    """The commands of `fleet provision`, each in the module that `MODULES` names."""

    table: ClassVar[Mapping[str, str]] = {
        "plan": "Show what applying would change, parameter by parameter.",
        "apply": "Apply the plan as a new revision; phones get its files from then on.",
        "render": "Print or write the files that the inventory describes.",
        "set": "Set a parameter of a phone, a site, a model or the fleet.",
        "unset": "Remove a parameter from a phone, a site, a model or the fleet.",
        "swap": "Replace a phone with another one.",
        "explain": "Show which level each value of a phone comes from.",
        "lint": "Check configuration for mistakes.",
        "revisions": "List the revisions.",
        "show": "Show a revision, or one of its files.",
        "diff": "Show what changed between two revisions.",
        "rollback": "Apply the files of an older revision again, as a new revision.",
        "resync": "Ask phones to read their configuration again.",
        "rollout": "Roll out the last revision to the phones, in stages, with proof.",
        "rotate": "Change admin or SIP passwords without locking out a phone.",
        "journal": "List what was done to phones and settings, and by whom.",
        "secret": "Set, list and remove named secrets.",
        "logins": "List, show and change the logins with which phones fetch their files.",
        "adopt": "Convert a folder of configuration files into an inventory.",
        "serve": "Serve the phones' files until stopped.",
        "fetches": "List who fetched which file, and the outcome.",
        "firmware": "Compare the phones' firmware with the files that they would get.",
        "unknown": "List and approve phones that are not in the inventory.",
        "dhcp": "Print the DHCP options that lead phones to fleet.",
    }

    def find(self, name: str) -> click.Command:
        """Import a command of the table."""
        module = import_module(f"fleet.cli.provision.{MODULES[name]}")
        function = "set_" if name == "set" else name  # `set` is a word of Python
        command: click.Command = getattr(module, function)
        return command


@click.group(cls=ProvisionGroup)
def command() -> None:
    """Generate the phones' configuration files from the inventory, and roll them out.

    The inventory (YAML) describes the configuration of fleet, models, sites, phones and profiles.
    plan shows what would change; apply records it as a revision. Phones only get applied revisions.
    """
