"""Sessions: pages of status 200 that are not the page that was asked for (facts/web-ui 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.simulator.behaviours import (
    at_first,
    message,
    session_expired,
    until_root,
)
from fleet.simulator.visit import guarded, http
from tests.simulator.cases.case import Case, Expect, answers, fails, packaged, reads

if TYPE_CHECKING:
    from fleet.simulator.visit import Respond

_MAIN_PAGE = 'Please return to the <a href="sysinfo.html">main page</a> after your phone restarts.'


def _once(reply: Respond) -> Case:
    return answers(at_first(reply, 1), expected=reads)


def _always(reply: Respond, *reasons: Reason) -> Case:
    return answers(reply, expected=fails(*reasons))


def _page(body: bytes, *, expected: Expect) -> Case:
    return answers(lambda visit: guarded(visit, http("200 OK", body)), expected=expected)


_ended = message("Logout Complete", "Your session has ended.  Please close the browser.")
_main_page = message("Phone", _MAIN_PAGE)
_visit_first = message("Settings", 'Please visit <a href="sysinfo.html">sysinfo.html</a> first.')
_authorizing = message("Authorizing...", "")
_failed = message("Authorization Failed", "")
_EMPTY = fails(Reason.NO_TABLE, Reason.NOT_AASTRA, Reason.TRUNCATED)

SESSIONS = {
    "session_expired_once": _once(session_expired),
    "session_expired_until_root": packaged("session_expired_until_root", expected=reads),
    "session_expired": packaged("session_expired", expected=fails(Reason.SESSION_EXPIRED)),
    "logged_out_once": _once(_ended),
    "logged_out": _always(_ended, Reason.SESSION_EXPIRED),
    "main_page_message_once": _once(_main_page),
    "main_page_message": _always(_main_page, Reason.SESSION_EXPIRED, Reason.NO_TABLE),
    "visit_sysinfo_once": _once(_visit_first),
    "visit_sysinfo_until_root": answers(until_root(_visit_first), expected=reads),
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
