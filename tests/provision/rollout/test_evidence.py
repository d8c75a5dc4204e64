"""What polls and pushes say about the lines of a phone that is to prove itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fleet.model import Credentials, LastPush, Phone, Reach, Registration
from fleet.provision.lines import IntendedLine
from fleet.provision.rollout.evidence import losses, pushes_by_line, wrongs
from fleet.store import LineStatus, PhoneStatus, StoredPhone
from tests.store.fleets import line

AT = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NO_LOGIN = Credentials(username="", password="")


def status(*states: Registration, reach: Reach = Reach.OK, detail: str = "") -> PhoneStatus:
    """A phone whose line N has the user 10NN, polled at `AT`."""
    lines = (LineStatus(line=line(n, state), since=AT) for n, state in enumerate(states, 1))
    return PhoneStatus(
        stored=StoredPhone(id=1, phone=Phone(host="10.0.0.1")),
        reach=reach,
        detail=detail,
        observed_at=AT,
        lines=tuple(lines),
    )


def intended(*users: str) -> list[IntendedLine]:
    return [IntendedLine(number=n, user=user, login=NO_LOGIN) for n, user in enumerate(users, 1)]


def push(user: str, after: int = 1, **fields: object) -> LastPush:
    return LastPush(phone_id=1, user=user, at=AT + after * SECOND, **fields)  # type: ignore[arg-type]


GOOD, BAD = Registration.REGISTERED, Registration.FAILED


@pytest.mark.parametrize(
    ("users", "shown", "user", "number"),
    [
        (["1001", "1002"], [GOOD, GOOD], "1002", 2),
        (["1001", "1002"], [], "1001", 1),
        (["1001", "1001"], [], "1001", None),
        (["1003", "1002"], [GOOD, GOOD], "1001", None),
        (["1002", "1003"], [GOOD, GOOD], "1002", None),
        (["", "1002"], [], "", None),
    ],
    ids=[
        "as it is shown",
        "not shown yet",
        "two lines of one user",
        "not intended any more",
        "still shown on another line",
        "no user",
    ],
)
def test_a_push_is_of_a_line_whose_user_names_it_for_sure(
    users: list[str], shown: list[Registration], user: str, number: int | None
) -> None:
    told = push(user, registered=True)
    found = list(pushes_by_line(status(*shown), intended(*users), [told]))
    assert found == ([] if number is None else [(number, told)])


@pytest.mark.parametrize(
    ("states", "sentences"),
    [
        ([GOOD, GOOD], []),
        ([GOOD], ["line 2 is not shown"]),
        ([GOOD, BAD], ["line 2 is failed"]),
        ([GOOD, Registration.UNREGISTERED], ["line 2 is unregistered"]),
        ([GOOD, Registration.UNKNOWN], ["line 2 is unknown"]),
    ],
)
def test_every_intended_line_has_to_be_registered(
    states: list[Registration], sentences: list[str]
) -> None:
    assert list(wrongs(status(*states), [1, 2])) == sentences


def test_a_phone_that_cannot_be_read_says_why() -> None:
    gone = status(GOOD, reach=Reach.UNREACHABLE, detail="No answer.")
    assert list(wrongs(gone, [1])) == ["No answer"]


def test_a_loss_counts_if_it_is_newer_than_the_poll() -> None:
    said = {
        2: push("1002", registered=False, code=403),
        1: push("1001", registered=False),
        3: push("1003", registered=True),
        4: push("1004", after=0, registered=False),
        5: push("1005"),
    }
    assert list(losses(status(GOOD), said)) == [
        "the phone reports that line 1 is not registered",
        "the phone reports that line 2 is not registered (403)",
    ]
