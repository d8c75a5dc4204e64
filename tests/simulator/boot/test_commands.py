"""What phones are told by fleet itself, by SIP and by XML push; and what the time of day tells."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fleet.model import Credentials
from fleet.phone.config_file import Parameter
from fleet.phone.http.client import PhoneClient
from fleet.phone.http.target import Target, Timeouts
from fleet.phone.push import PushResult, push
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.notify import Recipient, SipEvent, aastra_xml, check_sync, notify
from fleet.phone.sip.outcome import Result
from fleet.phone.sip.query import ask_options, ask_registration
from fleet.phone.sip.transport import Peer, Transport
from fleet.phone.xml_object import Command, XmlObject, command, fetch
from fleet.simulator import RegistrarState
from fleet.simulator.server import Connection
from tests.simulator.boot.file_server import file_server
from tests.simulator.boot.phones import LINE, MAC_FILE, PBX, Booted, HandClock, booted, within

ONE_LINE = {"aastra.cfg": "# nothing\n", MAC_FILE: LINE}
PUSH_LIST = ONE_LINE | {"aastra.cfg": "xml application post list: 192.0.2.1, 127.0.0.1\n"}
LOGIN = Credentials(username="1001", password="s3cret")
WRONG = Credentials(username="1001", password="wrong")
BOTH = pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])


def directly(phone: Booted) -> Recipient:
    host, port = phone.device.sip.address
    return Recipient.direct(host, user="1001", port=port)


def registrar_of(phone: Booted, transport: Transport = Transport.UDP) -> Peer:
    return Peer(host=phone.pbx.address, port=phone.pbx.port, transport=transport)


def through(phone: Booted, transport: Transport = Transport.UDP) -> Recipient:
    peer = registrar_of(phone, transport)
    return Recipient.through(peer, user="1001", domain="pbx.example")


async def told(recipient: Recipient, event: SipEvent, login: Credentials | None = None) -> Result:
    return (await within(notify(SipClient(), recipient, event, login=login))).result


async def test_a_phone_looks_for_new_files_and_stays_up_where_there_are_none():
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        assert await told(directly(phone), check_sync()) is Result.ACCEPTED
        await phone.until_checked()
        assert (phone.device.record.boots, server.asked[MAC_FILE]) == (1, 2)
        assert phone.device.record.events == {"check-sync": 1}


@BOTH
async def test_a_changed_file_makes_it_boot_also_when_told_through_its_registrar(transport):
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        await phone.until_line("registered")
        server.put(MAC_FILE, LINE + "admin password: 4711\n")
        assert await told(through(phone, transport), check_sync()) is Result.ACCEPTED
        await phone.until_boots(2)
        assert phone.phone.spec.password == "4711"
        assert phone.pbx.record.forwarded["1001"] >= 1


async def test_it_boots_in_any_case_where_it_is_told_to():
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        assert await told(directly(phone), check_sync(reboot=True)) is Result.ACCEPTED
        await phone.until_boots(2)
        assert phone.device.record.reboots == 1


async def test_a_phone_that_registered_by_tcp_is_told_over_its_connection():
    files = ONE_LINE | {"aastra.cfg": "sip transport protocol: 2\n"}
    async with file_server(files) as server, booted(server) as phone:
        await phone.until_line("registered")
        assert phone.pbx.bindings("1001")[0].way.transport == "TCP"
        assert await told(through(phone), check_sync(reboot=True)) is Result.ACCEPTED
        await phone.until_boots(2)


@pytest.mark.parametrize(
    ("login", "result"),
    [
        (LOGIN, Result.ACCEPTED),
        (WRONG, Result.WRONG_PASSWORD),
        (None, Result.LOGIN_WANTED),
    ],
)
async def test_a_registrar_may_ask_for_a_login_before_it_hands_on(login, result):
    asking = replace(PBX, notify_login=True)
    async with file_server(ONE_LINE) as server, booted(server, asking) as phone:
        await phone.until_line("registered")
        assert await told(through(phone), check_sync(), login) is result


async def test_nobody_is_told_who_is_not_registered():
    async with file_server({"aastra.cfg": "# nothing\n"}) as server, booted(server) as phone:
        outcome = await notify(SipClient(), through(phone), check_sync())
        assert outcome.code == 480
        stranger = Recipient.through(registrar_of(phone), user="9", domain="pbx.example")
        assert (await notify(SipClient(), stranger, check_sync())).code == 404


async def test_with_a_whitelist_only_those_in_it_and_the_registrars_are_obeyed():
    files = ONE_LINE | {"aastra.cfg": "sip whitelist: 192.0.2.5\n"}
    lonely = ONE_LINE | {"aastra.cfg": "sip whitelist: 192.0.2.5\n", MAC_FILE: "# nothing\n"}
    async with file_server(files) as server, booted(server) as phone:
        await phone.until_line("registered")
        assert await told(through(phone), check_sync()) is Result.ACCEPTED
    async with file_server(lonely) as server, booted(server) as phone:
        assert (await notify(SipClient(), directly(phone), check_sync())).code == 403
        assert phone.device.record.events == {}


@pytest.mark.parametrize("name", ["aastra-xml", "message-summary", ""])
async def test_an_event_that_a_phone_does_not_take_is_a_bad_one(name):
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        event = SipEvent(name=name)
        assert (await notify(SipClient(), directly(phone), event)).code == 489


async def test_an_xml_event_with_a_body_is_obeyed_and_without_one_is_looked_up():
    async with file_server(ONE_LINE) as server:
        server.files["reset.xml"] = command(Command.FAST_REBOOT).data
        there = f"{server.url}reset.xml"
        server.put("aastra.cfg", f"sip xml notify event: 1\naction uri xml sip notify: {there}\n")
        async with booted(server) as phone:
            events = (aastra_xml(command(Command.RESET)), aastra_xml(), aastra_xml(fetch(there)))
            for boots, event in enumerate(events, start=2):
                assert await told(directly(phone), event) is Result.ACCEPTED
                await phone.until_boots(boots)
    assert server.asked["reset.xml"] == 2


async def test_a_phone_says_what_it_is():
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        host, port = phone.device.sip.address
        answer = await ask_options(SipClient(), Peer(host=host, port=port))
        assert (answer.model, answer.firmware) == ("6753i", "3.3.1.4365")
        assert "NOTIFY" in answer.allow


@BOTH
async def test_a_registrar_tells_where_a_user_is(transport):
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        await phone.until_line("registered")
        peer = registrar_of(phone, transport)
        answer = await ask_registration(
            SipClient(), peer, user="1001", login=LOGIN, domain="pbx.example"
        )
        (binding,) = answer.bindings
        assert (binding.host, binding.port) == phone.device.sip.address
        assert binding.expires
        wrong = await ask_registration(SipClient(), peer, user="1001", login=WRONG)
        assert wrong.outcome.result is Result.WRONG_PASSWORD
        assert phone.pbx.record.queries["1001"] == 4


async def test_a_registrar_out_of_service_says_so():
    out = replace(PBX, state=RegistrarState.UNAVAILABLE)
    async with file_server(ONE_LINE) as server, booted(server, out) as phone:
        answer = await ask_registration(SipClient(), registrar_of(phone), user="1001")
        assert answer.outcome.code == 503


async def pushed(phone: Booted, thing: XmlObject) -> PushResult:
    timeouts = Timeouts(connect=10, read=10, total=20)
    target = Target.parse(phone.phone.host, credentials=None)
    async with PhoneClient(timeouts=timeouts) as client:
        return (await push(client, target, thing, referer="127.0.0.1")).result


@pytest.mark.parametrize("what", list(Command))
async def test_a_push_from_the_list_resets_an_idle_phone(what):
    async with file_server(PUSH_LIST) as server, booted(server) as phone:
        assert await pushed(phone, command(what)) is PushResult.ACCEPTED
        await phone.until_boots(2)
    assert server.asked["53i.st"] == (2 if what is Command.RESET else 1)


async def test_a_push_from_anybody_else_is_refused():
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        assert await pushed(phone, command(Command.RESET)) is PushResult.REFUSED
        assert phone.device.record.pushes_refused == 1


async def test_local_values_go_where_a_phone_is_told_to_drop_them():
    local = (Parameter(name="tone set", value="Germany"),)
    clear = XmlObject(
        data=b'<AastraIPPhoneExecute><ExecuteItem URI="Command: ClearLocal"/>'
        b"</AastraIPPhoneExecute>"
    )
    async with file_server(PUSH_LIST) as server, booted(server, local=local) as phone:
        assert phone.device.configuration.text("tone set") == "Germany"
        await pushed(phone, clear)
        await phone.until_boots(2)
        assert phone.device.configuration.text("tone set") == ""


class Wire(asyncio.Transport):
    """The network's side of a connection, in a test's hands."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.16.0.1", 80), "peername": ("127.0.0.1", 4711)})
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("hangs", "answer"), [(False, b"HTTP/1.1 200"), (True, b"")])
async def test_a_push_in_two_pieces_is_taken_but_by_a_phone_that_hangs_over_it(hangs, answer):
    body = b"xml=" + command(Command.RESET).data
    async with file_server(PUSH_LIST) as server, booted(server, one_segment=hangs) as phone:
        wire = Wire()
        connection = Connection(lambda _: phone.phone, set(), asyncio.get_running_loop())
        connection.connection_made(wire)
        connection.data_received(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert wire.sent == b""
        connection.data_received(body)
        assert wire.sent[:12] == answer


RESYNC = "auto resync mode: {mode}\nauto resync time: 03:30\nauto resync max delay: 0\n"


async def test_a_phone_looks_for_new_files_at_its_time_and_boots_only_for_those():
    clock = HandClock()
    files = {"aastra.cfg": RESYNC.format(mode=1) + "time zone minutes: -60\n"}
    async with file_server(files) as server, booted(server, clock=clock) as phone:
        await clock.move(hours=14, minutes=30)  # 02:30 UTC is 03:30 there
        await phone.until_checked(1)
        assert phone.device.record.boots == 1
        server.put(MAC_FILE, LINE)
        await clock.move(days=1)
        await phone.until_boots(2)


async def test_a_phone_may_look_for_firmware_alone():
    clock = HandClock()
    files = {"aastra.cfg": RESYNC.format(mode=2)}
    async with file_server(files) as server, booted(server, clock=clock) as phone:
        server.put(MAC_FILE, LINE)
        await clock.move(hours=15, minutes=30)
        await phone.until_checked(1)
        server.put("53i.st", "version 3.3.1.5089")
        await clock.move(days=1)
        await phone.until_boots(2)
        assert phone.phone.spec.firmware == "3.3.1.5089"


async def test_the_poll_of_an_action_uri_comes_every_interval_and_may_tell_it_to_boot():
    clock = HandClock()
    async with file_server(ONE_LINE) as server:
        text = f"action uri poll: {server.url}poll.xml\naction uri poll interval: 300\n"
        server.put("aastra.cfg", text)
        async with booted(server, clock=clock) as phone:
            await clock.move(seconds=300)
            await within(server.until_asked("/cfg/poll.xml"))
            server.files["poll.xml"] = command(Command.RESET).data
            await clock.move(seconds=300)
            await phone.until_boots(2)
