"""Redirects: towards other places, other pages and traps; the few that may be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.simulator.behaviours import at_first
from fleet.simulator.page import status_page
from fleet.simulator.visit import STATUS_PATH, Reply, Visit, guarded, http
from tests.simulator.cases.case import Case, Expect, answers, fails, reads

if TYPE_CHECKING:
    from fleet.simulator.visit import Respond

_REFUSED = fails(Reason.REDIRECTED)
_NO_PAGE = fails(Reason.NO_TABLE, Reason.NOT_AASTRA, Reason.SESSION_EXPIRED, Reason.REDIRECTED)


def _fill(text: str, visit: Visit) -> str:
    address, _, port = visit.host.partition(":")
    trap_port = visit.trap.rpartition(":")[2]
    places = {
        "{self}": visit.host,
        "{address}": address,
        "{port}": port,
        "{trap}": visit.trap,
        "{trap_port}": trap_port,
    }
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def _location(text: str, status: str = "302 Found") -> Respond:
    """A redirect; `{self}` is the phone, `{trap}` the trap, `{address}` and ports their parts."""
    return lambda visit: http(status, b"Moved", f"Location: {_fill(text, visit)}")


def _to(text: str, status: str = "302 Found", *, expected: Expect = _REFUSED) -> Case:
    return answers(_location(text, status), expected=expected)


def _to_once(text: str) -> Case:
    """A redirect at the first request of a poll, then the page."""
    return answers(at_first(_location(text), 1), expected=reads)


def _round_trip(visit: Visit) -> Reply:
    target = "/" if visit.path == STATUS_PATH else STATUS_PATH
    return _location(target)(visit)


def _refresh(text: str, *, expected: Expect) -> Case:
    """A page of status 200 that sends a browser elsewhere."""

    def respond(visit: Visit) -> Reply:
        target = _fill(text, visit)
        body = f"<html><head><meta http-equiv=refresh content='0; url={target}'></head></html>"
        return guarded(visit, http("200 OK", body.encode()))

    return answers(respond, expected=expected)


def _with_refresh_header(visit: Visit) -> Reply:
    body = status_page(visit.spec).encode()
    return guarded(visit, http("200 OK", body, f"Refresh: 0; url=http://{visit.trap}/"))


REDIRECTS = {
    "to_https": _to("https://{address}/sysinfo.html", expected=fails(Reason.HTTPS_REQUIRED)),
    "to_https_permanently": _to(
        "https://{address}/", "301 Moved Permanently", expected=fails(Reason.HTTPS_REQUIRED)
    ),
    "to_https_on_the_trap_port": _to(
        "https://{address}:{trap_port}/sysinfo.html",
        expected=fails(Reason.HTTPS_REQUIRED, Reason.REDIRECTED),
    ),
    "to_another_host": _to("http://{trap}/sysinfo.html"),
    "to_another_host_by_name": _to("http://localhost:{trap_port}/sysinfo.html"),
    "to_another_host_301": _to("http://{trap}/", "301 Moved Permanently"),
    "to_another_host_303": _to("http://{trap}/", "303 See Other"),
    "to_another_host_307": _to("http://{trap}/", "307 Temporary Redirect"),
    "to_another_host_308": _to("http://{trap}/", "308 Permanent Redirect"),
    "to_another_host_300": _to("http://{trap}/", "300 Multiple Choices"),
    "to_another_port": _to("http://{address}:{trap_port}/sysinfo.html"),
    "to_another_host_without_scheme": _to("//{trap}/sysinfo.html"),
    "to_another_host_with_backslashes": _to("/\\{trap}/sysinfo.html"),
    "to_another_host_after_userinfo": _to("http://{self}@{trap}/sysinfo.html"),
    "to_itself_with_userinfo": _to("http://admin:1@{self}/sysinfo.html"),
    "to_a_lookalike_host": _to("http://{self}.{trap}/sysinfo.html"),
    "to_logout": _to("/logout.html"),
    "to_reset": _to("/reset.html"),
    "to_reset_by_url": _to("http://{self}/reset.html"),
    "to_reset_by_dots": _to("/sysinfo.html/../reset.html"),
    "to_reset_by_escapes": _to("/%72eset.html"),
    "to_local_config": _to("/localcfg.html"),
    "to_sysinfo_with_a_query": _to("/sysinfo.html?reset=1"),
    "to_itself_for_ever": _to("/sysinfo.html"),
    "round_and_round": answers(_round_trip, expected=_REFUSED),
    "to_javascript": _to("javascript:alert(1)"),
    "to_a_file": _to("file:///etc/passwd"),
    "to_nowhere": _to(""),
    "to_garbage": _to("http://[::bad/%zz"),
    "to_a_bad_port": _to("http://{address}:99999999/"),
    "to_a_control_character": _to("/sys\x01info.html"),
    "to_a_very_long_place": _to("/" + "a" * 5000),
    "without_location": answers(lambda _visit: http("302 Found", b"Moved"), expected=_REFUSED),
    "to_sysinfo_once": _to_once("/sysinfo.html"),
    "to_sysinfo_relatively_once": _to_once("sysinfo.html"),
    "to_sysinfo_by_url_once": _to_once("http://{self}/sysinfo.html"),
    "to_root_once": _to_once("/"),
    "page_refreshes_to_the_trap": _refresh("http://{trap}/", expected=_NO_PAGE),
    "page_refreshes_to_reset": _refresh("/reset.html", expected=_NO_PAGE),
    "header_refreshes_to_the_trap": answers(_with_refresh_header, expected=reads),
}
