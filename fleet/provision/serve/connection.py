"""What has become of the bytes that were sent: the operating system knows what arrived."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import Transport
    from collections.abc import Callable


class Connection:
    """A client's connection, as whoever answers on it sees it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lost = asyncio.Event()
        self._news = asyncio.Event()
        self.watcher: Callable[[], object] | None = None

    @property
    def is_lost(self) -> bool:
        """Whether it is over, or about to be: what is not known to have arrived never will be."""
        return self._lost.is_set() or self._transport.is_closing()

    def lose(self) -> None:
        """Note that it is over."""
        self._lost.set()
        self._news.set()

    def hear(self) -> None:
        """Note that something happened: there is room again, or the client said its last word.

        Now is when to look: it may be over in a moment.
        """
        if self.watcher is not None and not self.is_lost:
            self.watcher()
        self._news.set()

    def unsent(self) -> int:
        """Bytes that were written and that the client has not acknowledged yet."""
        return self._transport.get_write_buffer_size() + self._in_kernel()

    def buffered(self) -> int:
        """Bytes that were written and that the system has not taken yet."""
        return self._transport.get_write_buffer_size()

    async def abort(self) -> None:
        """End it at once, and wait until it is over."""
        self._transport.abort()
        await self._lost.wait()

    async def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until there is news."""
        if not seconds:
            await asyncio.sleep(0)  # what was written goes out at the end of the loop's turn
            return
        self._news.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def _in_kernel(self) -> int:
        """Bytes in the socket's send queue: not sent, or sent and not acknowledged (Linux).

        0 where the system does not tell.
        """
        sock = self._transport.get_extra_info("socket")
        try:
            (queued,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))
        except (OSError, ValueError, AttributeError):
            return 0
        return max(int(queued), 0)
