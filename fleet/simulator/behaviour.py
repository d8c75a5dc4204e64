"""A behaviour: how a phone answers, and by hand what a poll of it must come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

from fleet.model import Line, Reach, Reason
from fleet.simulator.page import status_page
from fleet.simulator.spec import PhoneSpec
from fleet.simulator.visit import Respond, Step, Visit, guarded, http

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What a poll may come to.

    With `lines`, a good poll that reads them is right. A failed poll is right when its reason is
    among `reasons`. Where both are given the specification leaves the choice. `mac`, `model` and
    `firmware` are what the page tells; empty where it does not, None where either is right.
    """

    reach: Reach
    reasons: frozenset[Reason] = frozenset()
    lines: tuple[Line, ...] | None = None
    mac: str | None = None
    model: str | None = None
    firmware: str | None = None

    def accepts(
        self, reach: Reach, reason: Reason | None = None, lines: Sequence[Line] = ()
    ) -> bool:
        """Whether a poll's outcome is right; status texts and blank accounts are not compared."""
        if reach is not Reach.OK:
            return reason in self.reasons
        if self.lines is None or len(lines) != len(self.lines):
            return False
        return all(_agree(*pair) for pair in zip(self.lines, lines, strict=True))


def _agree(wanted: Line, seen: Line) -> bool:
    return (
        wanted.number == seen.number
        and wanted.registration is seen.registration
        and wanted.code == seen.code
        and wanted.backup is seen.backup
        and (wanted.account is None or wanted.account == seen.account)
    )


Expect: TypeAlias = Callable[[PhoneSpec], Expected]


def _unchanged(spec: PhoneSpec) -> PhoneSpec:
    return spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """One way to answer.

    `variant` makes the phone's specification what the behaviour is about; `expected` takes that.
    `greet` is played at once on every connection, before any request. `scheme` is what a poller
    has to use, `legacy_tls` and `words` (settings' `[web_ui.words]`) what it has to be given.
    `steady` answers to a rightful request for the status page are made once and kept.
    """

    respond: Respond
    expected: Expect
    variant: Variant = _unchanged
    greet: Callable[[], Iterable[Step]] | None = None
    door: Door = Door.PLAIN
    scheme: str = "http"
    legacy_tls: bool = False
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steady: bool = False


def reads(spec: PhoneSpec) -> Expected:
    """The poll is good and finds the truth."""
    return Expected(
        reach=Reach.OK,
        lines=spec.truth,
        mac=spec.mac,
        model=spec.model,
        firmware=spec.firmware,
    )


def fails(*reasons: Reason) -> Expect:
    """The poll fails for one of these reasons, the likeliest first."""
    expected = Expected(reach=reasons[0].reach, reasons=frozenset(reasons))
    return lambda _spec: expected


def reads_or_fails(*reasons: Reason) -> Expect:
    """Either is right: the truth, or one of these reasons; never anything else."""
    return lambda spec: Expected(
        reach=Reach.OK, lines=spec.truth, reasons=frozenset(reasons), mac=None
    )


def encoded(text: str | bytes) -> bytes:
    """A page's bytes; text is UTF-8."""
    return text if isinstance(text, bytes) else text.encode()


def shown(
    render: Render = status_page,
    *,
    variant: Variant = _unchanged,
    expected: Expect = reads,
    content_type: str = "text/html",
    words: Mapping[str, tuple[str, ...]] | None = None,
) -> Behaviour:
    """A phone in good order with a page of its own kind."""

    def respond(visit: Visit) -> Reply:
        body = encoded(render(visit.spec))
        return guarded(visit, http("200 OK", body, content_type=content_type))

    return Behaviour(
        respond=respond, expected=expected, variant=variant, steady=True, words=words or {}
    )


def retold(transform: Callable[[str], str], *, expected: Expect = reads) -> Behaviour:
    """A phone whose page is the usual one, told differently."""
    return shown(lambda spec: transform(status_page(spec)), expected=expected)


def sent(wire: Callable[[bytes], Reply], *, expected: Expect = reads) -> Behaviour:
    """A phone whose login and page are as usual but whose wire is not: body bytes to reply."""
    return Behaviour(
        respond=lambda visit: guarded(visit, wire(status_page(visit.spec).encode())),
        expected=expected,
    )


def answers(respond: Respond, *, expected: Expect) -> Behaviour:
    """A phone, or another device, that answers in its own way."""
    return Behaviour(respond=respond, expected=expected)


def healthy_answer(visit: Visit) -> Reply:
    """What a phone in good order answers."""
    return guarded(visit, http("200 OK", status_page(visit.spec).encode()))


def at_first(reply: Respond, times: int, then: Respond = healthy_answer) -> Respond:
    """Answer so the first few requests of every poll, then well; a good page ends the poll."""

    def respond(visit: Visit) -> Reply:
        if visit.memory.visits <= times:
            return reply(visit)
        if visit.path != "/":
            visit.memory.visits = 0
        return then(visit)

    return respond
