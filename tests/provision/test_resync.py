"""In which way a phone is asked, and what is said where none takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fleet.model import Credentials, JournalEntry
from fleet.phone.http.target import Target
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.transport import Peer, Timers
from fleet.provision.lines import IntendedLine, IntendedSip
from fleet.provision.resync import BY_DEFAULT, Addressee, How, Resyncer, ResyncOutcome, Way
from tests.phone.http.scripted import LOGIN, Script, Server, http, quick_client, served
from tests.phone.sip.peers import Behaviour, Running, says, udp_peer

if TYPE_CHECKING:
    from collections.abc import Sequence

START = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
QUICK = SipClient(timers=Timers(t1=0.01, t2=0.05, connect=0.5))
OURS = "192.0.2.1"


@dataclass
class Book:
    entries: list[JournalEntry] = field(default_factory=list)

    def write(self, entries: Sequence[JournalEntry]) -> None:
        self.entries += entries


def sip(peer: Peer | None, *post_list: str) -> IntendedSip:
    login = Credentials(username="1001", password="s3cret")
    line = IntendedLine(number=1, user="1001", login=login, registrar=peer)
    return IntendedSip(lines=(line,), post_list=post_list)


async def asked(
    registrar: Behaviour,
    *scripts: Script,
    ways: tuple[How, ...] = BY_DEFAULT,
    post_list: tuple[str, ...] = (OURS,),
    book: Book | None = None,
    shared: Sequence[str] = (),
    spares_others: bool = False,
) -> tuple[ResyncOutcome, Running, Server]:
    async with udp_peer(registrar) as pbx, served(*scripts) as phone, quick_client() as client:
        resyncer = Resyncer(
            sip=QUICK,
            http=client,
            names={OURS},
            write=(book or Book()).write,
            clock=lambda: START,
            by="test",
            ways=ways,
            spares_others=spares_others,
        )
        addressee = Addressee(
            phone_id=7,
            label="one",
            sip=sip(pbx.peer, *post_list),
            target=Target.parse(phone.host, credentials=LOGIN),
            shared={1: shared} if shared else {},
        )
        return await resyncer.ask(addressee), pbx, phone


THROUGH = "SIP NOTIFY through its registrar: accepted; it reaches every device registered as 1001"


async def test_the_phone_itself_comes_first_then_a_push_and_the_registrar_last() -> None:
    outcome, pbx, phone = await asked(says("480 Not Here"), [http(b"")])
    assert [each.way for each in outcome.tried] == [Way.DIRECT, Way.PUSH]
    assert outcome.how == "XML push: accepted"
    (request,) = phone.asked
    assert f"Referer: {OURS}".encode() in request
    assert pbx.asked == []


async def test_through_the_registrar_everybody_with_the_account_is_reached_and_said() -> None:
    book = Book()
    outcome, pbx, phone = await asked(
        says("200 OK"), [http(b"")], book=book, post_list=("10.0.0.1",), shared=("three", "two")
    )
    assert outcome.accepted
    assert [each.way for each in outcome.tried] == [Way.DIRECT, Way.REGISTRAR]
    (request,) = pbx.asked
    assert (request.method, request.header("Event")) == ("NOTIFY", "check-sync")
    assert phone.asked == []
    (entry,) = book.entries
    assert entry.what == f"Asked to re-sync: {THROUGH}, also three, two."
    assert (entry.phone_id, entry.at, entry.by) == (7, START, "test")


@pytest.mark.parametrize(("shared", "accepted"), [((), True), (("two",), False)])
async def test_a_rollout_asks_no_registrar_about_an_account_of_several_phones(
    shared: Sequence[str], accepted: bool
) -> None:
    outcome, pbx, _ = await asked(
        says("200 OK"), [http(b"")], post_list=(), shared=shared, spares_others=True
    )
    assert (outcome.accepted, bool(pbx.asked)) == (accepted, accepted)
    if not accepted:
        assert outcome.how.endswith("not asked through its registrar: two would restart too")


async def test_a_phone_that_does_not_list_us_is_not_pushed_to() -> None:
    outcome, _, phone = await asked(says("480 Not Here"), [http(b"")], post_list=("10.0.0.1",))
    assert not outcome.accepted
    assert [each.way for each in outcome.tried] == [Way.DIRECT, Way.REGISTRAR]
    assert phone.asked == []
    assert "480 Not Here" in outcome.how


async def test_the_web_ui_is_used_only_where_that_was_asked_for() -> None:
    outcome, _, phone = await asked(
        says("480 Not Here"), [http(b"")], ways=(How.NOTIFY, How.WEB_UI)
    )
    assert outcome.tried[-1].way is Way.WEB_UI
    assert outcome.accepted
    assert phone.asked[-1].startswith(b"POST /reset.html ")


async def test_phones_are_spread_over_the_time_and_each_is_asked_once() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with udp_peer(says("200 OK")) as pbx, quick_client() as client:
        resyncer = Resyncer(
            sip=QUICK,
            http=client,
            names=(),
            write=Book().write,
            clock=lambda: START,
            by="test",
        )
        phones = [
            Addressee(phone_id=number, label=str(number), sip=sip(pbx.peer)) for number in range(4)
        ]
        told: list[ResyncOutcome] = []
        found = await resyncer.ask_all(phones, spread=8, progress=told.append, sleep=sleep)
    assert slept == [0, 2, 4, 6]
    assert [outcome.phone_id for outcome in found] == [0, 1, 2, 3]
    assert (len(told), len(pbx.asked)) == (4, 4)


async def test_a_phone_that_nothing_is_known_of_is_told_so() -> None:
    async with quick_client() as client:
        resyncer = Resyncer(
            sip=QUICK, http=client, names=(), write=Book().write, clock=lambda: START, by="test"
        )
        outcome = await resyncer.ask(Addressee(phone_id=1, label="one", sip=sip(None)))
    assert (outcome.accepted, outcome.tried) == (False, ())
    assert outcome.how.startswith("it could not be asked")


@pytest.mark.parametrize("how", [How.NOTIFY, How.PUSH])
async def test_one_way_alone_can_be_asked_for(how: How) -> None:
    outcome, pbx, _ = await asked(says("200 OK"), [http(b"")], ways=(how,))
    assert {each.way for each in outcome.tried} == (
        {Way.PUSH} if how is How.PUSH else {Way.DIRECT, Way.REGISTRAR}
    )
    assert bool(pbx.asked) is (how is How.NOTIFY)
