"""What phones are sent: XML pushes and NOTIFYs, to the byte."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.phone.http.target import Target
from fleet.phone.push import push_request
from fleet.phone.sip.notify import Recipient, aastra_xml, check_sync, notify
from fleet.phone.xml_object import Command, XmlObject, command, fetch
from tests.phone.sip.peers import a_client, says, udp_peer
from tests.provision.independent.cases import load

CASES = load("wire")
COMMANDS = {"reset": Command.RESET, "fast-reboot": Command.FAST_REBOOT}


def of(kind: str) -> Any:
    found = [case for case in CASES if kind in case]
    return pytest.mark.parametrize("case", found, ids=[case["name"] for case in found])


def thing(name: str) -> XmlObject:
    return command(COMMANDS[name]) if name in COMMANDS else fetch(name)


@of("push")
def test_a_push_is_one_request_to_the_byte(case: dict[str, Any]) -> None:
    target = Target.parse("192.0.2.77", credentials=None)

    sent = push_request(target, thing(case["object"]), referer="192.0.2.10")

    assert sent.decode() == case["push"]


@of("push")
def test_the_length_of_a_push_is_that_of_its_body(case: dict[str, Any]) -> None:
    head, body = case["push"].split("\r\n\r\n")
    assert f"Content-Length: {len(body)}" in head


@of("notify")
async def test_a_notify_says_what_others_send_to_these_phones(case: dict[str, Any]) -> None:
    named = case.get("object")
    xml = aastra_xml(None if named in (None, "none") else thing(named))
    event = xml if named else check_sync(reboot=case.get("reboot", False))
    async with udp_peer(says("200 OK")) as running:
        recipient = Recipient.direct("127.0.0.1", user="200", port=running.port)
        outcome = await notify(a_client(), recipient, event)
    (request,) = running.asked

    assert outcome.accepted
    assert request.method == "NOTIFY"
    assert {name: request.header(name) for name in case["notify"]} == case["notify"]
    assert request.body.decode() == case["body"]
