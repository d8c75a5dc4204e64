"""Who answered where."""

from hypothesis import given
from hypothesis import strategies as st

from fleet.sweep.reconcile import Claim, new_hosts, settle


def test_a_known_mac_at_another_host_moves_its_phone() -> None:
    claims = [Claim(phone_id=2, host="h", mac="A")]

    settled = settle(claims, owners={"A": 1, "B": 2}, at_home=set())

    assert settled.moved == {1: 2}
    assert not settled.conflicts
    assert not settled.strangers


def test_a_mac_that_also_answers_at_home_is_a_conflict_and_moves_nothing() -> None:
    claims = [Claim(phone_id=2, host="h", mac="A")]

    settled = settle(claims, owners={"A": 1}, at_home={"A"})

    assert settled.conflicts == claims
    assert not settled.moved


def test_a_mac_at_two_hosts_is_a_conflict_and_moves_nothing() -> None:
    claims = [Claim(phone_id=2, host="h", mac="A"), Claim(phone_id=3, host="h", mac="A")]

    settled = settle(claims, owners={"A": 1}, at_home=set())

    assert settled.conflicts == claims
    assert not settled.moved


def test_a_mac_that_nobody_has_is_a_stranger() -> None:
    claims = [Claim(phone_id=2, host="h", mac="Z")]

    assert settle(claims, owners={"A": 1}, at_home=set()).strangers == claims


def test_phones_that_swapped_addresses_swap_hosts() -> None:
    assert new_hosts({1: 2, 2: 1}, {1: "h1", 2: "h2"}) == {1: "h2", 2: "h1"}


def test_a_displaced_phone_is_given_the_host_that_became_free() -> None:
    assert new_hosts({1: 2}, {1: "h1", 2: "h2"}) == {1: "h2", 2: "h1"}


@given(st.permutations(range(6)), st.integers(0, 6))
def test_no_host_and_no_phone_is_ever_lost(places: list[int], movers: int) -> None:
    moved = {phone: places[phone] for phone in range(movers) if places[phone] != phone}
    hosts = {phone: f"h{phone}" for phone in range(6)}

    after = hosts | new_hosts(moved, hosts)

    assert sorted(after.values()) == sorted(hosts.values())
    assert all(after[phone] == hosts[place] for phone, place in moved.items())
