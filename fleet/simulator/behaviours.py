"""The ways in which a simulated phone can behave, by name; a new one is an entry in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from fleet.errors import UsageError
from fleet.simulator.page import (
    message_page,
    page_with,
    row,
    sip_table,
    status_page,
    table,
)
from fleet.simulator.spec import PhoneSpec
from fleet.simulator.visit import (
    End,
    Pause,
    Respond,
    Step,
    Visit,
    challenge,
    guarded,
    http,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.simulator.visit import Reply

Render: TypeAlias = Callable[[PhoneSpec], str | bytes]
Variant: TypeAlias = Callable[[PhoneSpec], PhoneSpec]


class Door(Enum):
    """What stands at the phone's host when the simulator starts."""

    PLAIN = auto()
    TLS = auto()
    LEGACY_TLS = auto()  # TLS 1.0 and nothing newer (facts/web-ui 1.6)
    CLOSED = auto()  # a port that nothing listens on
    BLACK_HOLE = auto()  # connections are never completed (Linux; elsewhere a closed port)


def _unchanged(spec: PhoneSpec) -> PhoneSpec:
    return spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """One way to answer.

    `variant` makes the phone's specification what the behaviour is about. `greet` is played at
    once on every connection, before any request. `scheme` is what a poller has to use.
    `steady` answers to a rightful request for the status page are made once and kept.
    """

    respond: Respond
    variant: Variant = _unchanged
    greet: Callable[[], Iterable[Step]] | None = None
    door: Door = Door.PLAIN
    scheme: str = "http"
    steady: bool = False


B = TypeVar("B", bound=Behaviour)


def behaviour_named(name: str, behaviours: Mapping[str, B]) -> B:
    """The behaviour of that name; UsageError if there is none."""
    try:
        return behaviours[name]
    except KeyError:
        near = ", ".join(get_close_matches(name, behaviours)) or "healthy"
        message = f"There is no behaviour {name!r}; the nearest are: {near}."
        raise UsageError(message) from None


def shown(render: Render = status_page, *, content_type: str = "text/html") -> Respond:
    """Answer with a page, behind the phone's login; text is sent as UTF-8."""

    def respond(visit: Visit) -> Reply:
        page = render(visit.spec)
        body = page if isinstance(page, bytes) else page.encode()
        return guarded(visit, http("200 OK", body, content_type=content_type))

    return respond


healthy_answer = shown()


def at_first(reply: Respond, times: int, then: Respond = healthy_answer) -> Respond:
    """Answer so the first few requests of every poll, then well; a good page ends the poll."""

    def respond(visit: Visit) -> Reply:
        if visit.memory.visits <= times:
            return reply(visit)
        if visit.path != "/":
            visit.memory.visits = 0
        return then(visit)

    return respond


def message(heading: str, text: str) -> Respond:
    """One of the phone's own messages in place of every page, once logged in."""
    return _behind_login(lambda spec: message_page(spec, heading, text))


def session_expired(visit: Visit) -> Reply:
    """The page of an expired session, in the phone's language (facts/web-ui 1.4)."""
    wording = visit.spec.wording
    return message(wording.expired, f"{wording.log_in_again} <a href='/'>Log In</a>")(visit)


def until_root(reply: Respond) -> Respond:
    """Answer so until `/` was requested; then with one good page."""

    def respond(visit: Visit) -> Reply:
        if visit.path == "/":
            visit.memory.root_visits += 1
            return healthy_answer(visit)
        if not visit.memory.root_visits:
            return reply(visit)
        visit.memory.root_visits = 0
        return healthy_answer(visit)

    return respond


def status(line: str) -> Respond:
    """Answer every request with a status, such as `404 Not Found`."""
    body = f"<html><body><h1>{line}</h1></body></html>\n".encode()
    return lambda _visit: http(line, body)


def ask_login(visit: Visit) -> Reply:
    """Ask for a login."""
    return challenge(visit.spec.realm)


def locked_out(_visit: Visit) -> Reply:
    """What a 69xx answers after five refused logins (facts/web-ui 8); its status is a guess."""
    return http("403 Forbidden", b"<html><body>Access forbidden</body></html>")


def in_language(language: str) -> Variant:
    """The phone with its pages in a language, a key of `WORDINGS`."""
    return lambda spec: replace(spec, language=language)


def greets(*steps: Step) -> Behaviour:
    """These steps on every connection, before anything is asked."""
    return Behaviour(respond=lambda _visit: steps, greet=lambda: steps)


def _behind_login(render: Callable[[PhoneSpec], str]) -> Respond:
    def respond(visit: Visit) -> Reply:
        if not visit.logged_in:
            return challenge(visit.spec.realm)
        return http("200 OK", render(visit.spec).encode())

    return respond


def _clock_ticks(visit: Visit) -> Reply:
    """The clock of the page moves with every request (facts/web-ui 2.2, `Date/Time`)."""
    minute, second = divmod(visit.memory.visits, 60)
    clock = f"Mon Nov 23 2026 10:{minute % 60:02}:{second:02}"
    return shown(lambda spec: page_with(spec, sip_table(spec), clock=clock))(visit)


def _drips(visit: Visit) -> Reply:
    """The page in pieces, slowly."""

    def pieces() -> Iterator[Step]:
        data = http("200 OK", status_page(visit.spec).encode())
        for start in range(0, len(data), 900):
            yield data[start : start + 900]
            yield Pause(0.01)

    return guarded(visit, pieces())


def _cut_in_a_row(visit: Visit) -> Reply:
    """The page up to the last cell of the SIP table; its head announces the whole page."""
    body = status_page(visit.spec).encode()
    lost = len(body) - body.rindex(b"</td></tr>\n</table>\n<!-- /sip -->") + 1
    return guarded(visit, http("200 OK", body)[:-lost])


def _printer(_visit: Visit) -> Reply:
    """Another device at the address of a phone. Made up."""
    trays = (row(("Tray", "Status"), tag="th"), row(("1", "Ready")), row(("2", "Empty")))
    page = f"<html><head><title>LaserPrinter</title></head><body>{table(trays)}</body></html>"
    return http("200 OK", page.encode(), server="httpd")


def _page(respond: Respond, variant: Variant = _unchanged) -> Behaviour:
    return Behaviour(respond=respond, variant=variant, steady=True)


BEHAVIOURS: Mapping[str, Behaviour] = MappingProxyType(
    {
        "healthy": _page(healthy_answer),
        "french": _page(healthy_answer, in_language("fr")),
        "german": _page(healthy_answer, in_language("de")),
        "clock_ticks": Behaviour(respond=_clock_ticks),
        "wrong_password": Behaviour(respond=ask_login),
        "first_request_401": Behaviour(respond=at_first(ask_login, 1)),
        "first_request_401_then_403": Behaviour(respond=at_first(ask_login, 1, locked_out)),
        "session_expired": Behaviour(respond=session_expired),
        "session_expired_until_root": Behaviour(respond=until_root(session_expired)),
        "answers_403": Behaviour(respond=status("403 Forbidden")),
        "answers_404": Behaviour(respond=status("404 Not Found")),
        "answers_503": Behaviour(respond=status("503 Service Unavailable")),
        "table_missing": _page(shown(lambda spec: page_with(spec, ""))),
        "cut_in_a_row": Behaviour(respond=_cut_in_a_row),
        "drips_slowly": Behaviour(respond=_drips),
        "hangs_when_connected": Behaviour(respond=lambda _visit: (End.HOLD,)),
        "closes_at_once": greets(),
        # A phone that is set to these two later drops every connection at once.
        "off": replace(greets(End.RESET), door=Door.CLOSED),
        "unplugged": replace(greets(End.RESET), door=Door.BLACK_HOLE),
        "https": replace(_page(healthy_answer), door=Door.TLS, scheme="https"),
        "https_legacy": replace(_page(healthy_answer), door=Door.LEGACY_TLS, scheme="https"),
        "printer": Behaviour(respond=_printer),
    }
)
