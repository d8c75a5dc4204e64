"""What a phone holds: the files of the revision that it fetched, which may not be the last one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.phone.config_file import FileKind, mac_file, requested_file
from fleet.provision.applied import AppliedRevision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.model import Fetch
    from fleet.provision.lines import IntendedLine, IntendedSip
    from fleet.store import Store


class HeldFiles:
    """Tells where phones are registered until they read their files of revision `newest`."""

    def __init__(self, store: Store, newest: int) -> None:
        self._store = store
        self._newest = newest
        self._revisions: dict[int, AppliedRevision] = {}

    def sip(self, phone_id: int, model: str) -> IntendedSip | None:
        """What a phone is by SIP by the older revision that it fetched; None: it is not known.

        A phone reads the file that bears its MAC last, so by then it has read the others too
        (facts/provisioning 1.1).
        """
        fetch = _own(self._store.fetches.last(phone_id))
        if fetch is None:
            return None
        number = self._store.revisions.at(fetch.at)
        if number == self._newest:
            return None
        name = mac_file(requested_file(fetch.file).mac)
        own = self._store.revisions.file(name, number) if number else None
        if own is None or own.digest != fetch.digest:
            return None
        if number not in self._revisions:
            self._revisions[number] = AppliedRevision(self._store, number)
        return self._revisions[number].sip_of(own, model)


def _own(fetches: Mapping[tuple[int, str], Fetch]) -> Fetch | None:
    """The last fetch of a phone's own file."""
    own = [each for each in fetches.values() if requested_file(each.file).kind is FileKind.MAC]
    return max(own, key=lambda fetch: fetch.at, default=None)


def with_logins_of(held: IntendedSip, applied: IntendedSip) -> IntendedSip:
    """What a phone holds, with the password that its registrar has by now.

    A password that was changed there and applied is right before the phone knows it; the old one
    would be a wrong try.
    """
    return replace(held, lines=tuple(_renewed(line, applied.lines) for line in held.lines))


def _renewed(line: IntendedLine, applied: Iterable[IntendedLine]) -> IntendedLine:
    def is_same(other: IntendedLine) -> bool:
        return (other.user, other.registrar) == (line.user, line.registrar)

    same = next(filter(is_same, applied), line)
    return replace(line, login=same.login)
