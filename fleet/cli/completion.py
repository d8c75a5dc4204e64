"""Names for the shell's completion: phones and sites of the database, and rules.

The database is only read, and loads no library for it: a shell waits at each Tab. Any error means
that there is nothing to complete, for a shell has no place to show it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from click.shell_completion import CompletionItem
from click.types import StringParamType

from fleet.cli.groups import CONFIG
from fleet.judge import RULES
from fleet.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

LONGEST_WAIT = 0.5  # seconds for a database that is locked
_SQLITE = "sqlite:///"


class Name(StringParamType):
    """A text, for which the shell completes what there is of a kind."""

    def __init__(self, kind: Literal["phone", "site", "rule"]) -> None:
        self._kind = kind

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Return the names that begin with `incomplete`, whatever their case."""
        try:
            names = {*RULES} if self._kind == "rule" else _names(ctx, self._kind)
        except Exception:  # noqa: BLE001  a shell has no place for it
            names = set()
        start = incomplete.lower()
        return [CompletionItem(name) for name in sorted(names) if name.lower().startswith(start)]


PHONE, SITE, RULE = Name("phone"), Name("site"), Name("rule")


def _names(ctx: click.Context, kind: Literal["phone", "site"]) -> set[str]:
    url = load_settings(ctx.meta.get(CONFIG), os.environ).database_url
    return _from_sqlite(url, kind) if url.startswith(_SQLITE) else _from_store(url, kind)


def _from_sqlite(url: str, kind: Literal["phone", "site"]) -> set[str]:
    from pathlib import Path

    place = Path(url.removeprefix(_SQLITE)).absolute().as_uri()
    query = {"phone": "SELECT host, mac, name FROM phones", "site": "SELECT name FROM sites"}[kind]
    with closing(sqlite3.connect(f"{place}?mode=ro", uri=True, timeout=LONGEST_WAIT)) as database:
        return _completable(text for row in database.execute(query) for text in row)


def _from_store(url: str, kind: Literal["phone", "site"]) -> set[str]:
    from fleet.store import Secrets, Store

    with closing(Store.open(url, keyring=None)) as store:
        if kind == "site":
            return _completable(site.name for site in store.inventory.sites())
        found = [each.phone for each in store.phones.load(secrets=Secrets.NONE)]
        return _completable(text for one in found for text in (one.host, one.mac, one.name))


def _completable(texts: Iterable[str | None]) -> set[str]:
    """Leave out what is empty, and the colons of MACs: bash begins a new word at each of them."""
    return {
        text.replace(":", "") if len(text) == 17 and text.count(":") == 5 else text
        for text in texts
        if text
    }
