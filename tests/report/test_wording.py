"""Counts, lengths of time and states in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fleet.report.wording import ago, counted, lasting, line_state, reach_state

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (45, "45 s"),
        (59.7, "1 min"),
        (1_380, "23 min"),
        (3_600, "1 h"),
        (7_260, "2 h 1 min"),
        (86_460, "1 d"),
        (172_800, "2 d"),
        (273_660, "3 d 4 h"),
    ],
)
def test_a_length_of_time_has_its_largest_unit_and_the_next(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "120 min"),
        (7_200, "2 h"),
        (200_000, "2 d"),
    ],
)
def test_a_moment_is_so_long_ago(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_moment_after_now_is_no_time_ago_and_none_is_nothing() -> None:
    assert (ago(NOW + timedelta(hours=1), NOW), ago(None, NOW)) == ("0 s", "")


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 phones"), (1, "1 phone"), (2, "2 phones"), (1234, "1,234 phones")]
)
def test_things_are_counted(number: int, words: str) -> None:
    assert counted(number, "phone") == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("registered", None, "no", ""), "registered"),
        (("registered", None, "yes", "Registered"), "on backup"),
        (("failed", 401, "no", "401"), "failed 401"),
        (("failed", 503, "yes", ""), "failed 503 (backup)"),
        (("unknown", None, "", "Registering"), "unknown: Registering"),
        (("unregistered", None, "", "Unregistered"), "unregistered"),
    ],
)
def test_a_line_has_its_state(line: tuple[str, int | None, str, str], words: str) -> None:
    assert line_state(*line) == words


def test_a_phone_has_its_reach_and_reason() -> None:
    assert reach_state("ok", "") == "ok"
    assert reach_state("refused", "forbidden") == "refused: forbidden"
