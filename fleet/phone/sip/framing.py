"""SIP messages out of a TCP stream, told apart by their Content-Length (RFC 3261, 18.3; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.phone.sip.message import (
    MAX_HEAD_BYTES,
    NotSipError,
    content_length,
    head_end,
    read_head,
    read_message,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.phone.sip.message import Request, Response

MAX_BODY_BYTES = 64 * 1024


class Framer:
    """Takes a stream piece by piece and gives its messages.

    It never holds more than one message of the largest size and the piece that came last.
    """

    __slots__ = ("_held", "_needed", "_searched")

    def __init__(self) -> None:
        self._held = bytearray()
        self._searched = 0
        self._needed = 0

    def feed(self, piece: bytes) -> Iterator[Request | Response]:
        """Take what came next. Raises NotSipError; the stream is then past mending."""
        self._held += piece
        while self._measured():
            data = bytes(self._held[: self._needed])
            del self._held[: self._needed]
            self._needed = self._searched = 0
            yield read_message(data)

    def _measured(self) -> bool:
        """Whether a whole message is there; `_needed` is its length once its head is known."""
        held = self._held
        if not self._needed:
            if held[:1] == b"\r" or held[:1] == b"\n":  # a keep-alive (RFC 5626, 4.4.1)
                del held[: len(held) - len(held.lstrip(b"\r\n"))]
            end = head_end(held, self._searched)
            self._searched = len(held)
            if (end if end >= 0 else len(held)) > MAX_HEAD_BYTES:
                raise NotSipError("a head beyond all measure")
            if end < 0:
                return False
            length = content_length(read_head(bytes(held[:end]))) or 0
            if length > MAX_BODY_BYTES:
                raise NotSipError("a body beyond all measure")
            self._needed = end + length
        return len(held) >= self._needed
