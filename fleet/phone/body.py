"""An answer's body as it comes in: counted, chunked or up to the end (the door of httptools)."""

from __future__ import annotations

import httptools

_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_HTML_END = b"</html"
_TAIL = 256


def ends_like_a_page(data: bytes | bytearray) -> bool:
    """Whether the closing tag of a page stands at the end."""
    return _HTML_END in bytes(data[-_TAIL:]).lower()


class Body:
    """A body that ends when the server closes the connection; the other two say where they end.

    `open_ended`: only the end of the connection is its end. `whole`: the server said where it
    ends, and it ended there. `may_have_more`: wait on, even if it is whole.
    """

    __slots__ = ("data", "may_have_more", "open_ended", "whole")

    def __init__(self) -> None:
        self.data = bytearray()
        self.open_ended = True
        self.whole = False
        self.may_have_more = True

    def feed(self, piece: bytes) -> None:
        """Take what came next."""
        self.data += piece


class CountedBody(Body):
    """A body with a Content-Length.

    What comes beyond it belongs to the page if that lacks its end: some servers miscount.
    """

    __slots__ = ("_length",)

    def __init__(self, length: int) -> None:
        super().__init__()
        self.open_ended = False
        self._length = length
        self.whole = length == 0

    def feed(self, piece: bytes) -> None:
        """Take what came next."""
        self.data += piece
        beyond = len(self.data) - self._length
        if beyond < 0:
            return
        self.whole = True
        ended = ends_like_a_page(self.data[max(0, self._length - _TAIL) : self._length])
        if ended or self.data[self._length : self._length + 5] == b"HTTP/":
            del self.data[self._length :]
            self.may_have_more = False
        elif beyond and ends_like_a_page(self.data):
            self.may_have_more = False


class ChunkedBody(Body):
    """A body in chunks; one that was announced so and is not, is taken as it is."""

    __slots__ = ("_broken", "_parser")

    def __init__(self) -> None:
        super().__init__()
        self.open_ended = False
        self._broken = False
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_spaces_after_chunk_size=True,
            lenient_optional_cr_before_lf=True,
            lenient_optional_crlf_after_chunk=True,
        )
        self._parser.feed_data(_CHUNKED_HEAD)

    def feed(self, piece: bytes) -> None:
        """Take what came next; what follows the last chunk, or a broken one, is dropped."""
        if self._broken:
            if self.open_ended:
                self.data += piece
            return
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserError:
            self._broken = True
            if not self.data and not self.whole:
                self.open_ended = True
                self.data += piece

    def on_body(self, piece: bytes) -> None:
        """Take a chunk's content (httptools' callback)."""
        self.data += piece

    def on_message_complete(self) -> None:
        """Note that the last chunk came (httptools' callback)."""
        self.whole = True
        self.may_have_more = False
