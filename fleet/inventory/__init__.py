"""Inventory files: CSV and YAML in and out, checked whole, and the plan of what they change.

    file = read_inventory(path)            # what the file says, or InventoryError
    changes = plan(store.load(), file)     # what that would change, or InventoryError

What a file does not mention is left alone. What it mentions and leaves empty is cleared, except
MACs and passwords: an export leaves passwords out, and a MAC is not unlearnt.
"""

from fleet.inventory.changes import ChangeKind, FieldChange
from fleet.inventory.csv_format import parse_csv, write_csv
from fleet.inventory.entries import (
    COLUMNS,
    UNSAID,
    AccountEntry,
    InventoryFile,
    PhoneEntry,
    SiteEntry,
    Unsaid,
)
from fleet.inventory.host import normalise_host
from fleet.inventory.intent_plan import LevelChange
from fleet.inventory.plan import PhoneChange, Plan, SiteChange, plan
from fleet.inventory.read import read_inventory
from fleet.inventory.resolve import Resolved, ResolvedPhone, ResolvedSite, resolve
from fleet.inventory.validate import read_value
from fleet.inventory.yaml_format import parse_yaml
from fleet.inventory.yaml_writer import write_yaml

__all__ = [
    "COLUMNS",
    "UNSAID",
    "AccountEntry",
    "ChangeKind",
    "FieldChange",
    "InventoryFile",
    "LevelChange",
    "PhoneChange",
    "PhoneEntry",
    "Plan",
    "Resolved",
    "ResolvedPhone",
    "ResolvedSite",
    "SiteChange",
    "SiteEntry",
    "Unsaid",
    "normalise_host",
    "parse_csv",
    "parse_yaml",
    "plan",
    "read_inventory",
    "read_value",
    "resolve",
    "write_csv",
    "write_yaml",
]
