"""Gives registrars passwords, and asks them which one they take.

A registrar is believed for its answer to a REGISTER without a Contact alone: a program that ends
well has not shown that the registrar has the password.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.model import Credentials
from fleet.phone.sip.ask import LoginUse
from fleet.phone.sip.outcome import Result
from fleet.phone.sip.query import ask_registration
from fleet.phone.sip.transport import Peer, Transport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.model import RotatedAccount, SipServer
    from fleet.phone.sip.ask import SipClient
    from fleet.phone.sip.outcome import Outcome
    from fleet.provision.diagnose.asking import Turns
    from fleet.provision.rotate.hook import RegistrarCommand

_AT_ONCE = 5  # registrar commands


def _slots() -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_ONCE)


@dataclass(frozen=True, kw_only=True)
class Registrars:
    """`command` None: somebody else gives registrars their passwords, and they are only asked."""

    sip: SipClient
    turns: Turns
    command: RegistrarCommand | None = None
    slots: asyncio.Semaphore = field(default_factory=_slots)

    async def may_ask(self, account: RotatedAccount) -> None:
        """Wait until the account's registrars may be asked about it; then ask without delay."""
        for peer in peers_of(account):
            await self.turns.wait(account.phones[0], peer, account.user)

    async def give(self, account: RotatedAccount, password: str) -> str:
        """Have the registrar told of a password; empty where that went well, else why not."""
        if self.command is None:
            return ""
        async with self.slots:
            return await self.command.tell(account, password)

    async def prove(self, account: RotatedAccount, password: str) -> str:
        """Whether registrars take a password: empty if so, else why that is not shown.

        A backup registrar that does not answer is let pass: many are there for the day alone on
        which they are needed.
        """
        login = Credentials(username=account.auth_name, password=password)
        for number, peer in enumerate(peers_of(account)):
            try:
                answer = await ask_registration(
                    self.sip,
                    peer,
                    user=account.user,
                    login=login,
                    secrets=(account.old, account.new),
                )
            except ValueError as error:
                return f"{peer} cannot be queried: {error}"
            if why := _why_not(answer.outcome, peer, is_backup=number > 0):
                return why
        return ""


async def check_registrars(sip: SipClient, accounts: Iterable[RotatedAccount]) -> None:
    """Ask each registrar once, without a login, whether it can show which password it takes.

    Raises `UsageError` that names those which cannot: a rotation would never be confirmed there.
    One that does not answer is let pass, for it may by the time of the rotation.
    """
    users = {peer: account.user for account in accounts for peer in peers_of(account)}
    answers = await asyncio.gather(
        *(ask_registration(sip, peer, user=user) for peer, user in users.items()),
        return_exceptions=True,
    )
    for peer, answer in zip(users, answers, strict=True):
        if isinstance(answer, ValueError):  # of this account, and its rotation says so
            continue
        if isinstance(answer, BaseException):
            raise answer
        why = ""
        if answer.outcome.result is Result.NO_QUERIES:
            why = (
                f"{peer} refuses a REGISTER without a Contact ({answer.outcome.code} "
                f"{answer.outcome.phrase}), as FreeSWITCH and OpenSIPS do"
            )
        elif answer.outcome.accepted and answer.outcome.login is LoginUse.NOT_ASKED:
            why = f"{peer} answers without asking for a login"
        if why:
            raise UsageError(
                f"{why}: it cannot show which password it accepts, so fleet could not confirm a "
                "new one; nothing was changed. Change the passwords at the registrar and in "
                "the inventory, then fleet provision apply and rollout start."
            )


def peers_of(account: RotatedAccount) -> tuple[Peer, ...]:
    """The account's registrars, the primary first."""
    both = (account.registrar, account.backup)
    return tuple(_peer(server) for server in both if server is not None)


def _peer(server: SipServer) -> Peer:
    return Peer(host=server.host, port=server.port, transport=Transport(server.transport))


def _why_not(outcome: Outcome, peer: Peer, *, is_backup: bool) -> str:
    if is_backup and outcome.result is Result.NO_ANSWER:
        return ""
    if not outcome.accepted:
        return outcome.detail.rstrip(".")
    if outcome.login is not LoginUse.SENT:
        return (
            f"{peer} answers without checking the password, so it does not show which one it "
            "accepts"
        )
    return ""
