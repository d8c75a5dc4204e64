"""The audit's files: what they hold, and what no file may hold or do."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from fleet.report import columns
from fleet.report.audit import (
    AUDIT_FORMATS,
    AuditChange,
    Changes,
    DayAvailability,
    FlaggedRecord,
    Totals,
    charts,
    subject,
    summary,
)
from fleet.report.audit.html import MOST, WORST
from fleet.report.wording import percent
from tests.report.audits import AT, CHANGE, DAY, FLAGGED, audit, line

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.report.audit import AuditReport

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def written(form: str, report: AuditReport | None = None) -> bytes:
    out = io.BytesIO()
    AUDIT_FORMATS[form](report or audit(), out)
    return out.getvalue()


def page(report: AuditReport | None = None) -> Any:
    return html.document_fromstring(written("html", report).decode())


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


@pytest.mark.parametrize("form", AUDIT_FORMATS)
def test_the_same_report_gives_the_same_bytes(form: str) -> None:
    assert written(form) == written(form)


def test_the_page_runs_nothing_and_fetches_nothing() -> None:
    text = written("html").decode()
    made = page()

    assert not made.xpath("//script | //link | //img | //iframe | //object | //form")
    assert not made.xpath("//@*[starts-with(name(), 'on')] | //@src")
    assert all(target.startswith("#") for target in made.xpath("//@href"))
    assert not re.search(r"https?:|url\(|@import", text)


def test_the_contents_lead_to_every_part() -> None:
    made = page()

    linked = [target.removeprefix("#") for target in made.xpath("//ul[@class='toc']//@href")]
    assert linked == made.xpath("//h2/@id")


def test_regressions_come_first_and_are_shown_as_such() -> None:
    made = page()

    assert made.xpath("//h2/@id")[0] == "changes"
    assert words(made.xpath("//div[contains(@class, 'worse')]")[0]) == (
        "1 regression since the audit of 2026-11-24 02:30."
    )


def test_silence_when_nothing_got_worse() -> None:
    quiet = audit(changes=Changes(since=AT, records=(replace(CHANGE, change=AuditChange.STILL),)))
    made = page(quiet)

    assert words(made.xpath("//div[@class='box']")[0]).startswith("Nothing got worse since")
    assert not made.xpath("//table[@aria-label='Changes']")
    assert "Since the audit of 2026-11-25 02:30: 1 still" in words(made)


def test_what_phones_say_is_text_and_nothing_else() -> None:
    evil = "<script>alert(1)</script>\"'&\x00\ud800"
    flagged = replace(FLAGGED, text=evil, phone=evil, change=evil)
    made = page(audit(flagged=(flagged,)))

    assert not made.xpath("//script")
    assert "<script>alert(1)</script>" in words(made)


def test_times_are_those_of_the_readers_zone() -> None:
    [row] = page().xpath("//table[@aria-label='Flagged lines']/tbody/tr")

    cells = {cell.get("data-label"): words(cell) for cell in row}
    assert cells["Since"] == "2026-11-24 23:30"
    assert cells["Times in 30 days"] == "4"


def test_a_long_table_ends_with_how_many_more_there_are() -> None:
    made = page(audit(flagged=(FLAGGED,) * (MOST + 1234)))

    assert len(made.xpath("//table[@aria-label='Flagged lines']/tbody/tr")) == MOST
    assert "… and 1,234 more; see the XLSX and JSON files for all." in words(made)


def test_the_lines_with_the_least_are_the_worst_first() -> None:
    lines = tuple(line(number, down=number) for number in range(100))
    rows = page(audit(lines=lines)).xpath(
        "//table[@aria-label='Lines with the lowest availability']/tbody/tr"
    )

    assert len(rows) == WORST
    assert [words(row[2]) for row in rows[:2]] == ["99", "98"]


def test_an_empty_audit_is_a_page_too() -> None:
    nothing = dict.fromkeys(
        ("counts", "flagged", "not_read", "firmware", "differences", "passwords", "lines", "sites",
         "days", "missed", "notes"), ()
    )  # fmt: skip
    none = Totals(phones=0, not_read=0, not_polled=0, lines=0, flagged=0)
    empty = audit(**nothing, totals=none, sweep=None, changes=Changes(since=None, note="First."))

    assert "First." in words(page(empty))
    assert len(list(openpyxl.load_workbook(io.BytesIO(written("xlsx", empty))))) == 10
    assert json.loads(written("json", empty))["flagged"] == []
    assert "key" in words(page(replace(empty, passwords=None)))


def test_the_workbook_has_a_sheet_for_each_part_with_typed_cells() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx")))

    assert book.sheetnames == [
        "Summary", "Flagged", "Changes", "Not read", "Counts", "Firmware", "Inventory",
        "Default passwords", "Availability", "Sweeps missed",
    ]  # fmt: skip
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref
    head, row = book["Flagged"].iter_rows()
    cells = {name.value: cell for name, cell in zip(head, row, strict=True)}
    assert (cells["code"].value, cells["times"].value) == (401, 4)
    assert cells["since"].is_date
    assert (cells["account"].value, cells["account"].data_type) == (FLAGGED.account, "s")
    share = book["Availability"]["G2"]
    assert (share.value, share.number_format) == (1 - 7200 / (2 * DAY), "0.00%")
    assert book.properties.created.isoformat() == "2026-11-25T01:30:00"


def test_the_csv_has_what_is_flagged_and_no_formula() -> None:
    head, row = csv.reader(io.StringIO(written("csv").decode()))

    assert tuple(head) == columns(FlaggedRecord)
    assert row[head.index("account")] == f"'{FLAGGED.account}"


def test_the_json_has_everything() -> None:
    whole = json.loads(written("json"))

    assert whole["verdict"] == "1 regression since the audit of 2026-11-24 02:30."
    assert whole["change_counts"]["regression"] == 1
    assert whole["lines"][1]["month_longest"] == 7200
    assert whole["days"][3] == {"ago": 3, "observed": 0, "up": 0}
    assert {name for name, value in whole.items() if isinstance(value, list)} >= {
        "changes", "flagged", "not_read", "counts", "firmware", "inventory", "default_passwords",
        "sites", "lines", "sweeps_missed", "accounting",
    }  # fmt: skip


def test_the_summary_fits_eighty_columns_and_says_what_changed_first() -> None:
    lines = summary(audit())

    assert max(map(len, lines)) <= 80
    assert lines[:3] == [
        "Audit of all phones, 2026-11-25 02:30 (Europe/Berlin).",
        "1 regression since the audit of 2026-11-24 02:30.",
        "Changes: 1 regression.",
    ]
    assert lines[3].startswith("  regression  berlin, Empfang <1>, line 2: 401 Unauth")
    assert "Phones: 2, 1 not read. Lines: 2, 1 flagged." in lines
    assert subject(audit()) == (
        "fleet audit 2026-11-25: 1 regression, 1 line flagged, 1 phone not read"
    )


def test_many_changes_are_counted_in_the_summary() -> None:
    lines = summary(audit(changes=Changes(since=AT, records=(CHANGE,) * 50)))

    assert "  … and 40 more" in lines


@pytest.mark.parametrize(
    ("share", "said"),
    [(1.0, "100 %"), (0.99996, "99.99 %"), (0.5, "50 %"), (0.0, "0 %"), (None, "")],
)
def test_a_share_is_never_rounded_up_to_a_whole(share: float | None, said: str) -> None:
    assert percent(share) == said


@given(st.floats(0, 1, exclude_max=True))
def test_less_than_all_is_never_a_hundred_per_cent(share: float) -> None:
    assert percent(share) != "100 %"


@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1)), max_size=40))
def test_the_days_bars_stay_in_the_chart(days: list[tuple[int, float]]) -> None:
    chart = charts.by_day(
        [
            DayAvailability(ago=ago, observed=observed, up=int(observed * share))
            for ago, (observed, share) in enumerate(days)
        ]
    )

    assert all(bar.size is None or 0 < bar.size <= 100 for bar in chart.bars)
    assert [bar.start for bar in chart.bars] == sorted(bar.start for bar in chart.bars)


def test_memory_stays_flat_while_a_page_is_written(tmp_path: Path) -> None:
    report = audit(lines=tuple(line(number % 9 + 1) for number in range(20_000)))
    written("json", report)
    tracemalloc.start()
    with (tmp_path / "audit.json").open("wb") as file:
        AUDIT_FORMATS["json"](report, file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 2_000_000


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_lays_the_page_out_without_cutting_it_off(width: int, tmp_path: Path) -> None:
    measure = (
        "<script>document.title = 'wide ' + document.documentElement.scrollWidth + ' of ' + "
        "window.innerWidth + ', high ' + document.body.scrollHeight</script></body>"
    )
    path = tmp_path / "audit.html"
    path.write_text(written("html").decode().replace("</body>", measure), encoding="utf-8")

    shown = browsed(tmp_path, f"--window-size={width},900", "--dump-dom", path.as_uri())

    found = re.search(r"<title>wide (\d+) of (\d+), high (\d+)</title>", shown)
    assert found is not None
    wide, window, high = map(int, found.groups())
    assert wide <= window
    assert high > 900


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_browser_prints_it(tmp_path: Path) -> None:
    path, printed = tmp_path / "audit.html", tmp_path / "audit.pdf"
    path.write_bytes(written("html"))

    browsed(tmp_path, f"--print-to-pdf={printed}", "--no-pdf-header-footer", path.as_uri())

    assert printed.read_bytes().startswith(b"%PDF")


def browsed(folder: Path, *words: str) -> str:
    assert CHROMIUM
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder / 'profile'}",
    ]
    ran = subprocess.run(
        [CHROMIUM, *options, *words], capture_output=True, text=True, check=True, timeout=120
    )
    return ran.stdout
