"""A phone boots as facts/provisioning 1 says: files, their order, their effect, what is kept."""

from __future__ import annotations

import pytest

from fleet.phone.config_file import Parameter
from fleet.simulator import BootSpec, FirmwareCheck, PhoneSpec, Simulator
from tests.simulator.boot.file_server import file_server
from tests.simulator.boot.phones import LINE, MAC, MAC_FILE, PBX, Booted, HandClock, booted, within
from tests.simulator.conftest import hear

AGENT = "Aastra53i MAC:00-08-5D-12-64-11 V:3.3.1.4365-SIP"
ONE_LINE = {"aastra.cfg": "# nothing\n", MAC_FILE: LINE}


async def test_the_files_are_asked_for_in_the_phones_order_and_under_its_name():
    files = {"aastra.cfg": "language 1: lang_de.txt\n", MAC_FILE: LINE}
    async with file_server(files) as server, booted(server):
        pass
    names = [request.name for request in server.requests]
    assert names == ["aastra.cfg", "53i.cfg", MAC_FILE, "53i.st", "lang_de.txt"]
    assert {request.headers["user-agent"] for request in server.requests} == {AGENT}
    assert {request.headers["accept-language"] for request in server.requests} == {"en"}
    assert {request.source for request in server.requests} <= {"127.16.0.1", "127.0.0.1"}


async def test_a_phone_may_ask_for_the_long_name_and_for_encrypted_files_and_name_its_modules():
    chosen = {"model_file": "6753i.cfg", "encrypted": True, "modules": ("536M",)}
    async with file_server(ONE_LINE) as server, booted(server, **chosen):
        pass
    names = [request.name for request in server.requests]
    assert names[:4] == ["security.tuz", "aastra.tuz", "aastra.cfg", "6753i.cfg"]
    assert server.requests[0].headers["x-aastra-expmod1"] == "536M"


@pytest.mark.parametrize("content", [None, "", " \n\n"])
async def test_without_something_in_the_global_file_a_phone_does_not_go_on(content):
    async with file_server({MAC_FILE: LINE}) as server:
        if content is not None:
            server.put("aastra.cfg", content)
        async with booted(server) as phone:
            assert phone.device.record.stopped.startswith("aastra.cfg")
            assert phone.phone.spec.lines == ()
    assert MAC_FILE not in server.asked


async def test_the_last_file_decides_and_locks_beat_what_is_set_on_the_phone():
    files = {
        "aastra.cfg": "time server1: a\n!time server2: a\ntime server3: a\n!date format: 1\n",
        "53i.cfg": "time server1: b\n",
        MAC_FILE: "date format: 2\n^time format: 1\n",
    }
    local = tuple(
        Parameter(name=name, value="local")
        for name in ("time server2", "time server3", "date format", "time format", "tone set")
    )
    async with file_server(files) as server, booted(server, local=local) as phone:
        values = phone.device.configuration
        told = {f"time server{n}": values.text(f"time server{n}") for n in (1, 2, 3)}
        assert told == {"time server1": "b", "time server2": "a", "time server3": "local"}
        assert values.text("date format") == "local"  # the lock went with the last file
        assert values.text("time format") == "1"
        assert values.text("tone set") == "local"
        kept = {parameter.name for parameter in phone.device.flash.local}
    assert kept == {"time server2", "time server3", "date format", "tone set"}


async def test_a_line_registers_and_the_page_tells_it():
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        await phone.until_line("registered", None, False)
        row = phone.phone.spec.lines[0]
        assert (row.number, row.user, row.registrar, row.port) == (1, "1001", "pbx.example", 5060)
        assert phone.pbx.registered == ("1001",)


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ("48151623", "48151623"),
        ("4294967295", "4294967295"),
        ("4294967296", "22222"),
        ("s3cret", "22222"),
        ("", "22222"),
    ],
)
async def test_the_web_uis_password_is_a_number_or_the_factorys(given, holds):
    files = {"aastra.cfg": f"admin password: {given}\n"}
    async with file_server(files) as server, booted(server) as phone:
        assert phone.phone.spec.password == holds


async def test_the_web_ui_speaks_the_language_that_the_files_choose():
    files = {"aastra.cfg": "language 2: lang_fr.txt\nweb language: 2\n", "lang_fr.txt": "x"}
    async with file_server(files) as server, booted(server) as phone:
        assert phone.phone.spec.language == "fr"


async def test_a_server_that_wants_a_login_is_given_the_factorys():
    async with file_server(ONE_LINE) as server:
        server.login = ("aastra", "aastra")
        async with booted(server) as phone:
            await phone.until_line("registered")
    assert [request.status for request in server.requests][:2] == [401, 200]


async def test_another_login_of_the_files_holds_from_the_next_boot_on():
    async with file_server(ONE_LINE) as server:
        server.login = ("aastra", "aastra")
        server.put("aastra.cfg", "http digest username: f1\nhttp digest password: n3w\n")
        async with booted(server) as phone:
            server.login = ("f1", "n3w")
            phone.device.reboot()
            await phone.until_boots(2)
            assert phone.device.record.stopped == ""


async def test_a_phone_that_is_not_let_in_lives_on_with_what_it_had():
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        server.login = ("somebody", "else")
        phone.device.reboot()
        await phone.until_boots(2)
        assert phone.device.record.stopped == "aastra.cfg: 401"
        await phone.until_line("registered")


async def test_a_file_that_is_gone_is_none_and_one_that_fails_is_the_old():
    async with (
        file_server(ONE_LINE | {"53i.cfg": "tone set: Germany\n"}) as server,
        booted(server) as phone,
    ):
        server.broken.add(MAC_FILE)
        del server.files["53i.cfg"]
        phone.device.reboot()
        await phone.until_boots(2)
        assert phone.device.configuration.text("tone set") == ""
        await phone.until_line("registered")


async def test_a_chunked_answer_is_none():
    async with file_server(ONE_LINE) as server:
        server.chunked = True
        async with booted(server) as phone:
            assert phone.device.record.stopped == "aastra.cfg: a chunked answer"


async def test_nobody_at_the_server_is_no_fault():
    async with file_server() as server:
        pass
    async with booted(server) as phone:
        assert phone.device.record.stopped == "aastra.cfg: no answer"
        assert phone.device.has_web_ui


async def test_a_phone_without_any_configuration_tries_again():
    async with file_server() as server, booted(server, retry=60) as phone:
        server.files |= {name: text.encode() for name, text in ONE_LINE.items()}
        await phone.until_line("registered")


@pytest.mark.parametrize("how", [FirmwareCheck.GET, FirmwareCheck.HEAD])
async def test_other_firmware_is_taken_once(how):
    async with (
        file_server(ONE_LINE | {"53i.st": "version 3.3.1.5089 of it"}) as server,
        booted(server, firmware=how) as phone,
    ):
        assert phone.phone.spec.firmware == "3.3.1.5089"
        assert phone.device.record.flashed == 1
        phone.device.reboot()
        await phone.until_boots(2)
        assert phone.device.record.flashed == 1
        server.put("53i.st", "version 3.3.1.4365, the old one")
        phone.device.reboot()
        await phone.until_boots(3)
        assert phone.phone.spec.firmware == "3.3.1.4365"
    agents = [request.headers["user-agent"].rpartition(":")[2] for request in server.requests]
    assert (agents[0], agents[-1]) == ("3.3.1.4365-SIP", "3.3.1.4365-SIP")
    assert "3.3.1.5089-SIP" in agents
    heads = [request for request in server.requests if request.method == "HEAD"]
    assert bool(heads) is (how is FirmwareCheck.HEAD)


async def test_the_firmware_that_runs_is_not_taken():
    async with (
        file_server(ONE_LINE | {"53i.st": "version 3.3.1.4365"}) as server,
        booted(server) as phone,
    ):
        assert phone.device.record.flashed == 0


async def test_a_server_that_gives_other_firmware_each_time_is_left_after_three():
    async with file_server(ONE_LINE) as server:
        given = server.answer

        def answer(request):
            server.put("53i.st", f"version 3.3.1.{len(server.requests)}")
            return given(request)

        server.answer = answer  # type: ignore[method-assign]
        async with booted(server) as phone:
            assert phone.device.record.flashed == 3


async def test_a_fast_reboot_does_not_look_at_the_firmware():
    async with (
        file_server(ONE_LINE | {"53i.st": "version 3.3.1.4365"}) as server,
        booted(server) as phone,
    ):
        phone.device.reboot(fast=True)
        await phone.until_boots(2)
    assert server.asked["53i.st"] == 1
    assert server.asked[MAC_FILE] == 2


async def test_the_files_may_send_a_phone_to_another_server():
    async with file_server(ONE_LINE) as old, file_server(ONE_LINE) as new:
        old.put(
            "aastra.cfg",
            f"download protocol: HTTP\nhttp server: 127.0.0.1\nhttp port: {new.port}\n"
            "http path: other\n",
        )
        async with booted(old) as phone:
            assert new.requests == []
            phone.device.reboot()
            await phone.until_boots(2)
    assert new.requests[0].path == "/other/aastra.cfg"


async def test_a_busy_phone_puts_a_reset_off_until_it_is_idle():
    async with file_server(ONE_LINE) as server, booted(server) as phone:
        phone.device.busy = True
        phone.device.reboot()
        await phone.until_line("registered")
        assert (phone.device.record.boots, phone.device.up) == (1, True)
        phone.device.busy = False
        await phone.until_boots(2)


async def test_while_a_phone_boots_nobody_is_at_home():
    clock = HandClock()
    async with file_server(ONE_LINE) as server:
        spec = PhoneSpec(mac=MAC, boot=BootSpec(server=server.url, seconds=60))
        async with Simulator([spec], registrars=[PBX], clock=clock) as simulator:
            assert (await hear(simulator.phone(0))).data == b""
            await clock.move(seconds=60)
            await Booted(simulator).until_boots(1)
            assert (await hear(simulator.phone(0))).status == 200
            Booted(simulator).device.reboot()
            await within(simulator.phone(0).device.until(lambda device: device.record.reboots == 1))
            assert (await hear(simulator.phone(0))).data == b""


async def test_a_web_ui_that_is_switched_off_does_not_answer():
    async with (
        file_server({"aastra.cfg": "web interface enabled: 0\n"}) as server,
        booted(server) as phone,
    ):
        assert (await hear(phone.phone)).data == b""
