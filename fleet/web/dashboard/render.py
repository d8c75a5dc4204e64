"""A door for Jinja2: values to HTML. Whatever phones say of themselves is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from fleet.report.wording import ago, at, counted, lasting, line_state, reach_state

if TYPE_CHECKING:
    from fleet.report import HistoryRecord, LineRecord

STYLE = Path(__file__).parent / "templates" / "dashboard.css"


def render(template: str, **values: Any) -> str:
    """Fill a template, `name` of `name.html.j2`."""
    return _environment().get_template(f"{template}.html.j2").render(values)


def state(record: LineRecord | HistoryRecord) -> str:
    """A line's state in words, as `fleet status` says it; a phone's reach where there is none."""
    if not record.state:
        return reach_state(record.reach, record.reason)
    return line_state(record.state, record.code, record.backup, record.status_text)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fleet.web.dashboard"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "ago": ago,
        "at": at,
        "counted": counted,
        "lasting": lasting,
        "state": state,
    }
    environment.filters.update(filters)
    return environment
