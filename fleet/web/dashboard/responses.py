"""Answers of the dashboard: a template filled in, or one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from fleet.web.dashboard.render import render

if TYPE_CHECKING:
    from starlette.responses import Response


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page of a template."""
    return HTMLResponse(render(template, **values), status_code=status)


def message(text: str, status: int) -> Response:
    """Return a page of one sentence."""
    return page("message", status, text=text)
