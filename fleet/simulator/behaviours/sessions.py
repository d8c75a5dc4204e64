"""Sessions: pages of status 200 that are not the page that was asked for (facts/web-ui 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.simulator.behaviour import (
    Behaviour,
    Expect,
    answers,
    at_first,
    fails,
    healthy_answer,
    reads,
)
from fleet.simulator.page import message_page
from fleet.simulator.visit import Reply, Visit, guarded, http

if TYPE_CHECKING:
    from fleet.simulator.visit import Respond

_LOG_IN = "<a href='/'>Log In</a>"
_MAIN_PAGE = 'Please return to the <a href="sysinfo.html">main page</a> after your phone restarts.'


def _message(heading: str, text: str) -> Respond:
    """One of the phone's own messages in place of every page."""

    def respond(visit: Visit) -> Reply:
        body = message_page(visit.spec, heading, text).encode()
        if not visit.logged_in:
            return guarded(visit, b"")
        return http("200 OK", body)

    return respond


def _until_root(message: Respond) -> Respond:
    """The message until `/` was asked for; then one good page."""

    def respond(visit: Visit) -> Reply:
        if visit.path == "/":
            visit.memory.root_visits += 1
            return healthy_answer(visit)
        if not visit.memory.root_visits:
            return message(visit)
        visit.memory.root_visits = 0
        return healthy_answer(visit)

    return respond


def _once(message: Respond) -> Behaviour:
    return answers(at_first(message, 1), expected=reads)


def _always(message: Respond, *reasons: Reason) -> Behaviour:
    return answers(message, expected=fails(*reasons))


def _page(body: bytes, *, expected: Expect) -> Behaviour:
    return answers(lambda visit: guarded(visit, http("200 OK", body)), expected=expected)


def _expired(visit: Visit) -> Reply:
    wording = visit.spec.wording
    return _message(wording.expired, f"{wording.log_in_again} {_LOG_IN}")(visit)


_ended = _message("Logout Complete", "Your session has ended.  Please close the browser.")
_main_page = _message("Phone", _MAIN_PAGE)
_visit_first = _message("Settings", 'Please visit <a href="sysinfo.html">sysinfo.html</a> first.')
_authorizing = _message("Authorizing...", "")
_failed = _message("Authorization Failed", "")
_EMPTY = fails(Reason.NO_TABLE, Reason.NOT_AASTRA, Reason.TRUNCATED)

SESSIONS = {
    "session_expired_once": _once(_expired),
    "session_expired_until_root": answers(_until_root(_expired), expected=reads),
    "session_expired": _always(_expired, Reason.SESSION_EXPIRED),
    "logged_out_once": _once(_ended),
    "logged_out": _always(_ended, Reason.SESSION_EXPIRED),
    "main_page_message_once": _once(_main_page),
    "main_page_message": _always(_main_page, Reason.SESSION_EXPIRED, Reason.NO_TABLE),
    "visit_sysinfo_once": _once(_visit_first),
    "visit_sysinfo_until_root": answers(_until_root(_visit_first), expected=reads),
    "visit_sysinfo": _always(_visit_first, Reason.SESSION_EXPIRED, Reason.NO_TABLE),
    "authorizing": _always(_authorizing, Reason.NO_TABLE, Reason.SESSION_EXPIRED),
    "authorization_failed_page": _always(
        _failed, Reason.NO_TABLE, Reason.SESSION_EXPIRED, Reason.WRONG_PASSWORD
    ),
    "empty_page_once": _once(lambda _visit: http("200 OK")),
    "empty_page": _page(b"", expected=_EMPTY),
    "blank_page": _page(b"\r\n  \r\n", expected=_EMPTY),
    "no_body_page": _page(b"<html></html>", expected=_EMPTY),
}
