"""Doors: phones that are off, and the ways that TLS goes or does not go (facts/web-ui 1.6)."""

from __future__ import annotations

from dataclasses import replace

from fleet.model import Reason
from fleet.simulator.behaviour import Behaviour, Door, Expect, fails, reads, shown
from fleet.simulator.visit import End, Step


def _gone(door: Door, *reasons: Reason) -> Behaviour:
    """A phone that is not there; set to this later, it drops every connection at once."""
    return replace(_greets(End.RESET, expected=fails(*reasons, Reason.NO_REPLY)), door=door)


def _greets(*steps: Step, expected: Expect) -> Behaviour:
    """These steps on every connection, before anything is asked."""
    return Behaviour(respond=lambda _visit: steps, greet=lambda: steps, expected=expected)


def _tls(door: Door, *, legacy: bool = False, expected: Expect = reads) -> Behaviour:
    return replace(shown(expected=expected), door=door, scheme="https", legacy_tls=legacy)


DOORS = {
    "off": _gone(Door.CLOSED, Reason.CONNECTION_REFUSED, Reason.NO_ANSWER),
    "unplugged": _gone(Door.BLACK_HOLE, Reason.NO_ANSWER, Reason.CONNECTION_REFUSED),
    "https": _tls(Door.TLS),
    "https_legacy": _tls(Door.LEGACY_TLS, legacy=True),
    "https_legacy_not_allowed": _tls(Door.LEGACY_TLS, expected=fails(Reason.TLS_TOO_OLD)),
    "https_but_plain": _tls(Door.PLAIN, expected=fails(Reason.TLS_FAILED)),
    "https_hangs": replace(
        _greets(End.HOLD, expected=fails(Reason.SILENT, Reason.NO_ANSWER, Reason.TLS_FAILED)),
        scheme="https",
    ),
    "https_closes": replace(
        _greets(expected=fails(Reason.NO_REPLY, Reason.TLS_FAILED)), scheme="https"
    ),
    "http_to_a_tls_port": replace(
        shown(expected=fails(Reason.NOT_HTTP, Reason.NO_REPLY)), door=Door.TLS
    ),
}
