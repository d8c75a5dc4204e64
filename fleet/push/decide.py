"""What a push lets a rule hold, and what of it is kept as a phone's last word. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.judge import LINE_FAILED, LINE_UNREGISTERED, Context, verdicts
from fleet.model import Account, LastPush, Line, Reach, Registration, Sighting
from fleet.push.request import PushEvent, PushState

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
    context = Context(phone=status.stored.phone, reach=Reach.OK, lines=(line,))
    rule = LINE_UNREGISTERED if push.code is None else LINE_FAILED
    if not (held := verdicts(context, push.at, rules=rules).get(rule)):
        return None
    phone = status.stored.phone
    return Sighting(
        phone_id=status.stored.id,
        at=push.at,
        verdicts={rule: held},
        reach=Reach.OK,
        site=phone.site,
        phone=phone.label,
        pushed=True,
    )


def last_word(push: Push, status: PhoneStatus) -> LastPush | None:
    """What the push makes the phone's last word; None for a heartbeat, which is no news.

    It is kept by its user where a line shows that one or shall have it, else by none: so a phone
    has no more last words than lines, whatever it sends. That a registration event names its line
    is inferred (facts/web-ui 4.1): of good news it is believed where the phone has one line only.
    """
    if push.event is PushEvent.POLL:
        return None
    registered = _is_registered(push)
    is_of_line = registered is not None and bool(lines_of(push.user, status))
    if registered and push.event is not PushEvent.REGISTERED and len(_lines(status)) > 1:
        is_of_line = False
    return LastPush(
        phone_id=status.stored.id,
        user=push.user if is_of_line else "",
        at=push.at,
        registered=registered,
        code=push.code if registered is False else None,
    )


def _is_registered(push: Push) -> bool | None:
    """Whether it says that its line is registered; None where it says nothing, or both at once.

    `action uri registered` is called once a line has registered, and names no state.
    """
    if push.event is PushEvent.REGISTERED:
        return True
    if push.is_loss:
        return False
    return True if push.state is PushState.REGISTERED and push.code is None else None


def _lines(status: PhoneStatus) -> set[int]:
    """The numbers of the lines that show an account, or shall have one."""
    shown = {each.line.number for each in status.lines if each.line.account}
    return shown | {want.line for want in status.stored.phone.accounts}


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
