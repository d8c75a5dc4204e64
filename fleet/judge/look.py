"""What a rule may look at, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import Finding, Reach

if TYPE_CHECKING:
    from fleet.model import IntendedAccount, Line, Phone, Reason, Severity

NO_REGISTER = "0.0.0.0"  # noqa: S104  a registrar that tells the phone not to register


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One observation beside what is intended. `lines` is empty unless `reach` is `OK`."""

    phone: Phone
    reach: Reach
    reason: Reason | None = None
    detail: str = ""
    lines: tuple[Line, ...] = ()

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
