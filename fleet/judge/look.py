"""What a rule may look at, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import Finding, Reach

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.model import IntendedAccount, Line, Phone, Reason, Severity

NO_REGISTER = "0.0.0.0"  # noqa: S104  a registrar that tells the phone not to register


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLook:
    """What is known of a phone's files. `applied_at` None: it has no file of its own.

    `revision` is the one that changed its file last. `firmware` is what it shall run, empty where
    nobody says. `unexpected` are refusals of somebody who asked for its files.
    """

    revision: int = 0
    applied_at: datetime | None = None
    fetched_at: datetime | None = None
    is_stale: bool = False
    firmware: str = ""
    unexpected: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One observation beside what is intended. `lines` is empty unless `reach` is `OK`.

    `files` is None where provisioning is not used; `model` and `firmware` are as the phone says.
    """

    phone: Phone
    reach: Reach
    reason: Reason | None = None
    detail: str = ""
    lines: tuple[Line, ...] = ()
    model: str = ""
    firmware: str = ""
    files: FileLook | None = None

    @property
    def readable(self) -> bool:
        """Whether the lines were seen at all."""
        return self.reach is Reach.OK

    def intended(self, number: int) -> IntendedAccount | None:
        """What the inventory wants a line to be; None where it does not say."""
        return next((want for want in self.phone.accounts if want.line == number), None)

    def shown(self, number: int) -> Line | None:
        """What the phone shows for a line; None where its table has no such row."""
        return next((line for line in self.lines if line.number == number), None)

    def muted(self, number: int) -> bool:
        """Whether a line does not register by design: its registrar is 0.0.0.0.

        The phone sends no REGISTER then, and the line is usable all the same (web-ui facts 3.4;
        admin guide R3.3.1 p.A-67). Either the page or the inventory may say so.
        """
        line, want = self.shown(number), self.intended(number)
        shown = line.account.registrar if line and line.account else ""
        return NO_REGISTER in (shown.strip(), want.registrar.strip() if want else "")


Rule: TypeAlias = Callable[[Look], Iterable[Finding] | None]
"""Findings; none of them means "clear", and None means "could not look", which is not "clear"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSetting:
    """What an operator may say about a rule. `severity` and `open_after` None keep its own."""

    enabled: bool = True
    severity: Severity | None = None
    open_after: int | None = None
