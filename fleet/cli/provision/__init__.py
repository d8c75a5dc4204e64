"""`fleet provision`: from the inventory to the phones' configuration files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

import click

from fleet.cli.groups import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = {
    "plan": "planning",
    "apply": "planning",
    "render": "rendering",
    "explain": "looking",
    "lint": "looking",
    "revisions": "history",
    "show": "history",
    "diff": "history",
    "rollback": "history",
    "resync": "resyncing",
    "rollout": "rolling",
    "rotate": "rotating",
    "journal": "journal",
    "secret": "secrets",
    "logins": "logins",
    "adopt": "adopting",
    "serve": "serving",
    "fetches": "serving",
    "firmware": "serving",
}


class ProvisionGroup(LazyGroup):
    """The commands of `fleet provision`, each in the module that `MODULES` names."""

    table: ClassVar[Mapping[str, str]] = {
        "plan": "What applying would change, parameter by parameter.",
        "apply": "Make the plan so: a numbered revision, which phones get from now on.",
        "render": "The files as the inventory wants them.",
        "explain": "Which level each of a phone's values comes from.",
        "lint": "What phones would stumble over.",
        "revisions": "What was applied, and when.",
        "show": "A revision, or a file as it has it.",
        "diff": "What changed between two revisions.",
        "rollback": "A new revision with the files of an older one.",
        "resync": "Ask phones to read their configuration again.",
        "rollout": "The last revision to the phones, in stages, gated by proof.",
        "rotate": "New admin or SIP passwords, without a moment in which a phone is locked out.",
        "journal": "What was done to phones and settings, and by whom.",
        "secret": "Set, list and remove named secrets.",
        "logins": "The logins with which phones fetch their files.",
        "adopt": "Read a folder of old configuration files into an inventory.",
        "serve": "Give phones their files, until stopped.",
        "fetches": "Who asked for which file, and what became of it.",
        "firmware": "Which firmware phones run, and which they would get.",
    }

    def find(self, name: str) -> click.Command:
        """Import a command of the table."""
        module = import_module(f"fleet.cli.provision.{MODULES[name]}")
        command: click.Command = getattr(module, name)
        return command


@click.group(cls=ProvisionGroup)
def command() -> None:
    """Say what phones' configuration files hold, and apply it.

    The inventory says it (YAML: fleet, models, sites, phones, profiles); plan shows what would
    change; apply makes it a revision, and phones get what was applied, nothing else.
    """
