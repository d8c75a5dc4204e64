"""What is shown on a narrow terminal can still be understood."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from fleet.cli.tables import _state, hanging, print_lines, table
from fleet.report import LineRecord

NAME = "reception-main-entrance-ground-floor-north-wing-left-of-the-window"
NOW = datetime(2026, 11, 25, 4, 11, tzinfo=UTC)
LINE = LineRecord(
    site="", phone="", mac="", host="", model="6753i", firmware="", reach="ok", reason="",
    line=1, account="1002@pbx.hamburg.example.com", user="1002", registrar="", port=None,
    state="failed", code=401, backup="no", status_text="", since=NOW - timedelta(minutes=12),
    observed_at=NOW, flags="line-failed line-flapping",
)  # fmt: skip
HOST = "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:5060"
SAID = f"{HOST} does not answer SIP: check address, port and transport"


def shown(what: object, width: int = 80) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, markup=False).print(what)
    return out.getvalue().splitlines()


def test_what_folds_is_never_cut_and_the_rest_stays_whole() -> None:
    row = (NAME, "failed", "2026-11-25 04:11:27", SAID)
    columns = ("phone", "state", "asked", "what came of it")
    lines = shown(table(columns, [row], folds=("phone", "what came of it")))
    assert all(len(line) <= 80 for line in lines)
    assert "failed" in lines[2]
    assert "2026-11-25 04:11:27" in lines[2]
    left = "".join(line[: lines[2].index("failed")].strip() for line in lines[2:])
    right = "".join(line[lines[0].index("what") :] for line in lines[2:])
    assert left == NAME
    assert re.sub(r"\s", "", right) == re.sub(r"\s", "", SAID)


def test_a_long_line_goes_on_as_far_in_as_it_began() -> None:
    lines = shown(hanging(f"    warning wrong-value: {SAID}"), width=60)
    assert len(lines) > 1
    assert all(line.startswith("    ") and line[4] != " " for line in lines)


def test_where_there_is_room_nothing_is_folded_or_filled_up() -> None:
    assert shown(hanging(f"    {SAID}"), width=10_000) == [f"    {SAID}"]


@pytest.mark.parametrize(
    ("width", "named", "is_whole"),
    [
        (120, ["site", "phone", "host", "line"], True),
        (80, ["site", "phone", "line"], False),
        (64, ["phone", "line"], False),
    ],
)
def test_lines_lose_the_host_first_then_the_site_and_never_the_user(
    width: int, named: list[str], is_whole: bool
) -> None:
    lines = [
        replace(LINE, site="hamburg", phone="workshop", host="10.1.1.21", line=1),
        replace(LINE, site="berlin", phone="hall", host="10.1.1.20", line=12, flags=""),
    ]
    out = io.StringIO()
    print_lines(Console(file=out, width=width, force_terminal=True, color_system=None), lines, NOW)

    printed = out.getvalue()
    assert re.search("^.*phone.*$", printed, re.MULTILINE)[0].split()[: len(named)] == named  # type: ignore[index]
    assert printed.count("1002") == 2
    assert printed.count("1002@pbx.hamburg.example.com") == (2 if is_whole else 0)
    assert printed.count("line-flapping") == 1
    assert max(map(len, printed.splitlines())) <= width


@pytest.mark.parametrize(
    ("state", "code", "backup", "flags", "style"),
    [
        ("registered", None, "no", "", "green"),
        ("registered", None, "yes", "line-on-backup", "yellow"),
        ("registered", None, "no", "account-mismatch", "yellow"),
        ("failed", 403, "yes", "line-failed", "bold red"),
        ("unregistered", None, "no", "line-unregistered", "bold red"),
        ("unknown", None, "no", "line-unknown account-mismatch", "yellow"),
        ("registered", None, "no", "firmware-drift", "cyan"),
        ("registered", None, "yes", "firmware-drift line-failed", "bold red"),
    ],
)
def test_the_colour_of_a_line_follows_the_worst_of_what_flags_it(
    state: str, code: int | None, backup: str, flags: str, style: str
) -> None:
    record = LineRecord(
        reach="ok", line=1, state=state, code=code, backup=backup, flags=flags, phone="desk"
    )
    assert _state(record, None, datetime(2026, 3, 1, tzinfo=UTC)).style == style
