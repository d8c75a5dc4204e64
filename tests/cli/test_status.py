"""`fleet status` and `fleet history`: what they count, and what they say of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.steps import LINE, REFUSED, Simulate, done, imported, spec

if TYPE_CHECKING:
    from tests.cli.conftest import Fleet


def test_poll_and_status_count_alike(fleet: Fleet, simulated: Simulate) -> None:
    phones = simulated([spec(1, LINE, REFUSED), spec(2), spec(3, LINE, REFUSED)])
    imported(fleet, phones)
    done(fleet, "poll")
    phones.set(2, behaviour="closes_at_once")

    assert done(fleet, "poll").endswith("Lines flagged: 1.\n")
    assert done(fleet, "status").endswith("3 lines, 1 flagged; 1 phone not read.\n")
    assert done(fleet, "status", "--flagged").endswith("1 line flagged; 1 phone not read.\n")


def test_a_phone_that_was_never_polled_is_no_line(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1)]))

    out = done(fleet, "status")

    assert "not polled yet  " in out
    assert out.endswith("0 lines, 0 flagged; 1 phone not polled yet.\n")


@pytest.mark.parametrize("words", [["status"], ["poll"], ["inventory", "list"]])
def test_where_there_is_no_phone_the_next_step_is_told(words: list[str], fleet: Fleet) -> None:
    assert "fleet.db: run fleet inventory import FILE." in done(fleet, *words)


def test_a_line_without_history_is_named(fleet: Fleet, simulated: Simulate) -> None:
    imported(fleet, simulated([spec(1)]))

    assert "no history yet" in done(fleet, "history", "phone1")
    done(fleet, "poll")
    assert done(fleet, "history", "phone1", "--line", "9") == (
        "phone1 has no line 9 in its history.\n"
    )


@pytest.mark.parametrize(
    "words", [["status", "--at", "2999-01-01"], ["history", "phone1", "--since", "2999-01-01"]]
)
def test_what_is_to_come_cannot_be_asked(words: list[str], fleet: Fleet) -> None:
    ran = fleet(*words)

    assert (ran.code, ran.out) == (2, "")
    assert "is in the future" in ran.err
