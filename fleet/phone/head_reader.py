"""The head of an HTTP answer, taken off the bytes as they come in (pure)."""

from __future__ import annotations

from fleet.model import Reason
from fleet.phone.http_head import (
    MAX_HEAD_BYTES,
    Head,
    NotHttpError,
    head_end,
    may_be_http,
    parse_head,
)
from fleet.phone.trouble import trouble

_MOST_INTERIM_ANSWERS = 5
_SWITCHING_PROTOCOLS = 101
_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")


class HeadReader:
    """Takes bytes until a head is whole; blank lines and interim answers (1xx) go by the board."""

    __slots__ = ("_early", "_interim", "_searched", "_taken", "_where")

    def __init__(self, where: str) -> None:
        self._where = where
        self._early = bytearray()
        self._searched = 0
        self._taken = 0
        self._interim = 0

    @property
    def begun(self) -> bool:
        """Whether anything came that may become a head."""
        return self._taken > 0

    def feed(self, piece: bytes) -> tuple[Head, bytes] | None:
        """The head and what followed it, or None while it is not whole. Raises PhoneError."""
        self._early += piece
        self._taken += len(piece)
        while (end := self._end()) >= 0:
            head = self._parsed(bytes(self._early[:end]))
            rest = bytes(self._early[end:])
            if head.status >= 200:
                return head, rest
            self._skip(head)
            self._early, self._searched = bytearray(rest), 0
        if self._taken > MAX_HEAD_BYTES:
            raise trouble(Reason.NOT_HTTP, self._where, "it never stops sending headers")
        return None

    def _end(self) -> int:
        early = self._early
        if early[:1] == b"\r" or early[:1] == b"\n":
            del early[: len(early) - len(early.lstrip(b"\r\n"))]
        if not may_be_http(early):
            tls = bytes(early[:2]) in _TLS_RECORDS
            note = "it speaks TLS here; use https" if tls else "no status line"
            raise trouble(Reason.NOT_HTTP, self._where, note)
        end = head_end(early, self._searched)
        self._searched = len(early)
        return end

    def _parsed(self, block: bytes) -> Head:
        try:
            return parse_head(block)
        except NotHttpError as error:
            raise trouble(Reason.NOT_HTTP, self._where, str(error)) from None

    def _skip(self, interim: Head) -> None:
        self._interim += 1
        if interim.status == _SWITCHING_PROTOCOLS or self._interim > _MOST_INTERIM_ANSWERS:
            raise trouble(Reason.NOT_HTTP, self._where, "no answer after interim ones")
