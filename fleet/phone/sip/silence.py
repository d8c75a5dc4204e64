"""Why no answer came to a SIP request."""

from __future__ import annotations

from enum import StrEnum


class Silence(StrEnum):
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


class Unanswered(Exception):
    """No final response came; does not leave this room: callers get the reason as a value."""

    def __init__(self, silence: Silence) -> None:
        super().__init__(silence.value)
        self.silence = silence
