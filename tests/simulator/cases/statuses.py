"""Status codes other than 200 and 401."""

from __future__ import annotations

from fleet.model import Reason
from fleet.simulator import behaviours
from fleet.simulator.behaviours import at_first
from fleet.simulator.page import status_page
from fleet.simulator.visit import Reply, Visit, guarded, http, raw
from tests.simulator.cases.case import Case, Expect, answers, fails, packaged, reads, reads_or_fails

_BROKEN = fails(Reason.SERVER_ERROR)
_MISSING = fails(Reason.NOT_FOUND)
_ODD = fails(Reason.NOT_FOUND, Reason.NOT_HTTP, Reason.SERVER_ERROR, Reason.NO_TABLE)
_NOTHING = fails(Reason.NO_TABLE, Reason.NOT_AASTRA)


def _is(status: str, *, expected: Expect) -> Case:
    return answers(behaviours.status(status), expected=expected)


def _first(status: str) -> Case:
    """Answer with a status once a poll, then the page."""
    return answers(at_first(lambda _visit: http(status), 1), expected=reads)


def _with_page(status: str, *, expected: Expect) -> Case:
    """Put a status above a page that looks healthy."""

    def respond(visit: Visit) -> Reply:
        return guarded(visit, http(status, status_page(visit.spec).encode()))

    return answers(respond, expected=expected)


STATUSES = {
    "answers_400": _is("400 Bad Request", expected=_ODD),
    "answers_403": packaged("answers_403", expected=fails(Reason.FORBIDDEN)),
    "answers_404": packaged("answers_404", expected=_MISSING),
    "answers_405": _is("405 Method Not Allowed", expected=_ODD),
    "answers_407": _is("407 Proxy Authentication Required", expected=_ODD),
    "answers_410": _is("410 Gone", expected=_MISSING),
    "answers_418": _is("418 I'm a teapot", expected=_ODD),
    "answers_429": _is("429 Too Many Requests", expected=_ODD),
    "answers_500": _is("500 Internal Server Error", expected=_BROKEN),
    "answers_501": _is("501 Not Implemented", expected=_BROKEN),
    "answers_502": _is("502 Bad Gateway", expected=_BROKEN),
    "answers_503": packaged("answers_503", expected=_BROKEN),
    "answers_503_once": _first("503 Service Unavailable"),
    "answers_204": answers(lambda _visit: raw("HTTP/1.1 204 No Content"), expected=_NOTHING),
    "answers_304": answers(
        lambda _visit: raw("HTTP/1.1 304 Not Modified"),
        expected=fails(Reason.REDIRECTED, Reason.NO_TABLE, Reason.NOT_FOUND, Reason.NOT_HTTP),
    ),
    "answers_600": _is("600 Busy Everywhere", expected=_ODD),
    "answers_999": _is("999 Beyond", expected=_ODD),
    "answers_099": _is("099 Below", expected=_ODD),
    "answers_206_with_page": _with_page(
        "206 Partial Content", expected=reads_or_fails(Reason.TRUNCATED)
    ),
    "answers_203_with_page": _with_page("203 Non-Authoritative", expected=reads),
    "answers_403_with_page": _with_page("403 Forbidden", expected=fails(Reason.FORBIDDEN)),
    "answers_404_with_page": _with_page("404 Not Found", expected=_MISSING),
    "answers_500_with_page": _with_page("500 Oops", expected=_BROKEN),
    "answers_200_saying_404": _is("200 OK", expected=_NOTHING),
}
