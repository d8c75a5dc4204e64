"""The simulator serves what its specifications say, at the places it names."""

import asyncio
import contextlib
import ssl

import pytest

from fleet.errors import FleetError, UsageError
from fleet.model import Registration
from fleet.simulator import LineSpec, PhoneSpec, Simulator
from fleet.simulator.addresses import whole_loopback
from tests.simulator.cases import CASES
from tests.simulator.conftest import basic, hear, old_and_new_tls


def phones(*behaviours: str) -> list[PhoneSpec]:
    return [PhoneSpec(behaviour=name) for name in behaviours]


async def test_each_phone_answers_at_its_own_host_with_its_own_lines(own_ports):
    specs = [
        PhoneSpec(lines=(LineSpec(number=1, user=f"20{n}", registrar="pbx.example"),))
        for n in range(5)
    ]
    async with Simulator(specs, own_ports=own_ports) as simulator:
        assert len(set(simulator.hosts)) == 5
        for number, phone in enumerate(simulator.phones):
            assert f"<td>20{number}@pbx.example:5060</td>" in (await hear(phone)).body


async def test_phones_share_a_port_where_they_have_addresses_of_their_own():
    if not whole_loopback():
        pytest.skip("this system has only 127.0.0.1")
    async with Simulator(phones("healthy", "healthy", "french")) as simulator:
        assert len({phone.port for phone in simulator.phones}) == 1
        assert [phone.address for phone in simulator.phones] == [
            "127.16.0.1",
            "127.16.0.2",
            "127.16.0.3",
        ]


async def test_a_call_to_an_address_without_a_phone_is_dropped():
    if not whole_loopback():
        pytest.skip("this system has only 127.0.0.1")
    async with Simulator(phones("healthy")) as simulator:
        reader, writer = await asyncio.open_connection("127.99.0.1", simulator.phone(0).port)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.transport.abort()


async def test_the_page_says_model_mac_firmware_and_every_state(own_ports):
    lines = (
        LineSpec(number=1, user="1", registrar="a.example", backup=True),
        LineSpec(
            number=2, user="2", registrar="a.example", registration=Registration.FAILED, code=503
        ),
        LineSpec(number=3, user="3", registrar="a.example", registration=Registration.UNREGISTERED),
    )
    spec = PhoneSpec(model="6757i", mac="00:08:5D:AA:BB:CC", firmware="3.2.2.56", lines=lines)
    async with Simulator([spec], own_ports=own_ports) as simulator:
        body = (await hear(simulator.phone(0))).body
    for row in (
        "<td>MAC Address</td><td>00:08:5D:AA:BB:CC</td>",
        "<td>Platform</td><td>6757i</td>",
        "<td>Firmware Version</td><td>3.2.2.56</td>",
        "<td>1</td><td>1@a.example:5060</td><td>Registered</td><td>Yes</td>",
        "<td>2</td><td>2@a.example:5060</td><td>503</td><td>No</td>",
        "<td>3</td><td>3@a.example:5060</td><td>Unregistered</td><td>No</td>",
    ):
        assert row in body


async def test_a_phone_without_the_right_login_asks_for_it():
    async with Simulator(phones("healthy")) as simulator:
        phone = simulator.phone(0)
        none = await hear(phone, login="")
        wrong = await hear(phone, login=basic("admin", "33333"))
        any_case = await hear(phone, login=basic("ADMIN", "22222"))
        assert (none.status, wrong.status, any_case.status) == (401, 401, 200)
        assert b'WWW-Authenticate: Basic realm="Aastra 6753i"' in none.data
        assert phone.record.challenges == 2
        assert phone.record.wrong_credentials == 1


async def test_the_record_knows_what_nobody_should_have_asked():
    async with Simulator(phones("healthy")) as simulator:
        phone = simulator.phone(0)
        await hear(phone, "/")
        await hear(phone, "/reset.html?resetOption=1")
        await hear(phone, method="POST")
        record = phone.record
        assert record.requests == 3
        assert record.forbidden_paths == ("/reset.html",)
        assert record.forbidden_methods == ("POST",)
        assert record.query_strings == 1
        assert record.authorizations == 3


async def test_the_record_counts_connections_at_the_same_time():
    async with Simulator(phones("hangs_when_connected")) as simulator:
        phone = simulator.phone(0)
        await asyncio.gather(*(hear(phone, patience=0.3) for _ in range(3)))
        assert (phone.record.most_open, phone.record.connections) == (3, 3)
        phone.record.clear()
        assert (phone.record.connections, phone.record.requests) == (0, 0)


async def test_redirects_point_to_a_trap_that_records_its_visitors(own_ports):
    async with Simulator(
        phones("to_another_host"), own_ports=own_ports, behaviours=CASES
    ) as simulator:
        trap = simulator.trap
        answer = await hear(simulator.phone(0))
        assert f"Location: http://{trap.address}:{trap.port}/".encode() in answer.data
        assert trap.record.connections == 0
        await hear(trap)
        assert (trap.record.requests, trap.record.authorizations) == (1, 1)


async def test_a_phone_can_be_changed_while_it_runs():
    async with Simulator(phones("healthy")) as simulator:
        phone = simulator.phone(0)
        assert "Registered" in (await hear(phone)).body
        simulator.set(0, language="fr")
        assert "Enregistré" in (await hear(phone)).body
        simulator.set(0, password="4711")
        assert (await hear(phone, login=basic("admin", "22222"))).status == 401
        simulator.set(0, behaviour="answers_503")
        assert (await hear(phone)).status == 503
        simulator.set(0, behaviour="off")
        assert (await hear(phone)).data == b""
        simulator.set(0, behaviour="healthy")
        assert (await hear(phone)).status == 200


async def test_what_cannot_be_set_is_refused():
    async with Simulator(phones("healthy")) as simulator:
        with pytest.raises(UsageError, match="healthy"):
            simulator.set(0, behaviour="helthy")
        with pytest.raises(UsageError, match="start"):
            simulator.set(0, behaviour="https")
        with pytest.raises(TypeError):
            simulator.set(0, colour="blue")
        assert (await hear(simulator.phone(0))).status == 200


async def test_a_phone_with_a_delay_says_nothing_before_it_is_over():
    async with Simulator([PhoneSpec(delay=600), PhoneSpec(delay=0.01)]) as simulator:
        assert (await hear(simulator.phone(1))).status == 200
        assert (await hear(simulator.phone(0), patience=0.1)).data == b""
        assert simulator.phone(0).record.connections == 1


async def test_a_phone_that_is_off_refuses_connections(own_ports):
    async with Simulator(phones("off", "off", "healthy"), own_ports=own_ports) as simulator:
        assert len(set(simulator.hosts)) == 3
        for phone in simulator.phones[:2]:
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(phone.address, phone.port)
        assert (await hear(simulator.phone(2))).status == 200


async def test_an_unplugged_phone_lets_connections_hang():
    async with Simulator(phones("unplugged")) as simulator:
        assert await hear(simulator.phone(0), patience=0.3) == await hear(
            simulator.phone(0), patience=0.1
        )
        assert simulator.phone(0).record.connections == 0


async def test_https_phones_speak_tls_of_their_time(own_ports):
    async with Simulator(phones("https", "https_legacy"), own_ports=own_ports) as simulator:
        assert all(host.startswith("https://") for host in simulator.hosts)
        for phone, versions in zip(
            simulator.phones, ({"TLSv1.2", "TLSv1.3"}, {"TLSv1"}), strict=True
        ):
            assert (await hear(phone)).status == 200
            _, writer = await asyncio.open_connection(
                phone.address, phone.port, ssl=old_and_new_tls()
            )
            assert writer.get_extra_info("ssl_object").version() in versions
            writer.transport.abort()


async def test_a_legacy_phone_tells_newer_clients_that_it_is_too_old():
    async with Simulator(phones("https_legacy")) as simulator:
        phone = simulator.phone(0)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            await asyncio.open_connection(phone.address, phone.port, ssl=context)
        assert phone.record.connections == 0


async def test_certificates_can_be_renewed():
    async def certificate(phone) -> bytes:
        _, writer = await asyncio.open_connection(phone.address, phone.port, ssl=old_and_new_tls())
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return shown

    async with Simulator(phones("https")) as simulator:
        phone = simulator.phone(0)
        before = await certificate(phone)
        assert await certificate(phone) == before
        simulator.renew_certificates()
        assert await certificate(phone) != before


async def test_plain_phones_answer_a_tls_greeting_with_plain_http():
    async with Simulator(phones("healthy")) as simulator:
        phone = simulator.phone(0)
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection(phone.address, phone.port, ssl=old_and_new_tls())
        assert phone.record.requests == 0


async def test_a_taken_port_is_an_error_that_says_so():
    async with Simulator(phones("healthy"), own_ports=True) as simulator:
        taken = simulator.phone(0).port
        with pytest.raises(FleetError, match="port"):
            async with Simulator(phones("healthy"), port=taken, own_ports=True):
                pass


async def test_a_thousand_phones_are_one_socket_away():
    specs = [PhoneSpec(mac=f"00:08:5D:00:{n // 256:02X}:{n % 256:02X}") for n in range(1000)]
    async with Simulator(specs) as simulator:
        picked = simulator.phones[::50]
        heard = await asyncio.gather(*(hear(phone) for phone in picked))
        for phone, answer in zip(picked, heard, strict=True):
            assert phone.spec.mac in answer.body


def test_every_behaviour_of_tls_names_its_scheme():
    for name, behaviour in CASES.items():
        assert behaviour.scheme in {"http", "https"}, name
