"""A case: how a phone answers, and by hand what a poll of it must come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TypeAlias

from fleet.model import Line, Reach, Reason
from fleet.simulator import BEHAVIOURS, Behaviour, PhoneSpec
from fleet.simulator.behaviours import Render, Variant, greets, healthy_answer, shown
from fleet.simulator.page import status_page
from fleet.simulator.visit import Reply, Respond, Step, guarded


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Case(Behaviour):
    """One way to answer. `expected` takes the specification as `variant` makes it.

    `legacy_tls` and `words` (settings' `[web_ui.words]`) are what a poller has to be given.
    """

    expected: Expect
    legacy_tls: bool = False
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def packaged(name: str, *, expected: Expect, legacy_tls: bool = False) -> Case:
    """The behaviour of that name in the package."""
    return _of(BEHAVIOURS[name], expected, legacy_tls=legacy_tls)


def greeting(*steps: Step, expected: Expect) -> Case:
    """These steps on every connection, before anything is asked."""
    return _of(greets(*steps), expected)


def _of(behaviour: Behaviour, expected: Expect, *, legacy_tls: bool = False) -> Case:
    given = {each.name: getattr(behaviour, each.name) for each in fields(behaviour)}
    return Case(**given, expected=expected, legacy_tls=legacy_tls)


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


def pages(
    render: Render = status_page,
    *,
    variant: Variant = lambda spec: spec,
    expected: Expect = reads,
    content_type: str = "text/html",
    words: Mapping[str, tuple[str, ...]] | None = None,
) -> Case:
    """A phone in good order with a page of its own kind."""
    return Case(
        respond=shown(render, content_type=content_type),
        expected=expected,
        variant=variant,
        steady=True,
        words=words or {},
    )


def retold(transform: Callable[[str], str], *, expected: Expect = reads) -> Case:
    """A phone whose page is the usual one, told differently."""
    return pages(lambda spec: transform(status_page(spec)), expected=expected)


def sent(wire: Callable[[bytes], Reply], *, expected: Expect = reads) -> Case:
    """A phone whose login and page are as usual but whose wire is not: body bytes to reply."""
    return Case(
        respond=lambda visit: guarded(visit, wire(status_page(visit.spec).encode())),
        expected=expected,
    )


def answers(respond: Respond = healthy_answer, *, expected: Expect) -> Case:
    """A phone, or another device, that answers in its own way."""
    return Case(respond=respond, expected=expected)
