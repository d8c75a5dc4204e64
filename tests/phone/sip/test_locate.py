from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rrset
import pytest

from fleet.phone.sip.locate import Names, Place
from fleet.phone.sip.peer import Peer, Transport
from fleet.phone.sip.query import ask_options
from fleet.phone.sip.silence import Silence, Unanswered
from tests.phone.sip.peers import PATIENT, SipClient, says, udp_peer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

UDP = "_sip._udp.localhost."
TCP = "_sip._tcp.localhost."


@asynccontextmanager
async def name_server(records: dict[str, list[str]]) -> AsyncIterator[tuple[str, int]]:
    """A name server that knows these SRV records; where it knows none it says so."""

    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            query = dns.message.from_wire(data)
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            found = records.get(query.question[0].name.to_text())
            if found:
                answer.answer.append(
                    dns.rrset.from_text_list(query.question[0].name, 60, "IN", "SRV", found)
                )
            else:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.transport.sendto(answer.to_wire(), addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[:2]
    finally:
        transport.abort()
        await asyncio.sleep(0)


async def place_of(peer: Peer, records: dict[str, list[str]]) -> Place:
    async with name_server(records) as server:
        return await Names(server).locate(peer, wait=5)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (Peer(host="192.0.2.1"), Place(address="192.0.2.1", port=5060)),
        (Peer(host="192.0.2.1", port=0), Place(address="192.0.2.1", port=5060)),
        (Peer(host="192.0.2.1", port=5070), Place(address="192.0.2.1", port=5070)),
        (Peer(host="[2001:db8::1]"), Place(address="2001:db8::1", port=5060)),
        (Peer(host="localhost", port=5070), Place(address="127.0.0.1", port=5070)),
    ],
)
async def test_an_address_or_a_port_asks_no_service_record(peer: Peer, expected: Place) -> None:
    records = {UDP: ["0 0 9999 localhost."]}
    assert await place_of(peer, records) == expected


@pytest.mark.parametrize(("transport", "port"), [(Transport.UDP, 5072), (Transport.TCP, 5080)])
@pytest.mark.parametrize("given", [0, None])
async def test_a_name_without_a_port_is_looked_up_as_the_phone_does(
    transport: Transport, port: int, given: int | None
) -> None:
    records = {
        UDP: ["20 90 5071 localhost.", "10 1 5073 localhost.", "10 9 5072 localhost."],
        TCP: ["0 0 5080 localhost."],
    }
    peer = Peer(host="localhost", port=given, transport=transport)
    assert await place_of(peer, records) == Place(address="127.0.0.1", port=port)


async def test_a_name_without_a_service_record_is_asked_at_5060() -> None:
    assert await place_of(Peer(host="localhost"), {}) == Place(address="127.0.0.1", port=5060)


async def test_a_service_that_is_decidedly_not_there_is_not_asked() -> None:
    with pytest.raises(Unanswered) as caught:
        await place_of(Peer(host="localhost"), {UDP: ["0 0 0 ."]})
    assert caught.value.silence is Silence.NAME_NOT_FOUND


async def test_a_name_server_that_is_dead_does_not_matter_for_a_known_host(free_port: int) -> None:
    names = Names(("127.0.0.1", free_port))
    place = await names.locate(Peer(host="localhost"), wait=0.5)
    assert place == Place(address="127.0.0.1", port=5060)


async def test_a_phone_is_found_by_its_service_record() -> None:
    async with udp_peer(says("200 OK")) as running:
        records = {UDP: [f"0 0 {running.port} localhost."]}
        async with name_server(records) as server:
            client = SipClient(timers=PATIENT, names=Names(server))
            answer = await ask_options(client, Peer(host="localhost"))
    assert answer.outcome.accepted
    assert running.asked[0].uri == "sip:localhost"
