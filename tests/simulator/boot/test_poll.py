"""What fleet's own poll sees of a configuration: the pages tell what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from fleet.model import Credentials, Observation, Reach, Reason, Registration
from fleet.phone.http.client import PhoneClient
from fleet.phone.http.target import Target, Timeouts
from fleet.phone.pages import words_with
from fleet.simulator import RegistrarState
from fleet.sweep.observe import Observer, Seen
from tests.simulator.boot.file_server import file_server
from tests.simulator.boot.phones import (
    BACKUP,
    LINE,
    MAC,
    MAC_FILE,
    PBX,
    SPARE,
    Booted,
    booted,
)

TIMEOUTS = Timeouts(connect=10, read=10, total=30)


async def poll(phone: Booted, password: str) -> Observation:
    login = Credentials(username="admin", password=password)
    target = Target.parse(phone.phone.host, credentials=login)
    async with PhoneClient(timeouts=TIMEOUTS, retry_pause=0.01) as client:
        observer = Observer(
            client=client, words=words_with({}), clock=lambda: datetime(2026, 11, 25, tzinfo=UTC)
        )
        return (await observer.observe(1, target, Seen())).observation


async def test_a_poll_reads_what_came_of_the_files():
    text = LINE + BACKUP + "sip line2 user name: 1002\nsip line2 registrar ip: spare.example\n"
    files = {"aastra.cfg": "admin password: 4711\n", MAC_FILE: text}
    down = replace(PBX, state=RegistrarState.DOWN)
    async with file_server(files) as server, booted(server, down, SPARE) as phone:
        await phone.until_line("registered", None, True)
        await phone.device.until(lambda _: phone.phone.spec.lines[1].code == 404)
        seen = await poll(phone, "4711")
    assert seen.facts
    assert (seen.facts.mac, seen.facts.model) == (MAC, "6753i")
    one, two = seen.facts.lines
    assert (one.registration, one.backup) == (Registration.REGISTERED, True)
    assert (two.registration, two.code, two.backup) == (Registration.FAILED, 404, False)


async def test_a_new_password_in_the_files_locks_the_old_one_out_after_the_boot():
    async with file_server({"aastra.cfg": "# nothing\n"}) as server, booted(server) as phone:
        assert (await poll(phone, "22222")).reach is Reach.OK
        server.put("aastra.cfg", "!admin password: 4711\n")
        assert (await poll(phone, "22222")).reach is Reach.OK
        phone.device.reboot()
        await phone.until_boots(2)
        assert (await poll(phone, "22222")).reason is Reason.WRONG_PASSWORD
        assert (await poll(phone, "4711")).reach is Reach.OK
