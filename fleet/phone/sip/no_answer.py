"""Why no answer came to a SIP request."""

from __future__ import annotations

from enum import StrEnum


class NoAnswer(StrEnum):
    """Why there is no final response. Says nothing about whether the request was acted on."""

    NAME_NOT_FOUND = "name_not_found"
    NO_ROUTE = "no_route"
    NO_ANSWER = "no_answer"  # TCP: nothing answered the connection
    CONNECTION_REFUSED = "connection_refused"  # the host is up, nothing listens on this port
    SILENT = "silent"  # it was sent as often as is allowed; nothing that fits came back
    UNFINISHED = "unfinished"  # a provisional response came, and then no final one
    CLOSED = "closed"  # TCP: closed without an answer
    GARBLED = "garbled"  # TCP: what came was no SIP
    FLOODED = "flooded"  # far more came than one request can bring about
    NO_RESOURCES = "no_resources"  # no open files or memory left here
    TLS_FAILED = "tls_failed"  # no TLS there, or only such as is too old to be safe
    UNTRUSTED = "untrusted"  # its certificate is not to be believed; nothing was sent to it


WITHOUT_TLS = frozenset((NoAnswer.TLS_FAILED, NoAnswer.UNTRUSTED))
"""It is there, but there was no TLS with it: no request was sent, and so no login."""

GIVE_NO_ANSWER = frozenset(
    (
        NoAnswer.NAME_NOT_FOUND,
        NoAnswer.NO_ROUTE,
        NoAnswer.NO_ANSWER,
        NoAnswer.CONNECTION_REFUSED,
        NoAnswer.SILENT,
        NoAnswer.UNFINISHED,
        NoAnswer.CLOSED,
    )
)
"""After which of them another server of the same name may be asked (RFC 3263, 4.3)."""


NOTHING_SENT = frozenset(
    (
        NoAnswer.NAME_NOT_FOUND,
        NoAnswer.NO_ROUTE,
        NoAnswer.NO_ANSWER,
        NoAnswer.CONNECTION_REFUSED,
        NoAnswer.NO_RESOURCES,
        *WITHOUT_TLS,
    )
)
"""After which of them nobody has got the request, and so no login."""


class Unanswered(Exception):
    """No final response came; does not leave this room: callers get the reason as a value.

    `note` says more of it, and is ours or clean.
    """

    def __init__(self, silence: NoAnswer, note: str = "") -> None:
        super().__init__(silence.value)
        self.silence = silence
        self.note = note
