"""What every answer of the dashboard has in common: who gets one, and with which headers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, Response

from fleet.web.access import Admission, Visitor
from fleet.web.dashboard.render import render

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from fleet.web.access import Guard

# `same-origin` and not `no-referrer`: browsers would send `Origin: null` with our own forms.
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_REFUSALS: Mapping[Admission, tuple[int, str, Mapping[str, str]]] = {
    Admission.NOT_FROM_HERE: (
        403,
        "Without [server] password the dashboard answers this machine alone, at http://127.0.0.1.",
        {},
    ),
    Admission.LOGIN_WANTED: (
        401,
        "The user and password of [server] are needed here.",
        {"WWW-Authenticate": 'Basic realm="fleet", charset="UTF-8"'},
    ),
    Admission.TOO_OFTEN: (
        429,
        "Too many wrong passwords came from this address: wait a minute.",
        {"Retry-After": "60"},
    ),
}


def guarded(
    guard: Guard, answer: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """Let only those in who may, and give each answer its headers."""

    async def answered(request: Request) -> Response:
        refusal = _REFUSALS.get(guard.admit(visitor(request), time.monotonic()))
        if refusal is None:
            response = await answer(request)
        else:
            status, text, headers = refusal
            response = message(text, status)
            response.headers.update(headers)
        response.headers.update(HEADERS)
        return response

    return answered


def visitor(request: Request) -> Visitor:
    """Say who asks."""
    return Visitor(
        address=request.client.host if request.client else "",
        hosts=tuple(request.headers.getlist("host")),
        authorization=request.headers.get("authorization", ""),
        is_forwarded=any(name in request.headers for name in _FORWARDED),
    )


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Make a page of a template."""
    return HTMLResponse(render(template, **values), status_code=status)


def message(text: str, status: int) -> Response:
    """Make a page of one sentence."""
    return page("message", status, text=text)
