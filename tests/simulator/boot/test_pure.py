"""What a phone makes of times, texts and objects, as values."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.config_file import effective, read
from fleet.simulator.boot.account import accounts, registration_timers
from fleet.simulator.boot.agent import http_agent, sip_agent
from fleet.simulator.boot.configuration import Configuration
from fleet.simulator.boot.events import expanded
from fleet.simulator.boot.http import HttpClient
from fleet.simulator.boot.objects import Act, Deed, pushed_object, read_object
from fleet.simulator.boot.resync import resync_of
from fleet.simulator.boot.spec import FACTORY_LOGIN
from fleet.simulator.boot.trust import Trust


def configured(text: str) -> Configuration:
    return Configuration(values=effective([read(text.encode())]))


def utc(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "share", "due"),
    [
        ("", 0.0, utc(26, 3, 30)),
        ("auto resync max delay: 60\n", 0.5, utc(26, 4)),
        ("auto resync days: 1\n", 0.0, utc(27, 3, 30)),
        ("time zone minutes: 300\n", 0.0, utc(26, 8, 30)),
        ("time zone minutes: -60\n", 0.0, utc(26, 2, 30)),
    ],
)
def test_the_next_look_is_at_the_phones_own_time(text, share, due):
    plan = resync_of(configured("auto resync mode: 3\nauto resync time: 03:30\n" + text))
    assert plan
    assert (plan.config, plan.firmware) == (True, True)
    assert plan.next_after(utc(25, 12), share) == due


@pytest.mark.parametrize(
    "text",
    [
        "",
        "auto resync mode: 1\n",
        "auto resync mode: 0\nauto resync time: 03:30\n",
        "auto resync mode: 1\nauto resync time: 25:30\n",
    ],
)
def test_without_a_mode_or_a_time_nothing_is_looked_for(text):
    assert resync_of(configured(text)) is None


def test_timers_stay_within_what_a_phone_takes():
    timers = registration_timers(
        configured(
            "sip registration retry timer: 5\nsip registration timeout retry timer: 5\n"
            "sip registration renewal timer: x\n"
        )
    )
    assert (timers.retry, timers.timeout_retry, timers.renewal) == (30, 30, 15)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("sip user name: 1\n", [1]),
        ("sip line2 user name: 1\nsip line9 user name: 2\nsip line10 user name: 3\n", [2, 9]),
        ("", []),
    ],
)
def test_lines_are_those_with_a_user_up_to_the_models_most(text, lines):
    assert [account.number for account in accounts(configured(text), "6753i")] == lines


@pytest.mark.parametrize(("given", "port"), [("0", 5060), ("5070", 5070), ("x", 5060)])
def test_port_0_is_the_usual_one(given, port):
    text = f"sip line1 user name: 1\nsip registrar ip: a\nsip registrar port: {given}\n"
    (account,) = accounts(configured(text), "6753i")
    assert account.registrar
    assert account.registrar.port == port


def test_phones_call_themselves_what_the_real_ones_do():
    def both(maker, model, firmware):
        mac = "00:08:5D:19:94:B7"
        http = http_agent(maker=maker, model=model, mac=mac, firmware=firmware)
        return http, sip_agent(maker=maker, model=model, firmware=firmware)

    assert both("Aastra", "6757i", "2.3.1.26") == (
        "Aastra57i MAC:00-08-5D-19-94-B7 V:2.3.1.26-SIP",
        "Aastra 57i/2.3.1.26",
    )
    assert both("Aastra", "6731i", "3.2.0.70")[0].startswith("Aastra6731i MAC:")
    assert both("Aastra", "6757i CT", "3.2.0.70")[0].startswith("Aastra57iCT MAC:")
    assert both("Mitel", "6920", "6.4.0.140")[1] == "Mitel-6920-SIP/6.4.0.140"


def test_variables_are_filled_in_and_cannot_break_out():
    uri = "http://a/?u=$$SIPUSERNAME$$&x=$$NONE$$&s=$$REGISTRATIONSTATE$$"
    told = {"SIPUSERNAME": "a b&c=1", "REGISTRATIONSTATE": "REFUSED"}
    assert expanded(uri, told) == "http://a/?u=a%20b%26c%3D1&x=&s=REFUSED"


def test_objects_are_read_as_the_guide_writes_them():
    vendors = b"""<AastraIPPhoneExecute Beep="no">
        <ExecuteItem URI="Command: Reset" interruptCall="no"/><ExecuteItem URI='http://a/?b&amp;c'/>
        <ExecuteItem URI=""/><ExecuteItem URI="https://a/"/><ExecuteItem URI="Command: Lock"/>
        </AastraIPPhoneExecute>"""
    assert read_object(vendors) == (
        Deed(act=Act.RESET),
        Deed(act=Act.FETCH, url="http://a/?b&c"),
    )
    assert read_object(b"<AastraIPPhoneTextScreen/>") == ()
    plain = b'xml=<AastraIPPhoneExecute><ExecuteItem URI="Command:FastReboot"/>'
    whole = plain + b"</AastraIPPhoneExecute>"
    assert read_object(pushed_object(whole)) == (Deed(act=Act.FAST_REBOOT),)
    assert pushed_object(b"xml=%3CAastra+x%3E") == b"<Aastra x>"


@given(st.binary(max_size=300))
def test_no_object_is_too_odd(data):
    read_object(pushed_object(data))
    read_object(b"<AastraIPPhoneExecute>" + data + b"</AastraIPPhoneExecute>")


NAMES = st.sampled_from(
    [
        "sip line1 user name",
        "sip registrar ip",
        "sip registrar port",
        "auto resync mode",
        "auto resync time",
        "auto resync days",
        "time zone minutes",
        "admin password",
        "sip registration retry timer",
        "download protocol",
        "http server",
        "http port",
        "language 1",
        "web language",
        "xml application post list",
        "sip whitelist",
    ]
)


@given(st.dictionaries(NAMES, st.text(max_size=30)))
def test_no_configuration_is_too_odd(values):
    text = "".join(f"{name}: {value}\n" for name, value in values.items())
    configuration = configured(text)
    accounts(configuration, "6753i")
    registration_timers(configuration)
    if plan := resync_of(configuration):
        assert plan.next_after(utc(25, 12), 0.5) > utc(25, 12)
    assert configuration.admin_password.isdigit()
    assert configuration.server("http://a/")
    assert configuration.page_language
    assert configuration.push_list == configuration.push_list - {""}


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
        b"\xff" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
    ],
)
async def test_no_server_is_too_odd(said):
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = HttpClient(
        headers=(),
        source="127.0.0.1",
        login=FACTORY_LOGIN,
        trust=Trust(),
        patience=30,
        token=lambda: "t",
    )
    answer = await client.ask(f"http://127.0.0.1:{port}/aastra.cfg")
    server.close()
    assert answer.status == 0
    assert answer.trouble
    assert (await client.ask("http://[::/x")).trouble
