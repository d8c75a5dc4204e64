"""The audit as one HTML file (a door for Jinja2): no script, nothing from elsewhere.

It has to be read in a browser, by a mail program, on a phone and on paper. The charts are inline
SVG, which some mail programs drop: whatever they show stands beside them in words.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from fleet.report.audit import charts
from fleet.report.audit.text import change_counts, subject, verdict
from fleet.report.audit.values import AuditChange, accounting
from fleet.report.wording import at, lasting, percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, BinaryIO

    from jinja2 import Environment

    from fleet.report.audit.availability import LineAvailability
    from fleet.report.audit.values import AuditReport

MOST = 500  # rows of a table; the other formats have them all
WORST = 30  # lines of which the availability is shown
_AT_ONCE = 64  # pieces of the page written at a time


def write_html(report: AuditReport, out: BinaryIO) -> None:
    """Write the page, in UTF-8, as it is made."""
    template = _environment().get_template("audit.html.j2")
    pieces = template.stream(
        report=report,
        title=subject(report),
        verdict=verdict(report),
        change_counts=change_counts(report),
        accounting=accounting(report),
        states=charts.stacked(report.counts_of("state")),
        chart=charts.by_day(report.days),
        day_named=charts.named,
        worst=worst(report.lines),
        flagged=[each for each in report.flagged if not each.rule.startswith("phone-")],
        shown=partial(shown, zone=report.zone),
        kinds=AuditChange,
        most=MOST,
    )
    pieces.enable_buffering(_AT_ONCE)
    out.writelines(piece.encode("utf-8", "replace") for piece in pieces)


def worst(lines: Sequence[LineAvailability]) -> list[LineAvailability]:
    """Give the lines that were without registration for the largest share of the month."""
    down = [each for each in lines if (each.spans.month.share_up or 0) < 1]
    seen = [each for each in down if each.spans.month.observed]
    seen.sort(key=lambda each: (each.spans.month.share_up, each.site, each.phone, each.line))
    return seen[:WORST]


def shown(value: object, zone: str) -> str:
    """Show a cell: a moment in the readers' zone, a float as a share, None as nothing."""
    match value:
        case None:
            return ""
        case datetime():
            return at(value, zone)
        case float():
            return percent(value)
        case int():
            return f"{value:,}"
        case _:
            return str(value)


@cache
def _environment() -> Environment:
    import jinja2  # only here: a command that writes no page starts without it

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fleet.report.audit"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {"percent": percent, "lasting": lasting, "at": at}
    environment.filters.update(filters)
    return environment
