"""An HTTP answer read piece by piece, whatever the server gets wrong; knows no sockets (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from fleet.model import Reason
from fleet.phone.body import Body, ChunkedBody, CountedBody, ends_like_a_page
from fleet.phone.content import TooLargeError, UnknownCodingError, unpack
from fleet.phone.head_reader import HeadReader
from fleet.phone.trouble import clean, trouble

if TYPE_CHECKING:
    from fleet.errors import PhoneError
    from fleet.phone.http_head import Head

_MOST_OF_A_REFUSAL = 16 * 1024
_BODILESS = (204, 304)


class Patience(Enum):
    """How long a silence may be before it is taken for the end."""

    FULL = auto()  # the read time-out
    SHORT = auto()  # what is needed is there; more may come by mistake


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An HTTP answer. `complete`: its end was where the server said it would be.

    Only a good status (2xx) has its body kept, and only where bodies are wanted.
    """

    head: Head
    body: bytes
    complete: bool


class AnswerReader:
    """Takes an answer's bytes; `done` once no more are needed, or call `end` or `give_up`.

    A body of more than `max_body` bytes, packed or unpacked, is refused. `where` is for the
    errors' sentences. Without `body_wanted` the status is all that is waited for.
    """

    __slots__ = ("_body_wanted", "_early", "_late", "_where", "done", "max_body")

    def __init__(self, *, max_body: int, where: str, body_wanted: bool = True) -> None:
        self.max_body = max_body
        self._body_wanted = body_wanted
        self.done = False
        self._where = where
        self._early = HeadReader(where)
        self._late: _Late | None = None

    @property
    def patience(self) -> Patience:
        """How long to wait for the next piece."""
        return Patience.SHORT if self._late and self._late.enough else Patience.FULL

    def feed(self, piece: bytes) -> None:
        """Take what came next. Raises PhoneError (not_http, too_large)."""
        late = self._late
        if late is None:
            found = self._early.feed(piece)
            if found is None:
                return
            head, piece = found
            late = self._late = _Late(head, body_wanted=self._body_wanted)
        late.take(piece)
        if late.good and len(late.body.data) > self.max_body:
            raise trouble(Reason.TOO_LARGE, self._where)
        self.done = late.done

    def end(self, *, broken: bool) -> Reply:
        """The answer as it is, now that the connection has ended; `broken`: by a reset.

        Raises PhoneError where nothing can be made of it.
        """
        late = self._late
        if late is None:
            raise trouble(Reason.TRUNCATED if self._early.begun else Reason.NO_REPLY, self._where)
        if broken and late.good and not late.body.whole and not late.body.data:
            raise trouble(Reason.NO_REPLY, self._where)
        return self._reply(late, complete=late.body.whole or (late.body.open_ended and not broken))

    def give_up(self) -> Reply:
        """The answer as it is, now that waiting is over. Raises PhoneError (silent, too_slow)."""
        late = self._late
        if late is None:
            raise trouble(Reason.TOO_SLOW if self._early.begun else Reason.SILENT, self._where)
        if not late.enough and not ends_like_a_page(late.body.data):
            raise trouble(Reason.TOO_SLOW, self._where)
        return self._reply(late, complete=late.body.whole)

    def _reply(self, late: _Late, *, complete: bool) -> Reply:
        if not late.good:
            return Reply(head=late.head, body=b"", complete=complete)
        body = bytes(late.body.data)
        if late.codings:
            body, whole = self._unpacked(body, late.codings)
            complete = complete and whole
        return Reply(head=late.head, body=body, complete=complete)

    def _unpacked(self, packed: bytes, codings: list[str]) -> tuple[bytes, bool]:
        try:
            body, whole = unpack(packed, codings, self.max_body)
        except TooLargeError:
            raise trouble(Reason.TOO_LARGE, self._where, "once unpacked") from None
        except UnknownCodingError as error:
            raise self._bad_encoding(str(error)) from None
        if packed and not body and not whole:
            raise self._bad_encoding("broken " + " ".join(codings))
        return body, whole

    def _bad_encoding(self, what: str) -> PhoneError:
        return trouble(Reason.BAD_ENCODING, self._where, clean(what))


class _Late:
    """What comes after a head."""

    __slots__ = ("body", "codings", "done", "good", "head")

    def __init__(self, head: Head, *, body_wanted: bool) -> None:
        self.head = head
        self.good = 200 <= head.status < 300 and body_wanted
        self.codings = head.values("content-encoding")
        self.body = _body_of(head)
        self.done = head.status in _BODILESS

    @property
    def enough(self) -> bool:
        """Whether it can be answered from what is there, if nothing more comes."""
        body = self.body
        if self.done or body.whole or not self.good:
            return True
        return body.open_ended and ends_like_a_page(body.data)

    def take(self, piece: bytes) -> None:
        """Take what came next."""
        if self.done:
            return
        body = self.body
        if piece:
            body.feed(piece)
        if self.good:
            packed = bool(self.codings) and body.whole
            self.done = packed or not body.may_have_more
        else:
            self.done = body.whole or len(body.data) > _MOST_OF_A_REFUSAL


def _body_of(head: Head) -> Body:
    if head.chunked:
        return ChunkedBody()
    length = head.content_length
    return Body() if length is None else CountedBody(length)
