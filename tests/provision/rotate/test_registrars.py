"""Registrars that can never show which password they take are named before a rotation starts."""

from __future__ import annotations

import re

import pytest

from fleet.errors import UsageError
from fleet.model import AccountLine, RotatedAccount, SipServer
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.transport import Timers
from fleet.provision.rotate.registrars import check_registrars
from tests.phone.sip.peers import Behaviour, challenges, says, silent, udp_peer

QUICK = SipClient(timers=Timers(t1=0.01, t2=0.05, connect=0.5))


async def checked(behaviour: Behaviour) -> int:
    """Check a registrar that three accounts have; return how often it was asked."""
    async with udp_peer(behaviour) as pbx:
        assert pbx.peer.port
        server = SipServer(host=pbx.peer.host, port=pbx.peer.port, transport="udp")
        accounts = [
            RotatedAccount(
                user=user,
                auth_name=user,
                registrar=server,
                backup=None,
                lines=(AccountLine(phone_id=1, line=1, secret=""),),
                old="old",
                new="new",
            )
            for user in ("1001", "1002", "1003")
        ]
        await check_registrars(QUICK, accounts)
        assert not any(request.header("Authorization") for request in pbx.asked)
        return len(pbx.asked)


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (says("400 Missing Contact Header"), "without a Contact (400 Missing Contact Header)"),
        (says("200 OK"), "answers without asking for a login"),
    ],
)
async def test_a_registrar_that_can_never_confirm_is_refused_by_name(
    behaviour: Behaviour, why: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(why)) as raised:
        await checked(behaviour)
    assert "nothing was changed" in str(raised.value)


@pytest.mark.parametrize("behaviour", [challenges(), says("404 Not Found"), says("403 Forbidden")])
async def test_any_other_registrar_is_asked_once_and_without_a_login(behaviour: Behaviour) -> None:
    assert await checked(behaviour) == 1


async def test_a_registrar_that_is_silent_now_is_let_pass() -> None:
    assert await checked(silent) > 0
