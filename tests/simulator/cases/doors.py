"""Doors: phones that are off, and the ways that TLS goes or does not go (facts/web-ui 1.6)."""

from __future__ import annotations

from dataclasses import replace

from fleet.model import Reason
from fleet.simulator.behaviours import Door
from fleet.simulator.visit import End
from tests.simulator.cases.case import Case, Expect, fails, greeting, packaged, pages, reads


def _tls(door: Door, *, expected: Expect) -> Case:
    return replace(pages(expected=expected), door=door, scheme="https")


_GONE = fails(Reason.CONNECTION_REFUSED, Reason.NO_ANSWER, Reason.NO_REPLY)

DOORS = {
    "off": packaged("off", expected=_GONE),
    "unplugged": packaged("unplugged", expected=_GONE),
    "https": packaged("https", expected=reads),
    "https_legacy": packaged("https_legacy", expected=reads, legacy_tls=True),
    "https_legacy_not_allowed": _tls(Door.LEGACY_TLS, expected=fails(Reason.TLS_TOO_OLD)),
    "https_but_plain": _tls(Door.PLAIN, expected=fails(Reason.TLS_FAILED)),
    "https_hangs": replace(
        greeting(End.HOLD, expected=fails(Reason.SILENT, Reason.NO_ANSWER, Reason.TLS_FAILED)),
        scheme="https",
    ),
    "https_closes": replace(
        greeting(expected=fails(Reason.NO_REPLY, Reason.TLS_FAILED)), scheme="https"
    ),
    "http_to_a_tls_port": replace(
        pages(expected=fails(Reason.NOT_HTTP, Reason.NO_REPLY)), door=Door.TLS
    ),
}
