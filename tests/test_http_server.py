"""Who may have a connection when there are few: no address takes what another needs."""

from __future__ import annotations

import resource

import pytest

from fleet import descriptors
from fleet.http_server import Connection, Connections, source_of


def admitted(connections: Connections, address: str, ended: list[str]) -> Connection | None:
    place = connections.admit(address)
    if place is not None:
        place.end = lambda: ended.append(address)
    return place


def test_one_address_has_its_share_and_no_more() -> None:
    connections = Connections(10, 3)
    places = [connections.admit("10.0.0.1") for _ in range(4)]
    assert [place is not None for place in places] == [True, True, True, False]
    assert connections.admit("10.0.0.2") is not None
    assert places[0] is not None
    places[0].leave()
    places[0].leave()
    assert [connections.admit("10.0.0.1") is not None for _ in range(2)] == [True, False]


def test_where_all_places_are_taken_the_address_with_most_makes_room() -> None:
    ended: list[str] = []
    connections = Connections(6, 4)
    for address in ("10.0.0.1",) * 2 + ("10.0.0.2",) * 4:
        assert admitted(connections, address, ended)
    assert admitted(connections, "10.0.0.3", ended)
    assert admitted(connections, "10.0.0.3", ended)
    assert ended == ["10.0.0.2"] * 2
    assert not admitted(connections, "10.0.0.3", ended)  # nobody has more than it has


def test_it_loses_the_one_that_waits_longest_for_a_request() -> None:
    ended: list[int] = []
    connections = Connections(3, 3)
    for number in range(3):
        place = connections.admit("10.0.0.1")
        assert place is not None
        place.end = lambda number=number: ended.append(number)
        place.is_busy = number == 0
    assert connections.admit("10.0.0.2")
    assert ended == [1]


def test_a_proxy_is_bounded_by_the_total_alone() -> None:
    connections = Connections(5, 2, lambda address: address == "10.0.0.1")
    assert all(connections.admit("10.0.0.1") for _ in range(5))
    assert not connections.admit("10.0.0.1")
    assert not connections.admit("10.0.0.2")


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1:2:3", "2001:db8::"),
        ("2001:db8:0:1::9", "2001:db8:0:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("no:address", "no:address"),
    ],
)
def test_a_network_of_ipv6_is_one_source(address: str, source: str) -> None:
    assert source_of(address) == source


def test_servers_take_a_part_of_the_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    for soft, expected in ((1024, 256), (64, 16), (100_000, 5000), (2, 1)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, soft=soft: (soft, soft))
        assert descriptors.share(0.25, 5000) == expected
    unlimited = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _: (unlimited, unlimited))
    assert descriptors.share(0.25, 5000) == 5000


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ((1024, 524_288), (65_536, 524_288)),
        ((1024, 4096), (4096, 4096)),
        ((256, resource.RLIM_INFINITY), (65_536, resource.RLIM_INFINITY)),
        ((100_000, 524_288), None),
        ((4096, 4096), None),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_it_may(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised: tuple[int, int] | None
) -> None:
    done: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: done.append(limit))
    descriptors.raise_limit()
    assert done == ([raised] if raised else [])
