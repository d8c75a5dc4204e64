"""What a rule may look at: one observation of a phone, its intent, and the state of its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import Fetch, IntendedAccount, Line, Phone, Reach, Reason

NO_REGISTER = "0.0.0.0"  # noqa: S104  a registrar that tells the phone not to register


@dataclass(frozen=True, kw_only=True, slots=True)
class FileState:
    """The state of a phone's files. `applied_at` None: it has no file of its own.

    `revision` is the one that changed its own file last. `is_current`: the file it fetched last is
    the applied one. `is_waiting`: a roll-out has not reached the phone yet. A phone has
    `stale_after` to fetch what was applied. `firmware` is the version that the settings want for
    its model, empty where they want none. `refused` are refused requests for its files.
    """

    revision: int = 0
    applied_at: datetime | None = None
    fetched_at: datetime | None = None
    is_current: bool = False
    is_waiting: bool = False
    stale_after: timedelta = timedelta(0)
    firmware: str = ""
    refused: tuple[Fetch, ...] = ()


NO_FILES = FileState()


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """One observation beside what is intended. `lines` is empty unless `reach` is `OK`.

    `model` and `firmware` are those that the phone showed last.
    """

    phone: Phone
    reach: Reach
    reason: Reason | None = None
    detail: str = ""
    lines: tuple[Line, ...] = ()
    model: str = ""
    firmware: str = ""
    files: FileState = NO_FILES

    def intended(self, number: int) -> IntendedAccount | None:
        """Return the intended account of a line; None where the inventory does not say."""
        return next((want for want in self.phone.accounts if want.line == number), None)

    def shown(self, number: int) -> Line | None:
        """Return what the phone shows for a line; None where its table has no such row."""
        return next((line for line in self.lines if line.number == number), None)

    def muted(self, number: int) -> bool:
        """Return whether a line does not register by design: its registrar is 0.0.0.0.

        The phone sends no REGISTER then, and the line is usable all the same (web-ui facts 3.4;
        admin guide R3.3.1 p.A-67). Either the page or the inventory may say so.
        """
        line, want = self.shown(number), self.intended(number)
        shown = line.account.registrar if line and line.account else ""
        return NO_REGISTER in (shown.strip(), want.registrar.strip() if want else "")
