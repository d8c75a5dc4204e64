"""What a push lets a rule hold. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.judge import Look, verdicts
from fleet.model import Account, Line, Reach, Registration, Sighting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.judge import RuleSetting
    from fleet.push.request import Push
    from fleet.store import PhoneStatus


def sighting_of(
    push: Push, status: PhoneStatus, rules: Mapping[str, RuleSetting]
) -> Sighting | None:
    """What the push lets a rule hold of a line; None where it names none for sure.

    A line is sure where exactly one shows or shall have that user. Its registrar, whether it is
    muted, and whether the rule is looked at are judged as for a poll.
    """
    numbers = lines_of(push.user, status)
    if not push.is_loss or len(numbers) != 1:
        return None
    line = _as_said(push, numbers.pop(), status)
    look = Look(phone=status.stored.phone, reach=Reach.OK, lines=(line,))
    rule = "line-unregistered" if push.code is None else "line-failed"
    if not (held := verdicts(look, rules=rules).get(rule)):
        return None
    phone = status.stored.phone
    return Sighting(
        phone_id=status.stored.id,
        at=push.at,
        verdicts={rule: held},
        site=phone.site,
        phone=phone.label,
        pushed=True,
    )


def lines_of(user: str, status: PhoneStatus) -> set[int]:
    """The numbers of the lines that show that user, or shall have it."""
    if not user:
        return set()
    shown = {each.line.number: each.line.account for each in status.lines}
    numbers = {number for number, account in shown.items() if account and account.user == user}
    return numbers | {want.line for want in status.stored.phone.accounts if want.user == user}


def _as_said(push: Push, number: int, status: PhoneStatus) -> Line:
    shown = next((each.line for each in status.lines if each.line.number == number), None)
    wanted = next((each for each in status.stored.phone.accounts if each.line == number), None)
    account = shown.account if shown else None
    if account is None and wanted is not None:
        account = Account(raw=wanted.user, user=wanted.user, registrar=wanted.registrar)
    state = Registration.UNREGISTERED if push.code is None else Registration.FAILED
    return Line(number=number, registration=state, account=account, code=push.code)
