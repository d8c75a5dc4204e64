"""Phone books for `directory 1` and `2`, made from the inventory: one for all, one for each site.

A line is `name, number, line`; `#` begins a comment, and a comma or `#` stands in quotes. A line
has at most 255 characters, a name 15 and a number 45, and a phone keeps 200 entries (administrator
guide 3.3.1, directory list; only the 6867i cuts names by itself).
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.provision.files.content import Content
from fleet.store import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet.model import Phone
    from fleet.store import Store

_ENDING = ".csv"
_NAME, _NUMBER, _ENTRIES = 15, 45, 200
_KEPT_FOR = 60.0  # seconds
_QUOTED = frozenset(",# ;")


def phone_book(phones: Iterable[Phone]) -> bytes:
    """Return the phone book of phones: each line's name and user, sorted, each pair once."""
    entries = sorted(set(_entries(phones)), key=lambda entry: (entry[0].casefold(), entry))
    lines = [f"{_quoted(name)},{_quoted(number)},1" for name, number in entries[:_ENTRIES]]
    return "\n".join(["# Written by fleet from its inventory.", *lines, ""]).encode()


def _entries(phones: Iterable[Phone]) -> Iterator[tuple[str, str]]:
    for phone in phones:
        for account in phone.accounts:
            name = _clean(account.display_name or phone.name)[:_NAME].strip()
            number = _clean(account.user)
            if name and number and len(number) <= _NUMBER:
                yield name, number


def _clean(text: str) -> str:
    """A text without what would end a line or an entry."""
    return " ".join("".join(c if c.isprintable() and c != '"' else " " for c in text).split())


def _quoted(text: str) -> str:
    return f'"{text}"' if _QUOTED.intersection(text) else text


@dataclass(kw_only=True)
class PhoneBooks:
    """The phone books under the name that the settings give; an empty name: none.

    `directory.csv` is that of all phones, `directory-berlin.csv` that of a site. Each is read from
    the database at most once a minute. For one thread at a time.
    """

    store: Store
    name: str
    _kept: dict[str, tuple[float, Content]] = field(default_factory=dict)

    def content(self, name: str) -> Content | None:
        """Return a phone book by its name, in any case; None if it is not one."""
        site = self._site(name)
        if site is None:
            return None
        kept = self._kept.get(site)
        if kept is not None and time.monotonic() < kept[0] + _KEPT_FOR:
            return kept[1]
        found = self.store.phones.load(site=site or None, secrets=Secrets.NONE)
        body = phone_book(each.phone for each in found)
        content = Content(name=name, body=body, digest=hashlib.sha256(body).hexdigest())
        self._kept[site] = time.monotonic(), content
        return content

    def has(self, name: str) -> bool:
        """Return whether a name is that of a phone book."""
        return self._site(name) is not None

    def _site(self, name: str) -> str | None:
        """The site whose phone book a name means; empty for that of all, None for no phone book."""
        if not self.name:
            return None
        wanted, own = name.lower(), self.name.lower()
        if wanted == own:
            return ""
        stem = own.removesuffix(_ENDING)
        sites = (site.name for site in self.store.inventory.sites())
        return next((each for each in sites if wanted == f"{stem}-{each.lower()}{_ENDING}"), None)
