"""The source of files: the applied configuration files, and the firmware folder."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from fleet.phone.config_file import GLOBAL_FILE, FileKind, requested_file
from fleet.provision.files.content import Content
from fleet.provision.phone_book import PhoneBooks
from fleet.provision.serve.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from fleet.model import AppliedFile, Revision
    from fleet.provision.firmware import FirmwareGate
    from fleet.store import Store

_MOST_BYTES = 32 * 1024 * 1024  # of configuration files kept in memory
_FOLDER = (FileKind.FIRMWARE, FileKind.LANGUAGE, FileKind.OTHER)
_SECOND = timedelta(seconds=1)


Key: TypeAlias = "tuple[str, int | None]"
"""A file's name, and the number of the phone that asks for it, if that is known."""


class FileSource:
    """Returns files by name, never out of date."""

    def __init__(self, store: Store, gate: FirmwareGate, phone_book: str = "") -> None:
        """`phone_book` is the name of the phone book that is made from the inventory."""
        self._store = store
        self._gate = gate
        self._folder = gate.folder
        self._phone_books = PhoneBooks(store=store, name=phone_book)
        self._batch = Batch(self._read)
        self._revision = -1
        self._kept: OrderedDict[str, Content | None] = OrderedDict()
        self._bytes = 0
        self._modified: dict[int, datetime] = {}
        self._named: dict[str, bool] = {}
        self._unheld_at: int | None = None  # the database's mark when no file was held back
        self._is_asked = self._was_unheld = False

    async def content(self, name: str, phone_id: int | None = None) -> Content | None:
        """Return a file as a phone gets it, which may not be known; None if there is none.

        While a roll-out keeps new files back, a phone that was not asked yet gets those of before,
        and so does whoever does not say which phone it is. Raises `StoreError` if that cannot be
        told.
        """
        if self._is_unheld():
            known = self._kept.get(name)  # after the mark was asked for: it is no older
            if known is not None:
                return known
        return await self._batch.get((name, phone_id))

    def _is_unheld(self) -> bool:
        """Return whether every phone gets what is kept here. Asked once a turn of the loop."""
        if not self._is_asked:
            unheld_at = self._unheld_at
            self._was_unheld = unheld_at is not None and self._store.change_mark() == unheld_at
            self._is_asked = True
            asyncio.get_running_loop().call_soon(self._ask_again)
        return self._was_unheld

    def _ask_again(self) -> None:
        self._is_asked = False

    def _read(self, asked: Collection[Key]) -> dict[Key, Content]:
        """Read files in a thread; one after the other, as `Batch` has it."""
        found = self._files(asked)
        firmware = [key for key in found if requested_file(key[0]).kind is FileKind.FIRMWARE]
        if firmware:
            requests = [(found[key].name, found[key].digest, key[1]) for key in firmware]
            for place in self._gate.held(requests):
                del found[firmware[place]]
        return found

    def _files(self, asked: Collection[Key]) -> dict[Key, Content]:
        mark = self._store.change_mark()
        if mark is not None and mark == self._unheld_at:
            now = self._current({name for name, _ in asked}, is_unheld=True)
            return {key: now[key[0]] for key in asked if key[0] in now}
        self._turn_to(self._store.revisions.last())
        hold = self._store.rollouts.held_back(
            sorted({phone for _, phone in asked if phone is not None})
        )
        held_back: set[Key] = set()
        if hold is not None:
            held_back = {key for key in asked if key[1] is None or key[1] in hold[1]}
        now = self._current({name for name, _ in asked})
        found = {key: now[key[0]] for key in asked if key[0] in now and key not in held_back}
        if hold is not None and held_back:
            before = self._before({name for name, _ in held_back}, hold[0])
            found |= {key: before[key[0]] for key in held_back if key[0] in before}
        is_unheld = hold is None and not self._store.held_files.any()
        self._unheld_at = mark if is_unheld else None
        return found

    def _before(self, names: Collection[str], revision: int) -> dict[str, Content]:
        """Files as they were before a roll-out; those of the folder as they are."""
        in_folder = [name for name in names if requested_file(name).kind in _FOLDER]
        applied = [name for name in names if name not in in_folder]
        held = self._held(dict.fromkeys(applied, revision)) if revision else {}
        found = self._current(in_folder) | held
        return {name: content for name, content in found.items() if content is not None}

    def _current(self, names: Collection[str], *, is_unheld: bool = False) -> dict[str, Content]:
        kinds = {name: requested_file(name).kind for name in names}
        in_folder = [name for name, kind in kinds.items() if kind in _FOLDER]
        found = {
            name: self._folder.content(name) or self._phone_books.content(name)
            for name in in_folder
        }
        others = [name for name in found if found[name] and kinds[name] is FileKind.OTHER]
        applied = [name for name in names if name not in found]
        if others:
            self._look_for([name for name in others if name not in self._named])
            found |= {name: None for name in others if not self._named[name]}
        if applied:
            held = {} if is_unheld else self._store.held_files.revisions(applied)
            self._fetch([name for name in applied if name not in self._kept and name not in held])
            found |= {name: self._kept.get(name) for name in applied} | self._held(held)
            self._make_room()
        return {name: content for name, content in found.items() if content is not None}

    def _turn_to(self, revision: int) -> None:
        if revision != self._revision:
            self._kept.clear()
            self._named.clear()
            self._bytes = 0
            self._modified = _moments(self._store.revisions.load(pruned=True))
            self._revision = revision

    def _look_for(self, names: Sequence[str]) -> None:
        """Note which of the folder's files an applied configuration names, as a path or a URL.

        The file that all phones share is read first: most names are there, and the rest need every
        phone's file, once a revision.
        """
        spelt = {name: {name.lower().encode(), quote(name).lower().encode()} for name in names}
        for some in ([GLOBAL_FILE], None):
            if not spelt:
                return
            for file in self._store.revisions.files(self._revision, names=some):
                body = file.body.replace(b"\\", b"/").lower()
                found = [name for name, forms in spelt.items() if any(f in body for f in forms)]
                for name in found:
                    self._named[name] = True
                    del spelt[name]
        self._named |= dict.fromkeys(spelt, False)

    def _fetch(self, names: Sequence[str]) -> None:
        if not names:
            return
        found = {
            file.name: file for file in self._store.revisions.files(self._revision, names=names)
        }
        for name in names:
            file = found.get(name)
            self._kept[name] = self._content(file) if file else None
            self._bytes += _weight(self._kept[name])

    def _held(self, held: Mapping[str, int]) -> dict[str, Content | None]:
        """Files as older revisions have them; they are few, or for a short while."""
        found: dict[str, Content | None] = dict.fromkeys(held)
        for revision in set(held.values()):
            names = [name for name, number in held.items() if number == revision]
            files = self._store.revisions.files(revision, names=names)
            found |= {file.name: self._content(file) for file in files}
        return found

    def _make_room(self) -> None:
        while self._bytes > _MOST_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= _weight(gone)

    def _content(self, file: AppliedFile) -> Content:
        return Content(
            name=file.name,
            body=file.body,
            digest=file.digest,
            modified=self._modified.get(file.revision),
            revision=file.revision,
        )


def _weight(content: Content | None) -> int:
    return 500 + (len(content.body) if content else 0)


def _moments(revisions: Sequence[Revision]) -> dict[int, datetime]:
    """When each revision was made, in whole seconds, and no two of them in the same one.

    So a date never stands for two states of a file.
    """
    moments: dict[int, datetime] = {}
    last: datetime | None = None
    for revision in sorted(revisions, key=lambda each: each.number):
        at = revision.at.replace(microsecond=0)
        last = at if last is None or at > last else last + _SECOND
        moments[revision.number] = last
    return moments
