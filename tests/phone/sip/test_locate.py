from __future__ import annotations

from typing import TYPE_CHECKING

import dns.rdata
import pytest
from dns.rdtypes.IN.SRV import SRV
from hypothesis import given
from hypothesis import strategies as st

from fleet.phone.sip.locate import Names, Place, in_order
from fleet.phone.sip.no_answer import NoAnswer, Unanswered
from fleet.phone.sip.query import ask_options
from fleet.phone.sip.transport import Peer, Transport
from tests.phone.sip.name_server import name_server
from tests.phone.sip.peers import PATIENT, SipClient, says, udp_peer

if TYPE_CHECKING:
    from collections.abc import Callable

UDP = "_sip._udp.localhost."
TCP = "_sip._tcp.localhost."
TLS = "_sips._tcp.localhost."


async def places_of(
    peer: Peer, records: dict[str, list[str]], draw: Callable[[], float] = lambda: 0.0
) -> tuple[Place, ...]:
    async with name_server(records) as server:
        return await Names(server, draw=draw).places(peer, wait=5)


async def place_of(peer: Peer, records: dict[str, list[str]]) -> Place:
    """The one place; a name of the loopback may have an address of IPv6 besides."""
    places = [place for place in await places_of(peer, records) if place.address != "::1"]
    (place,) = places
    return place


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


@pytest.mark.parametrize(
    ("transport", "port"),
    [(Transport.UDP, 5072), (Transport.TCP, 5080), (Transport.TLS, 5091)],
)
@pytest.mark.parametrize("given", [0, None])
async def test_a_name_without_a_port_is_looked_up_as_the_phone_does(
    transport: Transport, port: int, given: int | None
) -> None:
    records = {
        UDP: ["0 0 5072 localhost."],
        TCP: ["0 0 5080 localhost."],
        TLS: ["0 0 5091 localhost."],
    }
    peer = Peer(host="localhost", port=given, transport=transport)
    assert await place_of(peer, records) == Place(address="127.0.0.1", port=port)


@pytest.mark.parametrize(("transport", "port"), [(Transport.UDP, 5060), (Transport.TLS, 5061)])
async def test_a_name_without_a_service_record_is_asked_at_the_usual_port(
    transport: Transport, port: int
) -> None:
    peer = Peer(host="localhost", transport=transport)
    assert await place_of(peer, {}) == Place(address="127.0.0.1", port=port)


def record(text: str) -> SRV:
    found = dns.rdata.from_text("IN", "SRV", text)
    assert isinstance(found, SRV)
    return found


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [(0.0, [3, 1, 2, 9]), (0.01, [3, 1, 2, 9]), (0.3, [1, 2, 3, 9]), (0.99, [2, 1, 3, 9])],
)
def test_the_first_of_equals_is_drawn_by_weight(drawn: float, expected: list[int]) -> None:
    records = map(record, ["20 90 9 z.", "10 30 1 b.", "10 60 2 c.", "10 0 3 a."])
    assert [each.port for each in in_order(records, lambda: drawn)] == expected


@given(
    st.lists(st.tuples(*(st.integers(0, 65_535) for _ in range(3))), max_size=12),
    st.floats(0, 1, exclude_max=True),
)
def test_every_record_comes_once_and_by_priority(
    records: list[tuple[int, int, int]], drawn: float
) -> None:
    made = [record(f"{priority} {weight} {port} a.") for priority, weight, port in records]
    ordered = list(in_order(made, lambda: drawn))
    assert sorted(each.to_text() for each in ordered) == sorted(each.to_text() for each in made)
    assert [each.priority for each in ordered] == sorted(each.priority for each in made)


async def test_all_servers_of_a_name_are_given_in_their_order_and_each_once() -> None:
    records = {UDP: ["20 0 5071 127.0.0.2.", "10 0 5072 localhost.", "30 0 5072 localhost."]}
    places = await places_of(Peer(host="localhost"), records)
    assert [str(place) for place in places if place.address != "::1"] == [
        "127.0.0.1:5072",
        "127.0.0.2:5071",
    ]


async def test_a_target_that_is_not_known_is_passed_over() -> None:
    records = {UDP: ["10 0 5071 no-such-host.invalid.", "20 0 5072 localhost."]}
    assert (await places_of(Peer(host="localhost"), records))[0].port == 5072


async def test_a_service_that_is_decidedly_not_there_is_not_asked() -> None:
    with pytest.raises(Unanswered) as caught:
        await place_of(Peer(host="localhost"), {UDP: ["0 0 0 ."]})
    assert caught.value.silence is NoAnswer.NAME_NOT_FOUND


async def test_a_name_server_that_is_dead_does_not_matter_for_a_known_host(free_port: int) -> None:
    names = Names(("127.0.0.1", free_port))
    place, *_ = await names.places(Peer(host="localhost"), wait=0.5)
    assert place == Place(address="127.0.0.1", port=5060)


async def test_a_phone_is_found_by_its_service_record() -> None:
    async with udp_peer(says("200 OK")) as running:
        records = {UDP: [f"0 0 {running.port} localhost."]}
        async with name_server(records) as server:
            client = SipClient(timers=PATIENT, names=Names(server))
            answer = await ask_options(client, Peer(host="localhost"))
    assert answer.outcome.accepted
    assert running.asked[0].uri == "sip:localhost"
