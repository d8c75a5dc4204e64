"""`fleet explain`: the evidence, and which page it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.steps import REFUSED, Simulate, done, imported, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


def test_the_page_of_a_phone_in_order_is_its_good_one(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1, REFUSED)])
    imported(fleet, phones)
    done(fleet, "poll")
    phones.set(0, behaviour="session_expired")
    done(fleet, "poll")
    failed = done(fleet, "explain", "phone1", "--page")
    phones.set(0, behaviour="healthy")
    done(fleet, "poll")

    good = done(fleet, "explain", "phone1", "--page")

    assert "1002@pbx.example" in good
    assert "1002@pbx.example" not in failed
    assert done(fleet, "explain", "phone1", "--good-page") == good
    assert done(fleet, "explain", "phone1", "--failed-page") == failed


def test_a_page_that_is_not_kept_is_an_error(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1)]))

    for words in (["--page"], ["--good-page"], ["--failed-page"]):
        ran = fleet("explain", "phone1", *words)
        assert (ran.code, ran.out) == (3, "")
        assert "page of phone1" in ran.err


def test_the_evidence_names_the_command_that_shows_it(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1, name="front desk")]))
    done(fleet, "poll")

    assert "fleet explain 'front desk' --good-page" in done(fleet, "explain", "front desk")


def test_of_a_phone_that_was_never_polled_no_rule_could_look(
    fleet: Fleet, simulated: Simulate
) -> None:
    imported(fleet, simulated([spec(1)]))

    assert "Unknown: the phone has not been polled yet." in done(fleet, "explain", "phone1")
