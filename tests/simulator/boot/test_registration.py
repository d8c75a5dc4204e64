"""Lines register, are refused, fail over, come back, and say so by action URI."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.simulator import RegistrarState, SipLogin
from tests.simulator.boot.file_server import file_server
from tests.simulator.boot.phones import (
    BACKUP,
    LINE,
    MAC_FILE,
    PBX,
    SPARE,
    HandClock,
    booted,
    within,
)

ONE_LINE = {"aastra.cfg": "# nothing\n", MAC_FILE: LINE}
WITH_BACKUP = {"aastra.cfg": "# nothing\n", MAC_FILE: LINE + BACKUP}
EVENTS = (
    "action uri registration event: http://127.0.0.1:{0}/event?s=$$REGISTRATIONSTATE$$"
    "&c=$$REGISTRATIONCODE$$&u=$$SIPUSERNAME$$&p=$$ACTIVEPROXY$$\n"
    "action uri registered: http://127.0.0.1:{0}/ok?u=$$SIPUSERNAME$$&ip=$$LOCALIP$$\n"
    "action uri startup: http://127.0.0.1:{0}/boot?ip=$$LOCALIP$$\n"
)


@pytest.mark.parametrize("transport", ["1", "2"])
async def test_a_wrong_password_is_refused_and_tried_again_after_the_retry_timer(transport):
    clock = HandClock()
    files = {"aastra.cfg": f"sip transport protocol: {transport}\n", MAC_FILE: LINE}
    wrong = replace(PBX, accounts=(SipLogin(user="1001", password="other"),))
    async with file_server(files) as server, booted(server, wrong, clock=clock) as phone:
        await phone.until_line("failed", 401, False)
        assert phone.pbx.record.wrong_passwords == {"1001": 1}
        phone.pbx.set_password("1001", "s3cret")
        await clock.move(seconds=1800)
        await phone.until_line("registered", None, False)
        assert phone.pbx.record.logins == {"1001": 2}


@pytest.mark.parametrize("code", [403, 404])
async def test_an_unknown_user_gets_the_code_that_the_registrar_has_for_it(code):
    stranger = replace(PBX, accounts=(), unknown_user=code)
    async with file_server(ONE_LINE) as server, booted(server, stranger) as phone:
        await phone.until_line("failed", code, False)
        assert phone.pbx.record.unknown_users["1001"] >= 1
        assert phone.pbx.record.wrong_passwords == {}


async def test_a_line_moves_to_the_backup_and_back_when_the_primary_answers_again():
    down = replace(PBX, state=RegistrarState.DOWN)
    clock = HandClock()
    async with (
        file_server(WITH_BACKUP) as server,
        booted(server, down, SPARE, clock=clock) as phone,
    ):
        await phone.until_line("registered", None, True)
        phone.pbx.state = RegistrarState.UP
        await clock.move(hours=1)
        await phone.until_line("registered", None, False)


async def test_who_is_refused_by_the_primary_does_not_ask_the_backup():
    stranger = replace(PBX, accounts=())
    async with file_server(WITH_BACKUP) as server, booted(server, stranger, SPARE) as phone:
        await phone.until_line("failed", 404, False)
        assert phone.simulator.registrars[1].record.messages == 0


async def test_the_backups_refusal_is_shown_as_the_backups():
    down = replace(PBX, state=RegistrarState.DOWN)
    busy = replace(SPARE, state=RegistrarState.UNAVAILABLE)
    async with file_server(WITH_BACKUP) as server, booted(server, down, busy) as phone:
        await phone.until_line("failed", 503, True)


async def test_a_line_without_an_answer_is_unregistered_until_there_is_one():
    clock = HandClock()
    down = replace(PBX, state=RegistrarState.DOWN)
    async with file_server(ONE_LINE) as server, booted(server, down, clock=clock) as phone:
        await phone.until_happening("TIMEOUT")
        assert phone.line == ("unregistered", None, False)
        phone.pbx.state = RegistrarState.UP
        await clock.move(seconds=120)
        await phone.until_line("registered", None, False)


@pytest.mark.parametrize("registrar", ["0.0.0.0", ""])
async def test_a_line_that_registers_nowhere_sends_nothing(registrar):
    text = f"sip line1 user name: 1001\nsip line1 registrar ip: {registrar}\n"
    both = text + "sip line2 user name: 1001\nsip line2 password: s3cret\n"
    both += "sip line2 registrar ip: pbx.example\n"
    files = {"aastra.cfg": "# nothing\n", MAC_FILE: both}
    async with file_server(files) as server, booted(server) as phone:
        await within(phone.pbx.until(lambda pbx: pbx.record.accepted["1001"] >= 1))
        assert phone.line[0] == "unregistered"
        assert {line.number for line in phone.phone.spec.lines} == {1, 2}


async def test_what_is_not_said_of_a_line_is_that_of_all_lines():
    files = {
        "aastra.cfg": "sip registrar ip: pbx.example\nsip backup registrar ip: spare.example\n",
        MAC_FILE: LINE.replace("line1", "line3").replace(
            "sip line3 registrar ip: pbx.example", "sip line3 auth name: a1"
        ),
    }
    named = replace(PBX, accounts=(SipLogin(user="1001", password="s3cret", auth_name="a1"),))
    down = replace(named, state=RegistrarState.DOWN)
    spare = replace(named, name="spare.example")
    async with file_server(files) as server, booted(server, down, spare) as phone:
        await phone.until_line("registered", None, True)
        assert phone.phone.spec.lines[0].number == 3


async def test_a_registrar_out_of_reach_is_one_that_does_not_answer():
    text = LINE.replace("pbx.example", "192.0.2.7")
    files = {"aastra.cfg": "# nothing\n", MAC_FILE: text + BACKUP}
    async with file_server(files) as server, booted(server) as phone:
        await phone.until_line("registered", None, True)


async def test_a_shorter_registration_than_a_registrar_takes_is_made_longer():
    files = {"aastra.cfg": "# nothing\n", MAC_FILE: LINE + "sip line1 registration period: 5\n"}
    strict = replace(PBX, shortest=60, delay=0.01)
    clock = HandClock()
    async with file_server(files) as server, booted(server, strict, clock=clock) as phone:
        await phone.until_line("registered", None, False)
        (binding,) = phone.pbx.bindings("1001")
        assert (binding.until - clock.now()).total_seconds() == 60


async def test_a_registration_that_is_not_renewed_runs_out():
    clock = HandClock()
    async with file_server(ONE_LINE) as server, booted(server, clock=clock) as phone:
        await phone.until_line("registered")
        assert phone.pbx.registered == ("1001",)
        phone.pbx.state = RegistrarState.DOWN
        await clock.move(hours=2)
        assert phone.pbx.registered == ()


async def test_events_are_called_on_a_change_and_not_on_a_repeat():
    clock = HandClock()
    async with file_server(ONE_LINE) as server:
        server.put("aastra.cfg", EVENTS.format(server.port))
        async with booted(server, clock=clock) as phone:
            await within(server.until_asked("/boot?ip=127."))
            asked = await within(server.until_asked("/event?s=REGISTERED&c=001&u=1001"))
            assert asked.path.endswith("&p=pbx.example")
            assert asked.headers["user-agent"].startswith("Aastra53i MAC:00-08-5D-12-64-11 ")
            await within(server.until_asked("/ok?u=1001&ip=127."))
            await clock.move(hours=1)
            await within(phone.pbx.until(lambda pbx: pbx.record.accepted["1001"] == 2))
            phone.pbx.set_password("1001", "other")
            await clock.move(hours=1)
            await within(server.until_asked("/event?s=REFUSED&c=401"))
    assert sum("REGISTERED" in request.path for request in server.requests) == 1
    assert sum(request.path.startswith("/ok") for request in server.requests) == 1


async def test_an_event_need_not_say_whose_it_is():
    async with file_server(ONE_LINE) as server:
        server.put("aastra.cfg", EVENTS.format(server.port))
        async with booted(server, line_in_events=False):
            asked = await within(server.until_asked("/event?s=REGISTERED"))
            assert asked.path.endswith("&c=001&u=&p=")


async def test_a_6739i_calls_registered_twice():
    async with file_server(ONE_LINE) as server:
        server.put("aastra.cfg", EVENTS.format(server.port))
        async with booted(server, model="6739i") as phone:
            await phone.until_line("registered")
            called = phone.device.record.called
            await within(server.until_asked("/ok"))
            assert sum("/ok" in url for url in called) == 2


async def test_no_action_uri_leaves_the_machine_but_to_its_server():
    text = "action uri startup: http://192.0.2.9/boot\naction uri poll: http://[::\n"
    files = {"aastra.cfg": text + "action uri poll interval: 60\n", MAC_FILE: LINE}
    async with file_server(files) as server, booted(server) as phone:
        await phone.until_line("registered")
        assert phone.device.record.called == []
