"""Where each phone's file went last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.phone.config_file import FileKind, requested_file
from fleet.provision.files.decide import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from fleet.model import Fetch


class Addresses:
    """The address that had a phone's own file last, by the phone's number."""

    def __init__(self, fetches: Iterable[Fetch] = ()) -> None:
        """`fetches` are those that gave a file, as the database has them at the start."""
        self._last: dict[int, Seen] = {}
        for fetch in fetches:
            if fetch.phone_id is not None and requested_file(fetch.file).kind is FileKind.MAC:
                self.had(fetch.phone_id, fetch.address, fetch.at)

    def last(self, phone_id: int) -> Seen | None:
        """Where the phone's file went last; None if nobody had it."""
        return self._last.get(phone_id)

    def had(self, phone_id: int, address: str, at: datetime) -> None:
        """Note who was given the phone's file."""
        before = self._last.get(phone_id)
        if before is None or before.at <= at:
            self._last[phone_id] = Seen(address=address, at=at)
